import { createHash } from 'node:crypto'
import { type Behaviour, type Delivery, json, sse } from './behaviour.ts'
import { isObject, type Json, objects, pieces, sample, stringOf, tokensIn } from './json.ts'
import { deliveryOf } from './script.ts'
import type { RecordedRequest } from './upstream.ts'

/** A response as the simulated model writes it, for JSON and for a stream alike. The delivery's offsets are in bytes or in events. */
export interface ResponsesAnswer extends Delivery {
  /** The items as the API has them when they are complete; a missing `id` or `status` is filled in. */
  readonly output: readonly Json[]
  /** Why the answer is incomplete: `max_output_tokens`, `content_filter`. */
  readonly incomplete?: string
  /** Merged over a count of four characters a token. */
  readonly usage?: Json
  /** Default: the request's. */
  readonly model?: string
  /** An error after so many events of the stream, told twice as the API does. Without effect on JSON. */
  readonly errorAfter?: { readonly events: number; readonly error: Json }
}

export function message(text: string, more: Json = {}): Json {
  const content = [{ type: 'output_text', annotations: [], logprobs: [], text }]
  return { type: 'message', role: 'assistant', content, ...more }
}

export function reasoning(...summary: readonly string[]): Json {
  return { type: 'reasoning', summary: summary.map((text) => ({ type: 'summary_text', text })) }
}

export function functionCall(name: string, input: unknown, more: Json = {}): Json {
  return { type: 'function_call', name, arguments: JSON.stringify(input), ...more }
}

/**
 * The answer of a model that has only the request to go by: calls the forced or first function (never on `none`) where the last item is
 * the user's, else repeats its text; fills the form where a format is asked for. A model that reasons does so first.
 */
export function echo(request: RecordedRequest): ResponsesAnswer {
  const body = isObject(request.json) ? request.json : {}
  const last = typeof body.input === 'string' ? { role: 'user', content: body.input } : objects(body.input).at(-1)
  const thought = reasons(stringOf(body.model)) ? [reasoning('Let me see.')] : []
  const tool = last?.role === 'user' ? chosenTool(body) : undefined
  if (tool) return { output: [...thought, functionCall(stringOf(tool.name), sample(tool.parameters))] }
  const format = isObject(body.text) && isObject(body.text.format) ? body.text.format : {}
  const form = 'schema' in format ? JSON.stringify(sample(format.schema)) : undefined
  return { output: [...thought, message(form ?? (textOf(last?.output ?? last?.content) || '(nothing)'))] }
}

/** Whether a model reasons, by its name. */
export function reasons(model: string): boolean {
  return !/^(?:ft:)?(?:gpt-[34]|gpt-5-chat|chatgpt)/.test(model)
}

/** What only the vendor can read: it is written anew every time, and proves that an item is what it was. */
export function cipher(item: Json, nonce: string): string {
  const sum = createHash('sha256')
    .update(JSON.stringify([item.id, item.summary, nonce]))
    .digest('base64url')
  return `gAAAAAB${nonce}${sum}`
}

export function isCipherOf(item: Json): boolean {
  const text = stringOf(item.encrypted_content)
  return text === cipher(item, text.slice('gAAAAAB'.length, -43))
}

/** The items with what the API fills in. */
export function filled({ output, incomplete }: ResponsesAnswer, request: RecordedRequest): Json[] {
  const body = isObject(request.json) ? request.json : {}
  const encrypts = Array.isArray(body.include) && body.include.includes('reasoning.encrypted_content')
  return output.map((item, index) => {
    const type = stringOf(item.type)
    const place = `${String(request.index).padStart(4, '0')}${String(index).padStart(4, '0')}`
    const id = stringOf(item.id) || `${prefixes[type] ?? type}_${place}`
    const isLast = index === output.length - 1
    if (type === 'reasoning') {
      const whole = { ...item, id }
      return encrypts ? { ...whole, encrypted_content: cipher(whole, place) } : whole
    }
    const status = { status: incomplete && isLast ? 'incomplete' : 'completed' }
    const call = type === 'function_call' || type === 'custom_tool_call' ? { call_id: `call_${place}` } : {}
    return { id, ...call, ...(type !== 'mcp_list_tools' && status), ...item }
  })
}

const prefixes: Readonly<Record<string, string>> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  custom_tool_call: 'ctc',
  web_search_call: 'ws',
  code_interpreter_call: 'ci',
  file_search_call: 'fs',
  image_generation_call: 'ig',
  mcp_list_tools: 'mcpl',
  mcp_call: 'mcp',
}

/** The behaviour that sends an answer: a stream or JSON, as the request asks. */
export function renderResponse(answer: ResponsesAnswer, items: readonly Json[], request: RecordedRequest): Behaviour {
  const body = isObject(request.json) ? request.json : {}
  const options = { ...deliveryOf(answer), headers: { 'x-request-id': 'req_test00000000000000000000000000' } }
  const whole = response(answer, items, request, body)
  if (body.stream !== true) return json(whole, options)
  const begun = { ...whole, status: 'in_progress', completed_at: null, output: [], usage: null, incomplete_details: null }
  const events = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...items.flatMap((item, index) => itemEvents(item, index)),
    { type: `response.${whole.status}`, response: whole },
  ]
  const { errorAfter } = answer
  const failed = errorAfter && [
    { type: 'error', ...errorAfter.error },
    { type: 'response.failed', response: { ...begun, status: 'failed', error: errorAfter.error } },
  ]
  const sent = failed ? [...events.slice(0, errorAfter.events), ...failed] : events
  return sse(sent.map((event, number) => frame({ ...event, sequence_number: number })).join(''), options)
}

function frame(event: Json): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

function response(answer: ResponsesAnswer, items: readonly Json[], request: RecordedRequest, body: Json): Json {
  const input = tokensIn(body.input, body.instructions, body.tools)
  const output = tokensIn(items)
  return {
    id: `resp_${String(request.index).padStart(48, '0')}`,
    object: 'response',
    created_at: 1_750_000_000,
    status: answer.incomplete ? 'incomplete' : 'completed',
    background: false,
    completed_at: 1_750_000_001,
    error: null,
    incomplete_details: answer.incomplete ? { reason: answer.incomplete } : null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    model: answer.model ?? stringOf(body.model),
    output: items,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: 'default',
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: body.tools ?? [],
    top_p: 1,
    truncation: 'disabled',
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: tokensIn(...items.filter(({ type }) => type === 'reasoning')) },
      total_tokens: input + output,
      ...answer.usage,
    },
    user: null,
    metadata: {},
  }
}

/** How the API tells of one item, from its beginning to its end. */
function itemEvents(item: Json, index: number): Json[] {
  const at = { output_index: index, item_id: item.id }
  const begun = beginning(item)
  return [
    { type: 'response.output_item.added', output_index: index, item: begun },
    ...middle(item, at),
    { type: 'response.output_item.done', output_index: index, item },
  ]
}

function beginning(item: Json): Json {
  const status = 'status' in item ? { status: 'in_progress' } : {}
  switch (item.type) {
    case 'message':
      return { ...item, ...status, content: [] }
    case 'reasoning':
      return { ...item, summary: [], ...(item.encrypted_content !== undefined && { encrypted_content: 'gAAAAABearly' }) }
    case 'function_call':
    case 'mcp_call':
      return { ...item, ...status, arguments: '', ...(item.type === 'mcp_call' && { output: null }) }
    case 'custom_tool_call':
      return { ...item, ...status, input: '' }
    case 'code_interpreter_call':
      return { ...item, ...status, code: '', outputs: [] }
    default:
      return { id: item.id, type: item.type, ...status }
  }
}

function middle(item: Json, at: Json): Json[] {
  switch (item.type) {
    case 'message':
      return objects(item.content).flatMap((part, index) => partEvents(part, { ...at, content_index: index }))
    case 'reasoning':
      return objects(item.summary).flatMap((part, index) => {
        const here = { ...at, summary_index: index }
        return [
          { type: 'response.reasoning_summary_part.added', ...here, part: { ...part, text: '' } },
          ...written('response.reasoning_summary_text', stringOf(part.text), 'text', here),
          { type: 'response.reasoning_summary_part.done', ...here, part },
        ]
      })
    case 'function_call':
      return written('response.function_call_arguments', stringOf(item.arguments), 'arguments', at)
    case 'custom_tool_call':
      return written('response.custom_tool_call_input', stringOf(item.input), 'input', at)
    case 'mcp_call':
      return written('response.mcp_call_arguments', stringOf(item.arguments), 'arguments', at)
    case 'code_interpreter_call':
      return [
        { type: 'response.code_interpreter_call.in_progress', ...at },
        ...written('response.code_interpreter_call_code', stringOf(item.code), 'code', at),
        { type: 'response.code_interpreter_call.interpreting', ...at },
        { type: 'response.code_interpreter_call.completed', ...at },
      ]
    default:
      return [
        { type: `response.${item.type}.in_progress`, ...at },
        { type: `response.${item.type}.completed`, ...at },
      ]
  }
}

function partEvents(part: Json, at: Json): Json[] {
  const isRefusal = part.type === 'refusal'
  const text = stringOf(isRefusal ? part.refusal : part.text)
  const told = written(isRefusal ? 'response.refusal' : 'response.output_text', text, isRefusal ? 'refusal' : 'text', at)
  const notes = objects(part.annotations).map((annotation, index) => ({
    type: 'response.output_text.annotation.added',
    ...at,
    annotation_index: index,
    annotation,
  }))
  return [
    {
      type: 'response.content_part.added',
      ...at,
      part: isRefusal ? { ...part, refusal: '' } : { ...part, text: '', annotations: [] },
    },
    ...told.slice(0, -1),
    ...notes,
    ...told.slice(-1),
    { type: 'response.content_part.done', ...at, part },
  ]
}

function written(type: string, text: string, field: string, at: Json): Json[] {
  const logprobs = type === 'response.output_text' ? { logprobs: [] } : {}
  const deltas = pieces(text, 8).map((delta) => ({ type: `${type}.delta`, ...at, delta, ...logprobs, obfuscation: 'abc' }))
  return [...deltas, { type: `${type}.done`, ...at, [field]: text, ...logprobs }]
}

function chosenTool(body: Json): Json | undefined {
  const choice = body.tool_choice
  if (choice === 'none') return undefined
  const functions = objects(body.tools).filter(({ type }) => type === 'function')
  return isObject(choice) && choice.type === 'function' ? functions.find(({ name }) => name === choice.name) : functions[0]
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return objects(content)
    .map((part) => stringOf(part.text))
    .join('')
}
