import { u32le } from '../audio/bytes.ts'
import { isWav, parseWav, type Wav, WavError } from '../audio/wav.ts'
import { type FailureSource, protocolFailure } from './failure.ts'
import type { RawFormat } from './speech.ts'

/**
 * Takes raw sound out of the WAV that stands around it, as it comes in pieces cut anywhere. The sizes of the WAV may not be known yet; what
 * follows the sound is left out. What is no WAV is given back as it is, or refused where `isRequired`. Throws `provider_protocol`.
 */
export class WavUnwrapper {
  readonly #format: RawFormat
  readonly #source: FailureSource
  readonly #isRequired: boolean
  /** What came before the sound's place was known; undefined from then on. */
  #head: Uint8Array | undefined = empty
  /** Bytes that are still sound. */
  #left = Number.POSITIVE_INFINITY

  constructor(format: RawFormat, source: FailureSource, isRequired: boolean) {
    this.#format = format
    this.#source = source
    this.#isRequired = isRequired
  }

  /** The sound in a piece; mostly the piece itself. */
  feed(bytes: Uint8Array): Uint8Array {
    if (this.#head === undefined) return this.#give(bytes)
    const head = joined(this.#head, bytes)
    const start = this.#startOf(head)
    this.#head = start === undefined ? head : undefined
    return start === undefined ? empty : this.#give(head.subarray(start))
  }

  /** What is left when all has come; mostly nothing. */
  end(): Uint8Array {
    const head = this.#head ?? empty
    this.#head = undefined
    if (isWav(head)) throw this.#failure('its WAV ends before the sound begins')
    return head
  }

  /** Where the sound begins; undefined where more has to come first. */
  #startOf(head: Uint8Array): number | undefined {
    if (head.length < tagBytes) return undefined
    if (isWav(head)) return this.#startOfWav(head)
    // What is text instead is told of by whoever watches the sound.
    if (this.#isRequired && !/^\s*[<{[]/.test(String.fromCharCode(...head.subarray(0, tagBytes)))) {
      throw this.#failure('the sound is no WAV')
    }
    return 0
  }

  #startOfWav(head: Uint8Array): number | undefined {
    const wav = this.#parsed(head)
    if (wav === undefined) {
      if (head.length > maxHeaderBytes) throw this.#failure(`its WAV has no sound in the first ${maxHeaderBytes} bytes`)
      return undefined
    }
    const { encoding, rate } = this.#format
    const format = encoding === 'pcm' ? 's16le' : 'mulaw'
    if (wav.format !== format || wav.channels !== 1 || wav.rate !== rate) {
      const is = `${wav.format} at ${wav.rate} Hz with ${wav.channels} channels`
      throw this.#failure(`its WAV holds ${is}, where ${format} at ${rate} Hz with 1 was asked for`)
    }
    const start = wav.data.byteOffset - head.byteOffset
    const claimed = u32le(head, start - 4)
    // A header that was written before its length was known says nothing, or the most that there is.
    if (claimed > 0 && claimed < openSize) this.#left = claimed
    return start
  }

  /** A header that has come so far that the sound's place is known. */
  #parsed(head: Uint8Array): Wav | undefined {
    try {
      return parseWav(head)
    } catch (error) {
      if (error instanceof WavError && /^it has no /.test(error.message)) return undefined
      throw error instanceof WavError ? this.#failure(`its WAV cannot be read: ${error.message}`, error) : error
    }
  }

  #give(bytes: Uint8Array): Uint8Array {
    const sound = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
    this.#left -= sound.length
    return sound
  }

  #failure(why: string, cause?: unknown): Error {
    return protocolFailure(this.#source, `${why}.`, undefined, cause)
  }
}

const empty = new Uint8Array(0)
/** As much as tells WAV from what is not. */
const tagBytes = 12
const maxHeaderBytes = 64 * 1024
/** ffmpeg and others write sizes a little below the most. */
const openSize = 0x7fff0000

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}
