import { GatewayError } from '../../../api/error.ts'

export interface WaitingRoomLimits {
  /** Sockets. */
  readonly ofAddress: number
  readonly inAll: number
  /** What may come over one of them, and over all together, in bytes. */
  readonly bytes: number
  readonly bytesInAll: number
}

/** The place of one socket of which nobody knows yet whose it is. */
export interface WaitingPlace {
  /** So much has come. Says what is too much of it: what this socket may send, or what there is room for. */
  received(bytes: number): 'message_too_large' | 'overloaded' | undefined
  /** It is known whose it is, or it is gone. May be called again, and then does nothing; nothing is counted any more. */
  leave(): void
}

/** Sockets of which nobody knows yet whose they are: so many from one address, so many in all, and what they may have sent. */
export class WaitingRoom {
  readonly #limits: WaitingRoomLimits
  readonly #byAddress = new Map<string, number>()
  #inAll = 0
  #bytes = 0

  constructor(limits: WaitingRoomLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#inAll
  }

  /** Throws `concurrency_limit` or `overloaded` where there is no room. */
  enter(address: string): WaitingPlace {
    const { ofAddress, inAll, bytes: most, bytesInAll } = this.#limits
    const before = this.#byAddress.get(address) ?? 0
    if (before >= ofAddress) throw new GatewayError('concurrency_limit', { message: tooMany, retryAfter })
    if (this.#inAll >= inAll) throw new GatewayError('overloaded', { retryAfter })
    this.#byAddress.set(address, before + 1)
    this.#inAll++
    let isIn = true
    let own = 0
    return {
      received: (bytes) => {
        if (!isIn) return undefined
        own += bytes
        this.#bytes += bytes
        if (own > most) return 'message_too_large'
        return this.#bytes > bytesInAll ? 'overloaded' : undefined
      },
      leave: () => {
        if (!isIn) return
        isIn = false
        this.#inAll--
        this.#bytes -= own
        const left = (this.#byAddress.get(address) ?? 1) - 1
        if (left > 0) this.#byAddress.set(address, left)
        else this.#byAddress.delete(address)
      },
    }
  }
}

/** What may come over a socket before it is known whose it is. */
export const mostUnknownBytes = 256 * 1024

/** Seconds. None may stay for long. */
const retryAfter = 5
const tooMany = 'Too many sockets from this address have not said yet whose they are.'
