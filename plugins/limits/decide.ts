import type { Claim, ClaimState, Correction, QuotaClaim, QuotaCorrection, RateClaim, Verdict } from './store.ts'

/**
 * What every store decides, and how a count changes. Times are milliseconds.
 */

export interface Count {
  /** What a bucket holds (below 0 where it owes), what is used of a quota, or how many others hold a lease. */
  readonly count: number
  /** When the count of a quota began; 0 for the others. */
  readonly since: number
}

/** Whether all claims can be met by their counts, which are in the claims' order, and how each of them stands then. */
export function verdictOf(claims: readonly Claim[], counts: readonly Count[], wallclock: number): Verdict {
  let refused: number | undefined
  let longest = 0
  for (const [index, claim] of claims.entries()) {
    const { count } = counts[index] ?? unused
    if (isMet(claim, count)) continue
    const waitMs = waitFor(claim, count, wallclock)
    // Who waits for less comes back too early.
    if (refused !== undefined && waitMs <= longest) continue
    refused = index
    longest = waitMs
  }
  const areTaken = refused === undefined
  return { refused, states: claims.map((claim, index) => stateOf(claim, counts[index] ?? unused, areTaken, wallclock)) }
}

/** A count once its claim is met. */
export function taken(claim: Claim, count: number): number {
  switch (claim.kind) {
    case 'rate':
      return count - claim.amount
    case 'quota':
      return count + claim.amount
    case 'lease':
      return count + 1
  }
}

/** A count once it is known that it is more, or less, by so much. A bucket never holds more than it can, and no quota less than 0. */
export function corrected(correction: Correction, { count, since }: Count, wallclock: number): number {
  if (correction.kind === 'rate') return Math.min(correction.capacity, count - correction.by)
  return concerns(correction, since, wallclock) ? Math.max(0, count + correction.by) : count
}

/** Which of its periods a time is in. */
export function periodAt(wallclock: number, { periodMs }: Pick<QuotaClaim, 'periodMs'>): number {
  return Math.floor(wallclock / periodMs)
}

/** When the period is over that a time is in. */
export function periodEnd(wallclock: number, quota: Pick<QuotaClaim, 'periodMs'>): number {
  return (periodAt(wallclock, quota) + 1) * quota.periodMs
}

/** What a bucket holds that held `level` so long ago. */
export function filled(level: number, elapsedMs: number, { perMinute, capacity }: BucketRule): number {
  return Math.min(capacity, level + (Math.max(0, elapsedMs) * perMinute) / minuteMs)
}

/** How long until a bucket holds so much. */
export function fillingMs(level: number, target: number, { perMinute }: BucketRule): number {
  return Math.max(0, Math.ceil(((target - level - slack) * minuteMs) / perMinute))
}

export type BucketRule = Pick<RateClaim, 'perMinute' | 'capacity'>

const minuteMs = 60_000
const unused: Count = { count: 0, since: 0 }
/** Fractions add up to a little less than they should. */
const slack = 1e-6

/** Nothing is always there. More than there can ever be is taken from what is whole, which then owes the rest. */
function isMet(claim: Claim, count: number): boolean {
  switch (claim.kind) {
    case 'rate':
      return claim.amount === 0 || count >= Math.min(claim.amount, claim.capacity) - slack
    case 'quota':
      return claim.amount === 0 || count + Math.min(claim.amount, claim.limit) <= claim.limit
    case 'lease':
      return count < claim.limit
  }
}

/** A period that is over is corrected no more, and what became less is given back only to the very count that has it. */
function concerns(correction: QuotaCorrection, since: number, wallclock: number): boolean {
  if (periodAt(correction.since, correction) !== periodAt(wallclock, correction)) return false
  return correction.by > 0 || correction.since === since
}

/** How long until a claim that is not met could be. */
function waitFor(claim: Claim, count: number, wallclock: number): number {
  switch (claim.kind) {
    case 'rate':
      return fillingMs(count, Math.min(claim.amount, claim.capacity), claim)
    case 'quota':
      return periodEnd(wallclock, claim) - wallclock
    case 'lease':
      return 0
  }
}

function stateOf(claim: Claim, { count: before, since }: Count, areTaken: boolean, wallclock: number): ClaimState {
  const count = areTaken ? taken(claim, before) : before
  switch (claim.kind) {
    case 'rate': {
      const remaining = Math.max(0, Math.floor(count + slack))
      const waitMs = isMet(claim, before)
        ? fillingMs(count, Math.min(remaining + 1, claim.capacity), claim)
        : waitFor(claim, before, wallclock)
      return { remaining, waitMs }
    }
    case 'quota':
      return { remaining: Math.max(0, claim.limit - count), waitMs: waitFor(claim, count, wallclock), since }
    case 'lease':
      return { remaining: Math.max(0, claim.limit - count), waitMs: 0 }
  }
}
