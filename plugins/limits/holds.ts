import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Rule } from './allotment.ts'
import { type Amounts, nothing, type Taken, undoing } from './amounts.ts'
import { type ClaimingOptions, claimAll } from './claiming.ts'
import type { HeldLeases } from './leases.ts'
import type { Claim } from './store.ts'

export interface HoldsOptions extends ClaimingOptions {
  readonly leases: HeldLeases
  /** Holders have one name each, among all processes, which begins with this. */
  readonly self: string
  /** What was counted could not be given back. */
  readonly onError: (error: unknown) => void
}

/** What each request holds of limits. Its places are given back when its answer is over. */
export class Holds {
  readonly #options: HoldsOptions
  readonly #holds = new WeakMap<FastifyRequest, Hold>()
  #requests = 0

  constructor(options: HoldsOptions) {
    this.#options = options
  }

  /** Takes all or nothing for a request that has arrived, and tells the caller how the limits stand. Throws for the rule that refuses. */
  async enter(request: FastifyRequest, reply: FastifyReply, rules: readonly Rule[]): Promise<void> {
    const hold = this.#holdOf(request, reply)
    const { taken, field } = await this.#takeFor(hold, reply, rules, nothing)
    hold.entered = taken
    hold.field = field
  }

  /**
   * Takes all or nothing for a call that the request makes next, and tells the caller how the limits stand. Throws for the rule that
   * refuses. If that is the request's first call, what it counted when it arrived is given back, so that a request that is refused
   * for a limit counts nothing; a request that has made a call counts, and so does the call.
   */
  async reserve(request: FastifyRequest, reply: FastifyReply, rules: readonly Rule[], amounts: Amounts): Promise<Taken> {
    const hold = this.#holdOf(request, reply)
    const { entered } = hold
    try {
      const { taken } = await this.#takeFor(hold, reply, rules, amounts)
      hold.entered = undefined
      return taken
    } catch (error) {
      hold.entered = undefined
      const corrections = entered ? undoing(entered) : []
      if (corrections.length > 0) this.#options.store.settle(corrections).catch(this.#options.onError)
      throw error
    }
  }

  /** `field` is what these rules say in the header RateLimit, which tells of the last call alone. */
  async #takeFor(
    hold: Hold,
    reply: FastifyReply,
    rules: readonly Rule[],
    amounts: Amounts,
  ): Promise<{ readonly taken: Taken; readonly field: string }> {
    const { taken, field, refused } = await claimAll(rules, amounts, hold.holder, this.#options)
    if (!reply.raw.headersSent) reply.header('ratelimit', hold.field === '' ? field : `${hold.field}, ${field}`)
    if (refused) throw refused
    this.#keep(hold, taken.claims)
    return { taken, field }
  }

  #holdOf(request: FastifyRequest, reply: FastifyReply): Hold {
    const known = this.#holds.get(request)
    if (known) return known
    const hold: Hold = {
      holder: `${this.#options.self}-${++this.#requests}`,
      leases: [],
      entered: undefined,
      isOver: false,
      field: '',
    }
    this.#holds.set(request, hold)
    reply.raw.once('close', () => {
      hold.isOver = true
      if (hold.leases.length > 0) this.#options.leases.giveBack(hold.leases)
    })
    return hold
  }

  #keep(hold: Hold, claims: readonly Claim[]): void {
    const taken = claims.filter((claim) => claim.kind === 'lease')
    if (taken.length === 0) return
    const { leases } = this.#options
    leases.keep(taken)
    // The caller may have left while it was asked.
    if (hold.isOver) leases.giveBack(taken)
    else hold.leases.push(...taken)
  }
}

interface Hold {
  readonly holder: string
  readonly leases: Extract<Claim, { kind: 'lease' }>[]
  /** What it counted when it arrived, until its first call is let through. */
  entered: Taken | undefined
  isOver: boolean
  /** Of the header RateLimit, what is said of that. */
  field: string
}
