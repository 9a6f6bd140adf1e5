import type { Clock } from '../../api/clock.ts'

/** The vendor takes so many flushes of a socket in a while, and none beyond. */
export class FlushRation {
  readonly #clock: Clock
  #sentAt: number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many may be sent now. */
  get left(): number {
    return maxFlushes - this.#recent().length
  }

  /** Milliseconds until one may be sent that is not the last. */
  waitMs(): number {
    const sentAt = this.#recent()
    const freeing = sentAt[sentAt.length - (maxFlushes - 1)]
    return freeing === undefined ? 0 : freeing + windowMs - this.#clock.now()
  }

  spend(): void {
    this.#sentAt.push(this.#clock.now())
  }

  #recent(): readonly number[] {
    const now = this.#clock.now()
    this.#sentAt = this.#sentAt.filter((at) => at + windowMs > now)
    return this.#sentAt
  }
}

const maxFlushes = 20
/** A minute, and a second for what is longer under way than what came before it. */
const windowMs = 61_000
