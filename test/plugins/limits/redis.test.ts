import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../api/clock.ts'
import { Secret } from '../../../api/secret.ts'
import { BrokenCounts, type Claim, type QuotaClaim, type RateClaim } from '../../../plugins/limits/store.ts'
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

/** As an object whose members can be taken over. */
const ofSystem: Clock = {
  now: () => systemClock.now(),
  wallclock: () => systemClock.wallclock(),
  after: (ms, callback) => systemClock.after(ms, callback),
}

describe.skipIf(noRedis)('in Redis', () => {
  it('every key expires, and none is left of what is whole', async () => {
    const [store, client] = [await open(), new Redis(redis.url)]
    await client.flushall()
    const claims: Claim[] = [
      { kind: 'rate', name: '{a}:rate', perMinute: 600, capacity: 60, amount: 6 },
      { kind: 'quota', name: '{a}:quota', limit: 10, amount: 3, periodMs: 3_600_000 },
      lease,
    ]
    await store.take(claims)
    const keys = (await client.keys('*')).sort()
    expect(keys).toEqual(['test:lease:{a}:lease', 'test:quota:{a}:quota', 'test:rate:{a}:rate'])
    for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(0)
    for (const key of keys) expect(await client.pttl(key)).toBeLessThanOrEqual(3_600_000)
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

  it('a day is that of Redis, whatever day it is for a gateway', async () => {
    const ahead = { ...ofSystem, wallclock: () => systemClock.wallclock() + 86_400_000 }
    const options = { url: new Secret(redis.url), prefix: 'test', commandMs: 5000 }
    const [one, other] = [await open(), await RedisLimitStore.open({ ...options, clock: ahead })]
    const claim: QuotaClaim = { kind: 'quota', name: '{a}:day', limit: 10, amount: 6, periodMs: 1e13 }
    const [mine, theirs] = [await one.take([claim]), await other.take([{ ...claim, amount: 3 }])]
    expect(theirs.states).toEqual([{ ...mine.states[0], remaining: 1, waitMs: expect.any(Number) }])
    await one.close()
    await other.close()
  })

  it('what became less is not given back after Redis has forgotten what was taken', async () => {
    const [store, client] = [await open(), new Redis(redis.url)]
    const claim: QuotaClaim = { kind: 'quota', name: '{a}:forgotten', limit: 100, amount: 24, periodMs: 1e13 }
    const since = (await store.take([claim])).states[0]?.since ?? Number.NaN
    await client.flushall()
    await until(() => Date.now() > since)
    await store.take([{ ...claim, amount: 30 }])
    await store.settle([{ ...claim, since, by: -20 }])
    expect((await store.take([{ ...claim, amount: 0 }])).states[0]?.remaining).toBe(70)
    client.disconnect()
    await store.close()
  })

  it('what is no count is told by its names, takes nothing, and keeps nothing from the others', async () => {
    const [store, client] = [await open(), new Redis(redis.url)]
    const good: RateClaim = { kind: 'rate', name: '{b}:rate', perMinute: 1e-6, capacity: 9, amount: 1 }
    const bad: RateClaim = { ...good, name: '{b}:bad' }
    const badLease = { kind: 'lease', name: '{b}:places', limit: 3, holder: 'h', ttlMs: 60_000 } as const
    const goodLease = { ...badLease, name: '{b}:streams' }
    await client.hset('test:rate:{b}:bad', 'a', 'list of something else')
    await client.set('test:lease:{b}:places', 'something else')
    const error: unknown = await store.take([good, bad, badLease]).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(BrokenCounts)
    expect(error).toMatchObject({ names: ['test:rate:{b}:bad', 'test:lease:{b}:places'] })
    expect((await store.take([{ ...good, amount: 0 }])).states[0]?.remaining).toBe(9)

    await expect(
      store.settle([
        { ...bad, by: 1 },
        { ...good, by: 4 },
      ]),
    ).rejects.toBeInstanceOf(BrokenCounts)
    expect((await store.take([{ ...good, amount: 0 }])).states[0]?.remaining).toBe(5)
    await expect(store.renew([badLease, goodLease], 60_000)).rejects.toBeInstanceOf(BrokenCounts)
    expect((await store.take([{ ...goodLease, holder: 'another' }])).states[0]?.remaining).toBe(1)
    await expect(store.release([badLease, goodLease])).rejects.toBeInstanceOf(BrokenCounts)
    expect((await store.take([{ ...goodLease, holder: 'a third' }])).states[0]?.remaining).toBe(1)

    await client.set('test:rate:{b}:bad', 'a text that is none')
    await client.del('test:lease:{b}:places')
    expect((await store.take([good, bad, badLease])).refused).toBeUndefined()
    client.disconnect()
    await store.close()
  })

  it('what concerns all of it is no broken count', async () => {
    const [store, client] = [await open(), new Redis(redis.url)]
    await client.config('SET', 'maxmemory', '1')
    await expect(store.take([{ kind: 'rate', name: '{c}:rate', perMinute: 1, capacity: 9, amount: 1 }])).rejects.toMatchObject({
      name: 'RedisFailure',
      code: 'OOM',
    })
    await expect(store.take([])).rejects.toMatchObject({ code: 'OOM' })
    await client.config('SET', 'maxmemory', '0')
    await store.take([])
    expect(await client.pttl('test:probe')).toBeLessThanOrEqual(1000)
    client.disconnect()
    await store.close()
  })

  describe('what is asked for in vain', () => {
    const bucket: RateClaim = { kind: 'rate', name: '{d}:rate', perMinute: 1e-6, capacity: 9, amount: 2 }
    const quota: QuotaClaim = { kind: 'quota', name: '{d}:quota', limit: 9, amount: 3, periodMs: 1e13 }
    const claims = [bucket, quota]
    const nothing = claims.map((claim) => ({ ...claim, amount: 0 }))
    const hasty = (): Promise<RedisLimitStore> =>
      RedisLimitStore.open({ url: new Secret(redis.url), prefix: 'test', clock: systemClock, commandMs: 50 })
    const left = async (store: RedisLimitStore): Promise<number[]> =>
      (await store.take(nothing)).states.map(({ remaining }) => remaining)

    it.each([true, false])('is not counted once Redis goes on (it had been asked before: %s)', async (wasAsked) => {
      const [store, other] = [await hasty(), await open()]
      if (wasAsked) await until(() => store.take([]).catch(() => undefined))
      redis.freeze()
      for (let index = 0; index < 3; index++) await expect(store.take(claims)).rejects.toMatchObject({ code: 'ETIMEDOUT' })
      redis.go()
      // What it is asked on the same connection comes after all of that.
      await until(() => store.take([]).catch(() => undefined))
      await until(async () => (await left(other)).join() === '9,9')
      await store.close()
      await other.close()
    })

    it('is not counted by a Redis that comes to it too late to give an answer', async () => {
      const [store, other] = [await hasty(), await open()]
      await until(() => store.take(nothing).catch(() => undefined))
      redis.freeze()
      for (const asked of [claims, nothing, nothing]) await expect(store.take(asked)).rejects.toThrow('ETIMEDOUT')
      await store.close()
      redis.go()
      const client = new Redis(redis.url)
      await until(async () => /^connected_clients:2\b/m.test(await client.info('clients')))
      expect(await left(other)).toEqual([9, 9])
      client.disconnect()
      await other.close()
    })

    it('is asked for again where only the clock of Redis is another', async () => {
      const set = { isBack: false }
      const now = (): number => systemClock.now() - (set.isBack ? 60_000 : 0)
      const options = { url: new Secret(redis.url), prefix: 'test', commandMs: 5000 }
      const store = await RedisLimitStore.open({ ...options, clock: { ...ofSystem, now } })
      await store.take([])
      set.isBack = true
      const name = '{d}:clock'
      expect((await store.take([{ ...quota, name }])).states[0]?.remaining).toBe(6)
      expect((await store.take([{ ...quota, name }])).states[0]?.remaining).toBe(3)
      await store.close()
    })
  })

  it('that may not write is not there', async () => {
    const [store, client] = [await open(), new Redis(redis.url)]
    await client.replicaof('127.0.0.1', 1)
    await expect(store.take([])).rejects.toMatchObject({ code: 'READONLY' })
    await client.replicaof('NO', 'ONE')
    await until(() => store.take([]).catch(() => undefined))
    client.disconnect()
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
