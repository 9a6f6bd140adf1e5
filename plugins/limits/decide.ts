import type { Claim, ClaimState, Correction, RateClaim, Verdict } from './store.ts'

/**
 * What every store decides, and how a count changes. A count is one number: what a bucket holds (below 0 where it owes), what is
 * used of a quota, or how many others hold a lease. Times are milliseconds.
 */

/** Whether all claims can be met by their counts, which are in the claims' order, and how each of them stands then. */
export function verdictOf(claims: readonly Claim[], counts: readonly number[], wallclock: number): Verdict {
  let refused: number | undefined
  let longest = 0
  for (const [index, claim] of claims.entries()) {
    const count = counts[index] ?? 0
    if (isMet(claim, count)) continue
    const waitMs = waitFor(claim, count, wallclock)
    // Who waits for less comes back too early.
    if (refused !== undefined && waitMs <= longest) continue
    refused = index
    longest = waitMs
  }
  const areTaken = refused === undefined
  return { refused, states: claims.map((claim, index) => stateOf(claim, counts[index] ?? 0, areTaken, wallclock)) }
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
export function corrected(correction: Correction, count: number): number {
  return correction.kind === 'rate' ? Math.min(correction.capacity, count - correction.by) : Math.max(0, count + correction.by)
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

/** How long until a claim that is not met could be. */
function waitFor(claim: Claim, count: number, wallclock: number): number {
  switch (claim.kind) {
    case 'rate':
      return fillingMs(count, Math.min(claim.amount, claim.capacity), claim)
    case 'quota':
      return Math.max(0, claim.resetsAt - wallclock)
    case 'lease':
      return 0
  }
}

function stateOf(claim: Claim, before: number, areTaken: boolean, wallclock: number): ClaimState {
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
      return { remaining: Math.max(0, claim.limit - count), waitMs: waitFor(claim, count, wallclock) }
    case 'lease':
      return { remaining: Math.max(0, claim.limit - count), waitMs: 0 }
  }
}
