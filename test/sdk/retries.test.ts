import { AbortedError, type Logger, VAI, VAIError } from '@vai/sdk'
import { afterEach, describe, expect, it } from 'vitest'
import { HttpTransport } from '../../sdk/typescript/http-transport.ts'
import { Messages } from '../../sdk/typescript/messages.ts'
import { Runs } from '../../sdk/typescript/runs.ts'
import { settingsOf } from '../../sdk/typescript/settings.ts'
import { type Behaviour, hangUp, htmlPage, json, silence } from '../upstreams/behaviour.ts'
import { startUpstream, type Upstream } from '../upstreams/upstream.ts'
import { answered, question, refused, streamed } from './answers.ts'
import { SdkClock } from './sdk-clock.ts'

/** Requests that are sent again. Where it takes a while, the time is the test's. */

const opened: Upstream[] = []
afterEach(async () => {
  for (const upstream of opened.splice(0)) await upstream.close()
})

async function serve(...script: readonly [Behaviour, ...Behaviour[]]): Promise<Upstream> {
  const upstream = await startUpstream(script)
  opened.push(upstream)
  return upstream
}

/** Resources over a transport whose time stands still. */
function clientOf(upstream: Upstream, options: { maxRetries?: number; logger?: Logger } = {}) {
  const clock = new SdkClock()
  const settings = settingsOf({ baseURL: upstream.url, ...options })
  const transport = new HttpTransport(settings, clock)
  return { clock, messages: new Messages(transport, settings), runs: new Runs(transport, settings) }
}

const now = { 'retry-after': '0' }
const limited = refused(429, { type: 'rate_limit_error', code: 'request_rate_limit' }, now)
const run = { request: question }
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

describe('a request is sent again', () => {
  it.each([408, 429, 500, 502, 503, 504, 529])('after %i', async (status) => {
    const upstream = await serve(refused(status, { type: 'api_error' }, now), answered)
    const message = await new VAI({ baseURL: upstream.url }).messages.create(question)
    expect(message.content).toHaveLength(1)
    expect(upstream.requests.map(({ body }) => body)).toEqual([JSON.stringify(question), JSON.stringify(question)])
  })

  it.each([400, 401, 403, 404, 409, 413, 501])('never after %i', async (status) => {
    const upstream = await serve(refused(status, { type: 'invalid_request_error' }, now), answered)
    await expect(new VAI({ baseURL: upstream.url }).messages.create(question)).rejects.toMatchObject({ status })
    expect(upstream.requests).toHaveLength(1)
  })

  it('twice by default, and as often as the client or the call says', async () => {
    for (const [client, call, times] of [
      [undefined, undefined, 3],
      [0, undefined, 1],
      [4, undefined, 5],
      [4, 1, 2],
    ] as const) {
      const upstream = await serve(limited)
      const vai = new VAI({ baseURL: upstream.url, maxRetries: client })
      await expect(vai.messages.create(question, { maxRetries: call })).rejects.toMatchObject({ status: 429 })
      expect(upstream.requests).toHaveLength(times)
    }
  })

  it('once only after a fault of the gateway', async () => {
    const upstream = await serve(refused(500, { type: 'api_error' }, now))
    await expect(new VAI({ baseURL: upstream.url }).messages.create(question)).rejects.toMatchObject({ status: 500 })
    expect(upstream.requests).toHaveLength(2)
  })

  it('where something in between could not reach the gateway', async () => {
    const upstream = await serve(json({}, { status: 503, headers: now }), answered)
    expect((await new VAI({ baseURL: upstream.url }).messages.create(question)).content).toHaveLength(1)
  })

  it('before a stream has begun', async () => {
    const upstream = await serve(limited, streamed)
    expect(await new VAI({ baseURL: upstream.url }).messages.stream(question).finalText()).toBe('Hello')
    expect(upstream.requests).toHaveLength(2)
  })

  it('after a connection that was lost, without waiting for long', async () => {
    const upstream = await serve(hangUp, hangUp, answered)
    const { clock, messages } = clientOf(upstream)
    const message = messages.create(question)
    await clock.asked(500)
    clock.advance(500)
    await clock.asked(1000)
    clock.advance(1000)
    expect((await message).content).toHaveLength(1)
    expect(clock.waiting).toBe(0)
  })
})

describe('the wait before the next try', () => {
  it.each<[string, Behaviour, number]>([
    ['as many seconds as Retry-After says', refused(429, { type: 'rate_limit_error' }, { 'retry-after': '7' }), 7000],
    ['as many seconds as the body says', refused(529, { type: 'overloaded_error', retry_after: 11 }), 11_000],
    [
      'until the date that Retry-After says, by the clock of the other side',
      refused(
        503,
        { type: 'overloaded_error' },
        { date: 'Sat, 01 Aug 2026 10:00:00 GMT', 'retry-after': 'Sat, 01 Aug 2026 10:00:09 GMT' },
      ),
      9000,
    ],
    ['a minute at the most', refused(429, { type: 'rate_limit_error' }, { 'retry-after': '60' }), 60_000],
    ['half a second where Retry-After is below 0', refused(429, { type: 'rate_limit_error' }, { 'retry-after': '-1' }), 500],
    ['half a second where Retry-After comes twice', refused(429, { type: 'rate_limit_error' }, { 'retry-after': '2, 2' }), 500],
    ['half a second where the body says less than 0', refused(429, { type: 'rate_limit_error', retry_after: -5 }), 500],
    [
      'half a second where the date has passed',
      refused(
        503,
        { type: 'overloaded_error' },
        { date: 'Sat, 01 Aug 2026 10:00:00 GMT', 'retry-after': 'Sat, 01 Aug 2026 09:00:00 GMT' },
      ),
      500,
    ],
    ['half a second where nobody says how long', refused(504, { type: 'timeout_error' }), 500],
    ['as many seconds as something in between says', json({}, { status: 503, headers: { 'retry-after': '3' } }), 3000],
  ])('lasts %s', async (_, first, ms) => {
    const upstream = await serve(first, answered)
    const { clock, messages } = clientOf(upstream)
    const message = messages.create(question)
    await clock.asked(ms)
    expect(upstream.requests).toHaveLength(1)
    clock.advance(ms)
    expect((await message).content).toHaveLength(1)
    expect(clock.waiting).toBe(0)
  })

  it('grows to eight seconds', async () => {
    const upstream = await serve(refused(502, { type: 'provider_error' }))
    const { clock, messages } = clientOf(upstream, { maxRetries: 6 })
    const message = outcome(messages.create(question))
    for (const [ms, n] of [[500], [1000], [2000], [4000], [8000], [8000, 2]] as const) {
      await clock.asked(ms, n)
      clock.advance(ms)
    }
    expect(await message).toMatchObject({ status: 502 })
    expect(upstream.requests).toHaveLength(7)
  })

  it('of more than a minute is left to the caller', async () => {
    for (const first of [
      refused(429, { type: 'rate_limit_error', code: 'daily_cost_limit' }, { 'retry-after': '3600' }),
      refused(429, { type: 'rate_limit_error', retry_after: 3600 }),
      refused(
        429,
        { type: 'rate_limit_error' },
        { date: 'Sat, 01 Aug 2026 10:00:00 GMT', 'retry-after': 'Sat, 01 Aug 2026 11:00:00 GMT' },
      ),
    ]) {
      const upstream = await serve(first, answered)
      const error = await outcome(new VAI({ baseURL: upstream.url }).messages.create(question))
      expect(error).toMatchObject({ name: 'RateLimitError', retry_after: 3600 })
      expect(upstream.requests).toHaveLength(1)
    }
  })

  it('is ended by the caller at once', async () => {
    const upstream = await serve(refused(429, { type: 'rate_limit_error' }, { 'retry-after': '30' }), answered)
    const { clock, messages } = clientOf(upstream)
    const controller = new AbortController()
    const message = outcome(messages.create(question, { signal: controller.signal }))
    await clock.asked(30_000)
    controller.abort(new Error('enough'))
    const error = await message
    expect(error).toBeInstanceOf(AbortedError)
    expect(error).toMatchObject({ cause: { message: 'enough' } })
    expect(clock.waiting).toBe(0)
    expect(upstream.requests).toHaveLength(1)
  })
})

describe('a request is not sent again', () => {
  it('where a quota is used up, whatever Retry-After says', async () => {
    const upstream = await serve(refused(429, { type: 'rate_limit_error', code: 'provider_quota' }, now), answered)
    await expect(new VAI({ baseURL: upstream.url }).messages.create(question)).rejects.toMatchObject({ code: 'provider_quota' })
    expect(upstream.requests).toHaveLength(1)
  })

  it('where it has taken as long as it may', async () => {
    const upstream = await serve(silence)
    const { clock, messages } = clientOf(upstream)
    const message = outcome(messages.create(question))
    await upstream.waitForRequest()
    clock.advance(600_000)
    expect(await message).toMatchObject({ name: 'ConnectionTimeoutError' })
    expect(upstream.requests).toHaveLength(1)
  })

  it('where it is a run, unless the gateway itself has refused it', async () => {
    for (const first of [
      hangUp,
      htmlPage(502),
      json({}, { status: 503, headers: now }),
      refused(500, { type: 'api_error' }, now),
    ]) {
      const upstream = await serve(first, json({ result: {} }))
      const { runs, clock } = clientOf(upstream)
      expect(await outcome(runs.create(run))).toBeInstanceOf(VAIError)
      expect(clock.waiting).toBe(0)
      expect(upstream.requests).toHaveLength(1)
    }
    const upstream = await serve(limited, refused(503, { type: 'overloaded_error' }, now), json({ result: { turn_count: 1 } }))
    expect(await new VAI({ baseURL: upstream.url }).runs.create(run)).toMatchObject({ turn_count: 1 })
  })
})
