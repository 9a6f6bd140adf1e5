import type { LiveAudioFormat } from '../generated/types.gen.ts'
import { Resampler } from './resampler.ts'

/** Makes samples of another rate, between -1 and 1, of the bytes of one piece of sound. They may end in the middle of a sample. */
export class SoundDecoder {
  /** How many samples of the format have come, but for those of half of one. */
  samples = 0
  readonly #isMulaw: boolean
  readonly #resampler: Resampler | undefined
  /** The first half of a sample whose second has not come. */
  #half: number | undefined

  constructor({ encoding, sample_rate_hz: from }: LiveAudioFormat, to: number) {
    this.#isMulaw = encoding === 'mulaw'
    this.#resampler = from === to ? undefined : new Resampler(from, to)
  }

  push(bytes: Uint8Array): Float32Array<ArrayBuffer> {
    const samples = this.#isMulaw ? fromMulaw(bytes) : this.#fromPcm(bytes)
    this.samples += samples.length
    return this.#resampler ? this.#resampler.push(samples) : samples
  }

  /** What is left of it where nothing more comes. */
  end(): Float32Array<ArrayBuffer> {
    return this.#resampler?.end() ?? new Float32Array(0)
  }

  #fromPcm(bytes: Uint8Array): Float32Array<ArrayBuffer> {
    const half = this.#half
    const skipped = half === undefined || bytes.length === 0 ? 0 : 1
    const whole = (bytes.length - skipped) >> 1
    const samples = new Float32Array(whole + skipped)
    if (half !== undefined && skipped === 1) samples[0] = level(half, bytes[0] ?? 0)
    for (let to = skipped, from = skipped; to < samples.length; to++, from += 2)
      samples[to] = level(bytes[from] ?? 0, bytes[from + 1] ?? 0)
    if (bytes.length > 0) this.#half = (bytes.length - skipped) % 2 === 1 ? bytes.at(-1) : undefined
    return samples
  }
}

function level(low: number, high: number): number {
  return (((high << 24) >> 16) | low) / 32_768
}

/** G.711: inverted bits of a sign, the number of a segment and a step within it. */
function fromMulaw(codes: Uint8Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(codes, (code) => {
    const bits = ~code & 0xff
    const magnitude = ((((bits & 15) << 1) + 33) << ((bits >> 4) & 7)) - 33
    return ((bits & 0x80 ? -magnitude : magnitude) * 4) / 32_768
  })
}
