import { bytesOfSamples, bytesPerSample, msOfSamples, samplesOfBytes, samplesOfMs } from './pcm.ts'

/**
 * The newest sound of a stream, at most so much of it: what is sent again to whoever begins to listen late. Positions are milliseconds
 * from the beginning of the stream and go on for as long as it lasts; whatever was forgotten counts.
 *
 * The memory is taken a block at a time, as the sound comes, and used again from then on.
 */
export class PcmRing {
  readonly #rate: number
  readonly #capacity: number
  readonly #blockBytes: number
  readonly #blocks: Uint8Array[] = []
  readonly #blockCount: number
  /** Of the stream, in bytes: where what is kept begins, and where it ends. */
  #from = 0
  #to = 0

  /** PCM at `rate` hertz, of which the last `capacityMs` are kept. Throws RangeError where that is not one sample. */
  constructor(rate: number, capacityMs: number) {
    this.#rate = rate
    this.#capacity = bytesOfSamples(samplesOfMs(capacityMs, rate))
    if (!(this.#capacity > 0)) throw new RangeError('a ring keeps one sample at least')
    this.#blockBytes = Math.min(this.#capacity, bytesOfSamples(samplesOfMs(blockMs, rate)))
    this.#blockCount = Math.ceil(this.#capacity / this.#blockBytes)
  }

  /** The position of the oldest sound that is kept. */
  get startMs(): number {
    return this.#msOf(this.#from)
  }

  /** How much sound came in all. */
  get endMs(): number {
    return this.#msOf(this.#to)
  }

  /** How much is kept. */
  get lengthMs(): number {
    return this.#msOf(this.#to - this.#from)
  }

  /** Takes whole samples and copies them; half a sample at the end is left out. What is beyond the capacity pushes out the oldest. */
  push(pcm: Uint8Array): void {
    const length = bytesOfSamples(samplesOfBytes(pcm.length))
    const skipped = Math.max(0, length - this.#capacity)
    let at = this.#to + skipped
    for (let taken = skipped; taken < length; ) {
      const offset = at % this.#blockBytes
      const count = Math.min(this.#blockBytes - offset, length - taken)
      this.#block(at).set(taken === 0 && count === pcm.length ? pcm : pcm.subarray(taken, taken + count), offset)
      at += count
      taken += count
    }
    this.#to += length
    this.#from = Math.max(this.#from, this.#to - this.#capacity)
  }

  /**
   * A copy of the sound from a position on, or from the oldest that is kept where that is later; empty where the position is not reached
   * yet. It begins at the later of the position and `startMs`.
   */
  since(positionMs: number): Uint8Array {
    const asked = bytesOfSamples(samplesOfMs(positionMs, this.#rate))
    const from = Math.min(this.#to, Math.max(this.#from, asked))
    const sound = new Uint8Array(this.#to - from)
    for (let at = from; at < this.#to; ) {
      const offset = at % this.#blockBytes
      const count = Math.min(this.#blockBytes - offset, this.#to - at)
      sound.set(this.#block(at).subarray(offset, offset + count), at - from)
      at += count
    }
    return sound
  }

  /** Forgets the sound and gives its memory back. Positions go on. */
  clear(): void {
    this.#from = this.#to
    this.#blocks.length = 0
  }

  #block(at: number): Uint8Array {
    const index = Math.floor(at / this.#blockBytes) % this.#blockCount
    const known = this.#blocks[index]
    if (known) return known
    const block = new Uint8Array(this.#blockBytes)
    this.#blocks[index] = block
    return block
  }

  #msOf(bytes: number): number {
    return msOfSamples(bytes / bytesPerSample, this.#rate)
  }
}

/** Little enough that a short wait takes little memory. */
const blockMs = 500
