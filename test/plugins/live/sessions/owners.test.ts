import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../api/clock.ts'
import { Secret } from '../../../../api/secret.ts'
import { MemorySessionOwners } from '../../../../plugins/live/sessions/memory-owners.ts'
import { openSessionOwners } from '../../../../plugins/live/sessions/open-owners.ts'
import type { SessionOwners } from '../../../../plugins/live/sessions/owners.ts'
import { RedisSessionOwners, type RedisSessionOwnersOptions } from '../../../../plugins/live/sessions/redis-owners.ts'
import { HeldSessions, ownedName } from '../../../../plugins/live/sessions/sessions.ts'
import { Calls } from '../../../../workers/calls.ts'
import { isMessage, type PrimaryQuestion, type WorkerQuestion } from '../../../../workers/messages.ts'
import { PrimarySessionOwners } from '../../../../workers/session-owners.ts'
import { ManualClock } from '../../../manual-clock.ts'
import { noRedis, startRedis, type TestRedis } from '../../../redis.ts'
import { until } from '../../../until.ts'
import { anonymous, claim, QuietSession } from './held.ts'

let redis: TestRedis | undefined
let primary: ChildProcess
let calls: Calls<WorkerQuestion, PrimaryQuestion>
const opened: SessionOwners[] = []
const told: { code?: string; message: string }[] = []

beforeAll(async () => {
  if (!noRedis) redis = await startRedis()
  const program = fileURLToPath(new URL('../../../workers/primary-of-counts.ts', import.meta.url))
  primary = fork(program, { execArgv: ['--import', 'tsx'], serialization: 'advanced' })
  calls = new Calls({
    send: (message) => void primary.send(message),
    answer: () => Promise.reject(new Error('nobody asks')),
    clock: systemClock,
    patienceMs: 15_000,
  })
  primary.on('message', (message) => {
    if (isMessage<PrimaryQuestion>(message) && message.kind !== 'note') calls.receive(message)
  })
})
afterEach(() => {
  for (const each of opened.splice(0)) each.close()
  told.length = 0
})
afterAll(async () => {
  primary.kill('SIGKILL')
  await redis?.close()
})

function optionsFor(changes: Partial<RedisSessionOwnersOptions> = {}): RedisSessionOwnersOptions {
  if (!redis) throw new Error(noRedis)
  return {
    url: new Secret(redis.url),
    prefix: 'test',
    commandMs: 5000,
    clock: systemClock,
    log: { debug: () => undefined, warn: (fields, message) => void told.push({ ...fields, message }) },
    ...changes,
  }
}

/** Ready: it knows what was said. */
async function inRedis(changes?: Partial<RedisSessionOwnersOptions>): Promise<SessionOwners> {
  const owners = await openSessionOwners({ given: undefined, redis: optionsFor(changes), clock: systemClock })
  opened.push(owners)
  await until(async () => {
    await owners.own(['there'], 'one', 60_000)
    return owners.ownerOf('there')
  })
  return owners
}

describe.each<[string, () => Promise<SessionOwners>, string | undefined]>([
  ['in memory', async () => new MemorySessionOwners({ clock: systemClock }), undefined],
  ['in the primary', async () => new PrimarySessionOwners(calls), undefined],
  ['in Redis', inRedis, noRedis],
])('who holds which session, %s', (_, open, missing) => {
  it.skipIf(missing)('is known while it lasts', async () => {
    const owners = await open()
    await owners.own(['a', 'b'], 'one', 60_000)
    await owners.own(['c'], 'two', 60_000)
    expect(await Promise.all(['a', 'b', 'c', 'd'].map((id) => owners.ownerOf(id)))).toEqual(['one', 'one', 'two', undefined])
    await owners.disown(['a', 'd'])
    expect(await Promise.all(['a', 'b'].map((id) => owners.ownerOf(id)))).toEqual([undefined, 'one'])
    await owners.disown(['b', 'c'])
  })

  it.skipIf(missing)('is known of a great many at once', async () => {
    const owners = await open()
    const ids = Array.from({ length: 1200 }, (_, index) => `many-${index}`)
    await owners.own(ids, 'one', 60_000)
    expect(await Promise.all([ids[0], ids[700], ids[1199]].map((id) => owners.ownerOf(id ?? '')))).toEqual(['one', 'one', 'one'])
    await owners.disown(ids)
    expect(await owners.ownerOf('many-1199')).toBeUndefined()
  })

  it.skipIf(missing)('is forgotten where it is not said again', async () => {
    const owners = await open()
    await owners.own(['short'], 'one', 20)
    expect(await until(async () => ((await owners.ownerOf('short')) === undefined ? 'gone' : undefined))).toBe('gone')
  })
})

describe('what is known in memory', () => {
  it('is bounded, and lasts for as long as was said', async () => {
    const clock = new ManualClock()
    const owners = new MemorySessionOwners({ clock, most: 2 })
    await owners.own(['a', 'b'], 'one', 100)
    await owners.own(['a', 'c'], 'one', 100)
    expect([owners.size, await owners.ownerOf('b')]).toEqual([2, undefined])
    clock.advance(99)
    expect(await owners.ownerOf('a')).toBe('one')
    clock.advance(1)
    expect(await owners.ownerOf('a')).toBeUndefined()
    await owners.own(['d'], 'one', 100)
    expect(owners.size).toBe(1)
  })
})

describe('a primary that is gone', () => {
  it('is asked in vain, and nothing fails', async () => {
    const gone = new Calls<WorkerQuestion, PrimaryQuestion>({
      send: () => {
        throw new Error('the channel is closed')
      },
      answer: () => Promise.reject(new Error('nobody asks')),
      clock: new ManualClock(),
    })
    const owners = new PrimarySessionOwners(gone)
    await owners.own(['a'], 'one', 1000)
    await owners.disown(['a'])
    expect(await owners.ownerOf('a')).toBeUndefined()
  })
})

describe.skipIf(noRedis)('a Redis', () => {
  it('is shared: a session is found to be held elsewhere until its process lets go of it', async () => {
    const [here, there] = await Promise.all([inRedis(), inRedis()])
    const sessions = new HeldSessions<QuietSession>({ owners: here, clock: systemClock })
    const elsewhere = new HeldSessions<QuietSession>({ owners: there, clock: systemClock })
    const token = sessions.add(new QuietSession(sessions, 'mine'))
    await until(() => there.ownerOf(ownedName('mine', anonymous)))
    const resume = { sessionId: 'mine', token, lastServerSeq: 3 }
    await expect(claim(elsewhere, resume, anonymous)).rejects.toMatchObject({ code: 'session_elsewhere' })
    await sessions.close()
    await until(async () => (await there.ownerOf(ownedName('mine', anonymous))) === undefined)
    await expect(claim(elsewhere, resume, anonymous)).rejects.toMatchObject({ code: 'unknown_session' })
    await elsewhere.close()
  })

  it('that is gone and comes back is told of once each, and knows again what is said again', async () => {
    const own = await startRedis()
    try {
      const owners = new RedisSessionOwners(optionsFor({ url: new Secret(own.url) }))
      opened.push(owners)
      const say = async () => {
        await owners.own(['a'], 'one', 60_000)
        return owners.ownerOf('a')
      }
      await until(say)
      await own.stop()
      await until(() => told.length > 0)
      expect(await say()).toBeUndefined()
      await owners.disown(['a'])
      await own.start()
      expect(await until(say)).toBe('one')
      expect(told).toMatchObject([
        { message: expect.stringContaining('cannot be used') },
        { message: expect.stringContaining('is back') },
      ])
    } finally {
      await own.close()
    }
  })

  it('that does not answer is not waited for, and then left alone for a while', async () => {
    const own = await startRedis()
    const client = new Redis(own.url)
    try {
      const clock = new ManualClock()
      const owners = new RedisSessionOwners(optionsFor({ url: new Secret(own.url), clock, commandMs: 100 }))
      opened.push(owners)
      await client.set('test:live:a', 'one')
      await until(() => owners.ownerOf('a'))
      own.freeze()
      const asked = owners.ownerOf('a')
      clock.advance(100)
      clock.advance(0)
      expect(await asked).toBeUndefined()
      expect(await owners.ownerOf('a')).toBeUndefined()
      await owners.own(['a'], 'two', 1000)
      own.go()
      clock.advance(1000)
      expect(await until(() => owners.ownerOf('a'))).toBe('one')
    } finally {
      client.disconnect()
      own.go()
      await own.close()
    }
  })
})
