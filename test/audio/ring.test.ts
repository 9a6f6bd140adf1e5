import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesIn, bytesOfMs, msOfBytes } from '../../audio/pcm.ts'
import { PcmRing } from '../../audio/ring.ts'

/** Samples that say which they are. */
function counted(samples: number, first = 0): Uint8Array {
  return bytesIn(Int16Array.from({ length: samples }, (_, index) => first + index))
}

const sound = fc.uint8Array({ maxLength: 2000 }).map((bytes) => bytes.subarray(0, bytes.length - (bytes.length % 2)))

describe('PcmRing', () => {
  it('keeps the newest of whatever came, in any pieces', () => {
    const rates = fc.constantFrom(1000, 8000, 44_100)
    fc.assert(
      fc.property(
        rates,
        fc.integer({ min: 1, max: 1300 }),
        fc.array(sound, { maxLength: 20 }),
        fc.nat(3000),
        (rate, most, pieces, position) => {
          const ring = new PcmRing(rate, most)
          let all = Buffer.alloc(0)
          for (const piece of pieces) {
            ring.push(piece)
            all = Buffer.concat([all, piece])
            const kept = Math.min(all.length, bytesOfMs(most, rate))
            expect(ring.endMs).toBe(msOfBytes(all.length, rate))
            expect(ring.lengthMs).toBe(msOfBytes(kept, rate))
            expect(ring.startMs).toBe(msOfBytes(all.length - kept, rate))
            expect(Buffer.from(ring.since(0)).equals(all.subarray(all.length - kept))).toBe(true)
          }
          const from = Math.max(bytesOfMs(position, rate), all.length - bytesOfMs(most, rate))
          expect(Buffer.from(ring.since(position)).equals(all.subarray(Math.max(0, from)))).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('gives sound from a position on, and what is left of it where it is forgotten', () => {
    const ring = new PcmRing(1000, 100)
    ring.push(counted(150))
    expect(ring.since(149)).toEqual(counted(1, 149))
    expect(ring.since(120)).toEqual(counted(30, 120))
    expect(ring.since(20)).toEqual(counted(100, 50))
    expect(ring.startMs).toBe(50)
    expect(ring.since(150)).toHaveLength(0)
    expect(ring.since(900)).toHaveLength(0)
    expect(ring.since(-5)).toEqual(counted(100, 50))
  })

  it('keeps its own copy, and gives out copies', () => {
    const ring = new PcmRing(1000, 100)
    const piece = counted(10)
    ring.push(piece)
    piece.fill(9)
    ring.since(0).fill(7)
    expect(ring.since(0)).toEqual(counted(10))
  })

  it('takes sound that lies oddly in memory, and leaves half a sample out', () => {
    const ring = new PcmRing(1000, 100)
    ring.push(Uint8Array.of(9, 1, 0, 2, 0, 3).subarray(1))
    expect([...ring.since(0)]).toEqual([1, 0, 2, 0])
    expect(ring.endMs).toBe(2)
  })

  it('goes on counting when it is cleared', () => {
    const ring = new PcmRing(1000, 100)
    ring.push(counted(30))
    ring.clear()
    expect([ring.startMs, ring.endMs, ring.lengthMs]).toEqual([30, 30, 0])
    ring.push(counted(5, 30))
    expect(ring.since(0)).toEqual(counted(5, 30))
    expect(ring.since(32)).toEqual(counted(3, 32))
  })

  it('takes memory no faster than sound comes, and none twice', () => {
    const ring = new PcmRing(16_000, 10_000)
    const piece = new Uint8Array(640)
    const before = process.memoryUsage().arrayBuffers
    for (let pushed = 0; pushed < 50; pushed++) ring.push(piece)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64_000)
    for (let pushed = 0; pushed < 20_000; pushed++) ring.push(piece)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(400_000)
    expect(ring.endMs).toBe(401_000)
    expect(ring.lengthMs).toBe(10_000)
  })

  it.each([0, -1, Number.NaN])('keeps no %d ms', (capacityMs) => {
    expect(() => new PcmRing(16_000, capacityMs)).toThrow(RangeError)
  })
})
