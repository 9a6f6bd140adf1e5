import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Allowances } from '../../../plugins/auth/allowances.ts'
import { type Allotment, allotmentOf, type Defaults } from '../../../plugins/limits/allotment.ts'
import { policyField, refusal, stateField } from '../../../plugins/limits/told.ts'

const usual: Defaults = {
  requests_per_minute: 600,
  requests_burst: 60,
  tokens_per_minute: 0,
  cost_per_day_usd: 0,
  concurrent_requests: 64,
  concurrent_streams: 32,
  concurrent_sessions: 16,
  body_bytes: 1000,
  image_bytes: 1,
  block_bytes: 2,
  base64_bytes: 3,
  messages: 4,
  text_bytes: 5,
  stream_ms: 6,
  upstream_first_byte_ms: 7,
  upstream_idle_ms: 8,
}

function allotment(id: string, tenant?: string, own: Allowances = {}, ofTenant: Allowances = {}): Allotment {
  const keyId = id.startsWith('key:') ? id.slice(4) : undefined
  return allotmentOf({ id, keyId, tenant, allowances: own, tenantAllowances: ofTenant }, usual)
}

function rulesOf({ requests, calls, streams, sessions }: Allotment) {
  return [...requests, ...calls, ...streams, ...sessions]
}

const everything: Allowances = {
  requests_per_minute: 100,
  tokens_per_minute: 1000,
  cost_per_day_usd: 1.5,
  concurrent_requests: 5,
  concurrent_streams: 2,
  concurrent_sessions: 1,
}

describe('an allotment', () => {
  it('is of the key, then of its tenant, which has only what it is given', () => {
    const rules = rulesOf(allotment('key:app', 'acme', {}, { tokens_per_minute: 1000 }))
    expect(rules.map(({ what, whose }) => `${whose.scope} ${what}`)).toEqual([
      'key requests',
      'key concurrent_requests',
      'tenant tokens',
      'key concurrent_streams',
      'key concurrent_sessions',
    ])
  })

  it('never lets more come at once than in a minute', () => {
    const [rule] = allotment('anonymous', undefined, { requests_per_minute: 5 }).requests
    expect(rule).toMatchObject({ perMinute: 5, capacity: 5 })
  })

  it('has one tag for all counts of a tenant, so that they can be taken together', () => {
    const rules = rulesOf(allotment('key:app', 'acme', everything, everything))
    expect(new Set(rules.map(({ name }) => /^\{[^{}]+\}/.exec(name)?.[0]))).toEqual(new Set(['{tenant:acme}']))
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length)
  })

  it('shares no count with another, whatever their ids are', () => {
    const id = fc.oneof(
      fc.constantFrom('a', 'a:b', 'b', 'tenant', '{a}', 'key:a', 'requests', '%7B'),
      fc.string({ minLength: 1 }),
    )
    const somebody = fc.record({ key: id, tenant: fc.option(id, { nil: undefined }) })
    fc.assert(
      fc.property(somebody, somebody, (one, other) => {
        fc.pre(one.tenant !== other.tenant)
        const names = new Set(rulesOf(allotment(`key:${one.key}`, one.tenant, everything, everything)).map(({ name }) => name))
        const others = rulesOf(allotment(`key:${other.key}`, other.tenant, everything, everything)).map(({ name }) => name)
        // Keys without a tenant have ids of their own.
        expect(others.filter((name) => names.has(name))).toEqual([])
        for (const name of others) expect(name).toMatch(/^\{[^{}]+\}(?::[^{}:]+)*$/)
      }),
    )
  })
})

describe('what is told', () => {
  const rules = rulesOf(allotment('key:app', 'acme', everything, everything))

  it('names each limit once, in the form of the fields RateLimit-Policy and RateLimit', () => {
    expect(policyField(rules)).toBe(
      [
        '"requests";q=100;w=60;vai-burst=60',
        '"tenant-requests";q=100;w=60;vai-burst=60',
        '"concurrent-requests";q=5;qu="concurrent-requests"',
        '"tenant-concurrent-requests";q=5;qu="concurrent-requests"',
        '"tokens";q=1000;qu="tokens";w=60',
        '"cost";q=1500000;qu="micro-usd";w=86400',
        '"tenant-tokens";q=1000;qu="tokens";w=60',
        '"tenant-cost";q=1500000;qu="micro-usd";w=86400',
        '"concurrent-streams";q=2;qu="concurrent-requests"',
        '"tenant-concurrent-streams";q=2;qu="concurrent-requests"',
        '"concurrent-sessions";q=1;qu="concurrent-requests"',
        '"tenant-concurrent-sessions";q=1;qu="concurrent-requests"',
      ].join(', '),
    )
    const states = rules.map((_, index) => ({ remaining: index, waitMs: 1001 }))
    expect(stateField(rules.slice(0, 3), states)).toBe('"requests";r=0;t=2, "tenant-requests";r=1;t=2, "concurrent-requests";r=2')
  })

  it('is for every limit whose it is, how much, and when to come back', () => {
    const told = rules.map((rule) => refusal(rule, { remaining: 0, waitMs: 2500 }, 120).message)
    expect(told).toMatchInlineSnapshot(`
      [
        "The key app may send 100 requests per minute, 60 of them at once; send the next in 3 s.",
        "All keys of the tenant acme together may send 100 requests per minute, 60 of them at once; send the next in 3 s.",
        "The key app may have 5 requests running at the same time; send the next once one of them is answered.",
        "All keys of the tenant acme together may have 5 requests running at the same time; send the next once one of them is answered.",
        "The key app may use 1000 tokens per minute; this request may need 120 (its input and max_tokens), and there is room for it in 3 s.",
        "The key app may cost $1.5 per day (UTC); this request may cost $0.00000012, and the next day begins in 3 s.",
        "All keys of the tenant acme together may use 1000 tokens per minute; this request may need 120 (its input and max_tokens), and there is room for it in 3 s.",
        "All keys of the tenant acme together may cost $1.5 per day (UTC); this request may cost $0.00000012, and the next day begins in 3 s.",
        "The key app may have 2 streams running at the same time; begin the next once one of them is over.",
        "All keys of the tenant acme together may have 2 streams running at the same time; begin the next once one of them is over.",
        "The key app may have 1 live sessions at the same time; begin the next once one of them is over.",
        "All keys of the tenant acme together may have 1 live sessions at the same time; begin the next once one of them is over.",
      ]
    `)
    for (const rule of rules) expect(refusal(rule, { remaining: 0, waitMs: 0 }, 1).retryAfter).toBe(1)
  })
})
