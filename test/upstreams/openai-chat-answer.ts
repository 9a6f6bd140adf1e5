import { type Behaviour, type Delivery, json, sse } from './behaviour.ts'
import { isObject, type Json, objects, pieces, sample, stringOf, tokensIn } from './json.ts'
import { deliveryOf } from './script.ts'
import type { RecordedRequest } from './upstream.ts'

/** A completion as the simulated model writes it, for JSON and for a stream alike. The delivery's offsets are in bytes or in events. */
export interface OpenAiAnswer extends Delivery {
  /** A list is streamed piece by piece. Default: null. */
  readonly text?: string | readonly string[]
  /** Sent as `reasoning_content`, as OpenAI-compatible servers do. */
  readonly reasoning?: string | readonly string[]
  /** What other servers say before the text, each the members of one delta; in JSON they are members of the message. */
  readonly deltas?: readonly Json[]
  readonly refusal?: string
  readonly toolCalls?: readonly OpenAiToolCall[]
  /** Default: `tool_calls` where a tool is called, else `stop`. */
  readonly finishReason?: string
  /** Merged over a count of four characters a token. */
  readonly usage?: Json
  /** Default: the request's. */
  readonly model?: string
  /** An error in the stream after so many chunks, which then ends without `[DONE]`. Without effect on JSON. */
  readonly errorAfter?: { readonly events: number; readonly error: Json }
}

export interface OpenAiToolCall {
  readonly id?: string
  readonly name: string
  /** JSON text as the model wrote it; it need not parse. A list is streamed piece by piece. */
  readonly arguments: string | readonly string[]
}

/** OpenAI's error body with its status, 400 unless given; `retryAfter` is in seconds. */
export function openAiError(
  {
    message,
    type = 'invalid_request_error',
    param = null,
    code = null,
  }: { message: string; type?: string; param?: string | null; code?: string | null },
  { status = 400, retryAfter }: { status?: number; retryAfter?: number } = {},
): Behaviour {
  const headers = { 'x-request-id': requestId, ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) }
  return json({ error: { message, type, param, code } }, { status, headers })
}

const requestId = 'req_test00000000000000000000000000'

/**
 * The answer of a model that has only the request to go by: calls the forced or first tool (never on `none`) where the last message is
 * the user's, else repeats its text; fills the form where a response format is asked for.
 */
export function echo(request: RecordedRequest): OpenAiAnswer {
  const body = isObject(request.json) ? request.json : {}
  const last = objects(body.messages).at(-1)
  const tool = last?.role === 'user' ? chosenTool(body) : undefined
  if (tool) return { toolCalls: [{ name: stringOf(tool.name), arguments: pieces(JSON.stringify(sample(tool.parameters)), 8) }] }

  const format = isObject(body.response_format) ? body.response_format : {}
  const form = isObject(format.json_schema) ? JSON.stringify(sample(format.json_schema.schema)) : undefined
  return { text: pieces(form ?? (textOf(last?.content) || '(nothing)'), 8) }
}

/** The behaviour that sends an answer: a stream or JSON, as the request asks. */
export function renderCompletion(answer: OpenAiAnswer, request: RecordedRequest): Behaviour {
  const body = isObject(request.json) ? request.json : {}
  const options = { ...deliveryOf(answer), headers: { 'x-request-id': requestId } }
  const calls = (answer.toolCalls ?? []).map((call, index) => ({ ...call, id: call.id ?? `call_${request.index}_${index}` }))
  const finish = answer.finishReason ?? (calls.length > 0 ? 'tool_calls' : 'stop')
  const head = {
    id: `chatcmpl-${String(request.index).padStart(29, '0')}`,
    created: 1_750_000_000,
    model: answer.model ?? stringOf(body.model),
  }
  if (body.stream !== true) return json(whole(answer, calls, finish, head, body), options)

  const chunks = chunksOf(answer, calls, finish, head, body)
  const { errorAfter } = answer
  const sent = errorAfter ? [...chunks.slice(0, errorAfter.events), { error: errorAfter.error }] : chunks
  const frames = sent.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
  return sse([...frames, ...(errorAfter ? [] : ['data: [DONE]\n\n'])].join(''), options)
}

type Call = OpenAiToolCall & { readonly id: string }
type Head = { readonly id: string; readonly created: number; readonly model: string }

function whole(answer: OpenAiAnswer, calls: readonly Call[], finish: string, { id, created, model }: Head, body: Json): Json {
  const message = {
    role: 'assistant',
    content: answer.text === undefined ? null : joined(answer.text),
    ...(answer.reasoning !== undefined && { reasoning_content: joined(answer.reasoning) }),
    ...Object.assign({}, ...(answer.deltas ?? [])),
    ...(calls.length > 0 && { tool_calls: calls.map((call) => wholeCall(call)) }),
    refusal: answer.refusal ?? null,
    annotations: [],
  }
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
    usage: usageOf(answer, body),
    service_tier: 'default',
    system_fingerprint: 'fp_test',
  }
}

function wholeCall({ id, name, arguments: text }: Call): Json {
  return { id, type: 'function', function: { name, arguments: joined(text) } }
}

function chunksOf(answer: OpenAiAnswer, calls: readonly Call[], finish: string, head: Head, body: Json): Json[] {
  const includeUsage = isObject(body.stream_options) && body.stream_options.include_usage === true
  const chunk = (choices: readonly Json[], usage: Json | null = null): Json => ({
    id: head.id,
    object: 'chat.completion.chunk',
    created: head.created,
    model: head.model,
    service_tier: 'default',
    system_fingerprint: 'fp_test',
    choices,
    ...(includeUsage && { usage }),
  })
  const delta = (part: Json, finishReason: string | null = null) =>
    chunk([{ index: 0, delta: part, logprobs: null, finish_reason: finishReason }])

  const spoken = calls.length === 0 || answer.text !== undefined
  return [
    delta({ role: 'assistant', content: spoken ? '' : null, refusal: null }),
    ...[answer.reasoning ?? []].flat().map((text) => delta({ reasoning_content: text })),
    ...(answer.deltas ?? []).map((part) => delta(part)),
    ...[answer.text ?? []].flat().map((text) => delta({ content: text })),
    ...[answer.refusal ?? []].flat().map((text) => delta({ refusal: text })),
    ...calls.flatMap((call, index) => callDeltas(call, index).map((tool_calls) => delta({ tool_calls }))),
    delta({}, finish),
    ...(includeUsage ? [chunk([], usageOf(answer, body))] : []),
  ]
}

function callDeltas({ id, name, arguments: text }: Call, index: number): Json[][] {
  return [
    [{ index, id, type: 'function', function: { name, arguments: '' } }],
    ...[text].flat().map((piece) => [{ index, function: { arguments: piece } }]),
  ]
}

function usageOf(answer: OpenAiAnswer, body: Json): Json {
  const prompt = tokensIn(body.messages, body.tools)
  const completion = tokensIn(answer.text, answer.reasoning, answer.toolCalls)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: answer.reasoning === undefined ? 0 : tokensIn(answer.reasoning),
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
    ...answer.usage,
  }
}

function chosenTool(body: Json): Json | undefined {
  const choice = body.tool_choice
  if (choice === 'none') return undefined
  const tools = objects(body.tools).flatMap((tool) => (isObject(tool.function) ? [tool.function] : []))
  const forced = isObject(choice) && isObject(choice.function) ? choice.function.name : undefined
  return forced === undefined ? tools[0] : tools.find((tool) => tool.name === forced)
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return objects(content)
    .map((part) => stringOf(part.text))
    .join('')
}

function joined(text: string | readonly string[]): string {
  return typeof text === 'string' ? text : text.join('')
}
