/** A count that is as good as forgotten from a time on, in milliseconds. */
export interface Passing {
  readonly wholeAt: number
}

/**
 * Counts by name, which may be any number of names. Each that is set looks at a few others on its way around and drops those that
 * are whole again; where there are too many, of those that it looks at the one goes that would be whole the soonest: a caller who
 * comes under a million names pushes out names that were hardly used.
 */
export class BoundedCounts<Count extends Passing> {
  readonly #most: number
  readonly #counts = new Map<string, Count>()
  #round = this.#counts.entries()

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#counts.size
  }

  get(name: string): Count | undefined {
    return this.#counts.get(name)
  }

  set(name: string, count: Count, now: number): void {
    const isFull = this.#counts.size >= this.#most && !this.#counts.has(name)
    this.#lookAround(isFull ? looksWhenFull : looks, now, isFull)
    this.#counts.set(name, count)
  }

  delete(name: string): void {
    this.#counts.delete(name)
  }

  #lookAround(most: number, now: number, mustDrop: boolean): void {
    let soonest: string | undefined
    let wholeAt = Number.POSITIVE_INFINITY
    let dropped = 0
    for (let looked = 0; looked < Math.min(most, this.#counts.size); looked++) {
      let next = this.#round.next()
      if (next.done) {
        this.#round = this.#counts.entries()
        next = this.#round.next()
        if (next.done) return
      }
      const [name, count] = next.value
      if (count.wholeAt <= now) {
        this.#counts.delete(name)
        dropped++
      } else if (count.wholeAt < wholeAt) {
        soonest = name
        wholeAt = count.wholeAt
      }
    }
    if (mustDrop && dropped === 0 && soonest !== undefined) this.#counts.delete(soonest)
  }
}

const looks = 2
const looksWhenFull = 32
