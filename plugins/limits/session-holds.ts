import type { Rule } from './allotment.ts'
import { type Amounts, nothing, type Taken } from './amounts.ts'
import { type ClaimingOptions, claimAll } from './claiming.ts'
import type { HeldLeases } from './leases.ts'

export interface SessionHoldsOptions extends ClaimingOptions {
  readonly leases: HeldLeases
  /** Distinguishes the holders of this process from those of others. */
  readonly self: string
}

/** A place among sessions. */
export interface HeldPlace {
  /** Gives it back. May be called again, and then does nothing. */
  release(): void
}

/** What sessions hold of limits. They outlive requests, so that nothing here ends with an answer. */
export class SessionHolds {
  readonly #options: SessionHoldsOptions
  #holders = 0

  constructor(options: SessionHoldsOptions) {
    this.#options = options
  }

  /** Takes all or nothing of what comes back by itself. `tell` is given the header RateLimit in any case. Throws for the rule that refuses. */
  async count(rules: readonly Rule[], amounts: Amounts, tell: (field: string) => void = () => undefined): Promise<Taken> {
    const { taken, field, refused } = await claimAll(rules, amounts, this.#nextHolder(), this.#options)
    tell(field)
    if (refused) throw refused
    return taken
  }

  /** Takes a place by each of the rules, or none, and keeps them until they are given back. Throws for the rule that refuses. */
  async hold(rules: readonly Rule[]): Promise<HeldPlace> {
    const { leases } = this.#options
    const { claims } = await this.count(rules, nothing)
    const taken = claims.filter((claim) => claim.kind === 'lease')
    leases.keep(taken)
    let isHeld = true
    return {
      release() {
        if (isHeld) leases.giveBack(taken)
        isHeld = false
      },
    }
  }

  #nextHolder(): string {
    return `${this.#options.self}-session-${++this.#holders}`
  }
}
