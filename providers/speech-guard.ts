import { bytesPerSample } from '../audio/pcm.ts'
import { emptyAnswer, type FailureSource, protocolFailure } from './failure.ts'
import type { SpeechFormat } from './speech.ts'
import { bytesPerSecond, isRaw } from './speech-format.ts'
import { compressedSound, isOggOpus, markedSound, mp3Frames, soundHeadBytes } from './speech-head.ts'

/**
 * Watches the sound of one call as it passes: that there is some, that it is of the format asked for, that it ends with a whole sample, and
 * that it is no more than the text can have. Keeps none of it. Throws `provider_protocol`.
 */
export class SoundGuard {
  readonly #format: SpeechFormat
  readonly #source: FailureSource
  /** The first bytes, by which sound is told from what is none; pieces may be smaller than that. Undefined once they have told. */
  #head: Uint8Array | undefined = new Uint8Array(soundHeadBytes)
  #characters = 0
  #bytes = 0
  #empty = 0

  constructor(format: SpeechFormat, source: FailureSource) {
    this.#format = format
    this.#source = source
  }

  /** So much more text is to be heard, in UTF-16 units. */
  expect(characters: number): void {
    this.#characters += characters
  }

  get isEmpty(): boolean {
    return this.#bytes === 0
  }

  /** How long raw sound is so far, in milliseconds that are not rounded. Of compressed sound it is the least that it can be. */
  get ms(): number {
    return (this.#bytes * 1000) / bytesPerSecond(this.#format)
  }

  /** What the sound is called, in lower case and without parameters: raw sound is not called after what is compressed. */
  called(mediaType: string): void {
    const other = isRaw(this.#format) ? compressedSound(mediaType) : undefined
    if (other !== undefined) throw this.#otherThanAsked(other)
  }

  /** A piece of the sound. Returns whether there is anything in it. */
  take(bytes: Uint8Array): boolean {
    if (bytes.length === 0) {
      if (++this.#empty > mostEmpty) throw protocolFailure(this.#source, 'it sends messages without sound.')
      return false
    }
    const before = this.#bytes
    this.#bytes += bytes.length
    if (this.#head) this.#look(this.#head, before, bytes)
    const seconds = mostSeconds(this.#characters)
    if (this.#bytes <= seconds * bytesPerSecond(this.#format)) return true
    throw protocolFailure(this.#source, `it sent more than ${seconds} seconds of sound for ${this.#characters} characters.`)
  }

  /** To be called where a stretch of the sound is over, of which there may have been none. */
  pause(): void {
    const head = this.#bytes > 0 ? this.#head?.subarray(0, this.#bytes) : undefined
    if (head && head.length < startBytes) this.#judgeStart(head)
    if (head) this.#judgeHead(head)
    if (this.#format.encoding !== 'pcm' || this.#bytes % bytesPerSample === 0) return
    throw protocolFailure(this.#source, 'the sound ends in the middle of a sample.')
  }

  /** To be called at the end of all sound, where there has to be some. */
  end(): void {
    if (this.isEmpty) throw emptyAnswer(this.#source)
    this.pause()
  }

  #look(head: Uint8Array, before: number, bytes: Uint8Array): void {
    head.set(bytes.subarray(0, head.length - before), before)
    if (before < startBytes && this.#bytes >= startBytes) this.#judgeStart(head.subarray(0, startBytes))
    if (this.#bytes >= head.length) this.#judgeHead(head)
  }

  /** What the very first bytes tell: text, and what begins with a mark. */
  #judgeStart(start: Uint8Array): void {
    if (isText(start)) {
      throw protocolFailure(this.#source, 'it sent text where sound was asked for.', new TextDecoder().decode(start))
    }
    const { encoding } = this.#format
    const marked = markedSound(start)
    if (encoding === 'mp3') {
      if (marked !== 'MP3' && start[0] !== 0xff) throw this.#otherThanAsked(marked)
    } else if (encoding === 'opus') {
      if (marked !== 'Ogg') throw this.#otherThanAsked(marked)
    } else if (marked !== undefined) {
      throw this.#otherThanAsked(marked)
    } else if (start[0] !== 0xff) {
      this.#head = undefined
    }
  }

  /** What takes more of them: one header of a frame stands in raw sound by chance, and so does the mark of Ogg before another codec's sound. */
  #judgeHead(head: Uint8Array): void {
    if (this.#head === undefined) return
    this.#head = undefined
    const { encoding } = this.#format
    if (encoding === 'opus') {
      if (!isOggOpus(head)) throw this.#otherThanAsked('Ogg without Opus')
      return
    }
    const { count, isAll } = mp3Frames(head)
    if (encoding === 'mp3') {
      if (count < 2 && !isAll) throw this.#otherThanAsked()
    } else if (count >= 2 && isAll) throw this.#otherThanAsked('MP3')
  }

  #otherThanAsked(other = 'something else'): Error {
    return protocolFailure(this.#source, `it sent ${other} where ${names[this.#format.encoding]} was asked for.`)
  }
}

/** As many as no sound has of letters by chance. */
const startBytes = 16
const mostEmpty = 1000

/**
 * More than the slowest voice takes, in seconds: Chinese at the least speed has some three characters a second, and all else has more. A
 * short text may be one long number.
 */
function mostSeconds(characters: number): number {
  return Math.min(60 + characters, 600 + characters / 2)
}

/** Whether it begins as JSON or a page does and goes on as text. */
function isText(head: Uint8Array): boolean {
  const isAscii = head.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d)
  return isAscii && /^\s*[<{[]/.test(String.fromCharCode(...head))
}

const names: Readonly<Record<SpeechFormat['encoding'], string>> = {
  pcm: 'PCM',
  mulaw: 'µ-law',
  mp3: 'MP3',
  opus: 'Opus in Ogg',
}
