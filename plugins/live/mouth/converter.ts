import { pcmToMulaw } from '../../../audio/g711.ts'
import { SampleJoiner } from '../../../audio/pcm.ts'
import type { NewResampler, Resampler } from '../../../audio/resample.ts'
import type { RawFormat } from '../../../providers/speech.ts'

/** Whether it takes a resampler to make one of the other. */
export function isResampled(from: RawFormat, to: RawFormat): boolean {
  return from.rate !== to.rate
}

/** Makes the session's sound of one text's, which may come in pieces that are cut anywhere; what goes out are whole samples. */
export class Converter {
  readonly #from: RawFormat
  readonly #to: RawFormat
  readonly #joiner = new SampleJoiner()
  readonly #resampler: Resampler | undefined

  /** `newResampler` where the rates differ. µ-law is taken for µ-law alone. */
  constructor(from: RawFormat, to: RawFormat, newResampler: NewResampler | undefined) {
    this.#from = from
    this.#to = to
    this.#resampler = isResampled(from, to) ? newResampler?.(from.rate, to.rate) : undefined
  }

  push(bytes: Uint8Array): Uint8Array {
    if (this.#from.encoding === 'mulaw') return bytes
    const whole = this.#joiner.push(bytes)
    return this.#encoded(this.#resampler ? this.#resampler.push(whole) : whole)
  }

  /** What is left: a resampler looks ahead, and holds the last of the sound until it is told that no more comes. */
  end(): Uint8Array {
    return this.#encoded(this.#resampler?.flush() ?? nothing)
  }

  /** To be called in any case. */
  close(): void {
    this.#resampler?.close()
  }

  #encoded(pcm: Uint8Array): Uint8Array {
    return this.#to.encoding === 'mulaw' ? pcmToMulaw(pcm) : pcm
  }
}

const nothing = new Uint8Array(0)
