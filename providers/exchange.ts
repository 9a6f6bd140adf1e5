import { Accumulator } from '../api/accumulator.ts'
import { parseJson } from '../api/json.ts'
import type { StreamEvent } from '../api/schemas.gen.ts'
import { createSseParser, SseError, type SseMessage } from '../api/sse.ts'
import { emptyAnswer, type FailureSource, httpFailure, protocolFailure, streamFailure } from './failure.ts'
import { maxAnswerBytes, maxEventBytes, post, readErrorBody, readText, type UpstreamResponse } from './http.ts'
import { ping } from './ping.ts'
import type { Call, WholeMessage } from './provider.ts'

/** What goes to a provider whose answers are translated, and what comes back: the same for all of them, whatever they say. */

/** Makes canonical events of one answer. Each function returns those that have become known, and throws where the answer fails. */
export interface AnswerDecoder {
  /** True once the answer has said that it is over; absent where only its end says so. */
  readonly ended?: boolean
  /** A chunk of a stream, parsed; `name` is what the stream calls the event. */
  feed(chunk: unknown, name?: string): readonly StreamEvent[]
  /** The stream's end; `marked` where the provider said that it is one. */
  end(marked: boolean): readonly StreamEvent[]
  /** An answer in one piece, in the place of a stream. */
  whole(answer: unknown): readonly StreamEvent[]
}

/** Cuts a stream into its events. Both functions throw `SseError` where that cannot be done. */
export interface Frames {
  feed(bytes: Uint8Array): readonly SseMessage[]
  end(): void
}

export function sourceOf({ id, name }: { readonly id: string; readonly name: string }, { apiKey }: Call): FailureSource {
  return { id, name, apiKey }
}

/** Sends one POST. Throws what the provider's own words come to where it does not answer with 2xx, or answers with a page. */
export async function send(
  call: Call,
  source: FailureSource,
  path: string,
  headers: Record<string, string>,
  body: Buffer,
): Promise<UpstreamResponse> {
  const response = await post(call, source.id, path, headers, body)
  if (response.status < 200 || response.status > 299) {
    throw httpFailure(source, response, await readErrorBody(response, call), call.clock.wallclock())
  }
  if (contentTypeOf(response).startsWith('text/html')) {
    throw protocolFailure(source, 'it answered with an HTML page.', await readErrorBody(response, call))
  }
  return response
}

/**
 * The events of a streamed answer. One that comes as JSON is taken for a whole answer, or is cut by `jsonFrames` where that is
 * another form of the stream.
 */
export async function* streamAnswer(
  open: () => Promise<UpstreamResponse>,
  decoder: AnswerDecoder,
  source: FailureSource,
  jsonFrames?: Frames,
): AsyncGenerator<StreamEvent> {
  const response = await open()
  const isJson = contentTypeOf(response).startsWith('application/json')
  if (isJson && !jsonFrames) {
    for (const event of decoder.whole(await readJsonAnswer(response, source))) yield event
    return
  }
  const frames = (isJson && jsonFrames) || createSseParser(maxEventBytes)
  let begun = false
  try {
    for await (const bytes of response.body) {
      for (const message of frames.feed(bytes)) {
        const isMarked = message.data === endMark
        if (isMarked) response.body.release()
        const events = isMarked ? decoder.end(true) : decoder.feed(chunkOf(message, source), message.event)
        if (decoder.ended) response.body.release()
        for (const event of events) {
          begun = true
          yield event
        }
        if (isMarked || decoder.ended) return
      }
      if (!begun) yield ping
      begun = true
    }
    frames.end()
  } catch (cause) {
    throw cause instanceof SseError ? protocolFailure(source, `${cause.message}.`, undefined, cause) : cause
  }
  for (const event of decoder.end(false)) yield event
}

/** The message of an answer in one piece. */
export async function wholeAnswer(
  response: UpstreamResponse,
  decoder: AnswerDecoder,
  source: FailureSource,
): Promise<WholeMessage> {
  const accumulator = new Accumulator()
  for (const event of decoder.whole(await readJsonAnswer(response, source))) accumulator.add(event)
  return { message: accumulator.message() }
}

/**
 * The JSON that an answer consists of. Throws `provider_protocol` where it is none, or is longer than an answer may be.
 *
 * Events are refused unread: such a stream may never end, and would be read for as long as an answer may take.
 */
export async function readJsonAnswer(response: UpstreamResponse, source: FailureSource): Promise<unknown> {
  if (contentTypeOf(response).startsWith('text/event-stream')) {
    response.body.abort(new Error('a stream is not wanted'))
    throw protocolFailure(source, 'it answered with events where JSON was asked for.')
  }
  const text = await readText(response, source.name, maxAnswerBytes)
  const answer = parseJson(text)
  if (answer !== undefined) return answer
  throw text.trim() === '' ? emptyAnswer(source) : protocolFailure(source, 'the answer is no JSON.', text)
}

function chunkOf({ event, data }: SseMessage, source: FailureSource): unknown {
  const chunk = parseJson(data)
  if (event === 'error') throw streamFailure(source, chunk ?? data)
  if (chunk === undefined) throw protocolFailure(source, 'a chunk is no JSON.', data)
  return chunk
}

function contentTypeOf({ headers }: UpstreamResponse): string {
  return String(headers['content-type'] ?? '')
}

/** What OpenAI ends its stream with, and some proxies those of others. */
const endMark = '[DONE]'
