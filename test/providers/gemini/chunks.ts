import { Accumulator } from '../../../api/accumulator.ts'
import type { ContentBlockParam, Message, MessageRequest, StreamEvent } from '../../../api/schemas.gen.ts'
import { Secret } from '../../../api/secret.ts'
import type { FailureSource } from '../../../providers/failure.ts'
import { type DecodeContext, GeminiDecoder } from '../../../providers/gemini/decode.ts'
import { expectGrammar, key } from '../openai-chat/drive.ts'

export type Json = Record<string, unknown>

export const source: FailureSource = { id: 'gem-dev', name: 'Gemini API', apiKey: new Secret(key) }

export const request: MessageRequest = { model: 'gem-dev/gemini-test', messages: [{ role: 'user', content: 'Hi.' }] }

/** The events of these chunks, held to the grammar. */
export function decode(chunks: readonly unknown[], whole = false, newId = countedIds()): StreamEvent[] {
  const decoder = new GeminiDecoder({ model: request.model, newId, source })
  const events = [...chunks.flatMap((chunk) => decoder.feed(chunk)), ...decoder.end(whole)]
  expectGrammar(events)
  return events
}

function countedIds(): DecodeContext['newId'] {
  let made = 0
  return (prefix) => `${prefix}_made${++made}`
}

export function messageOf(events: readonly StreamEvent[]): Message {
  const accumulator = new Accumulator()
  for (const event of events) accumulator.add(event)
  return accumulator.message()
}

/** A chunk with these parts; `more` are members of its candidate. */
export function chunk(parts: readonly Json[], more: Json = {}): Json {
  const about = { responseId: 'resp-1', modelVersion: 'gemini-test-001' }
  return { ...about, candidates: [{ content: { role: 'model', parts }, index: 0, ...more }] }
}

export function call(name: string | undefined, more: Json = {}): Json {
  return { functionCall: { ...(name !== undefined && { name }), ...more } }
}

/** A piece of a streamed call. */
export function piece(jsonPath: string, value: Json, willContinue = true): Json {
  return call(undefined, { partialArgs: [{ jsonPath, ...value }], ...(willContinue && { willContinue }) })
}

export const stop = chunk([], { finishReason: 'STOP' })

/** The blocks of an answer whose parts come one in each chunk. */
export function contentOf(...parts: readonly Json[]): Message['content'] {
  return messageOf(decode([...parts.map((part) => chunk([part])), stop])).content
}

/** The blocks as a caller sends them back. */
export function sentBack(content: Message['content']): ContentBlockParam[] {
  // What a client keeps is the JSON, whose shape for these blocks is the request's as well.
  const blocks: ContentBlockParam[] = JSON.parse(JSON.stringify(content))
  return blocks
}
