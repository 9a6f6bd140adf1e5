import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { Secret } from '../../../api/secret.ts'
import { readDocuments, type Surroundings } from '../../../plugins/auth/document.ts'
import { gatewayKey } from '../../gateway-keys.ts'

const providers = ['anthropic', 'openai', 'demo']
const surroundings: Surroundings = {
  providers,
  services: ['tavily'],
  tools: ['vai_web_search', 'vai_web_fetch', 'crm_lookup'],
  variable: (name) => (name === 'ACME_OPENAI_KEY' ? new Secret('sk-test-acme') : undefined),
}
const hash = `sha256:${'ab'.repeat(32)}`

function problemsOf(document: unknown): readonly string[] {
  return readDocuments([{ name: 'keys.yaml', document }], surroundings).problems
}

/** The problems of one key, without where it stands. */
function problemsOfKey(members: object): string[] {
  return problemsOf({ tenants: { acme: null }, keys: [{ id: 'a', hash, ...members }] }).map((problem) =>
    problem.replace('keys.yaml: keys[0].', ''),
  )
}

describe('a document of keys', () => {
  it('is read with everything that it may say', () => {
    const document = {
      tenants: {
        acme: {
          limits: { requests_per_minute: 100, cost_per_day_usd: 2.5 },
          allowed_models: ['anthropic/*'],
          allowed_providers: ['anthropic', 'openai'],
          allowed_tools: ['vai_*', 'crm_lookup'],
          provider_keys: { openai: 'ACME_OPENAI_KEY', tavily: 'ACME_OPENAI_KEY' },
        },
      },
      keys: [
        {
          id: 'app',
          hash,
          tenant: 'acme',
          project: 'shop',
          role: 'admin',
          limits: { concurrent_streams: 0 },
          allowed_models: ['*'],
          allowed_providers: ['openai'],
          allowed_tools: ['none'],
          expires_at: '2027-01-31',
          created_at: '2026-11-21T10:00:00+02:00',
          disabled: true,
          previous: { hash: `sha256:${'cd'.repeat(32)}`, expires_at: '2026-11-22T08:00:00Z' },
        },
      ],
    }
    const { tenants, keys, problems } = readDocuments([{ name: 'keys.yaml', document }], surroundings)
    expect(problems).toEqual([])
    expect(keys).toEqual([
      {
        id: 'app',
        hash: 'ab'.repeat(32),
        tenant: 'acme',
        project: 'shop',
        role: 'admin',
        limits: { concurrent_streams: 0 },
        allowedModels: ['*'],
        allowedProviders: ['openai'],
        allowedTools: ['none'],
        expiresAt: Date.UTC(2027, 0, 31),
        createdAt: Date.UTC(2026, 10, 21, 8),
        disabled: true,
        previous: [{ hash: 'cd'.repeat(32), expiresAt: Date.UTC(2026, 10, 22, 8) }],
      },
    ])
    expect(tenants.get('acme')).toMatchObject({
      limits: { requests_per_minute: 100, cost_per_day_usd: 2.5 },
      allowedModels: ['anthropic/*'],
      allowedTools: ['vai_*', 'crm_lookup'],
    })
    expect(tenants.get('acme')?.providerKeys.get('openai')?.reveal()).toBe('sk-test-acme')
    expect(tenants.get('acme')?.providerKeys.get('tavily')?.reveal()).toBe('sk-test-acme')
  })

  it('is read as the documentation shows it', () => {
    const page = readFileSync(new URL('../../../docs/keys.md', import.meta.url), 'utf8')
    const document: unknown = parse(/```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '')
    const { tenants, keys, problems } = readDocuments([{ name: 'keys.md', document }], surroundings)
    expect(problems).toEqual([])
    expect([tenants.size, keys.length]).toEqual([1, 2])
  })

  it('may be without tenants, or without keys', () => {
    expect(problemsOf({ keys: [{ id: 'a', hash }] })).toEqual([])
    expect(problemsOf({ keys: [] })).toEqual([])
    expect(problemsOf({ tenants: null, keys: null })).toEqual([])
  })

  it('tells everything that is wrong with it at once, each with its path, and what was meant', () => {
    const document = {
      tenant: {},
      tenants: { acme: { limit: {}, limits: { requests_per_minut: 1 }, provider_keys: { opnai: 'X', openai: 'UNSET' } } },
      keys: [{ id: 'a b', hsah: hash, tenant: 'amce', allowed_models: ['antropic/*'], role: 'root' }, 'a key'],
    }
    expect(problemsOf(document)).toEqual(
      [
        'tenant is not known here; did you mean tenants?',
        'tenants.acme.limit is not known here; did you mean limits?',
        'tenants.acme.limits.requests_per_minut is not known here; did you mean requests_per_minute?',
        'tenants.acme.provider_keys.opnai: there is no provider opnai; did you mean openai?',
        'tenants.acme.provider_keys.opnai: the environment has no variable of this name, or an empty one',
        'tenants.acme.provider_keys.openai: the environment has no variable of this name, or an empty one',
        'keys[0].hsah is not known here; did you mean hash?',
        'keys[0].id: a name of at most 64 letters, digits, ".", "_" and "-" is expected',
        'keys[0].hash is missing',
        'keys[0].role: one of client, admin is expected',
        'keys[0].allowed_models[0]: there is no provider antropic; did you mean anthropic?',
        'keys[1]: a mapping is expected',
        'keys[1].id is missing',
        'keys[1].hash is missing',
        'keys[0].tenant: there is no amce in tenants; did you mean acme?',
      ].map((problem) => `keys.yaml: ${problem}`),
    )
  })

  it.each<[object, string]>([
    [{ hash: 'ab'.repeat(32) }, 'hash: sha256: and 64 hexadecimal digits is expected'],
    [{ hash: hash.toUpperCase() }, 'hash: sha256: and 64 hexadecimal digits is expected'],
    [{ project: '' }, 'project: a name of at most 64 letters, digits, ".", "_" and "-" is expected'],
    [{ disabled: 'no' }, 'disabled: true or false is expected'],
    [{ limits: { requests_per_minute: '5' } }, 'limits.requests_per_minute: a whole number from 0 to 1000000000 is expected'],
    [{ limits: { requests_per_minute: 0.5 } }, 'limits.requests_per_minute: a whole number from 0 to 1000000000 is expected'],
    [{ limits: { cost_per_day_usd: -1 } }, 'limits.cost_per_day_usd: a number from 0 to 1000000 is expected'],
    [{ limits: [] }, 'limits: a mapping is expected'],
    [{ allowed_models: [] }, 'allowed_models: is empty; leave it out where everything is allowed'],
    [{ allowed_models: 'demo/*' }, 'allowed_models: a list is expected'],
    [{ allowed_models: ['gpt-5'] }, 'allowed_models[0]: a model as provider/name, or a pattern with *, is expected'],
    [{ allowed_providers: ['demo', 'x'] }, 'allowed_providers[1]: there is no provider x'],
    [{ allowed_providers: ['tavily'] }, 'allowed_providers[0]: there is no provider tavily'],
    [{ allowed_tools: [] }, 'allowed_tools: is empty; leave it out where everything is allowed'],
    [{ allowed_tools: ['crm lookup'] }, 'allowed_tools[0]: the name of a tool, or a pattern with *, is expected'],
    [
      { allowed_tools: ['crm_*', 'vai_web_serch'] },
      'allowed_tools[1]: there is no tool vai_web_serch; did you mean vai_web_search?',
    ],
    [{ expires_at: 1_900_000_000 }, 'expires_at: a day (2027-01-31) or a time with its zone (2027-01-31T12:00:00Z) is expected'],
    [{ expires_at: '2027-02-30' }, 'expires_at: a day (2027-01-31) or a time with its zone (2027-01-31T12:00:00Z) is expected'],
    [
      { expires_at: '2027-01-31T12:00' },
      'expires_at: a day (2027-01-31) or a time with its zone (2027-01-31T12:00:00Z) is expected',
    ],
    [{ previous: {} }, 'previous.hash is missing'],
    [{ previous: null }, 'previous.hash is missing'],
    [{ previous: [{ hash, expires_at: '2027-01-01' }, { hash }] }, 'previous[1].expires_at is missing'],
  ])('is strict: %j', (members, problem) => {
    expect(problemsOfKey(members)).toContain(problem)
  })

  it('has no two keys alike', () => {
    const again = `sha256:${'cd'.repeat(32)}`
    const keys = [
      { id: 'a', hash, previous: { hash: again, expires_at: '2027-01-01' } },
      { id: 'a', hash: again },
      { id: 'b', hash },
      {
        id: 'c',
        hash: `sha256:${'ef'.repeat(32)}`,
        previous: [hash, again].map((each) => ({ hash: each, expires_at: '2027-01-01' })),
      },
    ]
    expect(problemsOf({ keys })).toEqual([
      'keys.yaml: keys[1].id: another key has the same',
      'keys.yaml: keys[1].hash: another key has the same',
      'keys.yaml: keys[2].hash: another key has the same',
      'keys.yaml: keys[3].previous[0].hash: another key has the same',
      'keys.yaml: keys[3].previous[1].hash: another key has the same',
    ])
  })

  it('may stand in two places, which then must not say the same twice', () => {
    const [one, two] = [gatewayKey('one', { tenant: 'acme' }).record, gatewayKey('two').record]
    const read = (second: unknown): readonly string[] =>
      readDocuments(
        [
          { name: 'first', document: { keys: [one] } },
          { name: 'second', document: second },
        ],
        surroundings,
      ).problems
    expect(read({ tenants: { acme: {} }, keys: [two] })).toEqual([])
    expect(read({ keys: [two] })).toEqual(['first: keys[0].tenant: there is no acme in tenants'])
    expect(read({ tenants: { acme: {} }, keys: [one] })).toEqual([
      'second: keys[0].id: another key has the same',
      'second: keys[0].hash: another key has the same',
    ])
  })

  it('repeats no value, for it may be a key in the wrong place', () => {
    const { key } = gatewayKey('a')
    const wrong = {
      tenants: { [key]: { provider_keys: { openai: 'sk-test-not-a-name' } } },
      keys: [{ id: `${key} `, hash: key, tenant: key, [key]: 1, limits: { [key]: 1 }, allowed_models: ['sk-test-not-a-name'] }],
    }
    const problems = problemsOf(wrong).join('\n')
    expect(problems).toContain('keys[0].hash')
    expect(problems).not.toContain(key)
    expect(problems).not.toContain('sk-test-not-a-name')
  })

  it('is told for what it is, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        expect(Array.isArray(problemsOf(document))).toBe(true)
      }),
    )
    for (const document of [null, [], 'keys', 5]) {
      expect(problemsOf(document)).toEqual(['keys.yaml: a mapping with tenants and keys is expected'])
    }
  })
})
