/** How many may work, and how many wait for it; of all together, and of any one of those who ask. */
export interface PlacesOptions {
  readonly places: number
  readonly each: number
  readonly waiting: number
  readonly eachWaiting: number
}

/** Somebody who needs a place. */
export interface Asker {
  /** Whose share it is taken from. */
  readonly who: string
  /** Ends the wait. */
  readonly signal: AbortSignal
}

/**
 * A number of places for work, and a queue in front of them that does not grow beyond a length. Those who ask take turns, however many
 * places any of them wants; the wishes of one are met in their order.
 */
export class Places {
  readonly #options: PlacesOptions
  readonly #taken = new Map<string, number>()
  #free: number
  /** In the order of their turns. Nobody is in it who waits for nothing. */
  readonly #waiting = new Map<string, Set<() => void>>()
  #waitingCount = 0

  constructor(options: PlacesOptions) {
    this.#options = options
    this.#free = options.places
  }

  /**
   * Resolves with what gives the place back, to be called once, when there is one; and with undefined at once where too many wait.
   * Rejects with the signal's reason where it aborts meanwhile.
   */
  async take({ who, signal }: Asker): Promise<(() => void) | undefined> {
    signal.throwIfAborted()
    if (this.#mayEnter(who)) return this.#enter(who)
    const { waiting, eachWaiting } = this.#options
    const own = this.#waiting.get(who) ?? new Set()
    if (this.#waitingCount >= waiting || own.size >= eachWaiting) return undefined
    this.#waiting.set(who, own)
    this.#waitingCount++
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        signal.removeEventListener('abort', leave)
        own.delete(enter)
        if (own.size === 0) this.#waiting.delete(who)
        this.#waitingCount--
      }
      const leave = (): void => {
        stop()
        reject(signal.reason)
      }
      const enter = (): void => {
        stop()
        resolve(this.#enter(who))
      }
      own.add(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  #mayEnter(who: string): boolean {
    return this.#free > 0 && (this.#taken.get(who) ?? 0) < this.#options.each
  }

  #enter(who: string): () => void {
    this.#free--
    this.#taken.set(who, (this.#taken.get(who) ?? 0) + 1)
    return () => this.#give(who)
  }

  #give(who: string): void {
    this.#free++
    const left = (this.#taken.get(who) ?? 0) - 1
    if (left > 0) this.#taken.set(who, left)
    else this.#taken.delete(who)
    for (const [next, wishes] of this.#waiting) {
      const [enter] = wishes
      if (!enter || !this.#mayEnter(next)) continue
      // To the end: it is the others' turn.
      this.#waiting.delete(next)
      this.#waiting.set(next, wishes)
      enter()
      return
    }
  }
}
