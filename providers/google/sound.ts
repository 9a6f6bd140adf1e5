import type { GatewayError } from '../../api/error.ts'
import { parseWav, WavError } from '../../audio/wav.ts'
import { emptyAnswer, type FailureSource, protocolFailure } from '../failure.ts'
import type { SpeechFormat } from '../speech.ts'

/** Watches over what comes as the sound of one call: whether there is some, whether it is sound, and whether it is too much of it. */
export class Sound {
  readonly #source: FailureSource
  readonly #format: SpeechFormat
  #characters = 0
  #bytes = 0
  #empty = 0

  constructor(source: FailureSource, format: SpeechFormat) {
    this.#source = source
    this.#format = format
  }

  /** More text that is to be heard. */
  expect(text: string): void {
    this.#characters += text.length
  }

  /** Sound that came. Returns whether there is any; throws `provider_protocol` where it is none, or more than any voice needs. */
  take(bytes: Uint8Array): boolean {
    if (bytes.length === 0) {
      if (++this.#empty > mostEmpty) throw protocolFailure(this.#source, 'it sends messages without sound.')
      return false
    }
    if (this.#bytes === 0) this.#checkBeginning(bytes)
    this.#bytes += bytes.length
    const seconds = Math.min(longestSeconds, freeSeconds + this.#characters)
    if (this.#bytes > seconds * bytesPerSecond(this.#format)) {
      throw protocolFailure(this.#source, `it sent more than ${seconds} seconds of sound for ${this.#characters} characters.`)
    }
    return true
  }

  /** All has come. Throws where it is nothing, or ends within a sample. */
  end(): void {
    if (this.#bytes === 0) throw emptyAnswer(this.#source)
    if (this.#format.encoding === 'pcm' && this.#bytes % 2 === 1) {
      throw protocolFailure(this.#source, 'its sound ends in the middle of a sample.')
    }
  }

  #checkBeginning(bytes: Uint8Array): void {
    const beginning = String.fromCharCode(...bytes.subarray(0, 16))
    const { encoding } = this.#format
    const isSound =
      encoding === 'opus'
        ? beginning.startsWith('OggS')
        : encoding === 'mp3'
          ? beginning.startsWith('ID3') || (bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0)
          : !/^\s*(?:<!doctype|<html|\{"|RIFF)/i.test(beginning)
    if (!isSound) throw protocolFailure(this.#source, `what it sent is no ${encoding}.`)
  }
}

/** No call's sound is longer than this, and none is longer than a minute and a second for each character. */
const longestSeconds = 600
const freeSeconds = 60
const mostEmpty = 1000

/** What is compressed has 320 kilobits a second at most. */
function bytesPerSecond(format: SpeechFormat): number {
  if (format.encoding === 'pcm') return 2 * format.rate
  return format.encoding === 'mulaw' ? 8000 : 40_000
}

/** What is in an answer of raw sound without the WAV header that stands before some of them. */
export function unwrapped(bytes: Uint8Array, format: SpeechFormat, source: FailureSource): Uint8Array {
  if (!('rate' in format) || !isRiff(bytes)) return bytes
  try {
    const wav = parseWav(bytes)
    const fits = wav.format === (format.encoding === 'pcm' ? 's16le' : 'mulaw') && wav.rate === format.rate && wav.channels === 1
    if (fits) return wav.data
    throw otherSound(source, `${wav.channels} channels of ${wav.format} at ${wav.rate} Hz`)
  } catch (error) {
    throw error instanceof WavError ? otherSound(source, `a WAV file of which ${error.message}`) : error
  }
}

function isRiff(bytes: Uint8Array): boolean {
  return bytes[0] === 0x52 && bytes[1] === 0x49 && bytes[2] === 0x46 && bytes[3] === 0x46
}

function otherSound(source: FailureSource, what: string): GatewayError {
  return protocolFailure(source, `it sent other sound than was asked for: ${what}.`)
}
