import { it } from 'vitest'
import type { GatewayError } from '../../api/error.ts'
import type { Message, MessageDeltaEvent, StreamEvent, Usage } from '../../api/schemas.gen.ts'
import { fixturesDir, recordedBytes } from '../upstreams/replay.ts'
import { expectations } from './expectations/index.ts'
import type { Player } from './expectations/row.ts'
import { contentOf, type Received } from './observe.ts'
import { playerOf } from './players.ts'
import { complete, type Head, play } from './scripted-body.ts'

/** A stream as its caller got it. */
export interface Told {
  readonly events: readonly StreamEvent[]
  readonly content: readonly Received[]
  readonly text: string
  readonly thinking: string
  /** Name and input of each call of a caller's tool. */
  readonly calls: readonly (readonly [name: string, input: unknown])[]
  readonly stop: MessageDeltaEvent['delta']['stop_reason'] | undefined
  readonly usage: Usage
  /** Undefined where the stream ended as it should. */
  readonly error: GatewayError | undefined
}

/** A test of a recording; not run where there are none. */
export function pitfall(name: string, test: () => Promise<void>): void {
  it.skipIf(fixturesDir() === undefined)(name, test)
}

/** The recording's text. */
export async function recorded(name: string): Promise<string> {
  return new TextDecoder().decode(await recordedBytes({ file: `llm/${name}` }))
}

/** Each chunk or event of a recorded stream, parsed. */
export async function chunksOf(name: string): Promise<Record<string, unknown>[]> {
  const lines = (await recorded(name)).split(/\r?\n/).filter((line) => line.startsWith('data: {'))
  return lines.map((line): Record<string, unknown> => JSON.parse(line.slice('data: '.length)))
}

/** What the adapter of a recording says of it. */
export async function toldBy(name: string, head: Head = {}): Promise<Told> {
  const row = expectations[name]
  if (!row) throw new Error(`there is no row for ${name}`)
  const json = name.endsWith('.json') ? { contentType: 'application/json' } : {}
  return told(row.by, await recordedBytes({ file: `llm/${name}` }), { ...json, ...head })
}

/** The message that the adapter of a recording makes of an answer in one piece. */
export async function wholeBy(name: string): Promise<Message> {
  const row = expectations[name]
  if (!row) throw new Error(`there is no row for ${name}`)
  return complete(playerOf(row.by), await recordedBytes({ file: `llm/${name}` }))
}

/** The message that an adapter makes of an answer in one piece. */
export function whole(by: Player, body: string): Promise<Message> {
  return complete(playerOf(by), new TextEncoder().encode(body))
}

/** What an adapter says of an answer. */
export async function told(by: Player, body: string | Uint8Array, head: Head = {}): Promise<Told> {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const outcome = await play(playerOf(by), [bytes], head)
  if (!outcome.error && outcome.end !== 'done') throw new Error(outcome.end)
  const events = outcome.events.map((event): StreamEvent => JSON.parse(event))
  const content = contentOf(events)
  const start = events.find((event) => event.type === 'message_start')
  const delta = events.find((event) => event.type === 'message_delta')
  return {
    events,
    content,
    text: content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
    thinking: content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : [])).join(''),
    calls: content.flatMap((block) => (block.type === 'tool_use' ? [[block.name, block.input] as const] : [])),
    stop: delta?.delta.stop_reason,
    usage: { ...start?.message.usage, ...delta?.usage },
    error: outcome.error,
  }
}

/** A stream of Chat Completions chunks, each one choice's delta. */
export function chatStream(deltas: readonly object[], finish = 'stop'): string {
  const chunk = (delta: object, reason: string | null): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-1', model: 'a-model', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`
  return `${deltas.map((delta) => chunk(delta, null)).join('')}${chunk({}, finish)}data: [DONE]\n\n`
}
