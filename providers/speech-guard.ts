import { spells } from '../audio/bytes.ts'
import { bytesPerSample } from '../audio/pcm.ts'
import { emptyAnswer, type FailureSource, protocolFailure } from './failure.ts'
import type { SpeechFormat } from './speech.ts'
import { bytesPerSecond } from './speech-format.ts'

/**
 * Watches the sound of one call as it passes: that there is some, that it is of the format asked for, that it ends with a whole sample, and
 * that it is no more than the text can have. Keeps none of it. Throws `provider_protocol`.
 */
export class SoundGuard {
  readonly #format: SpeechFormat
  readonly #source: FailureSource
  /** The first bytes, by which sound is told from what is none; pieces may be smaller than that. */
  readonly #head = new Uint8Array(headBytes)
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

  /** A piece of the sound. Returns whether there is anything in it. */
  take(bytes: Uint8Array): boolean {
    if (bytes.length === 0) {
      if (++this.#empty > mostEmpty) throw protocolFailure(this.#source, 'it sends messages without sound.')
      return false
    }
    const before = this.#bytes
    this.#bytes += bytes.length
    if (before < headBytes) {
      this.#head.set(bytes.subarray(0, headBytes - before), before)
      if (this.#bytes >= headBytes) this.#judge(this.#head)
    }
    const seconds = mostSeconds(this.#characters)
    if (this.#bytes <= seconds * bytesPerSecond(this.#format)) return true
    throw protocolFailure(this.#source, `it sent more than ${seconds} seconds of sound for ${this.#characters} characters.`)
  }

  /** To be called where a stretch of the sound is over, of which there may have been none. */
  pause(): void {
    if (this.#bytes > 0 && this.#bytes < headBytes) this.#judge(this.#head.subarray(0, this.#bytes))
    if (this.#format.encoding !== 'pcm' || this.#bytes % bytesPerSample === 0) return
    throw protocolFailure(this.#source, 'the sound ends in the middle of a sample.')
  }

  /** To be called at the end of all sound, where there has to be some. */
  end(): void {
    if (this.isEmpty) throw emptyAnswer(this.#source)
    this.pause()
  }

  #judge(head: Uint8Array): void {
    if (isText(head)) {
      throw protocolFailure(this.#source, 'it sent text where sound was asked for.', new TextDecoder().decode(head))
    }
    const other = otherSound(head, this.#format.encoding)
    if (other !== undefined) {
      throw protocolFailure(this.#source, `it sent ${other} where ${names[this.#format.encoding]} was asked for.`)
    }
  }
}

/** As many as no sound has of letters by chance. */
const headBytes = 16
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

/** What sound it is instead; undefined where it is of the format, or nothing tells. */
function otherSound(head: Uint8Array, encoding: SpeechFormat['encoding']): string | undefined {
  const isOgg = spells(head, 0, 'OggS')
  if (encoding === 'opus') return isOgg ? undefined : 'something else'
  if (encoding === 'mp3') return isMp3(head) ? undefined : 'something else'
  // A header would be heard as a click.
  if (spells(head, 0, 'RIFF')) return 'WAV'
  return isOgg ? 'Ogg' : undefined
}

/** With tags before it, or at once with a frame. */
function isMp3(head: Uint8Array): boolean {
  return spells(head, 0, 'ID3') || (head[0] === 0xff && ((head[1] ?? 0) & 0xe0) === 0xe0)
}

const names: Readonly<Record<SpeechFormat['encoding'], string>> = {
  pcm: 'PCM',
  mulaw: 'µ-law',
  mp3: 'MP3',
  opus: 'Opus in Ogg',
}
