import type { Clock } from '../../api/clock.ts'
import { type RunningProgram, startProgram } from './program.ts'
import type { Program } from './programs.ts'
import type { OnSinkFailed, Sink } from './sink.ts'

/** A program that plays what it is given. */
export class ProgramSink implements Sink {
  readonly leadMs = 80
  readonly isContinuous = false
  readonly #program: Program
  readonly #header: Uint8Array
  readonly #clock: Clock
  readonly #onFailed: OnSinkFailed
  #running: RunningProgram | undefined
  #hasFailed = false

  /** `header` stands before the sound, where the program needs one to know what it is. */
  constructor(program: Program, header: Uint8Array, clock: Clock, onFailed: OnSinkFailed) {
    this.#program = program
    this.#header = header
    this.#clock = clock
    this.#onFailed = onFailed
  }

  get isBlocked(): boolean {
    return (this.#running?.child.stdin.writableLength ?? 0) > mostUnread
  }

  open(): void {
    if (this.#running) return
    this.#running = startProgram(this.#program, this.#clock, (why) => {
      this.#hasFailed = true
      this.#onFailed(why)
    })
    if (this.#program.wantsHeader) this.write(this.#header)
  }

  write(pcm: Uint8Array): void {
    if (!this.#hasFailed) this.#running?.child.stdin.write(pcm)
  }

  async close(): Promise<void> {
    await this.#running?.end(lastSoundMs)
  }
}

/** Bytes: what is more than a program takes at once means that it plays nothing. */
const mostUnread = 32 * 1024
/** For the sound that it has. */
const lastSoundMs = 500
