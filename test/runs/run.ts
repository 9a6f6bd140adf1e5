import { createParser } from 'eventsource-parser'
import { expect } from 'vitest'
import type { MessageParam, RunEvent, RunRequest, RunResult } from '../../api/schemas.gen.ts'
import { problemsWith } from '../contract-schemas.ts'
import type { Gateway } from '../gateway.ts'

/** Runs as a client asks for them, each answer held to the contract. */

type Headers = Record<string, string>

/** `POST /v1/runs`; the answer is to be a result. */
export async function finishRun(gateway: Gateway, body: RunRequest, headers: Headers = {}): Promise<RunResult> {
  return resultIn(await gateway.post(body, headers, '/v1/runs'))
}

/** The result of an answer that is one. */
export async function resultIn(response: Response): Promise<RunResult> {
  const text = await response.text()
  expect(response.status, text).toBe(200)
  expect(problemsWith('RunResponse', JSON.parse(text))).toEqual([])
  const { result }: { result: RunResult } = JSON.parse(text)
  return result
}

/** `POST /v1/runs:stream`, read to its end; the answer is to be a stream with exactly one end. */
export async function watchRun(gateway: Gateway, body: RunRequest, headers: Headers = {}): Promise<RunEvent[]> {
  const response = await gateway.post(body, headers, '/v1/runs:stream')
  const text = await response.text()
  expect(response.status, text).toBe(200)
  const events = eventsIn(text)
  expect(wordOf(events)).toMatch(grammar)
  return events
}

/** The events of a stream, as a client reads it that knows nothing but server-sent events. */
export function eventsIn(text: string): RunEvent[] {
  const events: RunEvent[] = []
  const parser = createParser({
    onEvent({ event, data }) {
      const value: RunEvent = JSON.parse(data)
      expect(value.type).toBe(event)
      expect(problemsWith('RunEvent', value)).toEqual([])
      events.push(value)
    },
  })
  parser.feed(text)
  return events
}

/** The result at the end of a stream that has one; its messages are what its history deltas make of the request's. */
export function resultOf(events: readonly RunEvent[], asked: readonly MessageParam[]): RunResult {
  const last = events.at(-1)
  if (last?.type !== 'run_complete') throw new Error(`ended with ${JSON.stringify(last)}`)
  expect(replayed(events, asked)).toEqual(last.result.messages)
  return last.result
}

/** What a client has that adds every delta to what it sent. */
export function replayed(events: readonly RunEvent[], asked: readonly MessageParam[]): MessageParam[] {
  const messages = [...asked]
  for (const event of events) {
    if (event.type !== 'history_delta') continue
    expect(event.expected_len).toBe(messages.length)
    messages.push(...event.append)
  }
  return messages
}

/** The result without what no two runs share: times, and the ids that the gateway makes up, which are numbered instead. */
export function comparable(result: RunResult): unknown {
  const ids = new Map<string, string>()
  const text = JSON.stringify(result, (key, value: unknown) => (key === 'duration_ms' ? 0 : value))
  const numbered = text.replace(/\b[a-z]+_[0-9A-HJKMNP-TV-Z]{26}\b/g, (id) => {
    const name = ids.get(id) ?? `id_${ids.size}`
    ids.set(id, name)
    return name
  })
  return JSON.parse(numbered)
}

/** What kinds of events came, each as a letter; signs of life are left out. */
export function wordOf(events: readonly RunEvent[]): string {
  return events.map(({ type }) => letters[type] ?? '?').join('')
}

const letters: Readonly<Record<string, string>> = {
  run_start: 'R',
  step_start: 'S',
  stream_event: 'e',
  tool_call_start: 't',
  tool_result: 'r',
  step_complete: 'C',
  history_delta: 'H',
  run_complete: 'E',
  error: 'X',
  ping: '',
}

/** Whole steps, perhaps one that broke off, and one end: a result, or an error where no step was completed. */
const grammar = /^R(?:(?:Se*[tr]*CH)*(?:Se*[tr]*)?H?E|Se*X)$/
