import { samplesOfMs } from '../../../audio/pcm.ts'
import type { NewResampler } from '../../../audio/resample.ts'
import type { SoundRing } from '../../../audio/ring.ts'
import { type Flush, flush, type RawFormat } from '../../../providers/speech.ts'
import { type Conversion, conversionBetween } from './conversion.ts'

/**
 * The sound of a session for one connection: what was kept of it from a place on, and then all that comes, without a gap or a repeat. It
 * holds none of it: it reads what the session keeps, at its own pace, until it falls so far behind that its next sample is forgotten.
 */
export class SoundFeed implements AsyncIterableIterator<Uint8Array | Flush> {
  readonly #ring: SoundRing
  readonly #from: RawFormat
  readonly #to: RawFormat
  readonly #resampling: () => Promise<NewResampler>
  readonly #start: number
  readonly #least: number
  readonly #most: number
  #conversion: Conversion | undefined
  /** In the session's samples: what is read next. */
  #position: number
  /** Where everything is to be asked for that is certain. */
  #flushAt: number | undefined
  #isOver = false
  #wake: (() => void) | undefined

  /** From `fromMs` on, or from the oldest sound that is kept. */
  constructor(ring: SoundRing, formats: { from: RawFormat; to: RawFormat }, fromMs: number, resampling: Resampling) {
    const { from, to } = formats
    this.#ring = ring
    this.#from = from
    this.#to = to
    this.#resampling = resampling
    this.#least = samplesOfMs(leastMs, from.rate)
    this.#most = samplesOfMs(mostMs, from.rate)
    this.#start = Math.max(ring.start, samplesOfMs(fromMs, from.rate))
    this.#position = this.#start
    // It takes a while at its first use, and is to be over when the connection is there. Who needs it is told why it fails.
    if (from.rate !== to.rate) resampling().catch(() => undefined)
  }

  /** Whether what is to be read next is forgotten. */
  get isLost(): boolean {
    return this.#position < this.#ring.start
  }

  /** How much was read, in seconds. */
  get seconds(): number {
    return (this.#position - this.#start) / this.#from.rate
  }

  /** More sound has come. */
  heard(): void {
    if (this.#isDue) this.#wakeUp()
  }

  /** All that came so far is followed by a flush. */
  flush(): void {
    this.#flushAt = this.#ring.end
    this.#wakeUp()
  }

  async next(): Promise<IteratorResult<Uint8Array | Flush>> {
    this.#conversion ??= await conversionBetween(this.#from, this.#to, this.#resampling)
    for (;;) {
      if (this.#isOver) {
        this.#conversion.close()
        return { done: true, value: undefined }
      }
      if (this.#flushAt !== undefined && this.#position >= this.#flushAt) {
        this.#flushAt = undefined
        return { done: false, value: flush }
      }
      if (this.#isDue && !this.isLost) {
        const sound = this.#read(this.#conversion)
        if (sound.length > 0) return { done: false, value: sound }
      } else await this.#more()
    }
  }

  /** No more is wanted. */
  return(): Promise<IteratorResult<Uint8Array | Flush>> {
    this.#isOver = true
    this.#conversion?.close()
    this.#wakeUp()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Of what is left of a frame, or of frames that are very short, a message each would be more trouble than sound. */
  get #isDue(): boolean {
    const ready = this.#ring.end - this.#position
    return ready >= this.#least || (this.#flushAt !== undefined && ready > 0)
  }

  #read(conversion: Conversion): Uint8Array {
    const sound = this.#ring.read(this.#position, this.#most)
    this.#position += this.#from.encoding === 'pcm' ? sound.length / 2 : sound.length
    return conversion.push(sound)
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

/** Gives the function that makes resamplers. */
export type Resampling = () => Promise<NewResampler>

/** Milliseconds of a piece: vendors take frames of 20 ms as they come, and what was kept in larger ones. */
const leastMs = 10
const mostMs = 100
