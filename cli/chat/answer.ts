import {
  AbortedError,
  apiErrorOf,
  assistantMessage,
  type MessageParam,
  type MessageRequest,
  type RunEvent,
  type StreamEvent,
  type Usage,
  type VAI,
  VAIError,
} from '@vai/sdk'
import type { Attempt } from './conversation.ts'
import type { Asking } from './options.ts'
import { endingOf, type Piece } from './pieces.ts'
import { type Part, partOf, RunProgress, sayable } from './progress.ts'

/** What came of a question. */
export interface Answer {
  /** What was said since, as it can be sent again; nothing where the question has no answer. */
  readonly since: readonly MessageParam[]
  readonly usage: readonly Usage[]
  /** What is to be shown at its end. */
  readonly ending: readonly Piece[]
  /** Why it is not whole, or not there at all; an `AbortedError` where nobody wanted it any more. */
  readonly error?: VAIError
}

/** Asks, and tells of each event as it comes. Rejects with nothing that the client or the gateway says. */
export function answerTo(
  { before, question }: Attempt,
  asking: Asking,
  client: VAI,
  signal: AbortSignal,
  onEvent: (event: StreamEvent | RunEvent) => void,
): Promise<Answer> {
  const request = requestOf([...before, question], asking)
  const { tools } = asking
  return tools.length > 0 ? run(request, tools, client, signal, onEvent) : turn(request, client, signal, onEvent)
}

async function turn(
  request: MessageRequest,
  client: VAI,
  signal: AbortSignal,
  onEvent: (event: StreamEvent) => void,
): Promise<Answer> {
  const stream = client.messages.stream(request, { signal })
  try {
    for await (const event of stream) onEvent(event)
    const { content, stop_reason, metadata, usage } = await stream.finalMessage()
    const said = sayable(assistantMessage({ content }))
    return { since: said ? [said] : [], usage: [usage], ending: endingOf(stop_reason, metadata?.warnings) }
  } catch (error) {
    return brokenOff(error, partOf(stream.partialMessage()))
  }
}

async function run(
  request: MessageRequest,
  tools: readonly string[],
  client: VAI,
  signal: AbortSignal,
  onEvent: (event: RunEvent) => void,
): Promise<Answer> {
  const stream = client.runs.stream({ request, builtins: [...tools] }, { signal })
  const progress = new RunProgress(request.messages.length)
  try {
    for await (const event of stream) {
      progress.event(event)
      onEvent(event)
    }
    const { error, messages, request_id, response, stop_reason, usage } = await stream.finalResult()
    const why = stop_reason === 'end_turn' ? response?.stop_reason : error ? 'end_turn' : stop_reason
    return {
      since: messages.slice(request.messages.length),
      usage: [usage],
      ending: endingOf(why ?? null, response?.metadata?.warnings),
      ...(error && { error: apiErrorOf(error, { request_id }) }),
    }
  } catch (error) {
    return brokenOff(error, progress.partOf(stream.partialMessage()))
  }
}

function brokenOff(error: unknown, { messages, usage }: Part): Answer {
  if (!(error instanceof VAIError)) throw error
  // What broke off by itself can be asked for again; what was stopped was enough.
  return { since: error instanceof AbortedError ? messages : [], usage, ending: [], error }
}

function requestOf(messages: MessageParam[], { model, system, maxTokens }: Asking): MessageRequest {
  return { model, messages, ...(system !== undefined && { system }), ...(maxTokens !== undefined && { max_tokens: maxTokens }) }
}
