import { arrayOf, isRecord, parseJson, stringOf } from '../../api/json.ts'
import type { BlockSequencer } from '../blocks.ts'
import { seal } from '../sealed.ts'

/**
 * The tools that Groq ran itself, told in `executed_tools`: each is a call of a server's tool and its result. In a stream an element
 * comes again once there is a result.
 */
export class ExecutedTools {
  readonly #sequencer: BlockSequencer
  readonly #owner: string
  readonly #newId: () => string
  readonly #byIndex = new Map<number, ExecutedCall>()
  // Of those without an index the last that stood there.
  readonly #byPlace = new Map<number, ExecutedCall>()
  readonly #counts = { web_search: 0, web_fetch: 0, code_execution: 0 }

  constructor(sequencer: BlockSequencer, owner: string, newId: () => string) {
    this.#sequencer = sequencer
    this.#owner = owner
    this.#newId = newId
  }

  /** Whether the element was understood. */
  add(tool: unknown, place: number): boolean {
    if (!isRecord(tool)) return false
    const kind = kinds.find(({ type }) => type.test(stringOf(tool.type)))
    if (!kind) return false
    const input = inputOf(tool.arguments)
    const call = this.#find(tool, place, kind, input) ?? this.#begin(tool, place, kind, input)
    if (call.isDone || !hasResult(tool)) return true
    call.isDone = true
    this.#sequencer.block({ type: `${kind.name}_tool_result`, tool_use_id: call.id, content: kind.result(tool) })
    return true
  }

  /** How often something was done that the server has its price for. */
  get counts(): ToolCounts {
    return { searches: this.#counts.web_search, fetches: this.#counts.web_fetch }
  }

  /** Without an index it is the call that stood in the same place, if that is for the same: else it is another. */
  #find(tool: Record<string, unknown>, place: number, kind: Kind, input: string): ExecutedCall | undefined {
    if (typeof tool.index === 'number') return this.#byIndex.get(tool.index)
    const known = this.#byPlace.get(place)
    return known?.kind === kind && (known.input === input || input === '{}') ? known : undefined
  }

  #begin(tool: Record<string, unknown>, place: number, kind: Kind, input: string): ExecutedCall {
    const call = { id: seal(this.#owner, this.#newId()), kind, input, isDone: false }
    if (typeof tool.index === 'number') this.#byIndex.set(tool.index, call)
    else this.#byPlace.set(place, call)
    this.#counts[kind.name]++
    const written = this.#sequencer.tool({ type: 'server_tool_use', id: call.id, name: kind.name, input: {} })
    written.write(input)
    written.end()
    return call
  }
}

export interface ToolCounts {
  readonly searches: number
  readonly fetches: number
}

interface ExecutedCall {
  readonly id: string
  readonly kind: Kind
  /** JSON text. */
  readonly input: string
  isDone: boolean
}

interface Kind {
  /** Matches Groq's names, which differ between its systems and its models. */
  readonly type: RegExp
  readonly name: 'web_search' | 'code_execution' | 'web_fetch'
  result(tool: Record<string, unknown>): Record<string, unknown>[] | Record<string, unknown>
}

const kinds: readonly Kind[] = [
  { type: /search/i, name: 'web_search', result: searchResults },
  { type: /python|code/i, name: 'code_execution', result: codeResult },
  { type: /visit|open|browser|website/i, name: 'web_fetch', result: fetched },
]

function hasResult({
  output,
  search_results: found,
  code_results: code,
  browser_results: pages,
}: Record<string, unknown>): boolean {
  const results = isRecord(found) ? found.results : undefined
  return typeof output === 'string' || [results, code, pages].some((list) => arrayOf(list).length > 0)
}

function searchResults({ search_results: found, browser_results: pages }: Record<string, unknown>): Record<string, unknown>[] {
  return [...arrayOf(isRecord(found) ? found.results : undefined), ...arrayOf(pages)].filter(isRecord).map((result) => ({
    type: 'web_search_result',
    url: stringOf(result.url),
    title: stringOf(result.title),
    encrypted_content: '',
    page_age: null,
    // Not of Anthropic's shape, where it would be encrypted.
    ...(typeof result.content === 'string' && { content: result.content }),
  }))
}

function codeResult({ output, code_results: code }: Record<string, unknown>): Record<string, unknown> {
  const texts = arrayOf(code)
    .filter(isRecord)
    .flatMap(({ text }) => (typeof text === 'string' ? [text] : []))
  return { type: 'code_execution_result', stdout: stringOf(output) || texts.join('\n'), stderr: '', return_code: 0, content: [] }
}

function fetched({ arguments: input, output, browser_results: pages }: Record<string, unknown>): Record<string, unknown> {
  const page = arrayOf(pages).find(isRecord)
  const asked = parseJson(inputOf(input))
  const data = stringOf(output) || stringOf(page?.content)
  return {
    type: 'web_fetch_result',
    url: stringOf(page?.url) || stringOf(isRecord(asked) ? asked.url : undefined),
    content: { type: 'document', source: { type: 'text', media_type: 'text/plain', data }, title: stringOf(page?.title) || null },
    retrieved_at: null,
  }
}

/** JSON text of the input; `{}` where there is none. */
function inputOf(input: unknown): string {
  if (isRecord(input)) return JSON.stringify(input)
  const text = stringOf(input)
  return isRecord(parseJson(text)) ? text : JSON.stringify(text === '' ? {} : { input: text })
}
