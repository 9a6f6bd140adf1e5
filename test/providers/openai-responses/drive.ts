import { Accumulator } from '../../../api/accumulator.ts'
import type { Message, StreamEvent } from '../../../api/schemas.gen.ts'
import { Secret } from '../../../api/secret.ts'
import type { FailureSource } from '../../../providers/failure.ts'
import { ResponsesDecoder } from '../../../providers/openai-responses/decode.ts'
import { expectGrammar, key } from '../openai-chat/drive.ts'

export type Json = Readonly<Record<string, unknown>>

export const source: FailureSource = { id: 'oai-resp', name: 'OpenAI Responses', apiKey: new Secret(key) }

export function newDecoder(): ResponsesDecoder {
  let made = 0
  return new ResponsesDecoder({ model: 'oai-resp/gpt-test', newId: (prefix) => `${prefix}_made${++made}`, source })
}

/** The events of a stream, which begins and ends as the API's do. */
export function decode(events: readonly Json[], response: Json = {}): StreamEvent[] {
  const decoder = newDecoder()
  const all = [created, ...events, { type: 'response.completed', response: { id: 'resp_1', status: 'completed', ...response } }]
  const decoded = all.flatMap((event) => decoder.feed(event))
  expectGrammar(decoded)
  return decoded
}

export function messageOf(events: readonly StreamEvent[]): Message {
  const accumulator = new Accumulator()
  for (const event of events) accumulator.add(event)
  return accumulator.message()
}

export const created: Json = { type: 'response.created', response: { id: 'resp_1', status: 'in_progress' } }

export function added(index: number, item: Json): Json {
  return { type: 'response.output_item.added', output_index: index, item }
}

export function done(index: number, item: Json): Json {
  return { type: 'response.output_item.done', output_index: index, item }
}

/** An event of the item at this place. */
export function event(index: number, type: string, fields: Json = {}): Json {
  return { type: `response.${type}`, output_index: index, ...fields }
}

export function text(index: number, delta: string, part = 0): Json {
  return event(index, 'output_text.delta', { content_index: part, delta })
}
