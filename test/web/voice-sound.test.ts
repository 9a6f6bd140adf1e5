import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

/** What the page to speak with a model makes of a stream: events, samples, times and words. */

interface Alignment {
  readonly kind: string
  readonly tokens: readonly string[]
  readonly start_ms: readonly number[]
  readonly dur_ms: readonly number[]
}

/** `web/` knows nothing of this project's types, so that they are said here. */
interface Sound {
  eventsIn(body: ReadableStream<Uint8Array>): AsyncIterable<unknown>
  samplesIn(base64: string): Float32Array
  readonly Timeline: new (rate: number) => { readonly end: number; add(samples: number, now: number): number }
  wordsOf(alignment: Alignment): readonly { readonly text: string; readonly atMs: number; readonly endMs: number }[]
  readonly Places: new () => { next(text: string, word: string): { readonly from: number; readonly to: number } | undefined }
}

const path = '../../web/voice-sound.js'
const { eventsIn, samplesIn, Timeline, wordsOf, Places }: Sound = await import(path)

describe('a stream', () => {
  it('gives the same events wherever it was cut', async () => {
    const wire = Buffer.from('event: a\ndata: {"a":"é"}\n\n: quiet\n\ndata: {"b":\ndata: 1}\n\ndata: {"cut":')
    for (let at = 0; at <= wire.length; at++) {
      const pieces = [wire.subarray(0, at), wire.subarray(at)]
      expect(await collected(eventsIn(streamOf(pieces)))).toEqual([{ a: 'é' }, { b: 1 }])
    }
  })

  it('is left as soon as nobody reads it any more', async () => {
    let isCancelled = false
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from('data: 1\n\ndata: 2\n\n')),
      cancel: () => {
        isCancelled = true
      },
    })
    for await (const event of eventsIn(body)) {
      expect(event).toBe(1)
      break
    }
    expect(isCancelled).toBe(true)
  })
})

it('samples are little-endian and signed', () => {
  const base64 = Buffer.from([0, 0, 0xff, 0x7f, 0, 0x80, 0, 0x40]).toString('base64')
  expect([...samplesIn(base64)]).toEqual([0, 32_767 / 32_768, -1, 0.5])
})

describe('stretches of sound', () => {
  it('begin where the one before ends, to the sample, as long as they come in time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 100 }), (lengths) => {
        const timeline = new Timeline(24_000)
        const first = Math.round(timeline.add(lengths[0] ?? 0, 0) * 24_000)
        let expected = first + (lengths[0] ?? 0)
        for (const length of lengths.slice(1)) {
          expect(Math.round(timeline.add(length, 0) * 24_000)).toBe(expected)
          expected += length
        }
        expect(Math.round(timeline.end * 24_000)).toBe(expected)
      }),
    )
  })

  it('that come late begin a little later than now, and never in the past', () => {
    const timeline = new Timeline(24_000)
    expect(timeline.add(2400, 0)).toBeGreaterThan(0)
    const late = timeline.add(2400, 5)
    expect(late).toBeGreaterThan(5)
    expect(late).toBeLessThan(5.2)
    expect(timeline.add(2400, 5.05)).toBeCloseTo(late + 0.1, 9)
  })
})

describe('words', () => {
  it('are those of an alignment of words', () => {
    expect(wordsOf({ kind: 'word', tokens: ['one', 'two'], start_ms: [0, 300], dur_ms: [200, 100] })).toEqual([
      { text: 'one', atMs: 0, endMs: 200 },
      { text: 'two', atMs: 300, endMs: 400 },
    ])
  })

  it('are put together of an alignment of characters', () => {
    const alignment = { kind: 'char', tokens: [...'a bc '], start_ms: [0, 10, 20, 30, 40], dur_ms: [10, 10, 10, 10, 10] }
    expect(wordsOf(alignment)).toEqual([
      { text: 'a', atMs: 0, endMs: 10 },
      { text: 'bc', atMs: 20, endMs: 40 },
    ])
  })

  it('are found one after the other in what was written, and passed over where they are not', () => {
    const places = new Places()
    const text = 'It is **what** it is.'
    expect(places.next(text, 'is')).toEqual({ from: 3, to: 5 })
    expect(places.next(text, 'what')).toEqual({ from: 8, to: 12 })
    expect(places.next(text, 'dollars')).toBeUndefined()
    expect(places.next(text, 'is')).toEqual({ from: 18, to: 20 })
    expect(places.next(`${text}${' '.repeat(3000)}far`, 'far')).toBeUndefined()
  })
})

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
}

async function collected(events: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const event of events) all.push(event)
  return all
}
