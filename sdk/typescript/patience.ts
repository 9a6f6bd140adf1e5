import { onAbort } from './abort.ts'
import type { Clock } from './clock.ts'
import { AbortedError, ConnectionTimeoutError, type VAIError } from './errors.ts'

/**
 * What may end the waiting for an answer: the caller's signals, and time. `signal` is for whoever works meanwhile. There is one wait
 * at a time; `release` takes the timer and the listeners off again, after which nothing ends it any more.
 */
export class Patience {
  /** The gateway's name for the request, once it is known; for the error that ends the waiting, as the next. */
  requestId: string | undefined
  /** What the gateway is to do, in the words that follow "The gateway did not". */
  awaited = 'answer'
  readonly #clock: Clock
  /** Leave the signals alone. */
  readonly #stops: readonly (() => void)[] = []
  readonly #controller = new AbortController()
  #ended: VAIError | undefined
  #isReleased = false
  /** Ends the wait that there is. */
  #reject: ((error: VAIError) => void) | undefined
  #stopTimer: (() => void) | undefined

  constructor(signals: readonly AbortSignal[], clock: Clock) {
    this.#clock = clock
    this.#stops = signals.map((signal) => onAbort(signal, () => this.#abort(signal)))
    if (this.#ended) this.release()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why the waiting has ended, if it has. */
  get ended(): VAIError | undefined {
    return this.#ended
  }

  /** From now on it takes so long at most; 0 is for ever. */
  limit(ms: number, awaited: string): void {
    this.unlimit()
    this.awaited = awaited
    if (ms === 0 || this.#isReleased) return
    this.#stopTimer = this.#clock.after(ms, () => {
      const message = `The gateway did not ${this.awaited} within ${ms} ms.`
      this.end(new ConnectionTimeoutError(message, { request_id: this.requestId }))
    })
  }

  unlimit(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
  }

  /** The outcome of a promise, or the error that ended the waiting, also where what works on it does not heed the signal. */
  wait<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(resolve, reject)
      if (this.#ended) reject(this.#ended)
      this.#reject = reject
    })
  }

  /** Waits for so long, and for nothing else. */
  async pause(ms: number): Promise<void> {
    try {
      await this.wait(
        new Promise<void>((resolve) => {
          this.#stopTimer = this.#clock.after(ms, resolve)
        }),
      )
    } finally {
      this.release()
    }
  }

  /** The first end counts. */
  end(error: VAIError): void {
    if (this.#ended || this.#isReleased) return
    this.#ended = error
    this.release()
    this.#reject?.(error)
    this.#controller.abort(error)
  }

  release(): void {
    this.#isReleased = true
    this.unlimit()
    for (const stop of this.#stops) stop()
  }

  #abort({ reason: cause }: AbortSignal): void {
    this.end(new AbortedError('The request was aborted.', { request_id: this.requestId, cause }))
  }
}
