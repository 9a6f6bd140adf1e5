import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesIn } from '../../audio/pcm.ts'
import { SoundRing } from '../../audio/ring.ts'

/** Samples that say which they are. */
function counted(samples: number, first = 0): Uint8Array {
  return bytesIn(Int16Array.from({ length: samples }, (_, index) => first + index))
}

/** All that is kept from a position on, piece by piece. */
function from(ring: SoundRing, position: number, most = Number.POSITIVE_INFINITY, sampleBytes = 2): Buffer {
  const pieces: Uint8Array[] = []
  for (let at = position; ; ) {
    const piece = ring.read(at, most)
    if (piece.length === 0) return Buffer.concat(pieces)
    pieces.push(piece)
    at += piece.length / sampleBytes
  }
}

describe('SoundRing', () => {
  it.each(['pcm', 'mulaw'] as const)('keeps the newest of whatever came, in any pieces, as %s', (encoding) => {
    const sampleBytes = encoding === 'pcm' ? 2 : 1
    const sound = fc
      .uint8Array({ maxLength: 2000 })
      .map((bytes) => bytes.subarray(0, bytes.length - (bytes.length % sampleBytes)))
    const rates = fc.constantFrom(100, 1000, 8000, 44_100)
    const pieces = fc.array(sound, { maxLength: 20 })
    fc.assert(
      fc.property(
        rates,
        fc.integer({ min: 1, max: 3000 }),
        pieces,
        fc.integer({ min: 1, max: 900 }),
        (rate, capacity, all, most) => {
          const ring = new SoundRing(capacity, rate, encoding)
          let whole = Buffer.alloc(0)
          for (const piece of all) {
            ring.push(piece)
            whole = Buffer.concat([whole, piece])
            const samples = whole.length / sampleBytes
            expect(ring.end).toBe(samples)
            expect(ring.start).toBe(Math.max(0, samples - capacity))
            expect(from(ring, ring.start, most, sampleBytes).equals(whole.subarray(ring.start * sampleBytes))).toBe(true)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('gives sound from a position on, and nothing of what is forgotten or to come', () => {
    const ring = new SoundRing(100, 1000)
    ring.push(counted(150))
    expect(from(ring, 149)).toEqual(Buffer.from(counted(1, 149)))
    expect(from(ring, 120)).toEqual(Buffer.from(counted(30, 120)))
    expect(ring.start).toBe(50)
    for (const position of [49, 0, -5, 150, 900]) expect(ring.read(position, 10)).toHaveLength(0)
  })

  it('keeps a copy of its own', () => {
    const ring = new SoundRing(100, 1000)
    const piece = counted(10)
    ring.push(piece)
    piece.fill(9)
    expect(from(ring, 0)).toEqual(Buffer.from(counted(10)))
  })

  it('takes sound that lies oddly in memory, and leaves half a sample out', () => {
    const ring = new SoundRing(100, 1000)
    ring.push(Uint8Array.of(9, 1, 0, 2, 0, 3).subarray(1))
    expect([...from(ring, 0)]).toEqual([1, 0, 2, 0])
    expect(ring.end).toBe(2)
  })

  it('takes memory no faster than sound comes, and none twice', () => {
    const ring = new SoundRing(160_000, 16_000)
    const piece = new Uint8Array(640)
    const before = process.memoryUsage().arrayBuffers
    for (let pushed = 0; pushed < 50; pushed++) ring.push(piece)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64_000)
    for (let pushed = 0; pushed < 20_000; pushed++) ring.push(piece)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(400_000)
    expect([ring.start, ring.end]).toEqual([20_050 * 320 - 160_000, 20_050 * 320])
  })

  it.each([0, -1, 0.5, Number.NaN])('keeps no %d samples', (capacity) => {
    expect(() => new SoundRing(capacity, 16_000)).toThrow(RangeError)
  })
})
