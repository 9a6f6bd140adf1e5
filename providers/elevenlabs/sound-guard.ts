import { spells } from '../../audio/bytes.ts'
import { bytesPerSample } from '../../audio/pcm.ts'
import { emptyAnswer, type FailureSource, protocolFailure } from '../failure.ts'
import type { SpeechFormat } from '../speech.ts'

/** Watches the sound of one call: that there is some, that it is of the format asked for, that it is whole, and that it ends. */
export class SoundGuard {
  readonly #format: SpeechFormat
  readonly #source: FailureSource
  readonly #head = new Uint8Array(headBytes)
  #characters = 0
  #bytes = 0

  constructor(format: SpeechFormat, source: FailureSource) {
    this.#format = format
    this.#source = source
  }

  /** So much more text is to be spoken. */
  expect(characters: number): void {
    this.#characters += characters
  }

  get isEmpty(): boolean {
    return this.#bytes === 0
  }

  /** How long the sound is so far; undefined where that takes decoding. */
  get ms(): number | undefined {
    const { encoding } = this.#format
    return encoding === 'pcm' || encoding === 'mulaw' ? (this.#bytes * 1000) / bytesPerSecond(this.#format) : undefined
  }

  /** Throws `provider_protocol` where these bytes show that it is no such sound, or far more than can be meant. */
  take(bytes: Uint8Array): void {
    if (this.#bytes < headBytes) {
      this.#head.set(bytes.subarray(0, headBytes - this.#bytes), this.#bytes)
      if (this.#bytes + bytes.length >= headBytes) this.#checkHead(headBytes)
    }
    this.#bytes += bytes.length
    if (this.#bytes <= mostSeconds(this.#characters) * bytesPerSecond(this.#format)) return
    throw protocolFailure(this.#source, `it sent far more sound than ${this.#characters} characters can be.`)
  }

  /** To be called at the end of the sound. Throws `provider_protocol` where there was none, or not all of it. */
  end(): void {
    if (this.isEmpty) throw emptyAnswer(this.#source)
    if (this.#bytes < headBytes) this.#checkHead(this.#bytes)
    if (this.#format.encoding === 'pcm' && this.#bytes % bytesPerSample !== 0) {
      throw protocolFailure(this.#source, 'the sound ends within a sample.')
    }
  }

  #checkHead(length: number): void {
    const head = this.#head.subarray(0, length)
    if (beginsAs(head, this.#format.encoding)) return
    const text = isText(head) ? new TextDecoder().decode(head) : undefined
    throw protocolFailure(this.#source, `what it sent is not ${names[this.#format.encoding]}.`, text)
  }
}

/** Enough to tell text from sound. */
const headBytes = 16

const names: Readonly<Record<SpeechFormat['encoding'], string>> = {
  pcm: 'sound',
  mulaw: 'sound',
  mp3: 'MP3',
  opus: 'Opus in Ogg',
}

/** More than the slowest voice takes: Chinese at the least speed has some three characters a second, and all else has more. */
function mostSeconds(characters: number): number {
  return Math.min(60 + characters, 600 + characters / 2)
}

/** For compressed sound twice what is asked for: its rate may vary, and its container takes some. */
function bytesPerSecond(format: SpeechFormat): number {
  switch (format.encoding) {
    case 'pcm':
      return format.rate * bytesPerSample
    case 'mulaw':
      return 8000
    case 'mp3':
      return 2 * 16_000
    case 'opus':
      return 2 * 8000
  }
}

function beginsAs(head: Uint8Array, encoding: SpeechFormat['encoding']): boolean {
  if (encoding === 'opus') return spells(head, 0, 'OggS')
  if (encoding === 'mp3') return spells(head, 0, 'ID3') || (head[0] === 0xff && ((head[1] ?? 0) & 0xe0) === 0xe0)
  return !isText(head)
}

/** Whether it begins as JSON or HTML does and goes on as text: sound does not, in so many bytes. */
function isText(head: Uint8Array): boolean {
  const isOpening = head[0] === 0x7b || head[0] === 0x5b || head[0] === 0x3c
  return isOpening && head.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09)
}
