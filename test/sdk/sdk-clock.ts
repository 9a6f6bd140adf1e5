import type { Clock } from '../../sdk/typescript/clock.ts'
import { ManualClock } from '../manual-clock.ts'

/** The SDK's time in a test's hands: it stands still until it is told how late it is. Chance is always the least. */
export class SdkClock implements Clock {
  readonly #clock = new ManualClock()
  readonly #asked: number[] = []
  #look: (() => void) | undefined

  now(): number {
    return this.#clock.now()
  }

  wallclock(): number {
    return this.#clock.wallclock()
  }

  random(): number {
    return 0
  }

  after(ms: number, callback: () => void): () => void {
    const timer = this.#clock.after(ms, callback)
    this.#asked.push(ms)
    this.#look?.()
    return () => timer.cancel()
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#clock.waiting
  }

  advance(ms: number): void {
    this.#clock.advance(ms)
  }

  /** Resolves once the nth timer of just so many milliseconds was asked for, from the beginning of the test on. */
  async asked(ms: number, n = 1): Promise<void> {
    while (this.#asked.filter((each) => each === ms).length < n) {
      await new Promise<void>((resolve) => {
        this.#look = resolve
      })
    }
  }
}
