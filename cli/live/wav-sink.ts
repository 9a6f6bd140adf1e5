import { closeSync, openSync, writeSync } from 'node:fs'
import { wavHeader } from '../../audio/wav.ts'
import { exits, Problem, wordsOf } from '../ending.ts'
import type { OnSinkFailed, Sink } from './sink.ts'

/**
 * What a listener would have heard, as a WAV file: the silence between is in it, and what was not played is not. The file can be played
 * while it is written, and also where nobody came to close it.
 */
export class WavSink implements Sink {
  readonly leadMs = 0
  readonly isContinuous = true
  readonly isBlocked = false
  readonly #rate: number
  readonly #onFailed: OnSinkFailed
  #file: number | undefined
  #bytes = 0

  /** Throws a `Problem` where the file cannot be written. */
  constructor(path: string, rate: number, onFailed: OnSinkFailed) {
    this.#rate = rate
    this.#onFailed = onFailed
    try {
      this.#file = openSync(path, 'w')
      writeSync(this.#file, wavHeader(rate))
    } catch (error) {
      throw new Problem(`--out: ${wordsOf(error)}`, exits.misused)
    }
  }

  open(): void {
    // Whether it can be written is to be known before anybody is asked anything.
  }

  write(pcm: Uint8Array): void {
    if (this.#file === undefined) return
    try {
      // A file takes what it is given, or fails; only pipes take a part of it.
      this.#bytes += writeSync(this.#file, pcm)
    } catch (error) {
      this.#end()
      this.#onFailed(wordsOf(error))
    }
  }

  async close(): Promise<void> {
    this.#end()
  }

  #end(): void {
    const file = this.#file
    if (file === undefined) return
    this.#file = undefined
    try {
      writeSync(file, wavHeader(this.#rate, this.#bytes), 0, undefined, 0)
    } catch {
      // It says that its length is not known, which players take as well.
    } finally {
      closeSync(file)
    }
  }
}
