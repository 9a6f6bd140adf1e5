import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { Secret } from '../api/secret.ts'
import { outcomeOf } from './faults/answers.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { envWith, gatewayKey } from './gateway-keys.ts'
import { itemsOf } from './plugins/limits/fields.ts'
import { titled } from './programs.ts'
import { noRedis, startRedis, type TestRedis } from './redis.ts'
import { until } from './until.ts'
import { renderMessage } from './upstreams/anthropic-answer.ts'
import { startUpstream, type Upstream } from './upstreams/upstream.ts'

/**
 * Two tenants ask the same at the same time, with the same names for whatever they may name: requests, users, projects; and the key of
 * each has the other's name. The provider says something else to each, so that it would be seen if one got what was the other's.
 */

const sides = {
  acme: {
    ...gatewayKey('globex', { tenant: 'acme', project: 'app' }),
    providerKey: 'sk-test-key-of-acme',
    says: 'anvil',
    output: 3,
  },
  globex: {
    ...gatewayKey('acme', { tenant: 'globex', project: 'app' }),
    providerKey: 'sk-test-key-of-globex',
    says: 'hammock',
    output: 700,
  },
}
type Side = keyof typeof sides
const both = ['acme', 'globex'] as const
const other = { acme: 'globex', globex: 'acme' } as const
const count = 200

// A few seconds each; several times as many where the machine has much else to do.
vi.setConfig({ testTimeout: 60_000 })

let redis: TestRedis | undefined
let upstream: Upstream
const gateways: Gateway[] = []
beforeAll(async () => {
  if (!noRedis) redis = await startRedis()
  upstream = await startUpstream((request) => {
    const side = both.find((each) => request.headers['x-api-key'] === sides[each].providerKey)
    const { says, output } = sides[side ?? 'acme']
    const text = [says, ' ', JSON.parse(request.body).messages[0].content]
    const usage = { input_tokens: 10, output_tokens: side ? output : 0 }
    return renderMessage({ content: [{ type: 'text', text }], usage }, request)
  })
})
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close()
})
afterAll(async () => {
  await upstream.close()
  await redis?.close()
})

/** `limits` are those of each tenant. */
async function start(env: Record<string, string>, limits: Readonly<Record<Side, object>>): Promise<Gateway> {
  const tenants = {
    acme: { provider_keys: { anthropic: 'KEY_OF_ACME' }, limits: limits.acme },
    globex: { provider_keys: { anthropic: 'KEY_OF_GLOBEX' }, limits: limits.globex },
  }
  const gateway = await startGateway({
    env: {
      ...envWith([sides.acme, sides.globex], tenants),
      VAI_ANTHROPIC_BASE_URL: upstream.url,
      VAI_LIMIT_REQUESTS_PER_MINUTE: '0',
      ...env,
    },
    parts: { variable: (name) => new Secret(sides[name === 'KEY_OF_ACME' ? 'acme' : 'globex'].providerKey) },
  })
  gateways.push(gateway)
  return gateway
}

/** The same of each, but for who asks. */
function ask(gateway: Gateway, side: Side, turn: number): Promise<Response> {
  const body = {
    model: 'anthropic/claude-sonnet-4-5',
    max_tokens: 1000,
    stream: turn % 2 === 0,
    metadata: { user_id: 'user-1' },
    messages: [{ role: 'user', content: `of turn ${turn}` }],
  }
  return gateway.post(body, { 'x-api-key': sides[side].key, 'x-request-id': `request-of-turn-${turn}` })
}

async function outcome(response: Response, side: Side, turn: number): Promise<string> {
  const body = await response.text()
  const type = response.headers.get('content-type') ?? ''
  const all = `${JSON.stringify([...response.headers])} ${body}`
  for (const word of [sides[other[side]].says, sides[other[side]].key, sides[other[side]].providerKey])
    expect(all).not.toContain(word)
  expect(response.headers.get('x-request-id')).toBe(`request-of-turn-${turn}`)
  return outcomeOf({ status: response.status, type, body }, `${sides[side].says} of turn ${turn}`)
}

/** All turns of both, a crowd at a time. */
async function askAll(gateway: Gateway): Promise<Record<Side, string[]>> {
  const outcomes: Record<Side, string[]> = { acme: [], globex: [] }
  const atOnce = 20
  for (let first = 0; first < count; first += atOnce) {
    await Promise.all(
      Array.from({ length: 2 * atOnce }, async (_, index) => {
        const [side, turn] = [both[index % 2] ?? 'acme', first + Math.floor(index / 2)]
        outcomes[side].push(await outcome(await ask(gateway, side, turn), side, turn))
      }),
    )
  }
  return outcomes
}

/** What may still be spent today, in millionths of a dollar, while one answer is on its way. */
async function left(gateway: Gateway, side: Side): Promise<number> {
  const response = await ask(gateway, side, 1)
  expect(await outcome(response, side, 1)).toBe('answered')
  const cost = itemsOf(response.headers.get('ratelimit'))['tenant-cost']
  return Number(cost?.r)
}

/** Of one answer: input for 3 dollars a million tokens, output for 15. */
function microdollarsOf(side: Side): number {
  return 10 * 3 + sides[side].output * 15
}

const stores = [
  { where: 'in memory', env: () => ({}), missing: undefined },
  { where: 'in Redis', env: () => ({ VAI_REDIS_URL: redis?.url ?? '' }), missing: noRedis },
]

for (const { where, env, missing } of stores) {
  describe.skipIf(missing)(titled(`two tenants who are counted ${where}`, missing), () => {
    it('see nothing of each other', async () => {
      const gateway = await start(env(), { acme: { cost_per_day_usd: 100 }, globex: { cost_per_day_usd: 200 } })
      const first = { acme: await left(gateway, 'acme'), globex: await left(gateway, 'globex') }
      const before = upstream.requests.length
      const answered = Array(count).fill('answered')
      expect(await askAll(gateway)).toEqual({ acme: answered, globex: answered })

      const asked = upstream.requests.slice(before)
      for (const side of both) {
        const mine = asked.filter(({ headers }) => headers['x-api-key'] === sides[side].providerKey)
        expect(mine).toHaveLength(count)
        // Each pays for what he got, to the last token, once all of it is settled.
        let paid = 1 + count
        await until(async () => (await left(gateway, side)) === first[side] - paid++ * microdollarsOf(side))
      }
      const lines = gateway.logLines.filter((line) => line.includes('"msg":"request"')).map((line) => JSON.parse(line))
      for (let turn = 2; turn < count; turn++) {
        const whose = lines
          .filter(({ request_id: id }) => id === `request-of-turn-${turn}`)
          .map(({ tenant, key_id: key }) => `${tenant}/${key}`)
        expect(whose.sort()).toEqual(['acme/globex', 'globex/acme'])
      }
    })

    it('take nothing from each other where one is over his limit', async () => {
      const gateway = await start(
        { ...env(), VAI_REDIS_PREFIX: 'over' },
        { acme: {}, globex: { requests_per_minute: 20, requests_burst: 20, concurrent_requests: 30, concurrent_streams: 30 } },
      )
      const begin = performance.now()
      const { acme, globex } = await askAll(gateway)
      expect(acme).toEqual(Array(count).fill('answered'))
      const answered = globex.filter((each) => each === 'answered').length
      expect(answered).toBeGreaterThanOrEqual(20)
      expect(answered).toBeLessThanOrEqual(20 + Math.ceil(((performance.now() - begin) / 60_000) * 20))
      expect(globex.filter((each) => each === 'request_rate_limit')).toHaveLength(count - answered)
      const refused = await ask(gateway, 'globex', 0)
      expect(await refused.text()).toContain('globex')
    })
  })
}

it('two tenants cannot have keys of one id', async () => {
  const twice = [gatewayKey('app', { tenant: 'acme' }), gatewayKey('app', { tenant: 'globex' })]
  const env = envWith(twice, { acme: {}, globex: {} })
  await expect(startGateway({ env })).rejects.toThrow('keys[1].id: another key has the same')
})
