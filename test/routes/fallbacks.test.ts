import { request as httpRequest } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { Warning } from '../../api/schemas.gen.ts'
import { createSseParser } from '../../api/sse.ts'
import { errorOf, type Gateway, messageOf, startGateway } from '../gateway.ts'
import { ManualClock } from '../manual-clock.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { anthropicError } from '../upstreams/anthropic-answer.ts'
import { type Behaviour, empty, hangUp, redirect, reply, silence, sse } from '../upstreams/behaviour.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import { openAiError } from '../upstreams/openai-chat-answer.ts'
import { closedPort, startUpstream, type Upstream } from '../upstreams/upstream.ts'

const running: { close(): Promise<unknown> | unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

const first = 'anthropic/claude-sonnet-4-5'
const second = 'openai/gpt-5-mini'

interface World {
  readonly env?: Record<string, string>
  readonly clock?: ManualClock
}

/** A gateway whose first model is played by one upstream and whose second by another. */
async function gatewayFor(anthropic: Upstream, openai: Upstream, { env = {}, clock }: World = {}): Promise<Gateway> {
  const gateway = await startGateway({
    env: { VAI_ANTHROPIC_BASE_URL: anthropic.url, VAI_OPENAI_BASE_URL: `${openai.url}/v1`, ...env },
    keys: { anthropic: anthropicKey, openai: openAiKey },
    parts: { random: () => 0, ...(clock && { clock }) },
  })
  running.push(anthropic, openai, gateway)
  return gateway
}

function body(more: object = {}): object {
  return { model: first, max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }], ...more }
}

const withFallback = { fallbacks: [second] }
const overloaded = anthropicError('overloaded_error', 'Overloaded')

async function warningsOf(response: Response): Promise<readonly Warning[]> {
  const { metadata } = await messageOf(response)
  return metadata?.warnings ?? []
}

describe('how often was tried', () => {
  it.each([true, false])('is said of what failed too (stream: %s), to the caller and in the log', async (stream) => {
    const gateway = await gatewayFor(await startUpstream(overloaded), await startUpstream(openAiError({ message: 'No.' })), {
      env: { VAI_RETRY_ATTEMPTS: '1' },
    })
    const response = await gateway.post(body({ ...withFallback, stream }))
    expect(response.status).toBe(400)
    expect(response.headers.get('x-attempts')).toBe('3')
    expect(JSON.parse(await gateway.logged('"msg":"request"'))).toMatchObject({ attempts: 3, model: second, status: 400 })
  })
})

describe('that another model answered than the first', () => {
  const warning = {
    param: 'model',
    code: 'fallback',
    message: `${first} did not answer (provider_overloaded); another model did.`,
  }

  it('is said in an answer in one piece', async () => {
    const gateway = await gatewayFor(await startUpstream(overloaded), await startOpenAiChat(), {
      env: { VAI_RETRY_ATTEMPTS: '1' },
    })
    const response = await gateway.post(body(withFallback))
    expect(response.headers.get('x-model')).toBe(second)
    expect(response.headers.get('x-attempts')).toBe('3')
    expect(await warningsOf(response)).toEqual([warning])
  })

  it('is said at the start of a stream', async () => {
    const gateway = await gatewayFor(await startUpstream(overloaded), await startOpenAiChat(), {
      env: { VAI_RETRY_ATTEMPTS: '0' },
    })
    const response = await gateway.post(body({ ...withFallback, stream: true }))
    expect(response.headers.get('x-model')).toBe(second)
    const [start] = createSseParser(1e6).feed(new Uint8Array(await response.arrayBuffer()))
    expect(JSON.parse(start?.data ?? '')).toMatchObject({ type: 'message_start', message: { metadata: { warnings: [warning] } } })
  })

  it('is said in an answer that is passed on as it was written', async () => {
    const openai = await startUpstream(openAiError({ message: 'no credit', code: 'insufficient_quota' }, { status: 429 }))
    const gateway = await gatewayFor(await startAnthropic(), openai)
    const response = await gateway.post(body({ model: second, fallbacks: [first] }))
    expect(await warningsOf(response)).toMatchObject([{ code: 'fallback', message: expect.stringContaining('provider_quota') }])
  })

  it('is said of each that was passed over, beside the other warnings', async () => {
    const gateway = await gatewayFor(await startUpstream(overloaded), await startUpstream(hangUp), {
      env: { VAI_RETRY_ATTEMPTS: '0' },
    })
    const response = await gateway.post(body({ fallbacks: [second, 'demo/echo'], temperature: 0.5 }))
    expect((await warningsOf(response)).map(({ param, code }) => [param, code])).toEqual([
      ['temperature', 'dropped'],
      ['model', 'fallback'],
      ['fallbacks[0]', 'fallback'],
    ])
  })

  it('is not said where the first answered at last', async () => {
    const gateway = await gatewayFor(await startAnthropic({ script: [overloaded, {}] }), await startOpenAiChat())
    const response = await gateway.post(body(withFallback))
    expect(response.headers.get('x-attempts')).toBe('2')
    expect(await warningsOf(response)).toEqual([])
  })
})

describe('the next model is asked at once, and the first no second time, after', () => {
  it.each<[string, Behaviour, string]>([
    ['a quota that is used up', anthropicError('billing_error', 'no credit'), 'provider_quota'],
    ['an answer that is none', empty(), 'provider_protocol'],
    ['a redirect', redirect('http://127.0.0.1:9/'), 'provider_protocol'],
    [
      'a hint for longer than there is time',
      anthropicError('rate_limit_error', 'wait', { retryAfter: 600 }),
      'provider_rate_limit',
    ],
  ])('%s', async (_name, failure, code) => {
    const anthropic = await startUpstream(failure)
    const gateway = await gatewayFor(anthropic, await startOpenAiChat())
    const response = await gateway.post(body(withFallback))
    expect(response.headers.get('x-attempts')).toBe('2')
    expect(anthropic.requests).toHaveLength(1)
    expect(await warningsOf(response)).toMatchObject([{ message: expect.stringContaining(code) }])
  })
})

describe('the first is asked again after', () => {
  it.each([408, 409, 429, 500, 502, 503, 504, 520, 529])('a %i', async (status) => {
    const anthropic = await startAnthropic({ script: [reply('', { status, headers: { 'retry-after': '0' } }), {}] })
    const gateway = await gatewayFor(anthropic, await startOpenAiChat())
    const response = await gateway.post(body(withFallback))
    expect(response.headers.get('x-model')).toBe(first)
    expect(response.headers.get('x-attempts')).toBe('2')
  })

  it('none that the provider itself says would fail again', async () => {
    const anthropic = await startUpstream(reply('', { status: 529, headers: { 'x-should-retry': 'false' } }))
    const gateway = await gatewayFor(anthropic, await startOpenAiChat())
    const response = await gateway.post(body(withFallback))
    expect(response.headers.get('x-model')).toBe(second)
    expect(anthropic.requests).toHaveLength(1)
  })
})

describe('no other model is asked after', () => {
  it.each<[string, Behaviour, string]>([
    ['a request that is wrong', anthropicError('invalid_request_error', 'no'), 'provider_rejected'],
    ['a request that is too long', anthropicError('invalid_request_error', 'prompt is too long'), 'context_length_exceeded'],
    ['a key that is wrong', anthropicError('authentication_error', 'no'), 'provider_authentication'],
    ['a key that may not', anthropicError('permission_error', 'no'), 'provider_permission'],
    ['a model that does not exist', anthropicError('not_found_error', 'no'), 'provider_not_found'],
  ])('%s', async (_name, failure, code) => {
    const openai = await startOpenAiChat()
    const gateway = await gatewayFor(await startUpstream(failure), openai)
    expect(await errorOf(await gateway.post(body(withFallback)))).toMatchObject({ code })
    expect(openai.requests).toEqual([])
  })
})

describe('a try after the first', () => {
  it('says exactly what the first said, under the same id', async () => {
    const failure = openAiError({ message: 'oops', type: 'server_error' }, { status: 500 })
    const openai = await startOpenAiChat({ script: [failure, failure, {}] })
    const gateway = await gatewayFor(await startAnthropic(), openai)
    const response = await gateway.post(body({ model: second }), { 'x-request-id': 'one-and-the-same' })
    expect(response.status).toBe(200)
    const told = openai.requests.map(({ body, headers }) => [body, headers['x-client-request-id']])
    expect(told).toHaveLength(3)
    expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1)
    expect(told[0]?.[1]).toBe('one-and-the-same')
  })

  it('has a line in the log, and so has going on to the next model', async () => {
    const gateway = await gatewayFor(await startUpstream(overloaded), await startOpenAiChat(), {
      env: { VAI_RETRY_ATTEMPTS: '1' },
    })
    await gateway.post(body(withFallback))
    const failed = { model: first, code: 'provider_overloaded', upstream_status: 529, request_id: expect.any(String) }
    expect(JSON.parse(await gateway.logged('trying again'))).toMatchObject({
      ...failed,
      level: 'info',
      attempts: 1,
      wait_ms: 250,
    })
    expect(JSON.parse(await gateway.logged('going on'))).toMatchObject({ ...failed, level: 'info', next: second })
  })

  it('is not made where there is no time for retries', async () => {
    const anthropic = await startUpstream(anthropicError('rate_limit_error', 'slow down', { retryAfter: 0 }))
    const gateway = await gatewayFor(anthropic, await startOpenAiChat(), { env: { VAI_RETRY_BUDGET_MS: '0' } })
    expect((await gateway.post(body())).status).toBe(429)
    expect(anthropic.requests).toHaveLength(1)
  })

  it('is not made once the caller has left, nor is another model asked', async () => {
    const anthropic = await startUpstream(anthropicError('overloaded_error', 'Overloaded', { retryAfter: 5 }))
    const openai = await startOpenAiChat()
    const gateway = await gatewayFor(anthropic, openai)
    const headers = { 'content-type': 'application/json' }
    const caller = httpRequest(`${gateway.url}/v1/messages`, { method: 'POST', headers })
    caller.on('error', () => undefined).end(JSON.stringify(body(withFallback)))
    await gateway.logged('trying again')
    caller.destroy()
    expect(JSON.parse(await gateway.logged('"msg":"request"'))).toMatchObject({ status: 499 })
    expect(anthropic.requests).toHaveLength(1)
    expect(openai.requests).toEqual([])
  })

  it('is not made after content, which is followed by an error', async () => {
    const errorAfter = { events: 4, type: 'overloaded_error', message: 'Overloaded' } as const
    const anthropic = await startAnthropic({ script: { content: [{ type: 'text', text: ['one', 'two', 'three'] }], errorAfter } })
    const openai = await startOpenAiChat()
    const gateway = await gatewayFor(anthropic, openai)
    const text = await (await gateway.post(body({ ...withFallback, stream: true }))).text()
    expect(text).toContain('event: error')
    expect(anthropic.requests).toHaveLength(1)
    expect(openai.requests).toEqual([])
  })
})

describe('a provider that fails too often', () => {
  const env = {
    VAI_RETRY_ATTEMPTS: '0',
    VAI_BREAKER_LEAST_CALLS: '3',
    VAI_BREAKER_OPEN_MS: '4000',
    VAI_LIMIT_STREAM_MS: '86400000',
  }
  const circuitOf = (gateway: Gateway) => gateway.app.breaker.circuits().find(({ provider }) => provider === 'anthropic')

  async function fail(gateway: Gateway, times = 3, more: object = {}): Promise<void> {
    for (let time = 0; time < times; time++) await (await gateway.post(body(more))).text()
  }

  it.each<[string, Behaviour]>([
    ['overloads', overloaded],
    ['server errors', anthropicError('api_error', 'oops')],
    ['hang-ups', hangUp],
    ['answers that are none', empty()],
    [
      'overloads in a 200',
      sse('event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'),
    ],
  ])('is not called any more: %s', async (_name, failure) => {
    const anthropic = await startUpstream(failure)
    const gateway = await gatewayFor(anthropic, await startOpenAiChat(), { env, clock: new ManualClock() })
    await fail(gateway, 3, { stream: true })
    const response = await gateway.post(body())
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('4')
    expect(await errorOf(response)).toMatchObject({
      type: 'overloaded_error',
      code: 'provider_unavailable',
      retry_after: 4,
      provider_error: { provider: 'anthropic' },
    })
    expect(anthropic.requests).toHaveLength(3)
  })

  it('is not called any more when it cannot be reached', async () => {
    const anthropic = { ...(await startAnthropic()), url: await closedPort() }
    const gateway = await gatewayFor(anthropic, await startOpenAiChat(), { env, clock: new ManualClock() })
    await fail(gateway)
    expect(await errorOf(await gateway.post(body()))).toMatchObject({ code: 'provider_unavailable' })
  })

  it('is not called any more when it does not answer in time', async () => {
    const gateway = await gatewayFor(await startUpstream(silence), await startOpenAiChat(), {
      env: { ...env, VAI_UPSTREAM_FIRST_BYTE_MS: '20' },
      clock: new ManualClock(),
    })
    await fail(gateway, 3, { stream: true })
    expect(circuitOf(gateway)).toMatchObject({ state: 'open' })
  })

  it('is not called any more when its streams break off in the middle', async () => {
    const content = [{ type: 'text', text: ['one', 'two', 'three'] }] as const
    const anthropic = await startAnthropic({ script: { content, dieAt: { event: 4 } } })
    const gateway = await gatewayFor(anthropic, await startOpenAiChat(), { env, clock: new ManualClock() })
    await fail(gateway, 2, { stream: true })
    expect(circuitOf(gateway)).toMatchObject({ state: 'closed', calls: 2, failures: 2 })
    await fail(gateway, 1, { stream: true })
    expect(circuitOf(gateway)).toMatchObject({ state: 'open' })
  })

  it('makes way for the fallbacks at once, and was no call', async () => {
    const anthropic = await startUpstream(overloaded)
    const gateway = await gatewayFor(anthropic, await startOpenAiChat(), { env, clock: new ManualClock() })
    await fail(gateway)
    const response = await gateway.post(body(withFallback))
    expect(response.headers.get('x-attempts')).toBe('1')
    expect(await warningsOf(response)).toMatchObject([{ message: expect.stringContaining('provider_unavailable') }])
    expect(anthropic.requests).toHaveLength(3)
  })

  it('is no hindrance for another provider', async () => {
    const gateway = await gatewayFor(await startUpstream(overloaded), await startOpenAiChat(), { env, clock: new ManualClock() })
    await fail(gateway)
    expect((await gateway.post(body({ model: second }))).status).toBe(200)
    expect((await gateway.post(body({ model: 'demo/echo' }))).status).toBe(200)
    expect(
      gateway.app.breaker.circuits().map(({ provider, origin, state }) => [provider, new URL(origin).origin === origin, state]),
    ).toEqual([
      ['anthropic', true, 'open'],
      ['openai', true, 'closed'],
    ])
  })

  it('is called again once the pause is over, and is well with the first answer', async () => {
    const clock = new ManualClock()
    const anthropic = await startAnthropic({ script: [overloaded, overloaded, overloaded, {}] })
    const gateway = await gatewayFor(anthropic, await startOpenAiChat(), { env, clock })
    await fail(gateway)
    clock.advance(3999)
    expect((await gateway.post(body())).headers.get('retry-after')).toBe('1')
    clock.advance(1)
    expect((await gateway.post(body())).status).toBe(200)
    expect((await gateway.post(body())).status).toBe(200)
    const changes = gateway.logLines.map((line) => JSON.parse(line)).filter(({ from }) => from)
    expect(changes.map(({ level, from, to, provider }) => [level, from, to, provider])).toEqual([
      ['warn', 'closed', 'open', 'anthropic'],
      ['info', 'open', 'half-open', 'anthropic'],
      ['info', 'half-open', 'closed', 'anthropic'],
    ])
    expect(changes[0]).toMatchObject({ calls: 3, failures: 3, origin: anthropic.url })
  })

  it('is called by one alone while it is not known whether it is well', async () => {
    const clock = new ManualClock()
    const anthropic = await startUpstream([overloaded, overloaded, overloaded, silence])
    const gateway = await gatewayFor(anthropic, await startOpenAiChat(), { env, clock })
    await fail(gateway)
    clock.advance(4000)
    const caller = httpRequest(`${gateway.url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' } })
    caller.on('error', () => undefined).end(JSON.stringify(body()))
    await anthropic.waitForRequest(4)
    expect((await gateway.post(body())).status).toBe(503)
    expect(circuitOf(gateway)).toMatchObject({ state: 'half-open' })
    caller.destroy()
    await anthropic.waitForClose()
  })

  it.each<[string, Behaviour]>([
    ['wrong requests', anthropicError('invalid_request_error', 'no')],
    ['wrong keys', anthropicError('authentication_error', 'no')],
    ['a rate limit', anthropicError('rate_limit_error', 'slow down')],
  ])('is not one that refuses %s', async (_name, refusal) => {
    const anthropic = await startUpstream(refusal)
    const gateway = await gatewayFor(anthropic, await startOpenAiChat(), { env, clock: new ManualClock() })
    await fail(gateway, 5)
    expect(anthropic.requests).toHaveLength(5)
    expect(circuitOf(gateway)).toMatchObject({ state: 'closed', calls: 5, failures: 0 })
  })

  it('is called regardless where the operator wants it so', async () => {
    const anthropic = await startUpstream(overloaded)
    const gateway = await gatewayFor(anthropic, await startOpenAiChat(), { env: { ...env, VAI_BREAKER_FAILURE_PERCENT: '0' } })
    await fail(gateway, 5)
    expect(anthropic.requests).toHaveLength(5)
    expect(gateway.app.breaker.circuits()).toEqual([])
  })
})

describe('an estimate of tokens', () => {
  it('is no call, whatever state the provider is in', async () => {
    const gateway = await gatewayFor(await startAnthropic(), await startOpenAiChat())
    const { max_tokens: _, ...counted } = { model: second, max_tokens: 1, messages: [{ role: 'user', content: 'Hello' }] }
    expect((await gateway.post(counted, {}, '/v1/messages/count_tokens')).status).toBe(200)
    expect(gateway.app.breaker.circuits()).toEqual([])
  })
})
