import { u32le } from '../../audio/bytes.ts'
import { isWav, parseWav, type Wav, WavError } from '../../audio/wav.ts'
import type { SpeechFormat } from '../speech.ts'

/** Says in words why an answer is no sound that was asked for. */
export class SoundError extends Error {
  override readonly name = 'SoundError'
}

/**
 * The sound of one answer as it comes, in pieces cut anywhere. Takes the sound out of WAV, whose sizes may not be known yet, and refuses
 * what is none, what ends within a sample and what is far more than a text of so many characters needs.
 */
export class SoundReader {
  readonly #format: SpeechFormat
  readonly #expectsWav: boolean
  readonly #mostSeconds: number
  readonly #mostBytes: number
  /** What came before it was known what it is. */
  #head: Uint8Array | undefined = empty
  /** Bytes that are still sound; what follows the sound of a WAV is not. */
  #left = Number.POSITIVE_INFINITY
  #given = 0

  constructor(format: SpeechFormat, expectsWav: boolean, characters: number) {
    this.#format = format
    this.#expectsWav = expectsWav
    this.#mostSeconds = Math.min(600, 60 + characters)
    this.#mostBytes = this.#mostSeconds * bytesPerSecond(format)
  }

  /** The sound in a piece of the answer; mostly the piece itself. */
  feed(bytes: Uint8Array): Uint8Array {
    if (this.#head === undefined) return this.#give(bytes)
    const head = joined(this.#head, bytes)
    const start = this.#startOf(head)
    this.#head = start === undefined ? head : undefined
    return start === undefined ? empty : this.#give(head.subarray(start))
  }

  /** What is left when the answer has ended; empty where nothing is. */
  end(): Uint8Array {
    const head = this.#head ?? empty
    this.#head = undefined
    const isPcm = this.#format.encoding === 'pcm'
    if (head.length > 0) {
      if (looksLikeText(head)) throw new SoundError(notSound)
      if (isPcm && (this.#expectsWav || isWav(head))) throw new SoundError('its WAV ends before the sound begins')
      if (!isPcm) throw new SoundError('the sound ends before it begins')
    }
    const rest = this.#give(head)
    if (isPcm && this.#given % 2 === 1) throw new SoundError('the sound ends within a sample')
    return rest
  }

  get isEmpty(): boolean {
    return this.#given === 0
  }

  /** Where the sound begins; undefined where more has to come first. */
  #startOf(head: Uint8Array): number | undefined {
    if (head.length < sniffedBytes) return undefined
    const { encoding } = this.#format
    if (looksLikeText(head)) throw new SoundError(notSound)
    if (encoding === 'mp3' && !isMp3(head)) throw new SoundError('the sound is no MP3')
    if (encoding === 'opus' && !(head[0] === 0x4f && head[1] === 0x67)) throw new SoundError('the sound is no Opus in Ogg')
    if (encoding !== 'pcm') return 0
    if (isWav(head)) return this.#startOfWav(head)
    if (this.#expectsWav) throw new SoundError('the sound is no WAV')
    return 0
  }

  #startOfWav(head: Uint8Array): number | undefined {
    const wav = parsed(head)
    if (wav === undefined) {
      if (head.length > maxHeaderBytes) throw new SoundError(`its WAV has no sound in the first ${maxHeaderBytes} bytes`)
      return undefined
    }
    const rate = this.#format.encoding === 'pcm' ? this.#format.rate : 0
    if (wav.format !== 's16le' || wav.channels !== 1 || wav.rate !== rate) {
      const is = `${wav.format} at ${wav.rate} Hz with ${wav.channels} channels`
      throw new SoundError(`its WAV holds ${is}, where s16le at ${rate} Hz with 1 was asked for`)
    }
    const start = wav.data.byteOffset - head.byteOffset
    const claimed = u32le(head, start - 4)
    // A header that was written before its length was known says nothing, or the most that there is.
    if (claimed > 0 && claimed < openSize) this.#left = claimed
    return start
  }

  #give(bytes: Uint8Array): Uint8Array {
    const sound = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
    this.#left -= sound.length
    this.#given += sound.length
    if (this.#given > this.#mostBytes) throw new SoundError(`it sent more than ${this.#mostSeconds} seconds of sound`)
    return sound
  }
}

const empty = new Uint8Array(0)
const notSound = 'it answered with text where sound was asked for'
/** As much as tells WAV from what is not. */
const sniffedBytes = 12
const maxHeaderBytes = 64 * 1024
/** ffmpeg and others write sizes a little below the most. */
const openSize = 0x7fff0000

/** The most that each can have. */
function bytesPerSecond(format: SpeechFormat): number {
  if (format.encoding === 'pcm') return 2 * format.rate
  return format.encoding === 'mp3' ? 40_000 : 64_000
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}

/** A header that has come so far that the sound's place is known. */
function parsed(head: Uint8Array): Wav | undefined {
  try {
    return parseWav(head)
  } catch (error) {
    if (error instanceof WavError && /^it has no /.test(error.message)) return undefined
    throw error instanceof WavError ? new SoundError(`its WAV cannot be read: ${error.message}`) : error
  }
}

/** JSON or a page: no sound begins with so many characters of ASCII, the first of them a bracket. */
function looksLikeText(head: Uint8Array): boolean {
  const first = head.subarray(0, sniffedBytes)
  const isAscii = first.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d)
  return isAscii && /^\s*[<{[]/.test(String.fromCharCode(...first))
}

/** With tags before it, or at once with a frame. */
function isMp3(head: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0] = head
  return (first === 0x49 && second === 0x44 && third === 0x33) || (first === 0xff && (second & 0xe0) === 0xe0)
}
