import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { claimOf, type Rule } from './allotment.ts'
import { type Amounts, amountOf, nothing, type Taken, undoing } from './amounts.ts'
import type { HeldLeases } from './leases.ts'
import type { Claim, LimitStore } from './store.ts'
import { refusal, stateField } from './told.ts'

export interface HoldsOptions {
  readonly store: LimitStore
  readonly leases: HeldLeases
  /** How long a place stays taken where nobody renews it, in milliseconds. */
  readonly leaseMs: number
  readonly onRefused: (rule: Rule) => void
  /** What was counted could not be given back. */
  readonly onError: (error: unknown) => void
}

/** What each request holds of limits. Its places are given back when its answer is over. */
export class Holds {
  readonly #options: HoldsOptions
  readonly #holds = new WeakMap<FastifyRequest, Hold>()
  /** Holders have one name each, among all processes. */
  readonly #self = randomUUID()
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
    const { store, leaseMs, onRefused } = this.#options
    const claims = rules.map((rule) => claimOf(rule, { holder: hold.holder, ttlMs: leaseMs, amount: amountOf(rule, amounts) }))
    const verdict = await store.take(claims)
    const { refused, states } = verdict
    const field = stateField(rules, states)
    if (!reply.raw.headersSent) reply.header('ratelimit', hold.field === '' ? field : `${hold.field}, ${field}`)
    const [rule, state] = refused === undefined ? [] : [rules[refused], states[refused]]
    if (rule && state) {
      onRefused(rule)
      throw refusal(rule, state, amountOf(rule, amounts))
    }
    this.#keep(hold, claims)
    return { taken: { claims, verdict }, field }
  }

  #holdOf(request: FastifyRequest, reply: FastifyReply): Hold {
    const known = this.#holds.get(request)
    if (known) return known
    const hold: Hold = { holder: `${this.#self}-${++this.#requests}`, leases: [], entered: undefined, isOver: false, field: '' }
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
