import { expect } from 'vitest'
import { isRecord, parseJson } from '../../api/json.ts'
import type { AudioBlock, AudioChunkEvent, AudioUnavailableEvent, Message } from '../../api/schemas.gen.ts'
import { problemsWith } from '../contract-schemas.ts'

/** One event of a stream, as it came over the wire. */
export type Event = Readonly<Record<string, unknown>> & { readonly type: string }

/** A stream that was read to its end. */
export interface Streamed {
  readonly events: readonly Event[]
  readonly types: readonly string[]
  /** What the model wrote. */
  readonly text: string
  readonly chunks: readonly AudioChunkEvent[]
  readonly unavailable: AudioUnavailableEvent | undefined
  /** The texts of all chunks, put together. */
  readonly transcript: string
  /** The sound of all chunks, put together. */
  readonly audio: Buffer
  /** The last of the answer's usage. */
  readonly usage: Readonly<Record<string, unknown>>
  readonly metadata: Readonly<Record<string, unknown>>
}

/** Reads a stream to its end; each event of sound is as the contract has it, and they are numbered in order. */
export async function streamed(response: Response): Promise<Streamed> {
  expect(response.status, response.status === 200 ? '' : await response.clone().text()).toBe(200)
  const events = eventsIn(await response.text())
  return readFrom(events)
}

/** What a stream of these events comes to. */
export function readFrom(events: readonly Event[]): Streamed {
  const chunks: AudioChunkEvent[] = []
  const refusals: AudioUnavailableEvent[] = []
  let text = ''
  let usage: Readonly<Record<string, unknown>> = {}
  let metadata: Readonly<Record<string, unknown>> = {}
  for (const event of events) {
    if (isChunk(event)) chunks.push(event)
    else if (isUnavailable(event)) refusals.push(event)
    else if (event.type === 'content_block_delta' && isRecord(event.delta) && event.delta.type === 'text_delta') {
      text += String(event.delta.text)
    } else if (event.type === 'message_delta' && isRecord(event.usage)) usage = event.usage
    else if (event.type === 'message_start' && isRecord(event.message) && isRecord(event.message.metadata)) {
      metadata = event.message.metadata
    }
  }
  const numbers = [...chunks, ...refusals].map(({ seq }) => seq)
  expect(numbers).toEqual(numbers.map((_, index) => index))
  return {
    events,
    types: events.map(({ type }) => type),
    text,
    chunks,
    unavailable: refusals[0],
    transcript: chunks.map((chunk) => chunk.text).join(''),
    audio: Buffer.concat(chunks.map(({ audio }) => Buffer.from(audio, 'base64'))),
    usage,
    metadata,
  }
}

/**
 * What every voiced stream holds to: one end of the sound before the end of the message, with nothing of the
 * answer behind it unless the rest of it could not be spoken.
 */
export function expectOrder({ types, chunks, unavailable }: Streamed): void {
  expect(types[0]).toBe('message_start')
  const real = types.filter((type) => type !== 'ping')
  expect(real.slice(-2)).toEqual(['message_delta', 'message_stop'])
  expect(real.filter((type) => type === 'message_stop')).toHaveLength(1)
  const ends = chunks.filter((chunk) => chunk.is_final).length + (unavailable ? 1 : 0)
  expect(ends).toBe(1)
  const lastSound = Math.max(real.lastIndexOf('audio_chunk'), real.lastIndexOf('audio_unavailable'))
  expect(lastSound).toBeLessThan(real.length - 2)
  if (unavailable) return
  expect(lastSound).toBe(real.length - 3)
  expect(chunks.at(-1)?.is_final).toBe(true)
}

/** The events of a body of server-sent events. */
export function eventsIn(body: string): Event[] {
  return body.split('\n\n').flatMap((frame) => {
    const data = /^data: (.*)$/m.exec(frame)?.[1]
    const event = data === undefined ? undefined : parseJson(data)
    return isRecord(event) && typeof event.type === 'string' ? [{ ...event, type: event.type }] : []
  })
}

/** The audio block of a whole answer, which stands last; undefined where there is none. */
export function soundIn({ content }: Message): AudioBlock | undefined {
  const block = content.find((each) => each.type === 'audio')
  if (block) expect(content.at(-1)).toBe(block)
  return block
}

export function bytesOf(block: AudioBlock | undefined): Buffer {
  return Buffer.from(block?.source.data ?? '', 'base64')
}

export function textOf({ content }: Message): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}

function isChunk(event: unknown): event is AudioChunkEvent {
  if (!isRecord(event) || event.type !== 'audio_chunk') return false
  expect(problemsWith('AudioChunkEvent', event)).toEqual([])
  return true
}

function isUnavailable(event: unknown): event is AudioUnavailableEvent {
  if (!isRecord(event) || event.type !== 'audio_unavailable') return false
  expect(problemsWith('AudioUnavailableEvent', event)).toEqual([])
  return true
}
