import { spells } from '../../audio/bytes.ts'
import { bytesPerSample } from '../../audio/pcm.ts'
import { type FailureSource, protocolFailure } from '../failure.ts'
import type { RawFormat, SpeechFormat } from '../speech.ts'

/** Looks at sound as it passes: throws where it is none, where it has too much of it, or where it ends within a sample. */
export class SoundGate {
  /** The most bytes. */
  limit = 0
  readonly #format: SpeechFormat
  readonly #source: FailureSource
  #bytes = 0
  /** What has come of the first bytes, until there are enough of them to judge by. */
  #head: Uint8Array | undefined = new Uint8Array(0)

  constructor(format: SpeechFormat, source: FailureSource) {
    this.#format = format
    this.#source = source
  }

  /** How many have passed. */
  get bytes(): number {
    return this.#bytes
  }

  pass(bytes: Uint8Array): void {
    this.#bytes += bytes.length
    if (this.#bytes > this.limit) throw protocolFailure(this.#source, 'it sent far more sound than the text can have.')
    if (this.#head === undefined) return
    this.#head = Buffer.concat([this.#head, bytes.subarray(0, headBytes)])
    if (this.#head.length >= headBytes) this.#judge()
  }

  end(): void {
    if (this.#head !== undefined && this.#head.length > 0) this.#judge()
    if (this.#format.encoding === 'pcm' && this.#bytes % bytesPerSample !== 0) {
      throw protocolFailure(this.#source, 'the sound ends in the middle of a sample.')
    }
  }

  #judge(): void {
    const head = this.#head ?? new Uint8Array(0)
    this.#head = undefined
    const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1')
    if (words.test(text)) throw protocolFailure(this.#source, 'it sent words where sound was asked for.', text)
    const problem = otherFormat(head, this.#format.encoding)
    if (problem !== undefined)
      throw protocolFailure(this.#source, `it sent ${problem} where ${this.#format.encoding} was asked for.`)
  }
}

const headBytes = 16
/** How JSON or a page begins; no sound begins with so many letters. */
const words = /^\s*(?:[{[]\s*["{[\]}]|<[!?/a-z])[\x20-\x7e\s]*$/i

/** What it is instead, where the first bytes tell. */
function otherFormat(head: Uint8Array, encoding: SpeechFormat['encoding']): string | undefined {
  const isMp3 = spells(head, 0, 'ID3') || (head[0] === 0xff && ((head[1] ?? 0) & 0xe0) === 0xe0)
  if (encoding === 'mp3') return isMp3 ? undefined : 'something else'
  if (encoding === 'opus') return spells(head, 0, 'OggS') ? undefined : 'something else'
  // A header would be heard as a click.
  if (spells(head, 0, 'RIFF')) return 'WAV'
  return spells(head, 0, 'OggS') ? 'Ogg' : undefined
}

/** The bytes of so many milliseconds, in whole samples. */
export function bytesOf(ms: number, { encoding, rate }: RawFormat): number {
  return Math.round((ms * rate) / 1000) * (encoding === 'pcm' ? bytesPerSample : 1)
}

export function msOf(bytes: number, { encoding, rate }: RawFormat): number {
  return (bytes * 1000) / (rate * (encoding === 'pcm' ? bytesPerSample : 1))
}
