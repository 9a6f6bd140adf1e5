import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import type { Principal } from '../auth/principal.ts'
import { type Allotment, type AmountRule, allotmentOf, claimOf, type Defaults, type Rule } from './allotment.ts'
import { bodyTooLarge } from './body.ts'
import { HeldLeases } from './leases.ts'
import type { Claim, Correction, LeaseClaim } from './store.ts'
import { openStore, type StoreOptions } from './stores/open.ts'
import { policyField, refusal, stateField } from './told.ts'

declare module 'fastify' {
  interface FastifyInstance {
    limits: Limits
  }
  interface FastifyRequest {
    /** What limits whoever asks; on the routes of a scope with `requestsAreLimited`. */
    allotment: Allotment
    /** What it holds of limits; undefined where nothing was asked for. */
    limitHold: Hold | undefined
  }
}

/** How much each caller may do. */
export interface Limits {
  /**
   * Counts a request before its body is read, and holds a place for it until its answer is delivered. Throws `request_too_large`,
   * `request_rate_limit`, `concurrency_limit` or `limits_unavailable`. Returns nothing where there is nothing to wait for.
   */
  enter(request: FastifyRequest, reply: FastifyReply): Promise<void> | undefined
  /**
   * Takes what a call of a model may need, and for a stream its place, before the call is made. `amounts` is asked only where it
   * matters. Throws `token_rate_limit`, `daily_cost_limit`, `concurrency_limit` or `limits_unavailable`.
   */
  reserve(request: FastifyRequest, reply: FastifyReply, isStream: boolean, amounts: () => Amounts): Promise<Reservation>
}

/** Whole numbers. */
export interface Amounts {
  readonly tokens: number
  readonly nanodollars: number
}

/** What was taken for one call. */
export interface Reservation {
  /** Says what it came to, once. `spent` is asked only where it matters. */
  settle(spent: () => Amounts): void
}

/** What one request holds until its answer is delivered. */
export interface Hold {
  readonly holder: string
  readonly leases: LeaseClaim[]
  isOver: boolean
  /** Of the header RateLimit, what was said already. */
  field: string
}

export interface LimitsOptions extends Pick<StoreOptions, 'given' | 'redis' | 'whenLost'> {
  readonly defaults: Defaults
  readonly clock: Clock
  /** How long a place stays taken after the process that held it has died, in milliseconds. */
  readonly leaseMs?: number
}

export const limits = fp(
  async (app: FastifyInstance, { defaults, clock, leaseMs = usualLeaseMs, ...where }: LimitsOptions) => {
    const { onLost, onBack } = tellLoss(app, where)
    // What runs is counted at once where it was lost, and not only when it would be renewed.
    const countAgain = (): void => {
      onBack()
      leases.renew()
    }
    const { store, isLost } = await openStore({ ...where, clock, onLost, onBack: countAgain })
    const leases = new HeldLeases(store, clock, leaseMs, (err) => app.log.error({ err }, 'limits could not be told'))
    const allotments = new WeakMap<Principal, Known>()
    const process = randomUUID()
    let requests = 0

    app.decorateRequest('allotment')
    app.decorateRequest('limitHold', undefined)
    app.decorate('limits', {
      enter(request, reply) {
        const { allotment, policy } = allotmentFor(request.principal)
        request.allotment = allotment
        if (Number(request.headers['content-length'] ?? 0) > allotment.bodyBytes) {
          reply.header('connection', 'close')
          throw bodyTooLarge(allotment.bodyBytes)
        }
        if (policy === '') return undefined
        reply.header('ratelimit-policy', policy)
        return allotment.requests.length > 0 ? take(request, reply, allotment.requests).then(() => undefined) : undefined
      },
      async reserve(request, reply, isStream, amounts) {
        const { calls, streams } = request.allotment
        const rules = isStream ? [...calls, ...streams] : calls
        if (rules.length === 0) return nothingReserved
        const reserved = calls.length > 0 ? amounts() : nothing
        const claims = await take(request, reply, rules, reserved)
        return calls.length > 0 ? reservation(calls, claims, reserved) : nothingReserved
      },
    })

    app.readiness.add('limits', () => (isLost() ? lostWords[where.whenLost] : 'ok'))
    app.addHook('onClose', async () => {
      await leases.close()
      await store.close()
    })

    /** Keys stay as they are until they are read anew, which makes others of them. */
    function allotmentFor(principal: Principal): Known {
      const known = allotments.get(principal)
      if (known) return known
      const allotment = allotmentOf(principal, defaults)
      const fresh = { allotment, policy: policyField([...allotment.requests, ...allotment.calls, ...allotment.streams]) }
      allotments.set(principal, fresh)
      return fresh
    }

    /** Takes all or nothing. Throws for the rule that does not let it pass. */
    async function take(
      request: FastifyRequest,
      reply: FastifyReply,
      rules: readonly Rule[],
      amounts: Amounts = nothing,
    ): Promise<readonly Claim[]> {
      const hold = holdOf(request, reply)
      const resetsAt = nextDay(clock.wallclock())
      const claims = rules.map((rule) =>
        claimOf(rule, { holder: hold.holder, ttlMs: leaseMs, amount: amountOf(rule, amounts), resetsAt }),
      )
      const { refused, states } = await store.take(claims)
      const field = stateField(rules, states)
      hold.field = hold.field === '' ? field : `${hold.field}, ${field}`
      if (!reply.raw.headersSent) reply.header('ratelimit', hold.field)
      const [rule, state] = refused === undefined ? [] : [rules[refused], states[refused]]
      if (rule && state) {
        app.metrics.limitRefused(rule.what, rule.whose.scope)
        throw refusal(rule, state, amountOf(rule, amounts))
      }
      keep(hold, claims)
      return claims
    }

    function holdOf(request: FastifyRequest, reply: FastifyReply): Hold {
      if (request.limitHold) return request.limitHold
      const hold: Hold = { holder: `${process}-${++requests}`, leases: [], isOver: false, field: '' }
      request.limitHold = hold
      reply.raw.once('close', () => {
        hold.isOver = true
        if (hold.leases.length > 0) leases.giveBack(hold.leases)
      })
      return hold
    }

    function keep(hold: Hold, claims: readonly Claim[]): void {
      const taken = claims.filter((claim) => claim.kind === 'lease')
      if (taken.length === 0) return
      leases.keep(taken)
      // The caller may have left while it was asked.
      if (hold.isOver) leases.giveBack(taken)
      else hold.leases.push(...taken)
    }

    function reservation(rules: readonly AmountRule[], claims: readonly Claim[], reserved: Amounts): Reservation {
      return {
        settle(spent) {
          const amounts = spent()
          const corrections = rules.flatMap((rule, index): Correction[] => {
            const claim = claims[index]
            const by = amountOf(rule, amounts) - amountOf(rule, reserved)
            return by === 0 || !claim || claim.kind === 'lease' ? [] : [{ ...claim, by }]
          })
          if (corrections.length === 0) return
          store.settle(corrections).catch((err: unknown) => app.log.error({ err }, 'limits could not be told'))
        },
      }
    }
  },
  { name: 'limits', dependencies: ['auth', 'metrics', 'readiness'] },
)

interface Known {
  readonly allotment: Allotment
  /** The header RateLimit-Policy; empty where nothing is counted. */
  readonly policy: string
}

const usualLeaseMs = 30_000
const nothing: Amounts = { tokens: 0, nanodollars: 0 }
const nothingReserved: Reservation = { settle: () => undefined }

const lostWords: Readonly<Record<StoreOptions['whenLost'], string>> = {
  local: 'ok, but the store of limits cannot be reached; this process counts for itself',
  refuse: 'the store of limits cannot be reached, and requests that have a limit are refused',
}

function amountOf({ what }: Rule, { tokens, nanodollars }: Amounts): number {
  return what === 'tokens' ? tokens : what === 'cost' ? nanodollars : 0
}

const dayMs = 24 * 3_600_000

/** The next midnight (UTC), in milliseconds since 1970. */
function nextDay(wallclock: number): number {
  return (Math.floor(wallclock / dayMs) + 1) * dayMs
}

function tellLoss(app: FastifyInstance, { given, redis, whenLost }: Pick<StoreOptions, 'given' | 'redis' | 'whenLost'>) {
  if (given || redis) app.metrics.limitStore(true)
  return {
    onLost(error: unknown): void {
      app.metrics.limitStore(false)
      // Not the error itself, which may hold what was sent.
      app.log.error({ cause: codeOf(error), when_lost: whenLost }, 'the store of limits is lost')
    },
    onBack(): void {
      app.metrics.limitStore(true)
      app.log.warn('the store of limits is back')
    },
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
