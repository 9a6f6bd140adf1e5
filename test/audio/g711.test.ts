import { describe, expect, it } from 'vitest'
import { alawSilence, alawToPcm, mulawSilence, mulawToPcm, pcmToAlaw, pcmToMulaw } from '../../audio/g711.ts'
import { bytesIn, samplesIn } from '../../audio/pcm.ts'

/** The recommendation's levels of each segment, from the quietest: where it begins, and the step between its sixteen. */
const mulawSegments = [
  [0, 8],
  [132, 16],
  [396, 32],
  [924, 64],
  [1980, 128],
  [4092, 256],
  [8316, 512],
  [16_764, 1024],
] as const
const alawSegments = [
  [8, 16],
  [264, 16],
  [528, 32],
  [1056, 64],
  [2112, 128],
  [4224, 256],
  [8448, 512],
  [16_896, 1024],
] as const

const laws = [
  { name: 'µ-law', toPcm: mulawToPcm, fromPcm: pcmToMulaw, levels: levelsOf(mulawSegments), invert: 0xff, loudest: 32_124 },
  { name: 'A-law', toPcm: alawToPcm, fromPcm: pcmToAlaw, levels: levelsOf(alawSegments), invert: 0xd5, loudest: 32_256 },
]

describe.each(laws)('$name', ({ toPcm, fromPcm, levels, invert, loudest }) => {
  const every = Uint8Array.from({ length: 256 }, (_, code) => code)

  it('gives every code its level', () => {
    expect(levels.at(-1)).toBe(loudest)
    const heard = samplesIn(toPcm(every))
    for (const [bits, level] of levels.entries()) {
      expect(heard[bits ^ invert]).toBe(level)
      expect(heard[bits ^ invert ^ 0x80]).toBe(level === 0 ? 0 : -level)
    }
  })

  it('gives every code back, but for the second of two zeros', () => {
    const back = fromPcm(toPcm(every))
    const changed = [...back].flatMap((code, from) => (code === from ? [] : [[from, code]]))
    expect(changed).toEqual(levels[0] === 0 ? [[0x7f, 0xff]] : [])
  })

  it('gives every sample the level next to it', () => {
    const samples = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768)
    const heard = samplesIn(toPcm(fromPcm(bytesIn(samples))))
    const sorted = [...new Set(samplesIn(toPcm(every)))].sort((a, b) => a - b)
    let nearest = 0
    for (const [index, sample] of samples.entries()) {
      while (distance(sorted[nearest + 1], sample) < distance(sorted[nearest], sample)) nearest++
      // Decision values lie a little off the middle where two segments meet, and count in steps of four or sixteen.
      const slack = Math.max(16, Math.abs(sample) / 32)
      if (distance(heard[index], sample) > distance(sorted[nearest], sample) + slack) {
        expect.fail(`${sample} became ${heard[index]}, not ${sorted[nearest]}`)
      }
    }
  })
})

it('is silent at the bytes that say so', () => {
  expect([...samplesIn(mulawToPcm(Uint8Array.of(mulawSilence)))]).toEqual([0])
  expect([...samplesIn(alawToPcm(Uint8Array.of(alawSilence)))]).toEqual([8])
  expect([...pcmToMulaw(new Uint8Array(2))]).toEqual([mulawSilence])
  expect([...pcmToAlaw(new Uint8Array(2))]).toEqual([alawSilence])
})

it('decides where the recommendation does, at the ends of the first segments', () => {
  const edges = Int16Array.of(3, 4, 11, 12, 123, 124, 32_635, 32_767, -1, -4, -5, -12, -13, -32_768)
  expect([...samplesIn(mulawToPcm(pcmToMulaw(bytesIn(edges))))]).toEqual([
    0, 8, 8, 16, 120, 132, 32_124, 32_124, 0, 0, -8, -8, -16, -32_124,
  ])
  const steps = Int16Array.of(0, 15, 16, 255, 256, 511, 512, -1, -16, -17, 32_767, -32_768)
  expect([...samplesIn(alawToPcm(pcmToAlaw(bytesIn(steps))))]).toEqual([
    8, 8, 24, 248, 264, 504, 528, -8, -8, -24, 32_256, -32_256,
  ])
})

function levelsOf(segments: ReadonlyArray<readonly [number, number]>): number[] {
  return segments.flatMap(([start, step]) => Array.from({ length: 16 }, (_, index) => start + index * step))
}

function distance(level: number | undefined, sample: number): number {
  return level === undefined ? Number.POSITIVE_INFINITY : Math.abs(level - sample)
}
