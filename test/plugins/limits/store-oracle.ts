import fc from 'fast-check'
import type { Claim, Correction, LeaseName, QuotaClaim, RateClaim } from '../../../plugins/limits/store.ts'

/** What a store is held to: buckets that do not fill, quotas that do not end, and leases that last. */
export class Oracle {
  readonly #used = new Map<string, number>()
  readonly #holders = new Map<string, Set<string>>()

  take(claims: readonly Claim[]): { readonly unmet: number[]; readonly remaining: number[] } {
    const unmet = claims.flatMap((claim, index) => (this.#fits(claim) ? [] : [index]))
    if (unmet.length === 0) {
      for (const claim of claims) {
        if (claim.kind === 'lease') this.#holdersOf(claim).add(claim.holder)
        else this.#used.set(claim.name, this.#usedOf(claim) + claim.amount)
      }
    }
    const areTaken = unmet.length === 0
    return { unmet, remaining: claims.map((claim) => Math.max(0, limitOf(claim) - this.#countOf(claim, areTaken))) }
  }

  settle(corrections: readonly Correction[]): void {
    for (const { name, by } of corrections) this.#used.set(name, Math.max(0, this.#usedOf({ name }) + by))
  }

  release(leases: readonly LeaseName[]): void {
    for (const lease of leases) this.#holdersOf(lease).delete(lease.holder)
  }

  renew(leases: readonly LeaseName[]): void {
    for (const lease of leases) this.#holdersOf(lease).add(lease.holder)
  }

  #fits(claim: Claim): boolean {
    if (claim.kind === 'lease') return this.#countOf(claim, false) < claim.limit
    return claim.amount === 0 || this.#usedOf(claim) + Math.min(claim.amount, limitOf(claim)) <= limitOf(claim)
  }

  /** A lease that was not taken counts without its own holder. */
  #countOf(claim: Claim, areTaken: boolean): number {
    if (claim.kind !== 'lease') return this.#usedOf(claim)
    const holders = this.#holdersOf(claim)
    return holders.size - (!areTaken && holders.has(claim.holder) ? 1 : 0)
  }

  #usedOf({ name }: { readonly name: string }): number {
    return this.#used.get(name) ?? 0
  }

  #holdersOf({ name }: { readonly name: string }): Set<string> {
    const holders = this.#holders.get(name) ?? new Set<string>()
    this.#holders.set(name, holders)
    return holders
  }
}

function limitOf(claim: Claim): number {
  return claim.kind === 'rate' ? claim.capacity : claim.limit
}

export type Step =
  | { readonly kind: 'take'; readonly claims: readonly Claim[] }
  | { readonly kind: 'settle'; readonly claims: readonly (RateClaim | QuotaClaim)[]; readonly by: number }
  | { readonly kind: 'release' | 'renew'; readonly leases: readonly LeaseName[] }

/** Steps over two counts of each kind, whose names begin with what is given. */
export const operations: fc.Arbitrary<(prefix: string) => Step[]> = fc
  .array(
    fc.record({
      what: fc.constantFrom('take', 'take', 'take', 'take', 'settle', 'release', 'renew'),
      which: fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
      amount: fc.integer({ min: 0, max: 9 }),
      by: fc.integer({ min: -6, max: 6 }),
      holder: fc.constantFrom('a', 'b', 'c', 'd'),
    }),
    { maxLength: 25 },
  )
  .map((plans) => (prefix) => plans.map((plan) => stepOf(plan, prefix)))

/** A period that does not end in the time of a test. */
export const ageMs = 1e13

interface Plan {
  readonly what: string
  readonly which: readonly number[]
  readonly amount: number
  readonly by: number
  readonly holder: string
}

function stepOf({ what, which, amount, by, holder }: Plan, prefix: string): Step {
  const claims = which.map((index): Claim => {
    const name = `${prefix}:${index}`
    const limit = 4 + (index % 2)
    if (index < 2) return { kind: 'rate', name, perMinute: 1e-6, capacity: limit, amount }
    if (index < 4) return { kind: 'quota', name, limit, amount, periodMs: ageMs }
    return { kind: 'lease', name, limit: index - 3, holder, ttlMs: 600_000 }
  })
  if (what === 'take') return { kind: 'take', claims }
  if (what === 'settle') {
    return { kind: 'settle', claims: claims.filter((claim) => claim.kind !== 'lease'), by }
  }
  const leases = claims.flatMap((claim) => (claim.kind === 'lease' ? [claim] : []))
  return { kind: what === 'release' ? 'release' : 'renew', leases }
}
