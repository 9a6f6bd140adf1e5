import { GatewayError } from '../../../api/error.ts'

/** Sockets of which nobody knows yet whose they are: so many from one address, and so many in all. */
export class WaitingRoom {
  readonly #mostOfAddress: number
  readonly #mostInAll: number
  readonly #byAddress = new Map<string, number>()
  #inAll = 0

  constructor(mostOfAddress: number, mostInAll: number) {
    this.#mostOfAddress = mostOfAddress
    this.#mostInAll = mostInAll
  }

  get size(): number {
    return this.#inAll
  }

  /**
   * Returns what is to be called once it is known, or gone; further calls do nothing. Throws `concurrency_limit` or `overloaded` where there is no
   * room.
   */
  enter(address: string): () => void {
    const before = this.#byAddress.get(address) ?? 0
    if (before >= this.#mostOfAddress) throw new GatewayError('concurrency_limit', { message: tooMany, retryAfter })
    if (this.#inAll >= this.#mostInAll) throw new GatewayError('overloaded', { retryAfter })
    this.#byAddress.set(address, before + 1)
    this.#inAll++
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      this.#inAll--
      const left = (this.#byAddress.get(address) ?? 1) - 1
      if (left > 0) this.#byAddress.set(address, left)
      else this.#byAddress.delete(address)
    }
  }
}

/** Seconds. None may stay for long. */
const retryAfter = 5
const tooMany = 'Too many sockets from this address have not said yet whose they are.'
