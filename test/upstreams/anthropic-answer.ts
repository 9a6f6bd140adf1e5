import { type Behaviour, type Delivery, json, sse } from './behaviour.ts'
import { isObject, type Json, objects, pieces, sample, stringOf, tokensIn } from './json.ts'
import { deliveryOf } from './script.ts'
import type { RecordedRequest } from './upstream.ts'

/** A message as the simulated model writes it, for JSON and for a stream alike. The delivery's offsets are in bytes or in events. */
export interface AnthropicAnswer extends Delivery {
  /** Default: none. */
  readonly content?: readonly AnthropicBlock[]
  /** Default: `tool_use` where a tool is called, else `end_turn`. */
  readonly stopReason?: string
  readonly stopSequence?: string
  /** Merged over a count of four characters a token. */
  readonly usage?: Json
  /** Default: the request's. */
  readonly model?: string
  /** An error in the stream after so many events, which then ends. Without effect on JSON. */
  readonly errorAfter?: { readonly events: number; readonly type: AnthropicErrorType; readonly message: string }
}

/** Text given as a list is streamed piece by piece; a tool's input is cut every `inputPiece` characters (default 12). */
export type AnthropicBlock =
  | { readonly type: 'text'; readonly text: string | readonly string[] }
  | { readonly type: 'thinking'; readonly thinking: string | readonly string[]; readonly signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | { readonly type: 'tool_use'; readonly id?: string; readonly name: string; readonly input: Json; readonly inputPiece?: number }

export type AnthropicErrorType = keyof typeof statusOf

const statusOf = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
} as const

/** Anthropic's error body with its status; `retryAfter` is in seconds. */
export function anthropicError(
  type: AnthropicErrorType,
  message: string,
  { status = statusOf[type], retryAfter }: { status?: number; retryAfter?: number } = {},
): Behaviour {
  const headers = { 'request-id': requestId, ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) }
  return json({ type: 'error', error: { type, message }, request_id: requestId }, { status, headers })
}

const requestId = 'req_test0000000000000000000'

/**
 * The answer of a model that has only the request to go by: calls the forced or first tool (never on `none`), repeats a tool's result or
 * the last text of the user, fills the form where an output format is asked for, and thinks before where thinking is on.
 */
export function echo(request: RecordedRequest): AnthropicAnswer {
  const body = isObject(request.json) ? request.json : {}
  const thinking = isObject(body.thinking) ? body.thinking.type : undefined
  const thought: AnthropicBlock[] =
    thinking === 'enabled' || thinking === 'adaptive'
      ? [{ type: 'thinking', thinking: ['Let me', ' think.'], signature: 'c2lnbmF0dXJl' }]
      : []
  const last = objects(body.messages).at(-1)
  const results = objects(last?.content).filter((block) => block.type === 'tool_result')
  const tool = results.length === 0 ? chosenTool(body) : undefined
  if (tool) return { content: [...thought, { type: 'tool_use', name: stringOf(tool.name), input: inputFor(tool) }] }

  const config = isObject(body.output_config) ? body.output_config : {}
  const text = isObject(config.format) ? JSON.stringify(sample(config.format.schema)) : textOf(last?.content)
  return { content: [...thought, { type: 'text', text: pieces(text || '(nothing)', 8) }] }
}

/** The behaviour that sends an answer: a stream or JSON, as the request asks. */
export function renderMessage(answer: AnthropicAnswer, request: RecordedRequest): Behaviour {
  const body = isObject(request.json) ? request.json : {}
  const message = whole(answer, body, request.index)
  const options = { ...deliveryOf(answer), headers: { 'request-id': requestId } }
  if (body.stream !== true) return json(message, options)

  const all = events(answer, message)
  const { errorAfter } = answer
  if (!errorAfter) return sse(all.join(''), options)
  const error = frame('error', { error: { type: errorAfter.type, message: errorAfter.message } }, 0)
  return sse([...all.slice(0, errorAfter.events), error].join(''), options)
}

function whole(answer: AnthropicAnswer, body: Json, index: number) {
  const content = (answer.content ?? []).map((block, at) => wholeBlock(block, `toolu_${String(index).padStart(8, '0')}${at}`))
  const calls = content.some((block) => block.type === 'tool_use')
  return {
    model: answer.model ?? stringOf(body.model),
    id: `msg_${String(index).padStart(24, '0')}`,
    type: 'message',
    role: 'assistant',
    content,
    stop_reason: answer.stopReason ?? (calls ? 'tool_use' : 'end_turn'),
    stop_sequence: answer.stopSequence ?? null,
    usage: {
      input_tokens: tokensIn(body.system, body.tools, body.messages),
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      output_tokens: tokensIn(content),
      service_tier: 'standard',
      ...answer.usage,
    },
  }
}

function wholeBlock(block: AnthropicBlock, id: string) {
  switch (block.type) {
    case 'text':
      return { type: block.type, text: joined(block.text) }
    case 'thinking':
      return { type: block.type, thinking: joined(block.thinking), signature: block.signature }
    case 'redacted_thinking':
      return { type: block.type, data: block.data }
    case 'tool_use':
      return { type: block.type, id: block.id ?? id, name: block.name, input: block.input }
  }
}

/** The frames of a stream, in the API's order: its ping follows the start of the first block. */
function events(answer: AnthropicAnswer, message: ReturnType<typeof whole>): string[] {
  const { usage, stop_reason, stop_sequence, content, ...head } = message
  const frames: string[] = []
  const add = (type: string, data: Json) => frames.push(frame(type, data, frames.length))

  add('message_start', {
    message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } },
  })
  for (const [index, block] of (answer.content ?? []).entries()) {
    add('content_block_start', { index, content_block: startOf(content[index] ?? {}) })
    if (index === 0) frames.push(ping)
    for (const delta of deltasOf(block)) add('content_block_delta', { index, delta })
    add('content_block_stop', { index })
  }
  const { cache_creation, service_tier, ...counts } = usage
  add('message_delta', { delta: { stop_reason, stop_sequence }, usage: counts })
  add('message_stop', {})
  return frames
}

const ping = 'event: ping\ndata: {"type": "ping"}\n\n'

function startOf(block: Json): Json {
  switch (block.type) {
    case 'text':
      return { ...block, text: '' }
    case 'thinking':
      return { ...block, thinking: '', signature: '' }
    case 'tool_use':
      return { ...block, input: {} }
    default:
      return block
  }
}

function deltasOf(block: AnthropicBlock): Json[] {
  switch (block.type) {
    case 'text':
      return [block.text].flat().map((text) => ({ type: 'text_delta', text }))
    case 'thinking':
      return [
        ...[block.thinking].flat().map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: block.signature },
      ]
    case 'redacted_thinking':
      return []
    case 'tool_use': {
      const input = Object.keys(block.input).length === 0 ? '' : JSON.stringify(block.input)
      return ['', ...pieces(input, block.inputPiece ?? 12)].map((partial_json) => ({ type: 'input_json_delta', partial_json }))
    }
  }
}

/** The API pads its JSON with blanks before the last brace. */
function frame(type: string, data: Json, index: number): string {
  const text = JSON.stringify({ type, ...data })
  return `event: ${type}\ndata: ${text.slice(0, -1)}${' '.repeat((index * 7) % 16)}}\n\n`
}

function chosenTool(body: Json): Json | undefined {
  const choice = isObject(body.tool_choice) ? body.tool_choice : {}
  if (choice.type === 'none') return undefined
  const tools = objects(body.tools).filter((tool) => tool.type === undefined || tool.type === 'custom')
  return choice.type === 'tool' ? tools.find((tool) => tool.name === choice.name) : tools[0]
}

function inputFor(tool: Json): Json {
  const input = sample(tool.input_schema)
  return isObject(input) ? input : {}
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return objects(content)
    .map((block) => (block.type === 'tool_result' ? textOf(block.content) : stringOf(block.text)))
    .join('')
}

function joined(text: string | readonly string[]): string {
  return typeof text === 'string' ? text : text.join('')
}
