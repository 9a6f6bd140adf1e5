import { inspect } from 'node:util'
import { type ClientOptions, type RequestOptions, VAI } from '@vai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { maskOf } from '../../sdk/typescript/mask.ts'
import { leaksIn } from '../leaks.ts'
import { type Behaviour, hangUp, htmlPage, json, redirect, reply, silence, sse } from '../upstreams/behaviour.ts'
import { type RecordedRequest, startUpstream, type Upstream } from '../upstreams/upstream.ts'
import { answered, question, refused } from './answers.ts'

/** Keys are planted wherever they can be, everything is driven that can go wrong, and all that can be seen of it is searched for them. */

// No two begin alike, so that a piece of one is found too.
const keys = {
  gateway: 'q7f2-key-of-the-gateway-itself',
  provider: 'w3k9-key-of-a-provider-for-all',
  call: 'e6d1-key-of-a-provider-for-one',
  header: 'r2p5-key-in-a-header-of-its-own',
  bearer: 'u8b3-key-in-a-header-for-one',
}
const secrets = Object.values(keys)
const options: ClientOptions = {
  apiKey: keys.gateway,
  providerKeys: { openai: keys.provider },
  headers: { 'x-api-key': keys.header },
}
const call: RequestOptions = { providerKeys: { groq: keys.call }, headers: { 'proxy-authorization': `Bearer ${keys.bearer}` } }

let behaviour: Behaviour = silence
let upstream: Upstream
let vai: VAI
/** Whatever can be seen. */
const seen: string[] = []
const note =
  (level: string) =>
  (text: string, details: unknown): void => {
    seen.push(`${level} ${text} ${JSON.stringify(details)} ${inspect(details, { depth: 9, showHidden: true })}`)
  }

beforeAll(async () => {
  upstream = await startUpstream(() => behaviour)
  const logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  vai = new VAI({ baseURL: upstream.url, logger, maxRetries: 1, ...options })
})

afterAll(() => upstream.close())

/** What a careless server says of a request: all of it. */
function echoed({ headers }: RecordedRequest): string {
  return JSON.stringify(headers)
}

function echoedError(request: RecordedRequest) {
  const text = echoed(request)
  const issues = [{ code: 'wrong', message: text, param: text }]
  const said = { headers: request.headers, [text]: [text] }
  return { type: 'invalid_request_error', message: text, param: text, issues, details: said, provider_error: { body: said } }
}

function textsOf(value: unknown): string[] {
  const texts = [inspect(value, { depth: 9, showHidden: true, getters: true }), JSON.stringify(value) ?? '', String(value)]
  return value instanceof Error ? [...texts, value.message, value.stack ?? '', ...textsOf(value.cause)] : texts
}

describe('a mask', () => {
  it('hides keys as they are and as JSON writes them, the longer ones first', () => {
    const mask = maskOf(['sk-test-1', 'sk-test-1-more', 'quoted"\\key', 'short'])
    expect(mask('sk-test-1-more, sk-test-1 or a shorter')).toBe('…, … or a shorter')
    expect(mask(JSON.stringify({ key: 'quoted"\\key' }))).toBe('{"key":"…"}')
  })
})

describe('keys', () => {
  it.each<[string, Behaviour]>([
    [
      'a page that repeats them',
      (request) => reply(`<html>${echoed(request)}`, { status: 502, headers: { 'retry-after': '0' } }),
    ],
    ['JSON that repeats them', (request) => json({ headers: request.headers })],
    ['a list that repeats them', (request) => json([request.headers])],
    ['an error that repeats them', (request) => refused(400, echoedError(request))],
    [
      'a provider’s error that repeats them',
      (request) => refused(401, { type: 'authentication_error', provider_error: { body: request.headers } }),
    ],
    [
      'a stream that is none and repeats them',
      (request) => reply(echoed(request), { headers: { 'content-type': 'text/plain' } }),
    ],
    ['a stream of lines that are no events and repeat them', (request) => sse(`<p>${echoed(request)}\n\n`)],
    ['a stream of events that are none and repeat them', (request) => sse(`data: ${echoed(request)}\n\n`)],
    [
      'a stream of an error that says nothing and repeats them',
      (request) => sse(`data: ${JSON.stringify({ type: 'error', error: request.headers })}\n\n`),
    ],
    [
      'a stream of an error that repeats them',
      (request) => sse(`data: ${JSON.stringify({ type: 'error', error: echoedError(request) })}\n\n`),
    ],
    [
      'a page of one key that is repeated until it is cut',
      ({ headers }) => reply(String(headers['x-api-key']).repeat(1000), { status: 500 }),
    ],
    ['a redirect that repeats them', (request) => redirect(`http://127.0.0.1:9/?${encodeURIComponent(echoed(request))}`)],
    ['too many requests', refused(429, { type: 'rate_limit_error' }, { 'retry-after': '0' })],
    ['a page', htmlPage(500)],
    ['no answer', hangUp],
    ['half an answer', reply('{"content": [', { headers: { 'content-type': 'application/json' }, dieAt: 5 })],
    ['a good answer', answered],
  ])('reach the server alone, which answers with %s', async (_, next) => {
    behaviour = next
    const before = upstream.requests.length
    const asks = [
      () => vai.messages.create(question, call),
      () => vai.messages.stream(question, call).finalMessage(),
      () => vai.runs.create({ request: question }, call),
      () => vai.models.list({}, call),
    ]
    for (const ask of asks) {
      const outcome = await ask().catch((error: unknown) => error)
      // What the server answers as a good answer is the caller's, whatever stands in it.
      if (outcome instanceof Error) seen.push(...textsOf(outcome))
    }
    for (const { headers } of upstream.requests.slice(before)) {
      expect(headers).toMatchObject({
        authorization: `Bearer ${keys.gateway}`,
        'x-api-key': keys.header,
        'x-provider-key-openai': keys.provider,
        'x-provider-key-groq': keys.call,
        'proxy-authorization': `Bearer ${keys.bearer}`,
      })
    }
    expect(upstream.requests.length).toBeGreaterThan(before)
    expect(leaksIn(seen, secrets)).toEqual([])
  })

  it('are not in what a client is written as', () => {
    const stream = vai.messages.stream(question, call)
    for (const value of [vai, vai.messages, vai.runs, vai.models, vai.live, stream, vai.withOptions({ timeout: 1 })])
      seen.push(...textsOf(value))
    seen.push(`${vai}`, JSON.stringify({ vai }), inspect({ vai }))
    expect(JSON.stringify({ vai })).toBe(JSON.stringify({ vai: { baseURL: upstream.url } }))
    expect(`${vai} ${inspect(vai)}`).toBe(`VAI(${upstream.url}) VAI(${upstream.url})`)
    expect(leaksIn(seen, secrets)).toEqual([])
  })

  it('are not in an aborted request', async () => {
    behaviour = sse('data: {"type":"ping"}\n\n', { stallAt: 10 })
    const controller = new AbortController()
    const reading = vai.messages.stream(question, { ...call, signal: controller.signal }).finalMessage()
    const outcome = reading.catch((error: unknown) => error)
    await upstream.waitForRequest(upstream.requests.length + 1)
    controller.abort()
    seen.push(...textsOf(await outcome))
    expect(leaksIn(seen, secrets)).toEqual([])
  })

  it('would be found where they were', () => {
    expect(leaksIn([...seen, `authorization: Bearer ${keys.gateway}`], secrets)).toHaveLength(1)
    expect(seen.some((text) => text.startsWith('info '))).toBe(true)
  })
})
