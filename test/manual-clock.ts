import type { Clock, Timer } from '../api/clock.ts'

/** A clock that stands still until it is told how late it is. */
export class ManualClock implements Clock {
  #now = 0
  readonly #wallclockAtStart: number
  readonly #timers = new Set<{ at: number; readonly fire: () => void }>()

  constructor(wallclock = 1_700_000_000_000) {
    this.#wallclockAtStart = wallclock
  }

  now(): number {
    return this.#now
  }

  wallclock(): number {
    return this.#wallclockAtStart + this.#now
  }

  after(ms: number, callback: () => void): Timer {
    const timer = { at: this.#now + ms, fire: callback }
    this.#timers.add(timer)
    return {
      cancel: () => void this.#timers.delete(timer),
      restart: () => {
        timer.at = this.#now + ms
        this.#timers.add(timer)
      },
    }
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size
  }

  /** Milliseconds until the next timer; undefined where none waits. */
  get nextInMs(): number | undefined {
    const times = [...this.#timers].map(({ at }) => at - this.#now)
    return times.length > 0 ? Math.min(...times) : undefined
  }

  /** Lets time pass and fires what is due, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#now = Math.max(this.#now, due.at)
      this.#timers.delete(due)
      due.fire()
    }
    this.#now = end
  }

  /** Time passes in which the process does nothing: what was due then is late. */
  holdUp(ms: number): void {
    this.#now += ms
  }
}
