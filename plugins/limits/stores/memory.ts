import type { Clock } from '../../../api/clock.ts'
import { type Count, corrected, filled, fillingMs, periodAt, periodEnd, taken, verdictOf } from '../decide.ts'
import type { Claim, Correction, LeaseName, LimitStore, Verdict } from '../store.ts'
import { BoundedCounts } from './bounded.ts'

export interface MemoryStoreOptions {
  readonly clock: Clock
  /** How many buckets, and how many quotas, are kept at most; beyond it those that are nearest to being whole are forgotten. */
  readonly maxCounts?: number
}

/**
 * Counts of one process. What is whole again is forgotten bit by bit with every claim, so that there is neither a timer nor a pause.
 * Leases are bounded by what holds them.
 */
export class MemoryLimitStore implements LimitStore {
  readonly #clock: Clock
  readonly #buckets: BoundedCounts<Bucket>
  readonly #quotas: BoundedCounts<Quota>
  readonly #leases: BoundedCounts<Leases>

  constructor({ clock, maxCounts = 100_000 }: MemoryStoreOptions) {
    this.#clock = clock
    this.#buckets = new BoundedCounts(maxCounts)
    this.#quotas = new BoundedCounts(maxCounts)
    this.#leases = new BoundedCounts(Number.POSITIVE_INFINITY)
  }

  /** How many counts are kept, for those who watch over the memory. */
  get size(): number {
    return this.#buckets.size + this.#quotas.size + this.#leases.size
  }

  take(claims: readonly Claim[]): Promise<Verdict> {
    const [now, wallclock] = [this.#clock.now(), this.#clock.wallclock()]
    const counts = claims.map((claim) => this.#count(claim, now, wallclock))
    const verdict = verdictOf(claims, counts, wallclock)
    if (verdict.refused === undefined) {
      for (const [index, claim] of claims.entries()) {
        const before = counts[index]
        if (before) this.#keep(claim, { ...before, count: taken(claim, before.count) }, now, wallclock)
      }
    }
    return Promise.resolve(verdict)
  }

  settle(corrections: readonly Correction[]): Promise<void> {
    const [now, wallclock] = [this.#clock.now(), this.#clock.wallclock()]
    for (const correction of corrections) {
      const before = this.#count(correction, now, wallclock)
      this.#keep(correction, { ...before, count: corrected(correction, before, wallclock) }, now, wallclock)
    }
    return Promise.resolve()
  }

  release(leases: readonly LeaseName[]): Promise<void> {
    for (const { name, holder } of leases) {
      const held = this.#leases.get(name)
      held?.until.delete(holder)
      if (held?.until.size === 0) this.#leases.delete(name)
    }
    return Promise.resolve()
  }

  renew(leases: readonly LeaseName[], ttlMs: number): Promise<void> {
    const now = this.#clock.now()
    for (const { name, holder } of leases) this.#hold(name, holder, now, ttlMs)
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #count(claim: Claim | Correction, now: number, wallclock: number): Count {
    switch (claim.kind) {
      case 'rate': {
        const bucket = this.#buckets.get(claim.name)
        return { count: bucket ? filled(bucket.level, now - bucket.at, claim) : claim.capacity, since: 0 }
      }
      case 'quota': {
        const quota = this.#quotas.get(claim.name)
        const isCurrent = quota && periodAt(quota.since, claim) === periodAt(wallclock, claim)
        return isCurrent ? { count: quota.used, since: quota.since } : { count: 0, since: wallclock }
      }
      case 'lease': {
        const held = this.#leases.get(claim.name)
        if (!held) return { count: 0, since: 0 }
        for (const [holder, until] of held.until) if (until <= now) held.until.delete(holder)
        return { count: held.until.size - (held.until.has(claim.holder) ? 1 : 0), since: 0 }
      }
    }
  }

  #keep(claim: Claim | Correction, { count, since }: Count, now: number, wallclock: number): void {
    switch (claim.kind) {
      case 'rate': {
        const wholeAt = now + fillingMs(count, claim.capacity, claim)
        this.#buckets.set(claim.name, { level: count, at: now, wholeAt }, now)
        return
      }
      case 'quota':
        this.#quotas.set(claim.name, { used: count, since, wholeAt: now + periodEnd(wallclock, claim) - wallclock }, now)
        return
      case 'lease':
        this.#hold(claim.name, claim.holder, now, claim.ttlMs)
    }
  }

  #hold(name: string, holder: string, now: number, ttlMs: number): void {
    const until = this.#leases.get(name)?.until ?? new Map<string, number>()
    until.set(holder, now + ttlMs)
    this.#leases.set(name, { until, wholeAt: now + ttlMs }, now)
  }
}

/** `level` is what it held then. */
interface Bucket {
  readonly level: number
  readonly at: number
  readonly wholeAt: number
}

/** `since` is by the calendar. */
interface Quota {
  readonly used: number
  readonly since: number
  readonly wholeAt: number
}

/** Until when each holder has it. */
interface Leases {
  readonly until: Map<string, number>
  readonly wholeAt: number
}
