import { arrayOf, isRecord, parseJson, stringOf } from '../../api/json.ts'
import type { ContentBlock } from '../../api/schemas.gen.ts'
import type { ToolCallBlock } from '../blocks.ts'
import type { Item } from './kept.ts'

/** How the item of a tool that the API runs itself becomes a call and a result. Ids are sealed already. */
export interface ServerTool {
  call(item: Item, id: string): ToolCallBlock
  /** The input, JSON or plain text, once the item is complete. */
  input(item: Item): string
  /** The field that the input is put into, where it is plain text. */
  readonly textField?: string
  result(item: Item, id: string): ContentBlock
}

const webSearch: ServerTool = {
  call: (_, id) => ({ type: 'server_tool_use', id, name: 'web_search', input: {} }),
  input: ({ action, arguments: json }) => {
    // Some servers tell what they searched for as the arguments of a function.
    if (!isRecord(action)) return isRecord(parseJson(stringOf(json))) ? stringOf(json) : '{}'
    const { sources: _, ...input } = action
    return JSON.stringify(input)
  },
  result: ({ action, status }, id) => ({
    type: 'web_search_tool_result',
    tool_use_id: id,
    content:
      status === 'failed'
        ? { type: 'web_search_tool_result_error', error_code: 'unavailable' }
        : arrayOf(isRecord(action) ? action.sources : []).flatMap((source) => (isRecord(source) ? [searchResult(source)] : [])),
  }),
}

function searchResult(source: Item): Record<string, unknown> {
  const title = stringOf(source.title) || stringOf(source.name)
  return { type: 'web_search_result', url: stringOf(source.url), title, encrypted_content: '', page_age: null }
}

const codeInterpreter: ServerTool = {
  call: (_, id) => ({ type: 'server_tool_use', id, name: 'code_execution', input: {} }),
  input: ({ code }) => stringOf(code),
  textField: 'code',
  result: ({ outputs, status }, id) => {
    const all = arrayOf(outputs).filter(isRecord)
    const stdout = all.map(({ logs }) => stringOf(logs)).join('')
    const pictures = all.filter(({ type }) => type === 'image')
    return {
      type: 'code_execution_tool_result',
      tool_use_id: id,
      content: {
        type: 'code_execution_result',
        stdout,
        stderr: '',
        return_code: status === 'failed' ? 1 : 0,
        content: pictures.map(({ url }) => ({ type: 'image', source: { type: 'url', url } })),
      },
    }
  },
}

const fileSearch: ServerTool = {
  call: (_, id) => ({ type: 'server_tool_use', id, name: 'file_search', input: {} }),
  input: ({ queries }) => JSON.stringify({ queries: arrayOf(queries) }),
  result: ({ results }, id) => ({
    type: 'file_search_tool_result',
    tool_use_id: id,
    content: { type: 'file_search_result', results: arrayOf(results) },
  }),
}

const mcp: ServerTool = {
  call: ({ name, server_label: server }, id) => ({
    type: 'mcp_tool_use',
    id,
    name: stringOf(name),
    server_name: stringOf(server),
    input: {},
  }),
  input: ({ arguments: json }) => stringOf(json),
  result: ({ output, error, status }, id) => {
    const failed = (error !== null && error !== undefined) || status === 'failed'
    const said = failed ? (error ?? output) : output
    const text = typeof said === 'string' ? said : said === null || said === undefined ? '' : JSON.stringify(said)
    return { type: 'mcp_tool_result', tool_use_id: id, is_error: failed, content: text === '' ? [] : [{ type: 'text', text }] }
  },
}

/** By the item's type. */
export const serverTools: ReadonlyMap<string, ServerTool> = new Map([
  ['web_search_call', webSearch],
  ['code_interpreter_call', codeInterpreter],
  ['file_search_call', fileSearch],
  ['mcp_call', mcp],
])

/** Whether a web search was made, which is what is billed; opening a page it found is not one. */
export function isSearch({ type, action, status }: Item): boolean {
  if (type !== 'web_search_call' || status === 'failed') return false
  return !isRecord(action) || action.type === 'search' || action.type === undefined
}

/** Whether files were searched, which is billed by the call, too. */
export function isFileSearch({ type, status }: Item): boolean {
  return type === 'file_search_call' && status !== 'failed'
}
