import { voiceBytesPerMs } from './sound.ts'

/** Plays what comes, and tells how far it is: in real time, or everything at once. */
export class Player {
  readonly #isReal: boolean
  readonly #tell: (mark: object) => void
  #id: string | undefined
  #gotMs = 0
  #playedMs = 0
  #at = 0
  #isEnded = false

  constructor(isReal: boolean, tell: (mark: object) => void) {
    this.#isReal = isReal
    this.#tell = tell
  }

  start(id: string): void {
    this.#id = id
    this.#gotMs = 0
    this.#playedMs = 0
    this.#isEnded = false
  }

  got(bytes: number, now: number): void {
    this.#play(now)
    this.#gotMs += bytes / voiceBytesPerMs
    if (!this.#isReal) this.#mark(now, 'playing')
  }

  end(now: number): void {
    this.#isEnded = true
    this.#mark(now, 'playing')
  }

  reset(now: number): void {
    this.#mark(now, 'stopped')
    this.#id = undefined
  }

  /** A frame of the microphone was sent: each tenth time it tells. */
  frame(now: number, frames: number): void {
    if (this.#isReal && frames % 10 === 0) this.#mark(now, 'playing')
  }

  #mark(now: number, state: 'playing' | 'stopped'): void {
    if (this.#id === undefined) return
    this.#play(now)
    const isFinished = this.#isEnded && this.#playedMs >= this.#gotMs
    this.#tell({
      type: 'playback_mark',
      assistant_audio_id: this.#id,
      played_ms: Math.floor(this.#playedMs),
      buffered_ms: Math.floor(this.#gotMs - this.#playedMs),
      state: isFinished ? 'finished' : state,
    })
    if (isFinished) this.#id = undefined
  }

  #play(now: number): void {
    const passed = this.#isReal ? (now - this.#at) / 1000 : Number.POSITIVE_INFINITY
    this.#at = now
    this.#playedMs = Math.min(this.#gotMs, this.#playedMs + passed)
  }
}
