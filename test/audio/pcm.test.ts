import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bytesIn,
  bytesOfMs,
  monoOf,
  msOfBytes,
  msOfSamples,
  pcm16Of,
  SampleJoiner,
  samplesIn,
  samplesOfBytes,
  samplesOfMs,
} from '../../audio/pcm.ts'
import { anyPlaces, cut } from './cut.ts'

const rates = [8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]

describe('lengths', () => {
  it.each(rates)('gives every whole millisecond back at %i Hz, over a day', (rate) => {
    fc.assert(
      fc.property(fc.nat(86_400_000), (ms) => {
        expect(msOfSamples(samplesOfMs(ms, rate), rate)).toBe(ms)
        expect(msOfBytes(bytesOfMs(ms, rate), rate)).toBe(ms)
      }),
    )
  })

  it('is exact to the sample', () => {
    expect(samplesOfMs(20, 8000)).toBe(160)
    expect(bytesOfMs(20, 48_000)).toBe(1920)
    expect(samplesOfMs(10 * 3_600_000 + 1, 44_100)).toBe(1_587_600_044)
    expect(samplesOfBytes(5)).toBe(2)
  })
})

describe('samplesIn', () => {
  it('shares aligned memory and copies what is not', () => {
    const bytes = Uint8Array.of(0, 1, 0, 2, 0, 0xff, 0xff, 9)
    expect([...samplesIn(bytes)]).toEqual([256, 512, -256, 0x09ff])
    expect(samplesIn(bytes).buffer).toBe(bytes.buffer)
    expect([...samplesIn(bytes.subarray(1))]).toEqual([1, 2, -1])
    expect(bytesIn(samplesIn(bytes))).toEqual(bytes)
  })
})

describe('samplesIn, of a Buffer that lies oddly in memory it shares', () => {
  it('copies its own bytes, and not those of its neighbours', () => {
    const shared = Buffer.from([99, 99, 99, 0, 1, 0, 2, 99])
    expect([...samplesIn(shared.subarray(3, 7))]).toEqual([256, 512])
  })
})

describe('SampleJoiner', () => {
  it('gives the same whole samples for any chunking, and keeps the rest', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), anyPlaces, fc.integer({ min: 1, max: 12 }), (bytes, places, size) => {
        const joiner = new SampleJoiner(size)
        const parts = cut(bytes, places).map((chunk) => joiner.push(chunk))
        for (const part of parts) expect(part.length % size).toBe(0)
        expect(Buffer.concat(parts)).toEqual(Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % size))))
        expect(joiner.kept).toBe(bytes.length % size)
      }),
    )
  })

  it('gives a whole chunk back uncopied', () => {
    const chunk = Uint8Array.of(1, 2, 3, 4)
    expect(new SampleJoiner().push(chunk)).toBe(chunk)
  })
})

describe('monoOf', () => {
  it('takes the mean of the channels and leaves a cut frame out', () => {
    const stereo = bytesIn(Int16Array.of(100, 200, -32_768, -32_768, 32_767, -32_767, 5))
    expect([...samplesIn(monoOf(stereo, 2))]).toEqual([150, -32_768, 0])
    expect(monoOf(stereo, 1)).toBe(stereo)
  })
})

describe('pcm16Of', () => {
  it('reads bytes and integers of any width', () => {
    expect(read('u8', Uint8Array.of(0, 128, 255))).toEqual([-32_768, 0, 32_512])
    expect(read('s24le', Uint8Array.of(0, 0, 0x80, 0xff, 0xff, 0x7f, 0x80, 1, 0, 0x7f, 1, 0))).toEqual([-32_768, 32_767, 2, 1])
    expect(read('s32le', bytesOf(Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 65_536)))).toEqual([-32_768, 32_767, 1])
  })

  it('clips floats, and hears nothing in what is no number', () => {
    const values = [-1, 1, 0.5, -7, Number.POSITIVE_INFINITY, Number.NaN]
    const expected = [-32_768, 32_767, 16_384, -32_768, 32_767, 0]
    expect(read('f32le', bytesOf(Float32Array.from(values)))).toEqual(expected)
    expect(read('f64le', bytesOf(Float64Array.from(values)))).toEqual(expected)
  })

  it('reads at any offset and never beyond the last whole sample', () => {
    const bytes = Buffer.concat([Buffer.of(7), bytesOf(Int32Array.of(65_536 * 3)), Buffer.of(1, 2, 3)])
    expect(read('s32le', bytes.subarray(1))).toEqual([3])
  })
})

function read(format: Parameters<typeof pcm16Of>[1], bytes: Uint8Array): number[] {
  return [...samplesIn(pcm16Of(bytes, format))]
}

function bytesOf(values: Int32Array | Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer)
}
