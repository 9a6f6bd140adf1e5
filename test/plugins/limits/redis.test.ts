import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import { Secret } from '../../../api/secret.ts'
import type { Claim } from '../../../plugins/limits/store.ts'
import { RedisLimitStore } from '../../../plugins/limits/stores/redis.ts'
import { noRedis, startRedis, type TestRedis } from '../../redis.ts'
import { until } from '../../until.ts'
import { describeLimitStore } from './store-conformance.ts'

let redis: TestRedis
beforeAll(async () => {
  if (!noRedis) redis = await startRedis()
})
afterAll(() => redis?.close())

function open(url = redis.url): Promise<RedisLimitStore> {
  return RedisLimitStore.open({ url: new Secret(url), prefix: 'test', clock: systemClock, commandMs: 5000 })
}

describeLimitStore('counts in Redis', { open: () => open(), isShared: true, missing: noRedis })

const lease: Claim = { kind: 'lease', name: '{a}:lease', limit: 1, holder: 'h', ttlMs: 60_000 }

describe.skipIf(noRedis)('in Redis', () => {
  it('every key expires, and none is left of what is whole', async () => {
    const [store, client] = [await open(), new Redis(redis.url)]
    await client.flushall()
    const claims: Claim[] = [
      { kind: 'rate', name: '{a}:rate', perMinute: 600, capacity: 60, amount: 6 },
      { kind: 'quota', name: '{a}:quota', limit: 10, amount: 3, resetsAt: Date.now() + 60_000 },
      lease,
    ]
    await store.take(claims)
    const keys = (await client.keys('*')).sort()
    expect(keys.map((key) => key.replace(/@\d+$/, ''))).toEqual([
      'test:lease:{a}:lease',
      'test:quota:{a}:quota',
      'test:rate:{a}:rate',
    ])
    for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(0)
    for (const key of keys) expect(await client.pttl(key)).toBeLessThan(700_000)
    await store.settle([{ kind: 'rate', name: '{a}:rate', perMinute: 600, capacity: 60, by: -60 }])
    await store.release([{ name: '{a}:lease', holder: 'h' }])
    expect(await client.keys('*')).toHaveLength(1)
    client.disconnect()
    await store.close()
  })

  it('goes on after its scripts were forgotten, and after a restart', async () => {
    const [store, client] = [await open(), new Redis(redis.url)]
    await store.take([lease])
    await client.script('FLUSH')
    client.disconnect()
    expect((await store.take([lease])).refused).toBeUndefined()
    await redis.stop()
    await expect(store.take([lease])).rejects.toThrow()
    await redis.start()
    await until(() => store.take([lease]).catch(() => undefined))
    await store.close()
  })

  it('fails in time where Redis does not answer, and carries nothing out twice', async () => {
    const store = await RedisLimitStore.open({ url: new Secret(redis.url), prefix: 'test', clock: systemClock, commandMs: 50 })
    redis.freeze()
    await expect(store.take([lease])).rejects.toMatchObject({ code: 'ETIMEDOUT' })
    await expect(store.renew([{ name: 'a', holder: 'h' }], 1000)).rejects.toThrow()
    redis.go()
    await until(() => store.take([]).catch(() => undefined))
    await store.close()
  })

  it('opens where there is no Redis, and finds it when it comes', async () => {
    const late = await startRedis()
    await late.stop()
    const store = await open(late.url)
    await expect(store.take([])).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await late.start()
    await until(() => store.take([]).catch(() => undefined))
    await store.close()
    await late.close()
  })

  it('needs the right password, and never says it', async () => {
    const locked = await startRedis({ password: 'sk-test-redis-canary' })
    const store = await open(locked.url)
    expect((await store.take([lease])).refused).toBeUndefined()
    await store.close()
    const wrong = await open(locked.url.replace('canary', 'wrong-canary'))
    const error: unknown = await wrong.take([lease]).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'WRONGPASS' })
    expect(JSON.stringify([error, String(error), error instanceof Error && error.stack])).not.toContain('canary')
    await wrong.close()
    await locked.close()
  })

  it('tells many leases in pieces, each of one tag', async () => {
    const store = await open()
    const leases = Array.from({ length: 1200 }, (_, index) => ({ name: `{t${index % 3}}:lease`, holder: `h${index}` }))
    await store.renew(leases, 60_000)
    const claim = { kind: 'lease', name: '{t1}:lease', limit: 401, holder: 'another', ttlMs: 1000 } as const
    expect((await store.take([claim])).states).toEqual([{ remaining: 0, waitMs: 0 }])
    await store.release(leases)
    expect((await store.take([claim])).states).toEqual([{ remaining: 400, waitMs: 0 }])
    await store.close()
  })
})
