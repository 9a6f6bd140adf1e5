import { afterEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../api/clock.ts'
import { providers } from '../../../providers/index.ts'
import { defineProviders } from '../../../providers/openai-compatible.ts'
import { type CollectedSpan, type Collector, startCollector } from '../../collector.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../../gateway.ts'
import { anthropicKey, startAnthropic } from '../../upstreams/anthropic.ts'
import { json, sse } from '../../upstreams/behaviour.ts'
import { closedPort, startUpstream, type Upstream } from '../../upstreams/upstream.ts'

const running: { close(): Promise<unknown> | unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

const trace = '0af7651916cd43dd8448eb211c80319c'
const parent = 'b7ad6b7169203331'
const model = 'anthropic/claude-sonnet-4-5'
const body = { model, max_tokens: 100, temperature: 0.5, messages: [{ role: 'user', content: 'Hello there' }] }

async function start(upstream: Upstream, env: Record<string, string>, more: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await startGateway({
    ...more,
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_RETRY_BUDGET_MS: '60000', ...env },
    keys: { anthropic: anthropicKey },
  })
  running.push(upstream, gateway)
  return gateway
}

async function traced(upstream: Upstream, env: Record<string, string> = {}): Promise<{ gateway: Gateway; collector: Collector }> {
  const collector = await startCollector()
  running.push(collector)
  return { gateway: await start(upstream, { VAI_OTLP_ENDPOINT: collector.url, ...env }), collector }
}

/** What was sent of one request, which is over; the gateway is closed by this. */
async function spansOf(gateway: Gateway, collector: Collector): Promise<CollectedSpan[]> {
  await gateway.logged('"msg":"request"')
  await gateway.close()
  return collector.spans()
}

describe('traces', () => {
  it('have a span for the request, and below it one for the call, by the conventions', async () => {
    const upstream = await startAnthropic()
    const { gateway, collector } = await traced(upstream)
    const response = await gateway.post(body)
    expect(response.status).toBe(200)
    await response.text()
    const [call, request, ...others] = await spansOf(gateway, collector)
    expect(others).toEqual([])
    expect(request).toMatchObject({
      name: 'POST /v1/messages',
      kind: 2,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/messages',
        'url.path': '/v1/messages',
        'url.scheme': 'http',
        'http.response.status_code': 200,
        'vai.request_id': response.headers.get('x-request-id'),
      },
      resource: { 'service.name': 'vai-gateway', 'service.version': '0.0.0-test' },
    })
    expect(request?.parentSpanId).toBeUndefined()
    const { port } = new URL(upstream.url)
    expect(call).toMatchObject({
      name: 'chat claude-sonnet-4-5',
      kind: 3,
      traceId: request?.traceId,
      parentSpanId: request?.spanId,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'anthropic',
        'gen_ai.request.model': 'claude-sonnet-4-5',
        'gen_ai.request.max_tokens': 100,
        'gen_ai.request.temperature': 0.5,
        'gen_ai.response.finish_reasons': expect.anything(),
        'gen_ai.response.id': expect.any(String),
        'gen_ai.response.model': expect.stringContaining('claude'),
        'gen_ai.usage.input_tokens': expect.any(Number),
        'gen_ai.usage.output_tokens': expect.any(Number),
        'server.address': '127.0.0.1',
        'server.port': Number(port),
        'vai.attempt': 1,
      },
    })
    expect(call?.attributes).not.toHaveProperty('gen_ai.request.stream')
    expect(collector.requests.every(({ path }) => path === '/v1/traces')).toBe(true)
    expect(await gateway.logged('"msg":"request"')).toContain(`"trace_id":"${request?.traceId}"`)
  })

  it("go on from a caller's, and on to the provider from the call", async () => {
    const upstream = await startAnthropic()
    const { gateway, collector } = await traced(upstream)
    await (await gateway.post(body, { traceparent: `00-${trace}-${parent}-01`, tracestate: 'vendor=one' })).text()
    const [call, request] = await spansOf(gateway, collector)
    expect(request).toMatchObject({ traceId: trace, parentSpanId: parent })
    expect(call).toMatchObject({ traceId: trace, parentSpanId: request?.spanId })
    expect(upstream.requests[0]?.headers).toMatchObject({
      traceparent: `00-${trace}-${call?.spanId}-01`,
      tracestate: 'vendor=one',
    })
  })

  it('are not made of a request whose caller does not want that, nor beyond the share that the operator wants', async () => {
    const upstream = await startAnthropic()
    const { gateway, collector } = await traced(upstream, { VAI_TRACE_SAMPLE_PERCENT: '0' })
    await (await gateway.post(body, { traceparent: `00-${trace}-${parent}-00` })).text()
    await (await gateway.post(body)).text()
    await (await gateway.post(body, { traceparent: `00-${trace}-${parent}-01` })).text()
    await upstream.waitForRequest(3)
    expect((await spansOf(gateway, collector)).map(({ traceId }) => traceId)).toEqual([trace, trace])
    expect(upstream.requests.map(({ headers }) => String(headers.traceparent).slice(-2))).toEqual(['00', '00', '01'])
  })

  it('tell of a stream how long its first piece took, and last until its end', async () => {
    const { gateway, collector } = await traced(await startAnthropic())
    await (await gateway.post({ ...body, stream: true })).text()
    const [call, request] = await spansOf(gateway, collector)
    expect(call?.attributes).toMatchObject({
      'gen_ai.request.stream': true,
      'gen_ai.response.time_to_first_chunk': expect.any(Number),
      'gen_ai.usage.output_tokens': expect.any(Number),
      'gen_ai.response.finish_reasons': expect.anything(),
    })
    expect(request?.attributes).toMatchObject({ 'vai.ended': 'complete' })
    expect(request?.status.code).not.toBe(2)
  })

  it('show each try and each model, with codes for what went wrong and no words', async () => {
    const upstream = await startUpstream([
      json({ type: 'error', error: { type: 'api_error', message: 'Hello there, said they' } }, { status: 500 }),
      json({ type: 'error', error: { type: 'overloaded_error', message: 'Hello there, said they' } }, { status: 529 }),
      json({ type: 'error', error: { type: 'permission_error', message: 'Hello there, said they' } }, { status: 403 }),
    ])
    const { gateway, collector } = await traced(upstream, { VAI_RETRY_ATTEMPTS: '1' })
    const response = await gateway.post({ ...body, fallbacks: ['anthropic/claude-haiku-4-5'] })
    await response.text()
    const spans = await spansOf(gateway, collector)
    const request = spans.at(-1)
    expect(spans.map(({ name }) => name)).toEqual([
      'chat claude-sonnet-4-5',
      'chat claude-sonnet-4-5',
      'chat claude-haiku-4-5',
      'POST /v1/messages',
    ])
    expect(
      spans.map(({ attributes }) => [
        attributes['vai.attempt'],
        attributes['error.type'],
        attributes['http.response.status_code'],
      ]),
    ).toEqual([
      [1, 'provider_error', 500],
      [2, 'provider_overloaded', 529],
      [3, 'provider_permission', 403],
      [undefined, undefined, response.status],
    ])
    expect(spans.slice(0, 3).map(({ status }) => status)).toEqual([{ code: 2 }, { code: 2 }, { code: 2 }])
    expect(request?.events).toMatchObject([
      { name: 'vai.retry', attributes: { 'vai.code': 'provider_error' } },
      { name: 'vai.fallback', attributes: { 'vai.code': 'provider_overloaded', 'vai.next_model': 'anthropic/claude-haiku-4-5' } },
    ])
    expect(collector.requests.map(({ body: sent }) => sent.toString()).join()).not.toContain('Hello')
  })

  it('keep no key that a provider gives for a name, and nothing that is no name', async () => {
    const message = {
      type: 'message',
      role: 'assistant',
      content: [],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    }
    const upstream = await startUpstream(json({ ...message, id: anthropicKey, model: 'so they said: Hello there' }))
    const { gateway, collector } = await traced(upstream)
    expect((await gateway.post(body)).status).toBe(200)
    const [call] = await spansOf(gateway, collector)
    expect(call?.attributes).toMatchObject({
      'gen_ai.response.id': '[redacted]',
      'gen_ai.response.model': 'claude-sonnet-4-5',
    })
  })

  it('call a stream that broke after its headers an error', async () => {
    const events = [
      { type: 'message_start', message: { id: 'm', type: 'message', role: 'assistant', content: [], model: 'x', usage: {} } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } },
    ]
    const frames = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
    const { gateway, collector } = await traced(await startUpstream(sse(frames)))
    const response = await gateway.post({ ...body, stream: true })
    expect(response.status).toBe(200)
    await response.text()
    const [call, request] = await spansOf(gateway, collector)
    expect(call).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'provider_disconnected' } })
    expect(request).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'provider_disconnected' } })
  })

  it('leave out what those ask who watch over the process', async () => {
    const { gateway, collector } = await traced(await startAnthropic())
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await fetch(gateway.url + path)).status).toBe(200)
    expect(await spansOf(gateway, collector)).toEqual([])
  })

  it('do not keep a path that is not of a route', async () => {
    const { gateway, collector } = await traced(await startAnthropic())
    await fetch(`${gateway.url}/v1/models/demo/some-secret-word?key=another`)
    await gateway.logged('"msg":"request"')
    await fetch(`${gateway.url}/some-secret-word?key=another`)
    await gateway.logged('"status":404')
    expect((await spansOf(gateway, collector)).map(({ name }) => name)).toEqual(['GET /v1/models/*', 'GET'])
    expect(collector.requests.map(({ body: sent }) => sent.toString()).join()).not.toMatch(/secret|another/)
  })

  it('that the collector does not take are counted', async () => {
    const collector = await startCollector(400)
    running.push(collector)
    const gateway = await start(await startAnthropic(), { VAI_OTLP_ENDPOINT: collector.url })
    expect((await gateway.post(body)).status).toBe(200)
    await gateway.logged('"msg":"request"')
    await gateway.close()
    expect(await gateway.logged('traces could not be sent')).toContain('"count":2')
    expect(await gateway.app.metrics.registry.getSingleMetricAsString('vai_spans_total')).toContain('{result="lost"} 2')
  })

  it('that nobody takes hold up neither an answer nor the end', async () => {
    // Nothing is waited for longer than a moment.
    const clock: Clock = { ...systemClock, after: (ms, callback) => systemClock.after(Math.min(ms, 200), callback) }
    const gateway = await start(await startAnthropic(), { VAI_OTLP_ENDPOINT: await closedPort() }, { parts: { clock } })
    expect((await gateway.post(body)).status).toBe(200)
    await gateway.logged('"msg":"request"')
    await gateway.close()
  })
})

describe('where nobody takes traces', () => {
  it("a caller's own goes to the provider as it came, and into the log", async () => {
    const upstream = await startAnthropic()
    const gateway = await start(upstream, {})
    await gateway.post(body, { traceparent: `00-${trace}-${parent}-01`, tracestate: 'vendor=one' })
    expect(upstream.requests[0]?.headers).toMatchObject({ traceparent: `00-${trace}-${parent}-01`, tracestate: 'vendor=one' })
    expect(await gateway.logged('"msg":"request"')).toContain(`"trace_id":"${trace}"`)
  })

  it.each([{}, { traceparent: 'nonsense', tracestate: 'vendor=one' }])(
    'nothing goes to the provider with %j',
    async (headers) => {
      const upstream = await startAnthropic()
      const gateway = await start(upstream, {})
      await gateway.post(body, headers)
      expect(Object.keys(upstream.requests[0]?.headers ?? {}).filter((name) => name.startsWith('trace'))).toEqual([])
      expect(await gateway.logged('"msg":"request"')).not.toContain('trace_id')
    },
  )
})

describe('providers', () => {
  it('go by the names that the conventions have for them', () => {
    const { providers: defined } = defineProviders(
      { ours: { preset: 'mistral' }, house: { base_url: 'http://127.0.0.1:1/v1' } },
      ['xai'],
      { ids: [], keyHeaders: [], variables: [] },
    )
    const names = [...providers, ...defined].map(({ id, upstream }) => [id, upstream?.conventionalName ?? id])
    expect(Object.fromEntries(names)).toMatchObject({
      anthropic: 'anthropic',
      openai: 'openai',
      'oai-resp': 'openai',
      'gem-dev': 'gcp.gemini',
      'gem-vert': 'gcp.vertex_ai',
      groq: 'groq',
      ours: 'mistral_ai',
      xai: 'x_ai',
      house: 'house',
    })
  })
})
