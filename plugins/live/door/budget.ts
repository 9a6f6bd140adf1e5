import { Bucket } from './bucket.ts'

export interface BudgetOptions {
  /** The largest message. */
  readonly messageBytes: number
  readonly messagesPerSecond: number
}

/**
 * What one client may send, each time looked at before any work is done for it. Messages have their number and their bytes; sound has bounds of
 * its own, far beyond what the rules of a session take, for what comes while these do not look at it.
 */
export class Budget {
  readonly #messages: Bucket
  readonly #bytes: Bucket
  readonly #frames = new Bucket(framesPerSecond, framesPerSecond * soundBurst)
  readonly #sound = new Bucket(soundPerSecond, soundPerSecond * soundBurst)

  constructor({ messageBytes, messagesPerSecond }: BudgetOptions) {
    this.#messages = new Bucket(messagesPerSecond, messagesPerSecond * burst)
    this.#bytes = new Bucket(
      Math.max(messageBytes / largestEvery, usualPerSecond),
      Math.max(messageBytes * largestAtOnce, usualPerSecond * burst),
    )
  }

  /** False where a message of so many bytes comes too soon. */
  takeMessage(now: number, bytes: number): boolean {
    if (!this.#messages.take(now)) return false
    if (this.#bytes.take(now, bytes)) return true
    this.#messages.giveBack()
    return false
  }

  /** It was no message but sound. */
  giveMessageBack(bytes: number): void {
    this.#messages.giveBack()
    this.#bytes.giveBack(bytes)
  }

  /** False where a frame of sound of so many bytes, as they came, comes too soon. */
  takeSound(now: number, bytes: number): boolean {
    return this.#frames.take(now) && this.#sound.take(now, bytes)
  }
}

/** How many messages may come at once, in seconds of what may come lastingly. */
const burst = 4
/** How many messages of the largest size may come at once, and after how many seconds lastingly another. */
const largestAtOnce = 2
const largestEvery = 10
/** Bytes a second that small messages come to, also where no large ones are allowed. */
const usualPerSecond = 64 * 1024
/** Four times the sound of the best microphone, in base64; and what a network may have held up of it, in seconds. */
const soundPerSecond = 512 * 1024
const framesPerSecond = 1000
const soundBurst = 10
