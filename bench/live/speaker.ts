import type { Script, SessionJob } from './control.ts'
import { frameMs, loud, quiet } from './sound.ts'

/** Who speaks: what each frame of the microphone is, and when all has been said. Times are microseconds. */
export class Speaker {
  readonly #script: Script
  readonly #loud: readonly Buffer[]
  readonly #quiet: readonly Buffer[]
  /** Frames that are still to be loud. */
  #loudFrames = 0
  #speaksAt = Number.POSITIVE_INFINITY
  /** Answers that were heard, and how many of them to the end. */
  #answers = 0
  #whole = 0
  readonly #phase: number
  readonly #runBeganAt: number
  #beganAt = 0
  #frames = 0

  constructor({ script, rate }: SessionJob, phase: number, runBeganAt: number) {
    this.#script = script
    this.#phase = phase
    this.#runBeganAt = runBeganAt
    this.#loud = framesOf(rate, loud)
    this.#quiet = framesOf(rate, quiet)
  }

  begin(now: number): void {
    this.#beganAt = now
    // Not all in one moment, as conversations are independent of each other.
    if (this.#script.type === 'talk') this.#speaksAt = now + (100 + this.#phase * spreadMs) * 1000
  }

  nextFrame(now: number): Buffer {
    if (now >= this.#speaksAt) {
      this.#speaksAt = Number.POSITIVE_INFINITY
      this.#speak()
    }
    const isLoud = this.#loudFrames > 0
    if (isLoud) this.#loudFrames--
    return frameAt(isLoud ? this.#loud : this.#quiet, this.#frames++)
  }

  /** The first of an answer. */
  heard(now: number): void {
    if (this.#script.type !== 'talk') return
    const { interruptEvery, interruptAfterMs } = this.#script
    this.#answers++
    if (interruptEvery > 0 && this.#answers % interruptEvery === 0) this.#speaksAt = now + interruptAfterMs * 1000
  }

  /** All of an answer. */
  answered(now: number): void {
    this.#whole++
    if (this.#script.type === 'talk') this.#speaksAt = now + this.#script.pauseMs * 1000
  }

  wantsToLeave(now: number): boolean {
    const { type } = this.#script
    if (type === 'visit') return false
    if (type === 'listen') return now - this.#beganAt >= this.#script.ms * 1000
    const { turns, ms } = this.#script
    // Everybody leaves at once, so that all are there for all of the time.
    if (ms !== undefined) return now - this.#runBeganAt >= ms * 1000
    return turns !== undefined && this.#answers >= turns && (this.#whole === this.#answers || this.#script.interruptEvery === 1)
  }

  /** A question and the silence behind it, which come all at once. */
  burst(): readonly Buffer[] {
    const spoken = Array.from({ length: 15 }, (_, at) => frameAt(this.#loud, at))
    return [...spoken, ...Array.from({ length: 50 }, (_, at) => frameAt(this.#quiet, at))]
  }

  #speak(): void {
    if (this.#script.type === 'talk') this.#loudFrames = Math.round(this.#script.utteranceMs / frameMs)
  }
}

/** Conversations begin within so long of each other. */
const spreadMs = 3000

function frameAt(frames: readonly Buffer[], index: number): Buffer {
  return frames[index % frames.length] ?? Buffer.alloc(0)
}

const known = new Map<string, readonly Buffer[]>()

/** A second of frames, the same for all sessions. */
function framesOf(rate: number, make: (rate: number) => Buffer): readonly Buffer[] {
  const key = `${make.name} ${rate}`
  const made = known.get(key) ?? cut(make(rate), (rate * 2 * frameMs) / 1000)
  known.set(key, made)
  return made
}

function cut(sound: Buffer, length: number): readonly Buffer[] {
  return Array.from({ length: Math.floor(sound.length / length) }, (_, at) => sound.subarray(at * length, (at + 1) * length))
}
