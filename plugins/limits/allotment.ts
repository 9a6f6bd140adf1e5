import type { Allowances } from '../auth/allowances.ts'
import type { Principal } from '../auth/principal.ts'
import type { Claim } from './store.ts'

/** Everything that limits somebody. */
export interface Allotment {
  /** What each request is held to, before its body is read. */
  readonly requests: readonly Rule[]
  /** What each call of a model is held to besides. */
  readonly calls: readonly AmountRule[]
  /** What each stream is held to besides. */
  readonly streams: readonly HolderRule[]
  /** What each live session is held to. It takes no place among the requests, which it would keep for hours. */
  readonly sessions: readonly HolderRule[]
  /** The largest request body, in bytes. */
  readonly bodyBytes: number
  /** Bytes and pieces. */
  readonly sizes: {
    readonly imageBytes: number
    readonly blockBytes: number
    readonly base64Bytes: number
    readonly messages: number
    readonly textBytes: number
  }
  /** Milliseconds. */
  readonly times: { readonly answerMs: number; readonly firstByteMs: number; readonly idleMs: number }
}

/** One limit of somebody's. */
export type Rule = RequestRule | AmountRule | HolderRule

interface OfSomebody {
  /** The count's name in the store. Those of one tenant have one `{tag}`. */
  readonly name: string
  readonly whose: Whose
}

/** `owner` is the key's or the tenant's id. */
export interface Whose {
  readonly scope: 'key' | 'tenant' | 'address' | 'everybody'
  readonly owner: string
}

export interface RequestRule extends OfSomebody {
  readonly what: 'requests'
  readonly perMinute: number
  readonly capacity: number
}

/** Tokens per minute, or nano-dollars per day. */
export interface AmountRule extends OfSomebody {
  readonly what: 'tokens' | 'cost'
  readonly limit: number
}

export interface HolderRule extends OfSomebody {
  readonly what: 'concurrent_requests' | 'concurrent_streams' | 'concurrent_sessions'
  readonly limit: number
}

/** What holds for a key that says nothing else; 0 is no limit where counts are concerned. */
export type Defaults = Required<Allowances>

/** The limits of a key, then those of its tenant. */
export function allotmentOf(principal: Pick<Principal, LimitedBy>, defaults: Defaults): Allotment {
  const { allowances: own, tenantAllowances: ofTenant } = principal
  const counted = [{ ...defaults, ...own, ...whoseName(principal) }]
  if (principal.tenant !== undefined) counted.push({ ...noCounts(defaults), ...ofTenant, ...tenantName(principal.tenant) })
  const chosen = { ...defaults, ...ofTenant, ...own }
  return {
    requests: [...counted.flatMap(requestRules), ...counted.flatMap((each) => holderRules('concurrent_requests', each))],
    calls: counted.flatMap(amountRules),
    streams: counted.flatMap((each) => holderRules('concurrent_streams', each)),
    sessions: counted.flatMap((each) => holderRules('concurrent_sessions', each)),
    bodyBytes: Math.min(chosen.body_bytes, defaults.body_bytes),
    sizes: {
      imageBytes: chosen.image_bytes,
      blockBytes: chosen.block_bytes,
      base64Bytes: chosen.base64_bytes,
      messages: chosen.messages,
      textBytes: chosen.text_bytes,
    },
    times: { answerMs: chosen.stream_ms, firstByteMs: chosen.upstream_first_byte_ms, idleMs: chosen.upstream_idle_ms },
  }
}

/** What a rule claims for one request. `amount` counts where the rule is one of amounts. */
export function claimOf(rule: Rule, { holder, ttlMs, amount }: ClaimFacts): Claim {
  const { name } = rule
  switch (rule.what) {
    case 'requests':
      return { kind: 'rate', name, perMinute: rule.perMinute, capacity: rule.capacity, amount: 1 }
    case 'tokens':
      return { kind: 'rate', name, perMinute: rule.limit, capacity: rule.limit, amount }
    case 'cost':
      return { kind: 'quota', name, limit: rule.limit, amount, periodMs: dayMs }
    case 'concurrent_requests':
    case 'concurrent_streams':
    case 'concurrent_sessions':
      return { kind: 'lease', name, limit: rule.limit, holder, ttlMs }
  }
}

export interface ClaimFacts {
  readonly holder: string
  readonly ttlMs: number
  readonly amount: number
}

const dayMs = 24 * 3_600_000

type LimitedBy = 'id' | 'keyId' | 'tenant' | 'allowances' | 'tenantAllowances'

type Counted = Defaults & { readonly prefix: string; readonly whose: Whose }

function whoseName({ id, keyId, tenant }: Pick<Principal, LimitedBy>): Pick<Counted, 'prefix' | 'whose'> {
  const scope = keyId !== undefined ? 'key' : id.startsWith('address:') ? 'address' : 'everybody'
  return { prefix: `{${tagOf(tenant ?? id, tenant !== undefined)}}:${safe(id)}`, whose: { scope, owner: keyId ?? '' } }
}

function tenantName(tenant: string): Pick<Counted, 'prefix' | 'whose'> {
  return { prefix: `{${tagOf(tenant, true)}}`, whose: { scope: 'tenant', owner: tenant } }
}

function tagOf(id: string, isTenant: boolean): string {
  return isTenant ? `tenant:${safe(id)}` : safe(id)
}

/** Without what has a meaning in names. */
function safe(id: string): string {
  return encodeURIComponent(id)
}

/** A tenant has the limits that it is given; how many requests come at once is the only thing that is usual. */
function noCounts(defaults: Defaults): Defaults {
  return {
    ...defaults,
    requests_per_minute: 0,
    tokens_per_minute: 0,
    cost_per_day_usd: 0,
    concurrent_requests: 0,
    concurrent_streams: 0,
    concurrent_sessions: 0,
  }
}

function requestRules({ requests_per_minute: perMinute, requests_burst: burst, prefix, whose }: Counted): RequestRule[] {
  if (perMinute === 0) return []
  // Who may send ten in a minute does not mean sixty at once.
  return [{ what: 'requests', name: `${prefix}:requests`, whose, perMinute, capacity: Math.min(burst, perMinute) }]
}

function amountRules({ tokens_per_minute: tokens, cost_per_day_usd: dollars, prefix, whose }: Counted): AmountRule[] {
  const rules: AmountRule[] = [
    { what: 'tokens', name: `${prefix}:tokens`, whose, limit: tokens },
    { what: 'cost', name: `${prefix}:cost`, whose, limit: nanodollars(dollars) },
  ]
  return rules.filter(({ limit }) => limit > 0)
}

function holderRules(what: HolderRule['what'], { prefix, whose, [what]: limit }: Counted): HolderRule[] {
  return limit > 0 ? [{ what, name: `${prefix}:${what}`, whose, limit }] : []
}

/** Money in whole numbers, so that nothing is lost in adding it up. Less than the least is the least: 0 would be no limit. */
function nanodollars(dollars: number): number {
  return dollars > 0 ? Math.max(1, Math.round(dollars * 1e9)) : 0
}
