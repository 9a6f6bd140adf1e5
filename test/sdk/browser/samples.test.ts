import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulawToPcm } from '../../../audio/g711.ts'
import { bytesIn, samplesIn } from '../../../audio/pcm.ts'
import { SoundDecoder } from '../../../sdk/typescript/browser/decoder.ts'
import { Resampler } from '../../../sdk/typescript/browser/resampler.ts'
import { Framing } from '../../../sdk/typescript/browser/worklet.ts'

describe('what makes samples of bytes', () => {
  it('reads all 16-bit samples, however they are cut', () => {
    const samples = Int16Array.from({ length: 65_536 }, (_, at) => at - 32_768)
    const bytes = bytesIn(samples)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50_000 }), { maxLength: 5 }), (lengths) => {
        const decoder = new SoundDecoder({ encoding: 'pcm_s16le', sample_rate_hz: 24_000 }, 24_000)
        const made: number[] = []
        let at = 0
        for (const length of [...lengths, bytes.length]) {
          for (const sample of decoder.push(bytes.subarray(at, at + length))) made.push(sample * 32_768)
          at = Math.min(bytes.length, at + length)
        }
        expect(made).toHaveLength(samples.length)
        expect(made.every((sample, index) => sample === samples[index])).toBe(true)
        expect(decoder.samples).toBe(samples.length)
      }),
      { numRuns: 20, seed: 8 },
    )
  })

  it('reads µ-law as the gateway does', () => {
    const codes = Uint8Array.from({ length: 256 }, (_, at) => at)
    const made = new SoundDecoder({ encoding: 'mulaw', sample_rate_hz: 8000 }, 8000).push(codes)
    expect([...made].map((sample) => sample * 32_768 + 0)).toEqual([...samplesIn(mulawToPcm(codes))])
  })
})

describe('what changes the rate of sound', () => {
  const rates = [
    [24_000, 48_000],
    [24_000, 44_100],
    [8000, 48_000],
    [16_000, 44_100],
    [48_000, 44_100],
    [48_000, 16_000],
    [44_100, 16_000],
    [24_000, 22_257],
  ] as const

  it.each(rates)('keeps a tone from %i to %i as it is, and in its place', (from, to) => {
    const tone = sine(1000, from, from)
    const made = new Resampler(from, to)
    const out = [...made.push(tone), ...made.end()]
    expect(out).toHaveLength(to)
    const wanted = sine(1000, to, to)
    // The edges ring, as the tone begins and ends in its midst.
    const edge = Math.ceil(to / 100)
    const inside = out.slice(edge, -edge)
    const error = Math.max(...inside.map((sample, at) => Math.abs(sample - (wanted[at + edge] ?? 0))))
    expect(error).toBeLessThan(0.003)
  })

  it('takes out what the lower rate cannot carry', () => {
    const resampler = new Resampler(48_000, 16_000)
    const out = [...resampler.push(sine(9000, 48_000, 48_000)), ...resampler.end()]
    expect(Math.max(...out.slice(200, -200).map(Math.abs))).toBeLessThan(0.001)
  })

  it('brings in no images of what there is', () => {
    const out = new Resampler(24_000, 48_000).push(sine(9000, 24_000, 24_000))
    const image = correlation(out.subarray(200, -200), 24_000 - 9000, 48_000)
    expect(image).toBeLessThan(0.001)
  })

  it('makes the same of the same samples, however they are cut', () => {
    const sound = Float32Array.from({ length: 3000 }, (_, at) => Math.sin(at * at * 0.0007))
    for (const [from, to] of rates) {
      const whole = new Resampler(from, to)
      const wanted = [...whole.push(sound), ...whole.end()]
      expect(wanted).toHaveLength(Math.ceil((3000 * to) / from))
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 8 }), (lengths) => {
          const pieces = new Resampler(from, to)
          const made: number[] = []
          let at = 0
          for (const length of [...lengths, sound.length]) {
            made.push(...pieces.push(sound.subarray(at, at + length)))
            at = Math.min(sound.length, at + length)
          }
          made.push(...pieces.end())
          expect(made).toEqual(wanted)
        }),
        { numRuns: 10, seed: 8 },
      )
    }
  })
})

describe('what makes frames of a microphone', () => {
  it('gives whole frames, clips what is too loud, and uses memory again', () => {
    const framing = new Framing(320)
    const frames: Int16Array<ArrayBuffer>[] = []
    const sound = Float32Array.from({ length: 1000 }, (_, at) => (at === 0 ? -3 : at === 1 ? 3 : at / 2000))
    for (let at = 0; at < sound.length; at += 128) framing.push(sound.subarray(at, at + 128), (frame) => frames.push(frame))
    expect(frames.map(({ length }) => length)).toEqual([320, 320, 320])
    expect([...(frames[0] ?? [])].slice(0, 4)).toEqual([-32_767, 32_767, 33, 49])
    expect(frames[2]?.[319]).toBe(Math.round((959 / 2000) * 32_767))
    const [first] = frames
    if (first) framing.giveBack(first)
    framing.push(new Float32Array(640), (frame) => frames.push(frame))
    framing.push(new Float32Array(320), (frame) => frames.push(frame))
    expect(frames.slice(3)).toContain(first)
  })
})

function sine(hertz: number, rate: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, at) => Math.sin((2 * Math.PI * hertz * at) / rate))
}

/** How much there is of a tone. */
function correlation(samples: Float32Array, hertz: number, rate: number): number {
  let [real, imaginary] = [0, 0]
  for (const [at, sample] of samples.entries()) {
    const angle = (2 * Math.PI * hertz * at) / rate
    real += sample * Math.cos(angle)
    imaginary += sample * Math.sin(angle)
  }
  return (2 * Math.hypot(real, imaginary)) / samples.length
}
