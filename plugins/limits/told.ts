import { type ErrorCode, GatewayError } from '../../api/error.ts'
import type { Rule, Whose } from './allotment.ts'
import type { ClaimState } from './store.ts'

/** What callers are told of their limits: the fields RateLimit-Policy and RateLimit, and why a request is refused. */

/** `"requests";q=600;w=60`, … for all limits that hold. */
export function policyField(rules: readonly Rule[]): string {
  return rules.map((rule) => `${itemOf(rule)}${policyOf(rule)}`).join(', ')
}

/** `"requests";r=599;t=1`, … for those limits that were looked at. */
export function stateField(rules: readonly Rule[], states: readonly ClaimState[]): string {
  return rules
    .map((rule, index) => {
      const { remaining, waitMs } = states[index] ?? { remaining: 0, waitMs: 0 }
      const left = rule.what === 'cost' ? microdollars(remaining) : remaining
      return `${itemOf(rule)};r=${left}${isHeld(rule) ? '' : `;t=${Math.ceil(waitMs / 1000)}`}`
    })
    .join(', ')
}

/** Why a request is refused, and for how long. `amount` is what was asked for of tokens, or of nano-dollars. */
export function refusal(rule: Rule, { waitMs }: ClaimState, amount: number): GatewayError {
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1000))
  return new GatewayError(codes[rule.what], {
    retryAfter,
    message: `${subject(rule.whose)} ${sentence(rule, amount, retryAfter)}`,
  })
}

const codes: Readonly<Record<Rule['what'], ErrorCode>> = {
  requests: 'request_rate_limit',
  tokens: 'token_rate_limit',
  cost: 'daily_cost_limit',
  concurrent_requests: 'concurrency_limit',
  concurrent_streams: 'concurrency_limit',
  concurrent_sessions: 'concurrency_limit',
}

const items: Readonly<Record<Rule['what'], string>> = {
  requests: 'requests',
  tokens: 'tokens',
  cost: 'cost',
  concurrent_requests: 'concurrent-requests',
  concurrent_streams: 'concurrent-streams',
  concurrent_sessions: 'concurrent-sessions',
}

function itemOf({ what, whose }: Rule): string {
  return `"${whose.scope === 'tenant' ? 'tenant-' : ''}${items[what]}"`
}

/** The unit is requests where none is named. Of units there is a list, in which tokens and money are not yet. */
function policyOf(rule: Rule): string {
  switch (rule.what) {
    case 'requests':
      return `;q=${rule.perMinute};w=60${rule.capacity < rule.perMinute ? `;vai-burst=${rule.capacity}` : ''}`
    case 'tokens':
      return `;q=${rule.limit};qu="tokens";w=60`
    case 'cost':
      return `;q=${microdollars(rule.limit)};qu="micro-usd";w=86400`
    case 'concurrent_requests':
    case 'concurrent_streams':
    case 'concurrent_sessions':
      return `;q=${rule.limit};qu="concurrent-requests"`
  }
}

function isHeld({ what }: Rule): boolean {
  return what === 'concurrent_requests' || what === 'concurrent_streams' || what === 'concurrent_sessions'
}

function subject({ scope, owner }: Whose): string {
  switch (scope) {
    case 'key':
      return `The key ${owner} may`
    case 'tenant':
      return `All keys of the tenant ${owner} together may`
    case 'address':
      return 'Callers without a key may from one address'
    case 'everybody':
      return 'All callers together may'
  }
}

function sentence(rule: Rule, amount: number, seconds: number): string {
  switch (rule.what) {
    case 'requests':
      return `send ${rule.perMinute} requests per minute, ${rule.capacity} of them at once; send the next in ${spell(seconds)}.`
    case 'tokens':
      return `use ${rule.limit} tokens per minute; this request may need ${amount} (its input and max_tokens), and there is room for it in ${spell(seconds)}.`
    case 'cost':
      return `cost $${dollars(rule.limit)} per day (UTC); this request may cost $${dollars(amount)}, and the next day begins in ${spell(seconds)}.`
    case 'concurrent_requests':
      return `have ${rule.limit} requests running at the same time; send the next once one of them is answered.`
    case 'concurrent_streams':
      return `have ${rule.limit} streams running at the same time; begin the next once one of them is over.`
    case 'concurrent_sessions':
      return `have ${rule.limit} live sessions at the same time; begin the next once one of them is over.`
  }
}

function microdollars(nanodollars: number): number {
  return Math.floor(nanodollars / 1000)
}

function dollars(nanodollars: number): string {
  return (nanodollars / 1e9).toFixed(9).replace(/\.?0+$/, '')
}

function spell(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`
}
