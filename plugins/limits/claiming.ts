import type { GatewayError } from '../../api/error.ts'
import { claimOf, type Rule } from './allotment.ts'
import { type Amounts, amountOf, type Taken } from './amounts.ts'
import type { LimitStore } from './store.ts'
import { refusal, stateField } from './told.ts'

export interface ClaimingOptions {
  readonly store: LimitStore
  /** How long a place stays taken where nobody renews it, in milliseconds. */
  readonly leaseMs: number
  readonly onRefused: (rule: Rule) => void
}

/** What came of claiming all that rules say. */
export interface Claimed {
  readonly taken: Taken
  /** What these rules say in the header RateLimit. */
  readonly field: string
  /** Of the rule that refuses; nothing is taken then. */
  readonly refused: GatewayError | undefined
}

/** Takes all or nothing for a holder. Rejects where the store cannot be asked. */
export async function claimAll(
  rules: readonly Rule[],
  amounts: Amounts,
  holder: string,
  { store, leaseMs, onRefused }: ClaimingOptions,
): Promise<Claimed> {
  const claims = rules.map((rule) => claimOf(rule, { holder, ttlMs: leaseMs, amount: amountOf(rule, amounts) }))
  const verdict = await store.take(claims)
  const { refused, states } = verdict
  const claimed = { taken: { claims, verdict }, field: stateField(rules, states) }
  const [rule, state] = refused === undefined ? [] : [rules[refused], states[refused]]
  if (!rule || !state) return { ...claimed, refused: undefined }
  onRefused(rule)
  return { ...claimed, refused: refusal(rule, state, amountOf(rule, amounts)) }
}
