/** How many of something may come: so many a second lastingly, and more at once. Times are milliseconds of any clock. */
export class Bucket {
  readonly #perSecond: number
  readonly #capacity: number
  #level: number
  #at = 0

  constructor(perSecond: number, capacity: number) {
    this.#perSecond = perSecond
    this.#capacity = capacity
    this.#level = capacity
  }

  /** Takes some at a time that never goes back. False where there are not so many; then none is taken. */
  take(now: number, amount = 1): boolean {
    this.#level = Math.min(this.#capacity, this.#level + ((now - this.#at) * this.#perSecond) / 1000)
    this.#at = now
    if (this.#level < amount) return false
    this.#level -= amount
    return true
  }

  giveBack(amount = 1): void {
    this.#level = Math.min(this.#capacity, this.#level + amount)
  }
}
