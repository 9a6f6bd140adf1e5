import type { AmountRule, Rule } from './allotment.ts'
import type { Claim, Correction, Verdict } from './store.ts'

/** How much a call may need and has come to. Whole numbers. */
export interface Amounts {
  readonly tokens: number
  readonly nanodollars: number
}

export const nothing: Amounts = { tokens: 0, nanodollars: 0 }

/** What a store was asked for, and has given. */
export interface Taken {
  readonly claims: readonly Claim[]
  readonly verdict: Verdict
}

/** What a rule counts of it; 0 where it is no rule of amounts. */
export function amountOf({ what }: Rule, { tokens, nanodollars }: Amounts): number {
  return what === 'tokens' ? tokens : what === 'cost' ? nanodollars : 0
}

/** What is to be corrected where so much was reserved and so much is spent. The first claims are those of the rules. */
export function correctionsOf(
  rules: readonly AmountRule[],
  { claims, verdict }: Taken,
  reserved: Amounts,
  spent: Amounts,
): Correction[] {
  return rules.flatMap((rule, index) =>
    correctionOf(claims[index], verdict, index, amountOf(rule, spent) - amountOf(rule, reserved)),
  )
}

/** What gives back every amount that was taken. Leases are not amounts. */
export function undoing({ claims, verdict }: Taken): Correction[] {
  if (verdict.refused !== undefined) return []
  return claims.flatMap((claim, index) => (claim.kind === 'lease' ? [] : correctionOf(claim, verdict, index, -claim.amount)))
}

function correctionOf(claim: Claim | undefined, { isLocal = false, states }: Verdict, index: number, by: number): Correction[] {
  if (by === 0) return []
  if (claim?.kind === 'rate') {
    const { kind, name, perMinute, capacity } = claim
    return [{ kind, name, perMinute, capacity, by, isLocal }]
  }
  const since = states[index]?.since
  if (claim?.kind !== 'quota' || since === undefined) return []
  const { kind, name, periodMs } = claim
  return [{ kind, name, periodMs, by, since, isLocal }]
}
