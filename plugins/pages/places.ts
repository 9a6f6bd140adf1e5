/** A number of places for work, and a queue in front of them that does not grow beyond a length. First come, first served. */
export class Places {
  #free: number
  readonly #mostWaiting: number
  readonly #waiting = new Set<() => void>()

  constructor(places: number, mostWaiting: number) {
    this.#free = places
    this.#mostWaiting = mostWaiting
  }

  /**
   * Resolves with true once there is a place, which is to be given back, and with false at once where too many wait. Rejects with the
   * signal's reason where it aborts meanwhile.
   */
  async take(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free--
      return true
    }
    if (this.#waiting.size >= this.#mostWaiting) return false
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(enter)
        reject(signal.reason)
      }
      const enter = (): void => {
        this.#waiting.delete(enter)
        signal.removeEventListener('abort', leave)
        resolve(true)
      }
      this.#waiting.add(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  give(): void {
    const [next] = this.#waiting
    if (next) next()
    else this.#free++
  }
}
