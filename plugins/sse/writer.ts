import type { ServerResponse } from 'node:http'
import type { Clock, Timer } from '../../api/clock.ts'
import { type SseEvent, sseFrame, type WrittenEvent, writtenFrame } from '../../api/sse.ts'

/**
 * Writes events to the caller. Events that come in one turn of the event loop leave in one write, and nothing waits for more. A
 * stream that was quiet for the ping interval gets a `ping`.
 */
export class SseWriter {
  readonly #response: ServerResponse
  readonly #clock: Clock
  readonly #pingIntervalMs: number
  #ping: Timer
  /** Frames that leave at the end of this turn. */
  #pending = ''
  #lastWriteAt: number

  constructor(response: ServerResponse, clock: Clock, pingIntervalMs: number) {
    this.#response = response
    this.#clock = clock
    this.#pingIntervalMs = pingIntervalMs
    this.#lastWriteAt = clock.now()
    this.#ping = clock.after(pingIntervalMs, () => this.#pingWhenQuiet())
  }

  event(event: SseEvent | WrittenEvent): void {
    if (this.#pending === '') process.nextTick(() => this.flush())
    this.#pending += isWritten(event) ? writtenFrame(event) : sseFrame(event)
    if (this.#pending.length > maxPending) this.flush()
  }

  /** Frames that are already written. */
  frames(bytes: Uint8Array): void {
    this.flush()
    this.#response.write(bytes)
    this.#lastWriteAt = this.#clock.now()
  }

  flush(): void {
    if (this.#pending === '') return
    const text = this.#pending
    this.#pending = ''
    if (this.#response.destroyed) return
    this.#response.write(text)
    this.#lastWriteAt = this.#clock.now()
  }

  /** Whether the caller reads more slowly than the provider writes; then nothing more is to be pulled until `drained`. */
  get isBlocked(): boolean {
    return this.#response.writableNeedDrain
  }

  /** Resolves once the caller has read what was written; rejects with the signal's reason. */
  drained(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#response.off('drain', settle)
        signal.removeEventListener('abort', settle)
        if (signal.aborted) reject(signal.reason)
        else resolve()
      }
      this.#response.on('drain', settle)
      signal.addEventListener('abort', settle)
      if (signal.aborted) settle()
    })
  }

  end(): void {
    this.flush()
    this.#ping.cancel()
    this.#response.end()
  }

  #pingWhenQuiet(): void {
    const quietMs = this.#clock.now() - this.#lastWriteAt
    const isDue = quietMs >= this.#pingIntervalMs - timerSlackMs
    // A caller who does not read is not helped by more to read.
    if (isDue && !this.isBlocked) {
      this.event({ type: 'ping' })
      this.flush()
    }
    this.#ping = this.#clock.after(isDue ? this.#pingIntervalMs : this.#pingIntervalMs - quietMs, () => this.#pingWhenQuiet())
  }
}

function isWritten(event: SseEvent | WrittenEvent): event is WrittenEvent {
  return event.type === 'written'
}

// Enough to fill a socket's write; an adapter that has everything at once must not build it all before the first write.
const maxPending = 32 * 1024
// A timer may fire a moment before its time.
const timerSlackMs = 2
