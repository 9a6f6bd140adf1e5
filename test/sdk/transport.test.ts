import {
  AbortedError,
  BrokenStreamError,
  type ClientOptions,
  ConnectionTimeoutError,
  type Fetch,
  type Message,
  UsageError,
  VAI,
} from '@vai/sdk'
import { afterEach, describe, expect, it } from 'vitest'
import { HttpTransport } from '../../sdk/typescript/http-transport.ts'
import { settingsOf } from '../../sdk/typescript/settings.ts'
import type { ApiRequest } from '../../sdk/typescript/transport.ts'
import { type Behaviour, reply, silence, sse } from '../upstreams/behaviour.ts'
import { startUpstream, type Upstream } from '../upstreams/upstream.ts'
import { aborting } from './aborting.ts'
import { answered, message, question, requestId, streamed } from './answers.ts'
import { SdkClock } from './sdk-clock.ts'

/** How long is waited for what, who may end it, and that nothing of it is left. The time is the test's. */

const opened: Upstream[] = []
afterEach(async () => {
  for (const upstream of opened.splice(0)) await upstream.close()
})

async function serve(behaviour: Behaviour, options: ClientOptions = {}) {
  const upstream = await startUpstream(behaviour)
  opened.push(upstream)
  const clock = new SdkClock()
  const baseURL = upstream.url
  return { upstream, clock, transport: new HttpTransport(settingsOf({ baseURL, maxRetries: 0, ...options }), clock) }
}

const request: ApiRequest = { path: '/v1/messages', body: question, isRepeatable: true }
const whole = JSON.stringify(message)
const named = { headers: { 'content-type': 'application/json', 'x-request-id': requestId } }
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

describe('the time for an answer', () => {
  it('bounds its head', async () => {
    const { upstream, clock, transport } = await serve(silence)
    const answer = outcome(transport.json<Message>(request, 'content', 'array'))
    await upstream.waitForRequest()
    clock.advance(600_000)
    const error = await answer
    expect(error).toBeInstanceOf(ConnectionTimeoutError)
    expect(String(error)).toContain('The gateway did not begin its answer within 600000 ms.')
    expect(clock.waiting).toBe(0)
    await upstream.waitForClose()
  })

  it('bounds all of it', async () => {
    let headCame = (): void => undefined
    const head = new Promise<void>((resolve) => {
      headCame = resolve
    })
    const told: Fetch = async (...request) => {
      const response = await fetch(...request)
      headCame()
      return response
    }
    const stalled = reply(whole, { ...named, stallAt: 20 })
    const { upstream, clock, transport } = await serve(stalled, { timeout: 5000, fetch: told })
    const answer = outcome(transport.json<Message>(request, 'content', 'array'))
    await head
    await new Promise(setImmediate)
    clock.advance(5000)
    const error = await answer
    expect(error).toBeInstanceOf(ConnectionTimeoutError)
    expect(error).toMatchObject({ request_id: requestId, message: 'The gateway did not send all of its answer within 5000 ms.' })
    await upstream.waitForClose()
  })

  it('is the call’s, where it says one', async () => {
    const { upstream, clock, transport } = await serve(silence)
    const answer = outcome(transport.json<Message>({ ...request, options: { timeout: 7 } }, 'content', 'array'))
    await upstream.waitForRequest()
    clock.advance(7)
    expect(await answer).toBeInstanceOf(ConnectionTimeoutError)
  })

  it('may be without end', async () => {
    const { clock, transport } = await serve(answered, { timeout: 0 })
    const answer = transport.json<Message>(request, 'content', 'array')
    expect(clock.waiting).toBe(0)
    expect(await answer).toEqual({ ...message, request_id: requestId })
  })

  it('bounds the head of a stream', async () => {
    const { upstream, clock, transport } = await serve(silence)
    const stream = outcome(transport.open(request))
    await upstream.waitForRequest()
    clock.advance(600_000)
    expect(await stream).toMatchObject({ message: 'The gateway did not begin its answer within 600000 ms.' })
    expect(clock.waiting).toBe(0)
  })

  it('bounds how long a stream may be quiet, while somebody waits for it', async () => {
    const { upstream, clock, transport } = await serve(sse('data: 1\n\ndata: 2\n\n', { stallAt: 9 }))
    const { bytes } = await transport.open(request)
    expect(clock.waiting).toBe(0)
    const reading = bytes[Symbol.asyncIterator]()
    await reading.next()
    clock.advance(10_000_000)
    const next = outcome(reading.next())
    await clock.asked(60_000, 2)
    clock.advance(60_000)
    const error = await next
    expect(error).toBeInstanceOf(ConnectionTimeoutError)
    expect(String(error)).toContain('The gateway did not send more of the stream within 60000 ms.')
    await upstream.waitForClose()
  })
})

describe('a stream', () => {
  it('is closed by whoever leaves it', async () => {
    const { upstream, clock, transport } = await serve(sse('data: 1\n\n', { stallAt: 9 }))
    for await (const chunk of (await transport.open(request)).bytes) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await upstream.waitForClose()
    expect(clock.waiting).toBe(0)
  })

  it('is closed by abort, at any time and again', async () => {
    const { upstream, clock, transport } = await serve(sse('data: 1\n\n', { stallAt: 9 }))
    const stream = await transport.open(request)
    const reading = stream.bytes[Symbol.asyncIterator]()
    await reading.next()
    const next = outcome(reading.next())
    stream.abort()
    stream.abort()
    const error = await next
    expect(error).toBeInstanceOf(AbortedError)
    await upstream.waitForClose()
    expect(clock.waiting).toBe(0)
  })

  it('is closed by abort before anybody reads it', async () => {
    const { upstream, transport } = await serve(sse('data: 1\n\n', { stallAt: 4 }))
    const stream = await transport.open(request)
    stream.abort()
    await upstream.waitForClose()
    expect(await outcome(stream.bytes[Symbol.asyncIterator]().next())).toBeInstanceOf(AbortedError)
  })

  it.each(['options', 'request'])('is closed by the signal of the %s', async (whose) => {
    const { upstream, transport } = await serve(sse('data: 1\n\n', { stallAt: 4 }))
    const { signal, abort } = aborting()
    const stream = await transport.open({ ...request, ...(whose === 'options' ? { options: { signal } } : { signal }) })
    const next = outcome(
      stream.bytes[Symbol.asyncIterator]()
        .next()
        .then(() => stream.bytes[Symbol.asyncIterator]().next()),
    )
    abort()
    expect(await next).toBeInstanceOf(AbortedError)
    await upstream.waitForClose()
  })

  it('that is cut is broken', async () => {
    const { transport } = await serve(sse('data: 1\n\ndata: 2\n\n', { dieAt: 9, headers: { 'x-request-id': requestId } }))
    const { bytes } = await transport.open(request)
    const error = await outcome(drained(bytes))
    expect(error).toBeInstanceOf(BrokenStreamError)
    expect(error).toMatchObject({ request_id: requestId })
  })

  it('whose end has come stays ended, whatever is aborted then', async () => {
    const { transport } = await serve(streamed)
    const { signal, abort } = aborting()
    const stream = await transport.open({ ...request, signal })
    const reading = stream.bytes[Symbol.asyncIterator]()
    while (!(await reading.next()).done) expect(stream.request_id).toBe(requestId)
    abort()
    stream.abort()
    expect(await reading.next()).toEqual({ done: true, value: undefined })
  })
})

describe('a signal', () => {
  it('is left alone once the answer is there, or there is none', async () => {
    for (const behaviour of [answered, reply('', { status: 500 })]) {
      const { transport } = await serve(behaviour)
      const { signal, listeners } = aborting()
      await outcome(transport.json<Message>({ ...request, options: { signal } }, 'content', 'array'))
      expect(listeners()).toBe(0)
    }
    const { transport } = await serve(streamed)
    const { signal, listeners } = aborting()
    const { bytes } = await transport.open({ ...request, signal })
    expect(listeners()).toBe(1)
    await drained(bytes)
    expect(listeners()).toBe(0)
  })

  it('has one listener, however many wait for it, and ends the waiting of all', async () => {
    const { upstream, transport } = await serve(silence)
    const { signal, abort, listeners, mostListeners } = aborting()
    const answers = Array.from({ length: 12 }, () =>
      outcome(transport.json<Message>({ ...request, options: { signal } }, 'content', 'array')),
    )
    await upstream.waitForRequest(12)
    abort()
    for (const answer of answers) expect(await answer).toBeInstanceOf(AbortedError)
    expect([listeners(), mostListeners()]).toEqual([0, 1])
  })

  it('ends the wait also where the fetch does not heed it', async () => {
    let answer: ((response: Response) => void) | undefined
    let isCancelled = false
    const deaf = () =>
      new Promise<Response>((resolve) => {
        answer = resolve
      })
    const { clock, transport } = await serve(silence, { fetch: deaf })
    const { signal, abort } = aborting()
    const waiting = outcome(transport.json<Message>({ ...request, signal }, 'content', 'array'))
    abort()
    expect(await waiting).toBeInstanceOf(AbortedError)
    expect(clock.waiting).toBe(0)
    const cancelled = new Promise<void>((resolve) => {
      const body = new ReadableStream({
        cancel() {
          isCancelled = true
          resolve()
        },
      })
      answer?.(new Response(body))
    })
    await cancelled
    expect(isCancelled).toBe(true)
  })
})

describe('a fetch of one’s own', () => {
  it('is asked with what the global one would be', async () => {
    const asked: [string, RequestInit][] = []
    const fetch = async (url: string, init: RequestInit) => {
      asked.push([url, init])
      return Response.json(message)
    }
    const vai = new VAI({ baseURL: 'https://vai.test/v1', apiKey: 'sk-test-1', fetch })
    expect(await vai.messages.create(question)).toEqual({ ...message, request_id: '' })
    expect(asked).toMatchObject([
      [
        'https://vai.test/v1/messages',
        { method: 'POST', body: JSON.stringify(question), redirect: 'manual', headers: { authorization: 'Bearer sk-test-1' } },
      ],
    ])
  })

  it('may fail in any way', async () => {
    for (const fetch of [
      () => Promise.reject(new TypeError('Failed to fetch')),
      () => {
        throw new Error('no network')
      },
    ]) {
      const vai = new VAI({ fetch, maxRetries: 0 })
      await expect(vai.messages.create(question)).rejects.toMatchObject({ name: 'ConnectionError', cause: expect.any(Error) })
    }
  })

  it('that gives up by itself, as that of Node after five minutes, is not asked again', async () => {
    let asked = 0
    const fetch = () => {
      asked++
      const cause = Object.assign(new Error('Headers Timeout Error'), { code: 'UND_ERR_HEADERS_TIMEOUT' })
      return Promise.reject(new TypeError('fetch failed', { cause }))
    }
    await expect(new VAI({ fetch }).messages.create(question)).rejects.toThrow(ConnectionTimeoutError)
    expect(asked).toBe(1)
  })

  it('may say by a UsageError that it cannot be used', async () => {
    const vai = new VAI({ fetch: () => Promise.reject(new UsageError('offline')) })
    await expect(vai.messages.create(question)).rejects.toThrow('offline')
  })

  it('that reads a redirect as browsers do is understood', async () => {
    const opaque = Object.defineProperties(new Response(null), {
      type: { value: 'opaqueredirect' },
      status: { value: 0 },
      ok: { value: false },
    })
    const vai = new VAI({ fetch: async () => opaque, maxRetries: 0 })
    await expect(vai.messages.create(question)).rejects.toThrow('a redirect, which is not followed')
  })
})

describe('a logger', () => {
  it('is told of each try and each retry', async () => {
    const lines: unknown[] = []
    const note = (level: string) => (text: string, details?: object) => lines.push([level, text, details])
    const logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
    const upstream = await startUpstream([reply('', { status: 503, headers: { 'retry-after': '0' } }), answered])
    opened.push(upstream)
    await new VAI({ baseURL: upstream.url, logger }).messages.create(question)
    const facts = { method: 'POST', path: '/v1/messages' }
    expect(lines).toEqual([
      ['debug', 'a request was sent', { ...facts, status: 503, request_id: undefined, ms: expect.any(Number) }],
      ['info', 'the request is sent again', { ...facts, retry: 1, in_ms: 0 }],
      ['debug', 'a request was sent', { ...facts, status: 200, request_id: requestId, ms: expect.any(Number) }],
    ])
  })

  it.each<[string, () => unknown]>([
    ['throws', fail],
    ['rejects', async () => fail()],
  ])('that %s takes no answer away', async (_, level) => {
    const unheard: unknown[] = []
    const note = (reason: unknown) => void unheard.push(reason)
    process.on('unhandledRejection', note)
    const logger = { debug: level, info: level, warn: level, error: level }
    const upstream = await startUpstream([reply('', { status: 503, headers: { 'retry-after': '0' } }), answered, streamed])
    opened.push(upstream)
    const vai = new VAI({ baseURL: upstream.url, logger })
    expect(await vai.messages.create(question)).toEqual({ ...message, request_id: requestId })
    expect(await vai.messages.stream(question).finalText()).toBe('Hello')
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(unheard).toEqual([])
  })
})

function fail(): never {
  throw new Error('The disk is full.')
}

/** How many bytes there were. */
async function drained(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let sum = 0
  for await (const { length } of bytes) sum += length
  return sum
}
