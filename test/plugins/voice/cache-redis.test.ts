import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import { Secret } from '../../../api/secret.ts'
import type { CachedSpeech, SpeechCache } from '../../../plugins/voice/cache/cache.ts'
import { entryOf } from '../../../plugins/voice/cache/entry.ts'
import { openSpeechCache } from '../../../plugins/voice/cache/open.ts'
import { RedisSpeechCache, type RedisSpeechCacheOptions } from '../../../plugins/voice/cache/redis.ts'
import { noRedis, startRedis, type TestRedis } from '../../redis.ts'
import { until } from '../../until.ts'

const speech: CachedSpeech = {
  bytes: new Uint8Array(randomBytes(20_000)),
  alignments: [{ kind: 'word', tokens: ['hello'], startMs: [0], durationMs: [300] }],
  seconds: 0.4,
}

describe.skipIf(noRedis)('speech in Redis', () => {
  let redis: TestRedis
  let client: Redis
  const open: SpeechCache[] = []
  const told: { code?: string; message: string }[] = []

  beforeAll(async () => {
    redis = await startRedis()
    client = new Redis(redis.url)
    client.on('error', () => undefined)
  })
  afterEach(async () => {
    for (const cache of open.splice(0)) cache.close()
    told.length = 0
    redis.go()
  })
  afterAll(async () => {
    client?.disconnect()
    await redis?.close()
  })

  function optionsFor(changes: Partial<RedisSpeechCacheOptions> = {}): RedisSpeechCacheOptions {
    return {
      url: new Secret(redis.url),
      prefix: 'test',
      ttlMs: 60_000,
      maxEntryBytes: 100_000,
      commandMs: 5000,
      clock: systemClock,
      log: { debug: () => undefined, warn: (fields, message) => void told.push({ ...fields, message }) },
      ...changes,
    }
  }

  /** Ready: it answers what was put there. */
  async function openCache(changes?: Partial<RedisSpeechCacheOptions>): Promise<RedisSpeechCache> {
    const cache = new RedisSpeechCache(optionsFor(changes))
    open.push(cache)
    await client.set('test:speech:there', entryOf(speech))
    await until(() => cache.get('there'))
    return cache
  }

  it('is given back as it was, and expires', async () => {
    const cache = await openCache()
    cache.put('key', speech)
    expect(await until(() => cache.get('key'))).toEqual(speech)
    const leftMs = await client.pttl('test:speech:key')
    expect(leftMs).toBeGreaterThan(0)
    expect(leftMs).toBeLessThanOrEqual(60_000)
    expect(await cache.get('another')).toBeUndefined()
  })

  it('is seen by other gateways, and comes into their memory', async () => {
    const [one, two] = await Promise.all([0, 1].map(() => openSpeechCache({ memoryBytes: 1_000_000, redis: optionsFor() })))
    if (!one || !two) throw new Error('unreachable')
    open.push(one, two)
    await openCache()
    await until(() => one.get('there'))
    one.put('shared', speech)
    expect(await until(() => two.get('shared'))).toEqual(speech)
    await client.del('test:speech:shared')
    expect(await two.get('shared')).toEqual(speech)
  })

  it('is not kept where it is too large, and not taken where somebody left what is', async () => {
    const cache = await openCache({ maxEntryBytes: 30_000 })
    const large = { ...speech, bytes: new Uint8Array(30_000) }
    cache.put('large', large)
    cache.put('small', speech)
    await until(() => cache.get('small'))
    expect(await client.exists('test:speech:large')).toBe(0)
    await client.set('test:speech:large', entryOf(large))
    expect(await cache.get('large')).toBeUndefined()
  })

  it('is not there where it is damaged, or is no speech', async () => {
    const cache = await openCache()
    const damaged = entryOf(speech)
    damaged[5000] = (damaged[5000] ?? 0) ^ 1
    await client.set('test:speech:damaged', damaged)
    await client.set('test:speech:cut', entryOf(speech).subarray(0, 1000))
    await client.set('test:speech:text', 'hello')
    await client.lpush('test:speech:list', 'a')
    for (const key of ['damaged', 'cut', 'text', 'list']) expect(await cache.get(key)).toBeUndefined()
  })

  it('is not there while Redis is gone, and there again when that is back', async () => {
    const cache = await openCache()
    await redis.stop()
    await until(() => told.some(({ message }) => message.includes('cannot be used')))
    expect(await cache.get('there')).toBeUndefined()
    cache.put('key', speech)
    await redis.start()
    await until(() => told.some(({ message }) => message.includes('is back')))
    cache.put('key', speech)
    expect(await until(() => cache.get('key'))).toEqual(speech)
    expect(told.map(({ message }) => message)).toHaveLength(2)
  })

  it('costs nobody a wait where Redis keeps silent, but for the first', async () => {
    const timers: number[] = []
    const clock = {
      ...systemClock,
      after(ms: number, callback: () => void) {
        timers.push(ms)
        return systemClock.after(ms, callback)
      },
    }
    const cache = await openCache({ clock, commandMs: 50 })
    redis.freeze()
    expect(await cache.get('there')).toBeUndefined()
    timers.length = 0
    expect(await cache.get('there')).toBeUndefined()
    cache.put('key', speech)
    // No command was sent: nothing was waited for.
    expect(timers).toEqual([])
    redis.go()
    expect(await until(() => cache.get('there'))).toEqual(speech)
  })

  it('holds no more than so much for a Redis that takes nothing', async () => {
    const cache = await openCache({ maxEntryBytes: 20_000_000, commandMs: 60_000 })
    redis.freeze()
    const large = { ...speech, bytes: new Uint8Array(15_000_000) }
    for (const key of ['one', 'two', 'three']) cache.put(key, large)
    redis.go()
    await until(async () => (await client.exists('test:speech:one', 'test:speech:two')) === 2)
    expect(await client.exists('test:speech:three')).toBe(0)
  })

  it('says nothing of the password where Redis refuses it', async () => {
    const guarded = await startRedis({ password: 'sk-test-secret' })
    try {
      const cache = new RedisSpeechCache(optionsFor({ url: new Secret(`redis://:sk-test-wrong@127.0.0.1:${guarded.port}`) }))
      open.push(cache)
      await until(() => told.length > 0)
      expect(JSON.stringify(told)).not.toContain('sk-test')
      expect(told[0]?.code).toBe('WRONGPASS')
      expect(await cache.get('key')).toBeUndefined()
    } finally {
      await guarded.close()
    }
  })
})
