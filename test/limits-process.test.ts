import { spawn } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../api/clock.ts'
import { Secret } from '../api/secret.ts'
import type { LeaseClaim } from '../plugins/limits/store.ts'
import { RedisLimitStore } from '../plugins/limits/stores/redis.ts'
import { buildBefore } from './built.ts'
import { startGate } from './gate.ts'
import { startServer } from './process.ts'
import { titled } from './programs.ts'
import { noRedis, startRedis } from './redis.ts'
import { until } from './until.ts'

/** The built server three times, as on three machines, on one Redis. */

const running: { close(): unknown }[] = []

buildBefore()

afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

const hello = { model: 'demo/echo', messages: [{ role: 'user', content: 'Hello' }] }
const slow = { ...hello, model: 'anthropic/any', stream: true }

function post(url: string, body: object): Promise<Response> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return fetch(`${url}/v1/messages`, init)
}

async function three(limits: Record<string, string>) {
  const redis = await startRedis()
  running.push(redis)
  const gate = await startGate()
  running.push(gate)
  const env = {
    VAI_REDIS_URL: redis.url,
    VAI_OLLAMA_DETECT: 'false',
    // A machine that is busy with other tests holds up a process that has just started, which is not to be seen here.
    VAI_SHED_EVENT_LOOP_DELAY_MS: '0',
    VAI_ANTHROPIC_BASE_URL: gate.url,
    ANTHROPIC_API_KEY: 'sk-test-anthropic-operator',
    ...limits,
  }
  const servers = await Promise.all([startServer(env), startServer(env), startServer(env)])
  running.push(...servers)
  return { redis, gate, servers, urls: servers.map(({ url }) => url) }
}

describe.skipIf(noRedis)(titled('three processes on one Redis', noRedis), () => {
  it('admit exactly so many requests of a crowd', async () => {
    // The next would be let in fifteen seconds after the first.
    const { urls } = await three({ VAI_LIMIT_REQUESTS_PER_MINUTE: '4' })
    const answers = await Promise.all(Array.from({ length: 30 }, () => urls.map((url) => post(url, hello))).flat())
    expect(await outcomesOf(answers)).toEqual({ answered: 4, request_rate_limit: 86 })
  })

  it('hold exactly so many streams at the same time, again and again', async () => {
    const { urls, gate } = await three({ VAI_LIMIT_CONCURRENT_STREAMS: '7' })
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => urls.map((url) => post(url, slow))).flat())
      const streams = answers.filter(({ status }) => status === 200)
      expect(await outcomesOf(answers)).toEqual({ answered: 7, concurrency_limit: 53 })
      gate.open()
      for (const stream of streams) expect(await stream.text()).toContain('message_stop')
      // A place is given back once its answer is delivered, which other processes see a moment later.
      await until(async () => (await statusesOf(urls, 7)).every((status) => status === 200))
    }
  })

  it('spend one budget of tokens', async () => {
    const { urls } = await three({ VAI_LIMIT_TOKENS_PER_MINUTE: '100' })
    // What is larger than the limit is taken from a full bucket alone, which then owes the rest.
    const large = { ...hello, max_tokens: 1_000_000, messages: [{ role: 'user', content: 'word '.repeat(2000) }] }
    const answers = await Promise.all(Array.from({ length: 10 }, () => urls.map((url) => post(url, large))).flat())
    expect(await outcomesOf(answers)).toEqual({ answered: 1, token_rate_limit: 29 })
  })
})

/** How many were answered, and how many refused with which code. */
async function outcomesOf(answers: readonly Response[]): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {}
  for (const answer of answers) {
    const outcome: string = answer.ok ? 'answered' : JSON.parse(await answer.text()).error.code
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
  return outcomes
}

async function statusesOf(urls: readonly string[], count: number): Promise<number[]> {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) => post(urls[index % urls.length] ?? '', { ...hello, stream: true })),
  )
  await Promise.all(answers.map((answer) => answer.text()))
  return answers.map(({ status }) => status)
}

describe.skipIf(noRedis)('a process that is killed', () => {
  it('gives its places back by the time that they last, and one that lives keeps its own', async () => {
    const redis = await startRedis()
    running.push(redis)
    const store = await RedisLimitStore.open({ url: new Secret(redis.url), prefix: 'vai', clock: systemClock })
    running.push(store)
    const holder = holderProcess(redis.url)
    running.push(holder)
    await holder.holds
    const claim: LeaseClaim = { kind: 'lease', name: '{a}', limit: 1, holder: 'another', ttlMs: 60_000 }
    // Longer than its leases last without being renewed, by Redis' own measure.
    const client = await RedisLimitStore.open({ url: new Secret(redis.url), prefix: 'vai', clock: systemClock })
    running.push(client)
    const mark = { ...claim, name: '{mark}', ttlMs: 2000 }
    await client.take([mark])
    await until(async () => (await client.take([{ ...mark, holder: 'later' }])).refused === undefined)
    expect((await store.take([claim])).refused).toBe(0)
    await holder.close()
    await until(async () => (await store.take([claim])).refused === undefined)
  })
})

/** A process that holds the lease of `{a}`, which lasts for a second, and renews it. */
function holderProcess(url: string) {
  const dist = new URL('../dist/', import.meta.url)
  const program = `
    import { RedisLimitStore } from '${new URL('plugins/limits/stores/redis.js', dist)}'
    import { HeldLeases } from '${new URL('plugins/limits/leases.js', dist)}'
    import { Secret } from '${new URL('api/secret.js', dist)}'
    import { systemClock as clock } from '${new URL('api/clock.js', dist)}'
    const store = await RedisLimitStore.open({ url: new Secret('${url}'), prefix: 'vai', clock })
    const lease = { kind: 'lease', name: '{a}', limit: 1, holder: 'killed', ttlMs: 1000 }
    const leases = new HeldLeases(store, clock, 1000, (error) => console.error(error))
    await store.take([lease])
    leases.keep([lease])
    console.log('held')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program])
  const ended = new Promise((resolve) => child.once('close', resolve))
  const holds = new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.stderr.on('data', (chunk) => reject(new Error(String(chunk))))
  })
  return {
    holds,
    async close() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
