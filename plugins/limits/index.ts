import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import type { Principal } from '../auth/principal.ts'
import { type Allotment, type AmountRule, allotmentOf, type Defaults, type Rule } from './allotment.ts'
import { type Amounts, correctionsOf, nothing, type Taken } from './amounts.ts'
import { bodyTooLarge } from './body.ts'
import { Holds } from './holds.ts'
import { HeldLeases } from './leases.ts'
import { type HeldPlace, SessionHolds } from './session-holds.ts'
import type { BrokenCounts } from './store.ts'
import { openStore, type StoreOptions } from './stores/open.ts'
import { policyField } from './told.ts'

declare module 'fastify' {
  interface FastifyInstance {
    limits: Limits
  }
  interface FastifyRequest {
    /** What limits whoever asks; on the routes of a scope with `requestsAreLimited`. */
    allotment: Allotment
  }
}

/** How much each caller may do. */
export interface Limits {
  /**
   * Counts a request before its body is read, and holds a place for it until its answer is delivered. Rejects with
   * `request_too_large`, `request_rate_limit`, `concurrency_limit` or `limits_unavailable`. Returns nothing where there is nothing to
   * wait for.
   */
  enter(request: FastifyRequest, reply: FastifyReply): Promise<void> | undefined
  /**
   * Takes what a call of a model may need, and for a stream its place, before the call is made. `amounts` is asked only where it
   * matters. A request that makes several calls, one after the other, reserves for each of them, and a place for a stream with the
   * first. Throws `token_rate_limit`, `daily_cost_limit`, `concurrency_limit` or `limits_unavailable`; what the request has spent by
   * then stays counted.
   */
  reserve(request: FastifyRequest, reply: FastifyReply, isStream: boolean, amounts: () => Amounts): Promise<Reservation>
  readonly sessions: SessionLimits
}

/** The limits of live sessions, which are bound to no answer. */
export interface SessionLimits {
  /** What limits somebody. */
  allotmentOf(principal: Principal): Allotment
  /**
   * Counts the opening of a socket, or a turn, among the requests of a minute; it holds no place. `reply` is told of the limits. Rejects with
   * `request_rate_limit` or `limits_unavailable`.
   */
  countRequest(principal: Principal, reply?: FastifyReply): Promise<void>
  /** Takes a session's place, until it is given back. Rejects with `concurrency_limit` or `limits_unavailable`. */
  hold(principal: Principal): Promise<HeldPlace>
  /** Takes what a call of a model may need, as `reserve` does for requests. */
  reserve(principal: Principal, amounts: () => Amounts): Promise<Reservation>
}

/** What was taken for one call. */
export interface Reservation {
  /** Says what it came to, once. `spent` is asked only where it matters. */
  settle(spent: () => Amounts): void
}

export interface LimitsOptions extends Pick<StoreOptions, 'given' | 'redis' | 'whenLost'> {
  readonly defaults: Defaults
  readonly clock: Clock
  /** How long a place stays taken after the process that held it has died, in milliseconds. */
  readonly leaseMs?: number
}

export const limits = fp(
  async (app: FastifyInstance, { defaults, clock, leaseMs = usualLeaseMs, ...where }: LimitsOptions) => {
    const { onLost, onBack, onBroken } = tellOfStore(app, clock, where)
    const onError = (err: unknown): void => app.log.error({ err }, 'limits could not be told')
    // What runs is counted at once where it was lost, and not only when it would be renewed.
    const countAgain = (): void => {
      onBack()
      leases.renew()
    }
    const { store, isLost } = await openStore({ ...where, clock, onLost, onBack: countAgain, onBroken })
    const leases = new HeldLeases(store, clock, leaseMs, onError)
    const onRefused = (rule: Rule): void => app.metrics.limitRefused(rule.what, rule.whose.scope)
    const self = randomUUID()
    const holds = new Holds({ store, leases, leaseMs, self, onRefused, onError })
    const sessionHolds = new SessionHolds({ store, leases, leaseMs, self, onRefused })
    const allotments = allotmentsBy(defaults)

    app.decorateRequest('allotment')
    app.decorate('limits', {
      enter(request, reply) {
        const { allotment, policy } = allotments(request.principal)
        request.allotment = allotment
        if (Number(request.headers['content-length'] ?? 0) > allotment.bodyBytes) {
          reply.header('connection', 'close')
          return Promise.reject(bodyTooLarge(allotment.bodyBytes))
        }
        if (policy === '') return undefined
        reply.header('ratelimit-policy', policy)
        return allotment.requests.length > 0 ? holds.enter(request, reply, allotment.requests) : undefined
      },
      async reserve(request, reply, isStream, amounts) {
        const { calls, streams } = request.allotment
        const rules = isStream ? [...calls, ...streams] : calls
        if (rules.length === 0) return nothingReserved
        const reserved = calls.length > 0 ? amounts() : nothing
        return reservation(calls, await holds.reserve(request, reply, rules, reserved), reserved)
      },
      sessions: {
        allotmentOf: (principal) => allotments(principal).allotment,
        async countRequest(principal, reply) {
          const { requests, sessions } = allotments(principal).allotment
          const rules = requests.filter(({ what }) => what === 'requests')
          const policy = policyField([...rules, ...sessions])
          if (policy !== '') reply?.header('ratelimit-policy', policy)
          if (rules.length > 0) await sessionHolds.count(rules, nothing, (field) => void reply?.header('ratelimit', field))
        },
        async hold(principal) {
          const { sessions } = allotments(principal).allotment
          return sessions.length > 0 ? await sessionHolds.hold(sessions) : noPlace
        },
        async reserve(principal, amounts) {
          const { calls } = allotments(principal).allotment
          if (calls.length === 0) return nothingReserved
          const reserved = amounts()
          return reservation(calls, await sessionHolds.count(calls, reserved), reserved)
        },
      },
    })

    function reservation(calls: readonly AmountRule[], taken: Taken, reserved: Amounts): Reservation {
      if (calls.length === 0) return nothingReserved
      return {
        settle(spent) {
          const corrections = correctionsOf(calls, taken, reserved, spent())
          if (corrections.length > 0) store.settle(corrections).catch(onError)
        },
      }
    }

    app.readiness.add('limits', () => (isLost() ? lostWords[where.whenLost] : 'ok'))
    app.addHook('onClose', async () => {
      await leases.close()
      await store.close()
    })
  },
  { name: 'limits', dependencies: ['auth', 'metrics', 'readiness'] },
)

/** Keys stay as they are until they are read anew, which makes others of them. */
function allotmentsBy(defaults: Defaults): (principal: Principal) => Known {
  const allotments = new WeakMap<Principal, Known>()
  return (principal) => {
    const known = allotments.get(principal)
    if (known) return known
    const allotment = allotmentOf(principal, defaults)
    const fresh = { allotment, policy: policyField([...allotment.requests, ...allotment.calls, ...allotment.streams]) }
    allotments.set(principal, fresh)
    return fresh
  }
}

interface Known {
  readonly allotment: Allotment
  /** The header RateLimit-Policy; empty where nothing is counted. */
  readonly policy: string
}

const usualLeaseMs = 30_000
const brokenAgainMs = 60_000
const mostNames = 10
const nothingReserved: Reservation = { settle: () => undefined }
const noPlace: HeldPlace = { release: () => undefined }

const lostWords: Readonly<Record<StoreOptions['whenLost'], string>> = {
  local: 'ok, but the store of limits cannot be reached; this process counts for itself',
  refuse: 'the store of limits cannot be reached, and requests that have a limit are refused',
}

function tellOfStore(
  app: FastifyInstance,
  clock: Clock,
  { given, redis, whenLost }: Pick<StoreOptions, 'given' | 'redis' | 'whenLost'>,
): Pick<StoreOptions, 'onLost' | 'onBack' | 'onBroken'> {
  if (given || redis) app.metrics.limitStore(true)
  let quietUntil = Number.NEGATIVE_INFINITY
  return {
    onBroken({ message, names }: BrokenCounts): void {
      // Every request of some caller may find them.
      if (clock.now() < quietUntil) return
      quietUntil = clock.now() + brokenAgainMs
      app.log.error({ cause: message, names: names.slice(0, mostNames), when_lost: whenLost }, 'counts of limits are broken')
    },
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
