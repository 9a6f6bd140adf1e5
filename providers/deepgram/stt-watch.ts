import type { SpeechCall } from '../speech.ts'
import type { SpeechSocket } from '../speech-socket.ts'

/**
 * Watches that sound is answered. So much of it is never passed over in silence, because something is said of every second of it, whether
 * anybody speaks or not: a socket on which nothing comes back is open and leads nowhere.
 */
export class AnswerWatch {
  readonly #socket: SpeechSocket
  readonly #longestMs: number
  /** Milliseconds of sound since the vendor's last word. */
  #unansweredMs = 0

  constructor(socket: SpeechSocket, { timeouts }: Pick<SpeechCall, 'timeouts'>) {
    this.#socket = socket
    this.#longestMs = Math.min(timeouts.idleMs, longestAnswerMs)
  }

  /** So much sound is sent, in milliseconds. */
  sent(ms: number): void {
    this.#unansweredMs += ms
    if (this.#unansweredMs >= answeredSoundMs && this.#socket.waitedMs > this.#longestMs) this.#socket.fallSilent()
  }

  /** A word has come. */
  answered(): void {
    this.#unansweredMs = 0
  }
}

const answeredSoundMs = 10_000
/** How long the answer takes at most. */
const longestAnswerMs = 15_000
