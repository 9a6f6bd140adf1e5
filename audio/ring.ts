import { bytesPerSample } from './pcm.ts'

/**
 * The newest sound of a stream, at most so much of it: for those who listen at their own pace, or begin to listen late. Positions are
 * samples from the beginning of the stream and go on for as long as it lasts; whatever was forgotten counts.
 *
 * The memory is taken a block at a time, as the sound comes, and used again from then on.
 */
export class SoundRing {
  readonly #sampleBytes: number
  readonly #capacity: number
  readonly #blockBytes: number
  readonly #blocks: Uint8Array[] = []
  readonly #blockCount: number
  /** Of the stream, in bytes: where it ends. */
  #to = 0

  /** Keeps so many samples, of which `rate` are a second. Throws RangeError where that is not one. */
  constructor(capacity: number, rate: number, encoding: 'pcm' | 'mulaw' = 'pcm') {
    if (!(capacity >= 1)) throw new RangeError('a ring keeps one sample at least')
    this.#sampleBytes = encoding === 'pcm' ? bytesPerSample : 1
    this.#capacity = Math.floor(capacity) * this.#sampleBytes
    this.#blockBytes = Math.min(this.#capacity, Math.ceil(rate / blocksPerSecond) * this.#sampleBytes)
    this.#blockCount = Math.ceil(this.#capacity / this.#blockBytes)
  }

  /** The position of the oldest sound that is kept. */
  get start(): number {
    return Math.max(0, this.#to - this.#capacity) / this.#sampleBytes
  }

  /** How much sound came in all. */
  get end(): number {
    return this.#to / this.#sampleBytes
  }

  /** Takes whole samples and copies them; half a sample at the end is left out. What is beyond the capacity pushes out the oldest. */
  push(sound: Uint8Array): void {
    const length = sound.length - (sound.length % this.#sampleBytes)
    const skipped = Math.max(0, length - this.#capacity)
    let at = this.#to + skipped
    for (let taken = skipped; taken < length; ) {
      const offset = at % this.#blockBytes
      const count = Math.min(this.#blockBytes - offset, length - taken)
      this.#block(at).set(taken === 0 && count === sound.length ? sound : sound.subarray(taken, taken + count), offset)
      at += count
      taken += count
    }
    this.#to += length
  }

  /**
   * The sound from a position on, at most so many samples of it and perhaps fewer than there are: what lies together in memory. It is that
   * memory, good until the sound is forgotten. Empty where the position is forgotten, or not reached yet.
   */
  read(position: number, most: number): Uint8Array {
    const from = position * this.#sampleBytes
    if (position < this.start || from >= this.#to) return nothing
    const offset = from % this.#blockBytes
    const count = Math.min(this.#blockBytes - offset, this.#to - from, most * this.#sampleBytes)
    return this.#block(from).subarray(offset, offset + count)
  }

  #block(at: number): Uint8Array {
    const index = Math.floor(at / this.#blockBytes) % this.#blockCount
    const known = this.#blocks[index]
    if (known) return known
    const block = new Uint8Array(this.#blockBytes)
    this.#blocks[index] = block
    return block
  }
}

const nothing = new Uint8Array(0)
/** So short that a short wait takes little memory. */
const blocksPerSecond = 2
