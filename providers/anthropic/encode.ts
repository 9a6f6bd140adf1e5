import type { MessageRequest, Tool, Warning } from '../../api/schemas.gen.ts'
import { editMembers, jsonBytes } from '../../text/json-bytes.ts'
import { outputSchemaOf } from '../output-schema.ts'
import { strandedPictures } from '../pictures.ts'
import type { Call, TokenCountRequest } from '../provider.ts'
import { capabilitiesOf } from './capabilities.ts'
import { familyOf } from './families.ts'
import { cannotThink, withoutForeign } from './foreign.ts'

/**
 * The JSON to send for a request. Where the caller's own JSON is at hand it is edited, not written anew: members that the
 * gateway does not touch arrive as they were, with their order, their spelling of numbers and fields the gateway does not know.
 */
export function encodeMessages(request: MessageRequest, call: Call, stream: boolean): Buffer {
  const changes: Record<string, string | undefined> = {
    ...(request.max_tokens === undefined && {
      max_tokens: String(call.defaultMaxTokens ?? capabilitiesOf(call.model).defaultMaxTokens),
    }),
    ...commonChanges(request, call),
  }
  // A caller's own `stream: false` need not be rewritten; `stream: true` of a caller who is served whole must be.
  if ((request.stream ?? false) !== stream || 'stream' in changes) changes.stream = String(stream)
  return editMembers(call.body ?? jsonBytes(request), changes)
}

export function encodeCountTokens(request: TokenCountRequest, call: Call): Buffer {
  return editMembers(call.body ?? jsonBytes(request), {
    ...commonChanges(request, call),
    max_tokens: undefined,
    stream: undefined,
  })
}

export function requestHeaders(request: TokenCountRequest, call: Call): Record<string, string> {
  const hasScreen = request.tools?.some((tool) => tool.type === 'computer_use')
  const betas = [call.headers['anthropic-beta'], hasScreen && familyOf(call.model).screen?.beta]
  const beta = betas.filter((name) => typeof name === 'string' && name !== '').join(',')
  return {
    'x-api-key': call.apiKey.reveal(),
    'anthropic-version': call.headers['anthropic-version'] ?? '2023-06-01',
    ...(beta && { 'anthropic-beta': beta }),
  }
}

/** Whether any member but the plain ones has to be written anew. */
export function rewrites(request: MessageRequest): boolean {
  const { output_format: format, tools, extensions, messages, model } = request
  if (format ?? extensions?.anthropic) return true
  return (tools ?? []).some((tool) => toAnthropicTool(tool, model) !== tool) || withoutForeign(request) !== messages
}

/** What is left out of a request for reasons that lie in the conversation. */
export function warningsOf(request: MessageRequest): readonly Warning[] {
  const stranded = strandedPictures(request.messages)
  if (!cannotThink(request)) return stranded
  const message = 'Anthropic does not think in the middle of tool calls that began at another provider; it was left out.'
  return [...stranded, { param: 'thinking', code: 'dropped', message }]
}

/** What is the gateway's own in a request, and what it says in another way than Anthropic. */
function commonChanges(request: TokenCountRequest, call: Call): Record<string, string | undefined> {
  const { output_format: format, tools } = request
  const changes: Record<string, string | undefined> = { model: JSON.stringify(call.model) }
  for (const field of gatewayFields) if (request[field] !== undefined) changes[field] = undefined
  // Anthropic's own `fallbacks` are no list of texts; with a beta they are for it to read.
  const { fallbacks } = request
  if (Array.isArray(fallbacks) && fallbacks.every((fallback) => typeof fallback === 'string')) changes.fallbacks = undefined
  if (format) {
    changes.output_format = undefined
    const schema = outputSchemaOf(request)?.schema
    changes.output_config = JSON.stringify({ ...request.output_config, format: { type: 'json_schema', schema } })
  }
  const ownTools = tools?.map((tool) => toAnthropicTool(tool, call.model))
  if (ownTools?.some((tool, at) => tool !== tools?.[at])) changes.tools = JSON.stringify(ownTools)
  const messages = withoutForeign(request)
  if (messages !== request.messages) changes.messages = JSON.stringify(messages)
  if (cannotThink(request)) changes.thinking = undefined
  for (const [field, value] of Object.entries(request.extensions?.anthropic ?? {})) changes[field] = JSON.stringify(value)
  return changes
}

const gatewayFields = ['extensions', 'output'] as const

/** A portable tool in Anthropic's own form; a tool that already has it is returned as it is. */
function toAnthropicTool(tool: Tool, model: string): object {
  switch (tool.type) {
    case 'function': {
      const { type: _, ...custom } = tool
      return custom
    }
    case 'web_search':
      return { type: 'web_search_20250305', name: 'web_search', ...tool.config }
    case 'web_fetch':
      return { type: 'web_fetch_20250910', name: 'web_fetch', ...tool.config }
    case 'code_execution':
      return { type: 'code_execution_20250825', name: 'code_execution' }
    case 'computer_use': {
      // Where the model has no such tool, the request has been refused before.
      const screen = familyOf(model).screen
      return screen ? { type: screen.type, name: 'computer', ...tool.config } : tool
    }
    case 'text_editor':
      return { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool', ...tool.config }
    default:
      return tool
  }
}
