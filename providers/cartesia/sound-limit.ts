import { emptyAnswer, type FailureSource, protocolFailure } from '../failure.ts'
import type { SpeechFormat } from '../speech.ts'
import { mp3BytesPerSecond } from './encode.ts'

/** Counts the sound of a text, and throws where it cannot be that of the text: none at all, half a sample, or far too much. */
export class SoundLimit {
  readonly #source: FailureSource
  readonly #sampleBytes: number
  readonly #bytesPerSecond: number
  #characters = 0
  #bytes = 0

  constructor(format: SpeechFormat, source: FailureSource) {
    this.#source = source
    this.#sampleBytes = format.encoding === 'pcm' ? 2 : 1
    if (format.encoding === 'pcm') this.#bytesPerSecond = format.rate * 2
    else this.#bytesPerSecond = format.encoding === 'mulaw' ? format.rate : mp3BytesPerSecond
  }

  /** That so many more characters are to be spoken. */
  allow(characters: number): void {
    this.#characters += characters
  }

  add(bytes: number): void {
    this.#bytes += bytes
    const seconds = Math.min(mostSeconds, secondsForNothing + this.#characters * secondsPerCharacter)
    if (this.#bytes <= seconds * this.#bytesPerSecond) return
    throw protocolFailure(this.#source, `it sent more than ${seconds} s of sound for ${this.#characters} characters.`)
  }

  /** Milliseconds so far. */
  get ms(): number {
    return Math.round((this.#bytes * 1000) / this.#bytesPerSecond)
  }

  /** To be called where a stretch of sound is over. */
  whole(): void {
    if (this.#bytes % this.#sampleBytes === 0) return
    throw protocolFailure(this.#source, 'its sound ends in the middle of a sample.')
  }

  /** To be called at the end. */
  some(): void {
    if (this.#bytes === 0) throw emptyAnswer(this.#source)
  }
}

const mostSeconds = 600
const secondsForNothing = 60
const secondsPerCharacter = 1
