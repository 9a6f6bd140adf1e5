import type { Dispatcher } from 'undici'
import type { Clock, Timer } from '../api/clock.ts'

/**
 * An upstream's body, pulled read by read straight from the parser: a stream object between them would cost more than all the
 * rest of a read.
 *
 * What is not pulled stays in the socket, but for one buffer's worth. Leaving the iteration closes the connection, unless
 * `release` was called.
 */
export class UpstreamBody implements AsyncIterableIterator<Uint8Array> {
  readonly #controller: Dispatcher.DispatchController
  readonly #clock: Clock
  /** What has come and was not pulled yet. */
  readonly #queue: Uint8Array[] = []
  #queuedBytes = 0
  /** The pull that waits for the next read. */
  #waiting: { resolve(result: IteratorResult<Uint8Array>): void; reject(reason: unknown): void } | undefined
  #state: 'open' | 'ended' | 'failed' | 'left' = 'open'
  #failure: unknown
  #isReleased = false
  #patience: Timer | undefined

  constructor(controller: Dispatcher.DispatchController, clock: Clock) {
    this.#controller = controller
    this.#clock = clock
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#queue.shift()
    if (chunk) {
      this.#queuedBytes -= chunk.byteLength
      if (this.#controller.paused && this.#queuedBytes < highWaterMark) this.#controller.resume()
      return Promise.resolve({ done: false, value: chunk })
    }
    if (this.#state === 'failed') return Promise.reject(this.#failure)
    if (this.#state !== 'open') return Promise.resolve(end)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  /** Nobody wants more. */
  return(): Promise<IteratorResult<Uint8Array>> {
    if (this.#state === 'open') {
      this.#state = 'left'
      this.#queue.length = 0
      if (this.#isReleased) this.#readToEnd()
      else this.#controller.abort(new Error('the body is not wanted any more'))
    }
    return Promise.resolve(end)
  }

  /**
   * To be called before the iteration is left where all was said though the body has not ended: its end is then waited for in the
   * background, because only a body read to its end leaves the connection to the next request. One that goes on is closed.
   */
  release(): void {
    this.#isReleased = true
  }

  /** Gives up on the body: whoever waits for it gets the reason, and the connection is closed. */
  abort(reason: Error): void {
    this.fail(reason)
    this.#controller.abort(reason)
  }

  // ── From the dispatcher ───────────────────────────────────────────────────────────────────────────────────────────────

  push(chunk: Uint8Array): void {
    if (this.#state !== 'open') return
    const waiting = this.#waiting
    if (waiting) {
      this.#waiting = undefined
      waiting.resolve({ done: false, value: chunk })
      return
    }
    this.#queue.push(chunk)
    this.#queuedBytes += chunk.byteLength
    if (this.#queuedBytes >= highWaterMark) this.#controller.pause()
  }

  end(): void {
    this.#patience?.cancel()
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#waiting?.resolve(end)
  }

  /** What was read before is still given out. */
  fail(reason: unknown): void {
    this.#patience?.cancel()
    if (this.#state !== 'open') return
    this.#state = 'failed'
    this.#failure = reason
    this.#waiting?.reject(reason)
  }

  #readToEnd(): void {
    this.#patience = this.#clock.after(patienceMs, () => this.#controller.abort(new Error('the body went on after its end')))
    if (this.#controller.paused) this.#controller.resume()
  }
}

const end: IteratorReturnResult<undefined> = { done: true, value: undefined }
const highWaterMark = 64 * 1024
/** Between the last words of an answer and its end lies one packet at most. */
const patienceMs = 250
