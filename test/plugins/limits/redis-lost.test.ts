import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { type Gate, readerOf, startGate } from '../../gate.ts'
import { errorOf, type Gateway, startGateway } from '../../gateway.ts'
import { envWith, gatewayKey } from '../../gateway-keys.ts'
import { titled } from '../../programs.ts'
import { noRedis, startRedis, type TestRedis } from '../../redis.ts'
import { until } from '../../until.ts'
import { itemsOf } from './fields.ts'

/** A gateway whose Redis goes away and comes back, under load. */

const running: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

interface Started {
  readonly redis: TestRedis
  readonly gate: Gate
  readonly gateway: Gateway
}

async function start(env: Record<string, string>): Promise<Started> {
  const redis = await startRedis({ password })
  running.push(redis)
  const gate = await startGate()
  running.push(gate)
  const gateway = await startGateway({
    env: { VAI_REDIS_URL: redis.url, VAI_ANTHROPIC_BASE_URL: gate.url, VAI_RETRY_ATTEMPTS: '0', ...env },
    keys: { anthropic: 'sk-test-anthropic' },
  })
  running.push(gateway)
  return { redis, gate, gateway }
}

const password = 'sk-test-redis-canary'
const day = 'day:quota:{anonymous}:anonymous:cost'
const hello = { model: 'demo/echo', messages: [{ role: 'user', content: 'Hello' }] }
const slow = { ...hello, model: 'anthropic/any', max_tokens: 10, stream: true }

/** Looks into Redis from beside. */
function clientOf({ url }: TestRedis): Redis {
  const client = new Redis(url)
  running.push({ close: () => client.disconnect() })
  return client
}

/** How many scripts Redis was asked to run. */
async function looksOf(client: Redis): Promise<string | undefined> {
  return /cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1]
}

async function measured(gateway: Gateway): Promise<string | undefined> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  return /^vai_limit_store_up (\d)$/m.exec(text)?.[1]
}

async function ready(gateway: Gateway): Promise<[number, string]> {
  const response = await fetch(`${gateway.url}/readyz`)
  const { checks } = JSON.parse(await response.text())
  return [response.status, checks.limits]
}

function lines({ logLines }: Gateway, words: string): string[] {
  return logLines.filter((line) => line.includes(words))
}

/** Requests without a pause until `stop`; how often each status came. None may hang or break off. */
function load(gateway: Gateway) {
  const statuses = new Map<number | string, number>()
  let isOver = false
  const work = Array.from({ length: 8 }, async (_, caller) => {
    while (!isOver) {
      const status = await statusOf(gateway.post({ ...hello, stream: caller % 2 === 0 }))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  })
  return {
    count: (status: number) => statuses.get(status) ?? 0,
    async stop(): Promise<(number | string)[]> {
      isOver = true
      await Promise.all(work)
      return [...statuses.keys()].sort()
    },
  }
}

async function statusOf(asked: Promise<Response>): Promise<number | string> {
  try {
    const response = await asked
    await response.text()
    return response.status
  } catch (error) {
    return String(error)
  }
}

describe.skipIf(noRedis)(titled('limits in Redis', noRedis), () => {
  it('local: everybody is served and still limited, what runs goes on, and Redis counts again as soon as it is back', async () => {
    const { redis, gate, gateway } = await start({ VAI_LIMIT_CONCURRENT_STREAMS: '1' })
    expect(await measured(gateway)).toBe('1')
    const stream = await gateway.post(slow)
    const text = readerOf(stream)
    await text.until('Hel')
    expect((await gateway.post(slow)).status).toBe(429)

    await redis.stop()
    const others = await gateway.post(slow)
    expect(others.status).toBe(200)
    expect((await gateway.post(slow)).status).toBe(429)
    expect(await measured(gateway)).toBe('0')
    expect(await ready(gateway)).toEqual([200, 'ok, but the store of limits cannot be reached; this process counts for itself'])

    await redis.start()
    await until(async () => (await measured(gateway)) === '1')
    expect(await ready(gateway)).toEqual([200, 'ok'])
    // Redis knew nothing, and was told of what runs.
    await until(async () => (await gateway.post(slow)).status === 429)
    gate.open()
    expect(await text.rest()).toContain('message_stop')
    expect(await others.text()).toContain('message_stop')
    await until(async () => (await gateway.post({ ...hello, stream: true })).status === 200)

    expect(lines(gateway, 'the store of limits is lost')).toHaveLength(1)
    expect(lines(gateway, 'the store of limits is lost')[0]).toContain('"when_lost":"local"')
    expect(lines(gateway, 'the store of limits is back')).toHaveLength(1)
    expect(gateway.logLines.join()).not.toContain('canary')
  })

  it('local: not one request is lost, hangs or fails under load while Redis comes and goes', async () => {
    const { redis, gateway } = await start({ VAI_LIMIT_REQUESTS_PER_MINUTE: '1000000', VAI_LIMIT_REQUESTS_BURST: '1000000' })
    const callers = load(gateway)
    for (let round = 1; round <= 3; round++) {
      const before = callers.count(200)
      await until(() => callers.count(200) > before + 20)
      await (round === 2 ? redis.freeze() : redis.stop())
      await until(async () => (await measured(gateway)) === '0')
      const lost = callers.count(200)
      await until(() => callers.count(200) > lost + 20)
      await (round === 2 ? redis.go() : redis.start())
      await until(async () => (await measured(gateway)) === '1')
    }
    expect(await callers.stop()).toEqual([200])
    expect(lines(gateway, 'the store of limits is lost')).toHaveLength(3)
    expect(lines(gateway, 'the store of limits is back')).toHaveLength(3)
  })

  it('local: what a day has cost is the same after a loss as before it, whatever is settled late', async () => {
    const { redis, gate, gateway } = await start({ VAI_LIMIT_COST_PER_DAY_USD: '10', VAI_REDIS_PREFIX: 'day' })
    const client = clientOf(redis)
    const used = async (): Promise<number> => Number((await client.get(day))?.split(' ')[0])
    const costly = { ...slow, model: 'anthropic/claude-sonnet-4-5', max_tokens: 60_000 }
    const early = await gateway.post(costly)
    expect(early.status).toBe(200)
    await client.set(day, `${9e9 + (await used())} ${(await client.get(day))?.split(' ')[1]}`, 'KEEPTTL')

    redis.freeze()
    const during = await Promise.all(Array.from({ length: 4 }, () => gateway.post(costly)))
    expect(during.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    redis.go()
    await until(async () => (await measured(gateway)) === '1')
    // Whatever Redis had in its socket when it was stopped it has done by now.
    const before = await used()
    gate.open()
    for (const answer of [early, ...during]) expect(await answer.text()).toContain('message_stop')
    await until(async () => (await used()) < before)
    // What it is asked next comes to Redis after all of that.
    expect((await gateway.post(hello)).status).toBe(200)
    // The first has given back its own estimate, and the others nothing.
    expect(await used()).toBeGreaterThanOrEqual(9e9)
  })

  it('local: one broken count loses no Redis, and is told', async () => {
    const { redis, gateway } = await start({ VAI_LIMIT_REQUESTS_PER_MINUTE: '2' })
    const client = clientOf(redis)
    await client.hset('vai:rate:{anonymous}:anonymous:requests', 'of', 'another program')
    const statuses = []
    for (let index = 0; index < 3; index++) statuses.push((await gateway.post(hello)).status)
    expect(statuses).toEqual([200, 200, 429])
    expect(await measured(gateway)).toBe('1')
    expect(lines(gateway, 'the store of limits is lost')).toEqual([])
    expect(lines(gateway, 'counts of limits are broken')).toEqual([
      expect.stringContaining('"names":["vai:rate:{anonymous}:anonymous:requests"]'),
    ])
  })

  it('refuse: what has a limit is refused in plain words until Redis is back, and nothing else', async () => {
    const [limited, free] = [
      gatewayKey('limited'),
      gatewayKey('free', { limits: { requests_per_minute: 0, concurrent_requests: 0, concurrent_streams: 0 } }),
    ]
    const env = { ...envWith([limited, free]), VAI_LIMIT_STORE_LOST: 'refuse', VAI_METRICS: 'public' }
    const { redis, gate, gateway } = await start(env)
    const stream = await gateway.post(slow, { 'x-api-key': limited.key })
    const text = readerOf(stream)
    await text.until('Hel')
    await redis.stop()
    for (let index = 0; index < 3; index++) {
      const refused = await gateway.post(hello, { 'x-api-key': limited.key })
      expect(refused.status).toBe(503)
      expect(refused.headers.get('retry-after')).toBe('1')
      expect(await errorOf(refused)).toMatchObject({ type: 'overloaded_error', code: 'limits_unavailable', retry_after: 1 })
    }
    expect((await gateway.post(hello, { 'x-api-key': free.key })).status).toBe(200)
    expect((await fetch(`${gateway.url}/v1/models`, { headers: { 'x-api-key': free.key } })).status).toBe(200)
    expect((await ready(gateway))[0]).toBe(503)
    gate.open()
    expect(await text.rest()).toContain('message_stop')
    await redis.start()
    await until(async () => (await measured(gateway)) === '1')
    expect((await gateway.post(hello, { 'x-api-key': limited.key })).status).toBe(200)
    expect(await ready(gateway)).toEqual([200, 'ok'])
  })

  it('refuse: what is refused because Redis was held up is charged nowhere', async () => {
    const env = { VAI_LIMIT_COST_PER_DAY_USD: '10', VAI_REDIS_PREFIX: 'day', VAI_LIMIT_STORE_LOST: 'refuse' }
    const { redis, gateway } = await start(env)
    const client = clientOf(redis)
    redis.freeze()
    const costly = { ...slow, model: 'anthropic/claude-sonnet-4-5', max_tokens: 60_000 }
    const refused = await Promise.all(Array.from({ length: 4 }, () => gateway.post(costly)))
    expect(refused.map(({ status }) => status)).toEqual([503, 503, 503, 503])
    redis.go()
    await until(async () => (await measured(gateway)) === '1')
    await until(async () => Number((await client.get(day))?.split(' ')[0] ?? 0) === 0)
    expect(lines(gateway, 'the store of limits is lost')).toHaveLength(1)
  })

  it('refuse: a Redis that is full is lost until it is not, once and for everybody who asks', async () => {
    const { redis, gateway } = await start({ VAI_LIMIT_REQUESTS_PER_MINUTE: '1000', VAI_LIMIT_STORE_LOST: 'refuse' })
    const client = clientOf(redis)
    await client.config('SET', 'maxmemory', '100kb')
    expect((await gateway.post(hello)).status).toBe(503)
    const looks = Number(await looksOf(client))
    await until(async () => Number(await looksOf(client)) > looks + 2)
    expect(await measured(gateway)).toBe('0')
    expect((await ready(gateway))[0]).toBe(503)
    expect((await gateway.post(hello)).status).toBe(503)
    await client.config('SET', 'maxmemory', '0')
    await until(async () => (await measured(gateway)) === '1')
    expect((await gateway.post(hello)).status).toBe(200)
    expect(await ready(gateway)).toEqual([200, 'ok'])
    expect(lines(gateway, 'the store of limits is lost')).toEqual([expect.stringContaining('"cause":"OOM"')])
    expect(lines(gateway, 'the store of limits is back')).toHaveLength(1)
  })

  it('refuse: under load every request is answered or refused while Redis comes and goes', async () => {
    const env = { VAI_LIMIT_REQUESTS_PER_MINUTE: '1000000', VAI_LIMIT_REQUESTS_BURST: '1000000', VAI_LIMIT_STORE_LOST: 'refuse' }
    const { redis, gateway } = await start(env)
    const callers = load(gateway)
    for (let round = 1; round <= 2; round++) {
      const [ok, refused] = [callers.count(200), callers.count(503)]
      await until(() => callers.count(200) > ok + 20)
      await redis.stop()
      await until(() => callers.count(503) > refused + 20)
      await redis.start()
      await until(async () => (await measured(gateway)) === '1')
    }
    const again = callers.count(200)
    await until(() => callers.count(200) > again + 20)
    expect(await callers.stop()).toEqual([200, 503])
  })

  it('starts without Redis, says so once, and counts there when it comes', async () => {
    const redis = await startRedis()
    await redis.stop()
    running.push(redis)
    const gateway = await startGateway({ env: { VAI_REDIS_URL: redis.url, VAI_LIMIT_REQUESTS_PER_MINUTE: '5' } })
    running.push(gateway)
    expect(await measured(gateway)).toBe('0')
    expect(itemsOf((await gateway.post(hello)).headers.get('ratelimit')).requests?.r).toBe(4)
    await redis.start()
    await until(async () => (await measured(gateway)) === '1')
    expect(itemsOf((await gateway.post(hello)).headers.get('ratelimit')).requests?.r).toBe(4)
    expect(lines(gateway, 'the store of limits is lost')).toHaveLength(1)
    expect(lines(gateway, 'the store of limits is lost')[0]).toContain('ECONNREFUSED')
  })

  it('never says the password of Redis, whatever is wrong with it', async () => {
    const redis = await startRedis({ password })
    running.push(redis)
    const env = { VAI_REDIS_URL: redis.url.replace('canary', 'wrong-canary'), VAI_LIMIT_REQUESTS_PER_MINUTE: '5' }
    const gateway = await startGateway({ env: { ...env, VAI_LIMIT_STORE_LOST: 'refuse' } })
    running.push(gateway)
    const refused = await gateway.post(hello)
    expect(refused.status).toBe(503)
    const said = [await refused.text(), await (await fetch(`${gateway.url}/readyz`)).text(), ...gateway.logLines]
    expect(said.join('\n')).not.toContain('canary')
    expect(lines(gateway, 'the store of limits is lost')).toEqual([expect.stringContaining('"cause":"WRONGPASS"')])
  })
})
