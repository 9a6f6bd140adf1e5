import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { bytesIn } from '../../audio/pcm.ts'
import { type NewResampler, type Resampler, startResampling } from '../../audio/resample.ts'
import { anyPlaces, cut } from './cut.ts'
import { heard, loudness, tone } from './tone.ts'

const rates = [8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
const pairs = rates.flatMap((from) => rates.filter((to) => to !== from).map((to) => [from, to] as const))

let newResampler: NewResampler
beforeAll(async () => {
  newResampler = await startResampling()
})

describe.each(pairs)('from %i to %i Hz', (from, to) => {
  const half = Math.min(from, to) / 2

  it('leaves a tone as it is: its pitch, its level, its time, and nothing beside it', () => {
    for (const hertz of [100, 0.25 * half, 0.5 * half, 0.9 * half]) {
      const { level, delay, rest } = heard(resampled(from, to, [tone(hertz, from, from / 2)]), hertz, to)
      expect(Math.abs(level)).toBeLessThan(0.1)
      expect(Math.abs(delay * to)).toBeLessThan(0.01)
      expect(rest).toBeLessThan(-70)
    }
  })

  it('gives the same bytes for any chunking, and exactly as many as there should be', () => {
    const anySamples = fc.nat(5000).chain((samples) => fc.tuple(fc.constant(samples), fc.nat(half)))
    fc.assert(
      fc.property(anySamples, anyPlaces, ([samples, hertz], places) => {
        const pcm = tone(hertz, from, samples)
        const whole = resampled(from, to, [pcm])
        expect(whole.length).toBe(2 * Math.round((samples * to) / from))
        expect(Buffer.compare(resampled(from, to, cut(pcm, places)), whole)).toBe(0)
      }),
      { numRuns: 20 },
    )
  })
})

it.each(pairs.filter(([from, to]) => to < from))('lets nothing through from %i Hz that %i Hz cannot carry', (from, to) => {
  const half = to / 2
  for (const hertz of [1.01 * half, 1.1 * half, Math.min(1.9 * half, 0.49 * from)]) {
    expect(loudness(resampled(from, to, [tone(hertz, from, from / 2)]))).toBeLessThan(-60)
  }
})

describe('a stream', () => {
  it('has no seam between frames of 20 ms, nor between blocks inside', () => {
    const pcm = tone(440, 24_000, 24_000)
    const frames = Array.from({ length: 50 }, (_, index) => pcm.subarray(index * 960, (index + 1) * 960))
    const whole = resampled(24_000, 8000, [pcm])
    expect(Buffer.compare(resampled(24_000, 8000, frames), whole)).toBe(0)
    expect(heard(whole, 440, 8000).rest).toBeLessThan(-70)
  })

  it('keeps a click where it was', () => {
    const samples = new Int16Array(4800)
    samples[2400] = 30_000
    const out = resampled(48_000, 16_000, [bytesIn(samples)])
    const loud = Array.from({ length: 1600 }, (_, at) => Math.abs(Buffer.from(out).readInt16LE(2 * at)))
    expect(loud.indexOf(Math.max(...loud))).toBe(800)
  })

  it('ends without a loss: the last sample is as loud as the first', () => {
    const out = Buffer.from(resampled(16_000, 8000, [bytesIn(new Int16Array(1600).fill(10_000))]))
    expect(out.length).toBe(1600)
    expect(out.readInt16LE(0)).toBeGreaterThan(4000)
    expect(out.readInt16LE(1598)).toBeGreaterThan(4000)
  })

  it('does not mix with another', () => {
    const [one, two] = [newResampler(8000, 48_000), newResampler(8000, 48_000)]
    const [low, high] = [tone(300, 8000, 800), tone(1700, 8000, 800)]
    const parts: Buffer[] = []
    for (let at = 0; at < low.length; at += 320) {
      parts.push(Buffer.from(one.push(low.subarray(at, at + 320))))
      two.push(high.subarray(at, at + 320))
    }
    two.close()
    expect(Buffer.concat([...parts, one.flush()])).toEqual(Buffer.from(resampled(8000, 48_000, [low])))
  })

  it('passes through what has the rate already', () => {
    const pcm = tone(300, 16_000, 100)
    const resampler = newResampler(16_000, 16_000)
    expect(resampler.push(pcm)).toBe(pcm)
    expect(resampler.flush()).toEqual(new Uint8Array(0))
  })

  it.each(['flush', 'close'] as const)('has ended after %s', (end) => {
    const resampler = newResampler(8000, 16_000)
    resampler[end]()
    resampler.close()
    expect(() => resampler.push(new Uint8Array(2))).toThrow('the resampler has ended')
    expect(() => resampler.flush()).toThrow('the resampler has ended')
  })
})

it.each([0, 3999, 8000.5, Number.NaN, 400_000])('refuses a rate of %d', (rate) => {
  expect(() => newResampler(rate, 8000)).toThrow(RangeError)
  expect(() => newResampler(8000, rate)).toThrow(RangeError)
})

it('takes no part in what the process does about its errors', async () => {
  const before = [process.listeners('uncaughtException'), process.listeners('unhandledRejection')]
  await startResampling()
  expect([process.listeners('uncaughtException'), process.listeners('unhandledRejection')]).toEqual(before)
})

it('frees what an ended stream held', () => {
  const endings: ReadonlyArray<(resampler: Resampler) => unknown> = [(ended) => ended.close(), (ended) => ended.flush()]
  const before = process.memoryUsage().rss
  // Held, these would be some 180 MB.
  for (let count = 0; count < 1500; count++) endings[count % 2]?.(newResampler(384_000, 4000))
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20)
})

function resampled(from: number, to: number, chunks: readonly Uint8Array[]): Uint8Array {
  const resampler = newResampler(from, to)
  return Buffer.concat([...chunks.map((chunk) => resampler.push(chunk)), resampler.flush()])
}
