import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { createSseParser } from '../../api/sse.ts'
import { problemsWith } from '../contract-schemas.ts'
import { errorOf, type Gateway, startGateway } from '../gateway.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { type AnthropicAnswer, anthropicError } from '../upstreams/anthropic-answer.ts'
import { endless, hangUp, htmlPage, json, silence, sse } from '../upstreams/behaviour.ts'
import { geminiKey } from '../upstreams/gemini.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import { openAiError } from '../upstreams/openai-chat-answer.ts'
import { closedPort, startUpstream, type Upstream } from '../upstreams/upstream.ts'

const running: { close(): Promise<unknown> | unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

async function gatewayFor(upstream: Upstream, env: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await startGateway({
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_OPENAI_BASE_URL: `${upstream.url}/v1`, ...env },
    keys: { anthropic: anthropicKey, openai: openAiKey, 'oai-resp': openAiKey, 'gem-dev': geminiKey },
    // No jitter, so that the first wait before another try is a quarter of a second.
    parts: { random: () => 0 },
  })
  running.push(upstream, gateway)
  return gateway
}

const anthropicModel = 'anthropic/claude-sonnet-4-5'
const openaiModel = 'openai/gpt-5-mini'
function body(model: string, more: object = {}): object {
  return { model, max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }], ...more }
}

interface StreamedEvent {
  readonly type: string
  readonly [field: string]: unknown
}

function eventsIn(bytes: Uint8Array): StreamedEvent[] {
  return createSseParser(1e9)
    .feed(bytes)
    .map(({ event, data }) => {
      const parsed: StreamedEvent = JSON.parse(data)
      expect(event).toBe(parsed.type)
      expect(problemsWith('StreamEvent', parsed)).toEqual([])
      return parsed
    })
}

async function streamed(response: Response): Promise<StreamedEvent[]> {
  return eventsIn(new Uint8Array(await response.arrayBuffer()))
}

/** A caller on a socket of its own, who can leave. */
function call(gateway: Gateway, payload: object): { response: Promise<IncomingMessage>; leave(): void } {
  const url = new URL('/v1/messages', gateway.url)
  const request = httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/json' } })
  const response = new Promise<IncomingMessage>((resolve, reject) => request.once('response', resolve).once('error', reject))
  response.catch(() => undefined)
  request.end(JSON.stringify(payload))
  return {
    response,
    leave: () => void request.destroy(),
  }
}

describe('a stream', () => {
  it('has the headers that let every proxy pass it on at once', async () => {
    const gateway = await gatewayFor(await startAnthropic())
    const response = await gateway.post(body(anthropicModel, { stream: true }))
    await response.text()
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-model': anthropicModel,
      'x-request-id': expect.stringMatching(/^req_[0-9A-Z]{26}$/),
    })
  })

  it('passes on each event as soon as it has come', async () => {
    const text = ['one ', 'two ', 'three ']
    const upstream = await startAnthropic({ script: { content: [{ type: 'text', text }], stallAt: { event: 5 } } })
    const gateway = await gatewayFor(upstream)
    const { response, leave } = call(gateway, body(anthropicModel, { stream: true }))
    let seen = ''
    for await (const chunk of await response) {
      seen += String(chunk)
      // The upstream says nothing more: what is seen here was not held back for anything.
      if (seen.includes('two ')) break
    }
    leave()
    expect(seen).toContain('one ')
  })

  it('begins with counts, and says of those that the provider never tells that their 0 is none', async () => {
    const chunk = (choice: object): string =>
      `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', choices: [{ index: 0, ...choice }] })}\n\n`
    const answer = [chunk({ delta: { role: 'assistant', content: 'Hi.' } }), chunk({ delta: {}, finish_reason: 'stop' })]
    const gateway = await gatewayFor(await startUpstream(() => sse(`${answer.join('')}data: [DONE]\n\n`)))
    const events = await streamed(await gateway.post(body(openaiModel, { stream: true })))
    expect(events[0]).toMatchObject({ type: 'message_start', message: { usage: { input_tokens: 0, output_tokens: 0 } } })
    expect(events.at(-2)).toMatchObject({
      type: 'message_delta',
      usage: {},
      metadata: {
        warnings: [
          { param: 'usage.input_tokens', code: 'usage_unknown' },
          { param: 'usage.output_tokens', code: 'usage_unknown' },
        ],
      },
    })
  })

  it('gives a ping whenever it has been quiet for the interval', async () => {
    const upstream = await startAnthropic({ script: { content: [{ type: 'text', text: 'Hello' }], stallAt: { event: 3 } } })
    const gateway = await gatewayFor(upstream, { VAI_PING_INTERVAL_MS: '30' })
    const { response, leave } = call(gateway, body(anthropicModel, { stream: true }))
    let seen = ''
    for await (const chunk of await response) {
      seen += String(chunk)
      if (eventsIn(Buffer.from(seen)).filter(({ type }) => type === 'ping').length >= 4) break
    }
    leave()
    expect(eventsIn(Buffer.from(seen)).map(({ type }) => type)).toContain('content_block_start')
  })

  it('ends with an error once it has lasted as long as a stream may', async () => {
    const upstream = await startAnthropic({ script: { content: [{ type: 'text', text: 'Hello' }], stallAt: { event: 4 } } })
    const gateway = await gatewayFor(upstream, { VAI_LIMIT_STREAM_MS: '150' })
    const events = await streamed(await gateway.post(body(anthropicModel, { stream: true })))
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { type: 'timeout_error', code: 'stream_duration' } })
    await upstream.waitForClose()
  })

  it('waits for a caller who reads slowly, and makes the provider wait too', async () => {
    const frame = `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${'x'.repeat(1000)}"}}\n\n`
    const head = [
      'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\n',
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
    ].join('')
    const upstream = await startUpstream(endless(frame, { head, headers: { 'content-type': 'text/event-stream' } }))
    const gateway = await gatewayFor(upstream)
    const before = process.memoryUsage()
    const { response, leave } = call(gateway, body(anthropicModel, { stream: true }))
    const answer = await response
    answer.pause()
    const taken = await upstream.waitForBackpressure()
    const after = process.memoryUsage()
    // What is on its way fits into sockets' buffers; an unlimited queue would have taken everything there was.
    expect(taken).toBeLessThan(64 * 1024 * 1024)
    expect(after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed).toBeLessThan(64 * 1024 * 1024)
    leave()
    await upstream.waitForClose()
  })
})

describe('a failure before the first content keeps its status', () => {
  const failures: readonly [string, Parameters<typeof startUpstream>[0], number, string, string][] = [
    [
      'a refused key',
      anthropicError('authentication_error', 'invalid x-api-key'),
      401,
      'authentication_error',
      'provider_authentication',
    ],
    [
      'a wrong request',
      anthropicError('invalid_request_error', 'messages: too odd'),
      400,
      'invalid_request_error',
      'provider_rejected',
    ],
    [
      'a prompt that is too long',
      anthropicError('invalid_request_error', 'prompt is too long: 3 tokens > 2 maximum'),
      400,
      'invalid_request_error',
      'context_length_exceeded',
    ],
    ['an unknown model', anthropicError('not_found_error', 'model: nope'), 404, 'not_found_error', 'provider_not_found'],
    ['an HTML page', htmlPage(502), 502, 'provider_error', 'provider_error'],
    ['an empty 200', sse(''), 502, 'provider_error', 'provider_disconnected'],
    ['a 200 that is JSON', json({ hello: 'world' }), 502, 'provider_error', 'provider_protocol'],
    [
      'an overload in the stream',
      sse('event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'),
      529,
      'overloaded_error',
      'provider_overloaded',
    ],
    ['a hang-up', hangUp, 502, 'provider_error', 'provider_disconnected'],
  ]

  it.each(failures)('%s', async (_name, behaviour, status, type, code) => {
    const gateway = await gatewayFor(await startUpstream(behaviour), { VAI_RETRY_ATTEMPTS: '0' })
    for (const stream of [true, false]) {
      // A stream's framing means nothing to a caller who wants JSON; there the same bytes are only not a message.
      if (!stream && (_name.includes('stream') || _name === 'an empty 200' || _name === 'a 200 that is JSON')) continue
      const response = await gateway.post(body(anthropicModel, { stream }))
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toContain('application/json')
      expect(await errorOf(response)).toMatchObject({ type, code })
    }
  })

  it.each([1, 2])('holds the headers over %i events without content, for the overload that comes behind', async (events) => {
    const answer: AnthropicAnswer = {
      content: [{ type: 'text', text: 'Hi' }],
      errorAfter: { events, type: 'overloaded_error', message: 'Overloaded' },
    }
    const gateway = await gatewayFor(await startAnthropic({ script: answer }), { VAI_RETRY_ATTEMPTS: '0' })
    const response = await gateway.post(body(anthropicModel, { stream: true }))
    expect(response.status).toBe(529)
    expect(await errorOf(response)).toMatchObject({ type: 'overloaded_error' })
  })

  it('does not hold them for longer than a ping interval', async () => {
    const upstream = await startAnthropic({ script: { content: [{ type: 'text', text: 'Hi' }], stallAt: { event: 1 } } })
    const gateway = await gatewayFor(upstream, { VAI_PING_INTERVAL_MS: '40' })
    const { response, leave } = call(gateway, body(anthropicModel, { stream: true }))
    expect((await response).statusCode).toBe(200)
    leave()
    await upstream.waitForClose()
  })

  const empty = `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [] })}\n\n`
  it.each([
    ['comments', openaiModel, ': PROCESSING\n\n'],
    ['empty chunks', openaiModel, empty],
    ['comments', 'oai-resp/gpt-5-mini', ': PROCESSING\n\n'],
    ['comments', 'gem-dev/gemini-3-flash', ': PROCESSING\r\n\r\n'],
    ['comments', anthropicModel, ': PROCESSING\n\n'],
  ])('gives headers and pings where nothing comes but %s (%s)', async (_name, model, quiet) => {
    const upstream = await startUpstream({ ...sse(quiet.repeat(3)), stallAt: quiet.length * 3 })
    const gateway = await gatewayFor(upstream, { VAI_PING_INTERVAL_MS: '40', VAI_GEMINI_BASE_URL: upstream.url })
    const { response, leave } = call(gateway, body(model, { stream: true }))
    const answer = await response
    expect(answer.statusCode).toBe(200)
    const [first] = await once(answer, 'data')
    expect(eventsIn(first)).toEqual([{ type: 'ping' }])
    const [second] = await once(answer, 'data')
    expect(eventsIn(second)).toEqual([{ type: 'ping' }])
    leave()
    await upstream.waitForClose()
  })

  it('gives no ping before an answer that follows a comment at once', async () => {
    const chunk = { id: 'c', model: 'm', choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }] }
    const said = `: PROCESSING\n\n${empty}data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`
    const gateway = await gatewayFor(await startUpstream(sse(said)))
    const events = await streamed(await gateway.post(body(openaiModel, { stream: true })))
    expect(events[0]).toMatchObject({ type: 'message_start' })
    expect(events.at(-1)).toMatchObject({ type: 'message_stop' })
  })

  it('a provider that cannot be reached', async () => {
    const gateway = await startGateway({
      env: { VAI_ANTHROPIC_BASE_URL: await closedPort(), VAI_RETRY_ATTEMPTS: '0' },
      keys: { anthropic: anthropicKey },
    })
    running.push(gateway)
    const response = await gateway.post(body(anthropicModel, { stream: true }))
    expect(response.status).toBe(502)
    expect(await errorOf(response)).toMatchObject({ type: 'provider_error', code: 'provider_unreachable' })
  })

  it('a provider that does not begin', async () => {
    const gateway = await gatewayFor(await startUpstream(silence), { VAI_UPSTREAM_FIRST_BYTE_MS: '100', VAI_RETRY_ATTEMPTS: '0' })
    const response = await gateway.post(body(anthropicModel, { stream: true }))
    expect(response.status).toBe(504)
    expect(await errorOf(response)).toMatchObject({ type: 'timeout_error', code: 'provider_timeout' })
  })

  it('tells the provider’s hint when to come back', async () => {
    const gateway = await gatewayFor(await startUpstream(anthropicError('rate_limit_error', 'slow down', { retryAfter: 77 })))
    const response = await gateway.post(body(anthropicModel, { stream: true }))
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('77')
    expect(await errorOf(response)).toMatchObject({
      type: 'rate_limit_error',
      retry_after: 77,
      provider_error: { provider: 'anthropic', status: 429 },
    })
  })
})

describe('a failure after content is a terminal error event, never a clean end', () => {
  const content = [{ type: 'text' as const, text: ['one ', 'two ', 'three '] }]

  it.each([
    ['the connection breaks', { content, dieAt: { event: 5 } }, 'provider_error', 'provider_disconnected'],
    [
      'the provider says so',
      { content, errorAfter: { events: 5, type: 'overloaded_error' as const, message: 'Overloaded' } },
      'overloaded_error',
      'provider_overloaded',
    ],
    ['the provider falls silent', { content, stallAt: { event: 5 } }, 'timeout_error', 'provider_timeout'],
  ])('%s (Anthropic)', async (_name, answer, type, code) => {
    const gateway = await gatewayFor(await startAnthropic({ script: answer }), { VAI_UPSTREAM_IDLE_MS: '150' })
    const response = await gateway.post(body(anthropicModel, { stream: true }))
    expect(response.status).toBe(200)
    const events = await streamed(response)
    expect(events.filter((event) => event.type === 'content_block_delta').length).toBeGreaterThan(0)
    expect(events.at(-1)).toMatchObject({
      type: 'error',
      request_id: response.headers.get('x-request-id'),
      error: { type, code },
    })
    expect(events.map((event) => event.type)).not.toContain('message_stop')
  })

  it.each([
    ['the connection breaks', { text: content[0]?.text, dieAt: { event: 3 } }, 'provider_error', 'provider_disconnected'],
    [
      'the provider says so',
      {
        text: content[0]?.text,
        errorAfter: { events: 3, error: { message: 'The server is overloaded', type: 'server_error', code: null } },
      },
      'provider_error',
      'provider_error',
    ],
    ['the provider falls silent', { text: content[0]?.text, stallAt: { event: 3 } }, 'timeout_error', 'provider_timeout'],
  ])('%s (OpenAI)', async (_name, { text = [], ...answer }, type, code) => {
    const gateway = await gatewayFor(await startOpenAiChat({ script: { text, ...answer } }), { VAI_UPSTREAM_IDLE_MS: '150' })
    const response = await gateway.post(body(openaiModel, { stream: true }))
    expect(response.status).toBe(200)
    const events = await streamed(response)
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { type, code } })
    expect(events.map((event) => event.type)).not.toContain('message_stop')
  })
})

// How soon is for the benchmark to measure; here the upstream would otherwise wait for longer than a test may take.
describe('a caller who leaves ends the upstream call', () => {
  async function expectClosed(upstream: Upstream, gateway: Gateway): Promise<void> {
    await upstream.waitForClose()
    expect(JSON.parse(await gateway.logged('"ended":"cancelled"'))).toMatchObject({ level: 'info', msg: 'request' })
    expect(gateway.logLines.join('')).not.toMatch(/"level":"(?:error|warn)"/)
  }

  it.each([anthropicModel, openaiModel])('before the first byte (%s)', async (model) => {
    const upstream = await startUpstream(silence)
    const gateway = await gatewayFor(upstream)
    const { leave } = call(gateway, body(model, { stream: true }))
    await upstream.waitForRequest()
    leave()
    await expectClosed(upstream, gateway)
  })

  it('in the middle of a stream from Anthropic', async () => {
    const upstream = await startAnthropic({ script: { content: [{ type: 'text', text: ['a', 'b'] }], stallAt: { event: 4 } } })
    const gateway = await gatewayFor(upstream)
    const { response, leave } = call(gateway, body(anthropicModel, { stream: true }))
    for await (const _ of await response) break
    leave()
    await expectClosed(upstream, gateway)
  })

  it('in the middle of a stream from OpenAI', async () => {
    const upstream = await startOpenAiChat({ script: { text: ['a', 'b', 'c'], stallAt: { event: 3 } } })
    const gateway = await gatewayFor(upstream)
    const { response, leave } = call(gateway, body(openaiModel, { stream: true }))
    for await (const _ of await response) break
    leave()
    await expectClosed(upstream, gateway)
  })

  it.each([anthropicModel, openaiModel])('while waiting for an answer in one piece (%s)', async (model) => {
    const upstream = await startUpstream(silence)
    const gateway = await gatewayFor(upstream)
    const { leave } = call(gateway, body(model, { stream: false }))
    await upstream.waitForRequest()
    leave()
    await expectClosed(upstream, gateway)
  })

  it('during a retry', async () => {
    const upstream = await startUpstream([anthropicError('overloaded_error', 'Overloaded'), silence])
    const gateway = await gatewayFor(upstream)
    const { leave } = call(gateway, body(anthropicModel, { stream: true }))
    await upstream.waitForRequest(2)
    leave()
    await expectClosed(upstream, gateway)
  })

  it('while it waits before a retry, so that there is none', async () => {
    const upstream = await startUpstream(anthropicError('overloaded_error', 'Overloaded', { retryAfter: 5 }))
    const gateway = await gatewayFor(upstream)
    const { leave } = call(gateway, body(anthropicModel, { stream: true }))
    await upstream.waitForRequest()
    leave()
    await gateway.logged('"ended":"cancelled"')
    expect(upstream.requests).toHaveLength(1)
  })
})

describe('before anything has reached the caller, a transient failure is tried again', () => {
  it.each([
    ['529', anthropicError('overloaded_error', 'Overloaded')],
    ['500', anthropicError('api_error', 'Internal server error')],
    ['429 with a hint', anthropicError('rate_limit_error', 'slow down', { retryAfter: 0 })],
    [
      'an overload in the stream',
      sse('event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'),
    ],
    ['a hang-up', hangUp],
    ['an HTML page', htmlPage(503)],
  ])('%s', async (_name, failure) => {
    const upstream = await startAnthropic({ script: [failure, { content: [{ type: 'text', text: 'at last' }] }] })
    const gateway = await gatewayFor(upstream)
    const response = await gateway.post(body(anthropicModel, { stream: true }))
    expect(response.headers.get('x-attempts')).toBe('2')
    expect((await streamed(response)).at(-1)).toMatchObject({ type: 'message_stop' })
  })

  it('a whole answer too', async () => {
    const upstream = await startOpenAiChat({
      script: [openAiError({ message: 'oops', type: 'server_error' }, { status: 500 }), { text: 'at last' }],
    })
    const gateway = await gatewayFor(upstream)
    const response = await gateway.post(body(openaiModel))
    expect(response.headers.get('x-attempts')).toBe('2')
  })

  it('what is no passing trouble is not', async () => {
    const upstream = await startUpstream(anthropicError('invalid_request_error', 'no'))
    const gateway = await gatewayFor(upstream)
    expect((await gateway.post(body(anthropicModel))).status).toBe(400)
    expect(upstream.requests).toHaveLength(1)
  })

  it('then the fallbacks are asked in turn, and the one that answers is named', async () => {
    const anthropic = await startUpstream(anthropicError('overloaded_error', 'Overloaded'))
    const openai = await startOpenAiChat()
    running.push(anthropic, openai)
    const gateway = await startGateway({
      env: { VAI_ANTHROPIC_BASE_URL: anthropic.url, VAI_OPENAI_BASE_URL: `${openai.url}/v1`, VAI_RETRY_ATTEMPTS: '0' },
      keys: { anthropic: anthropicKey, openai: openAiKey },
    })
    running.push(gateway)
    const response = await gateway.post(body(anthropicModel, { fallbacks: [openaiModel, 'demo/echo'] }))
    expect(response.headers.get('x-model')).toBe(openaiModel)
    expect(response.headers.get('x-attempts')).toBe('2')
    expect(await response.json()).toMatchObject({ model: openaiModel })
    expect(anthropic.requests[0]?.json).not.toHaveProperty('fallbacks')
    expect(openai.requests[0]?.json).not.toHaveProperty('fallbacks')
  })
})
