import { afterEach, describe, expect, it } from 'vitest'
import { GatewayError } from '../../../api/error.ts'
import { errorOf, type Gateway, startGateway } from '../../gateway.ts'
import { envWith, gatewayKey } from '../../gateway-keys.ts'
import { measured, type Samples } from '../../measured.ts'
import { anthropicKey, startAnthropic } from '../../upstreams/anthropic.ts'
import { endless, json, sse } from '../../upstreams/behaviour.ts'
import { startUpstream, type Upstream } from '../../upstreams/upstream.ts'

const running: { close(): Promise<unknown> | unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

const body = { model: 'anthropic/claude-sonnet-4-5', max_tokens: 100, messages: [{ role: 'user', content: 'Hello there' }] }

const client = gatewayKey('app')
const admin = gatewayKey('boss', { role: 'admin' })

async function start(upstream: Upstream, env: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await startGateway({
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_RETRY_ATTEMPTS: '0', ...env },
    keys: { anthropic: anthropicKey },
  })
  running.push(upstream, gateway)
  return gateway
}

/** What is measured once the access log has the request. */
async function measuredOnce(gateway: Gateway, response: Response): Promise<Samples> {
  await response.text()
  await gateway.logged(`"request_id":"${response.headers.get('x-request-id')}","method"`)
  return measured(gateway)
}

describe('measurements', () => {
  it('tell of a whole answer: request, call, overhead, tokens and cost', async () => {
    const gateway = await start(await startAnthropic())
    const samples = await measuredOnce(gateway, await gateway.post(body))
    expect(samples.value('vai_requests_total', { route: '/v1/messages', method: 'POST', status: '200' })).toBe(1)
    expect(samples.value('vai_request_duration_seconds_count', { route: '/v1/messages', method: 'POST' })).toBe(1)
    expect(samples.value('vai_upstream_calls_total', { provider: 'anthropic', outcome: 'ok' })).toBe(1)
    expect(samples.value('vai_upstream_duration_seconds_count', { provider: 'anthropic', kind: 'whole' })).toBe(1)
    expect(samples.value('vai_overhead_seconds_count', { until: 'first_call' })).toBe(1)
    expect(samples.value('vai_overhead_seconds_count', { until: 'answer' })).toBe(1)
    expect(samples.value('vai_tokens_total', { provider: 'anthropic', kind: 'input' })).toBeGreaterThan(0)
    expect(samples.value('vai_tokens_total', { provider: 'anthropic', kind: 'output' })).toBeGreaterThan(0)
    expect(samples.value('vai_cost_usd_total', { provider: 'anthropic' })).toBeGreaterThan(0)
    expect(samples.value('vai_breaker_state', { provider: 'anthropic' })).toBe(0)
    expect(samples.value('vai_build_info', { version: '0.0.0-test' })).toBe(1)
  })

  it("do not take the time that a caller or a provider needs for the gateway's own", async () => {
    const upstream = await startAnthropic()
    const gateway = await start(upstream)
    const samples = await measuredOnce(gateway, await gateway.post(body))
    const whole = samples.value('vai_request_duration_seconds_sum', { route: '/v1/messages' }) ?? 0
    const own = samples.value('vai_overhead_seconds_sum', { until: 'answer' }) ?? Number.POSITIVE_INFINITY
    const upstreams = samples.value('vai_upstream_duration_seconds_sum', { kind: 'whole' }) ?? 0
    expect(own + upstreams).toBeLessThanOrEqual(whole)
  })

  it('tell of a stream: its first event and its end', async () => {
    const gateway = await start(await startAnthropic())
    const samples = await measuredOnce(gateway, await gateway.post({ ...body, stream: true }))
    expect(samples.value('vai_first_event_seconds_count', { provider: 'anthropic' })).toBe(1)
    expect(samples.value('vai_streams_ended_total', { provider: 'anthropic', ended: 'complete' })).toBe(1)
    expect(samples.value('vai_streams_open')).toBe(0)
    expect(samples.value('vai_upstream_calls_total', { provider: 'anthropic', outcome: 'ok' })).toBe(1)
    expect(samples.value('vai_tokens_total', { provider: 'anthropic', kind: 'output' })).toBeGreaterThan(0)
  })

  it('tell of a stream that a caller leaves, and meanwhile that it is open', async () => {
    const head = {
      type: 'message_start',
      message: { id: 'm', type: 'message', role: 'assistant', content: [], model: 'x', usage: {} },
    }
    const block = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
    const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'and on ' } }
    const frame = (event: { type: string }): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
    const upstream = await startUpstream(endless(frame(delta), { head: frame(head) + frame(block) }))
    const gateway = await start(upstream)
    const response = await gateway.post({ ...body, stream: true })
    expect((await measured(gateway)).value('vai_streams_open')).toBe(1)
    expect((await measured(gateway)).value('vai_requests_in_flight')).toBe(2)
    await response.body?.cancel()
    await gateway.logged('"ended":"cancelled"')
    const samples = await measured(gateway)
    expect(samples.value('vai_streams_open')).toBe(0)
    expect(samples.value('vai_requests_in_flight')).toBe(1)
    expect(samples.value('vai_streams_ended_total', { ended: 'cancelled' })).toBe(1)
    expect(samples.value('vai_upstream_calls_total', { outcome: 'cancelled' })).toBe(1)
  })

  it('tell of retries, fallbacks and what went wrong', async () => {
    const upstream = await startUpstream(json({ type: 'error', error: { type: 'api_error', message: 'a' } }, { status: 500 }))
    const gateway = await start(upstream, { VAI_RETRY_ATTEMPTS: '1', VAI_BREAKER_LEAST_CALLS: '2' })
    const response = await gateway.post({ ...body, fallbacks: ['demo/echo'] })
    expect(response.status).toBe(200)
    const samples = await measuredOnce(gateway, response)
    expect(samples.value('vai_upstream_calls_total', { provider: 'anthropic', outcome: 'provider_error' })).toBe(2)
    expect(samples.value('vai_upstream_calls_total', { provider: 'demo', outcome: 'ok' })).toBe(1)
    expect(samples.value('vai_upstream_retries_total', { provider: 'anthropic', code: 'provider_error' })).toBe(1)
    expect(samples.value('vai_fallbacks_total', { provider: 'anthropic', code: 'provider_error' })).toBe(1)
    expect(samples.value('vai_breaker_state', { provider: 'anthropic' })).toBe(2)
  })

  it("have no words of a provider's for labels", async () => {
    const upstream = await startUpstream((request) => {
      const error = { type: `kind-${request.index}`, code: `code-${request.index}`, message: 'a' }
      return request.index % 2 === 0
        ? json({ type: 'error', error }, { status: 400 + request.index })
        : sse(`event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`)
    })
    const gateway = await start(upstream, { VAI_BREAKER_FAILURE_PERCENT: '0' })
    for (let index = 0; index < 20; index++) await measuredOnce(gateway, await gateway.post({ ...body, stream: index % 2 === 1 }))
    const { text } = await measured(gateway)
    expect(text).not.toMatch(/kind-|code-/)
    expect(text.split('\n').filter((line) => line.startsWith('vai_upstream_calls_total')).length).toBeLessThan(8)
  })

  it('do not grow with what callers make up', async () => {
    const gateway = await start(await startAnthropic())
    const series = async (): Promise<number> => (await measured(gateway)).text.split('\n').length
    await fetch(`${gateway.url}/nowhere`)
    await measuredOnce(gateway, await gateway.post({ ...body, model: 'anthropic/nothing-0' }))
    const before = await series()
    for (let index = 0; index < 10; index++) {
      await fetch(`${gateway.url}/nowhere/${index}`)
      await fetch(`${gateway.url}/v1/models/demo/made-up-${index}`)
      await measuredOnce(
        gateway,
        await gateway.post({ ...body, model: `anthropic/nothing-${index}` }, { 'x-api-key': `key-${index}` }),
      )
    }
    // The models' route and its 404 are new.
    expect((await series()) - before).toBeLessThan(30)
    expect((await measured(gateway)).text).not.toMatch(/made-up|nothing-|key-\d/)
  })

  it('count a request to nowhere and one that is no URL', async () => {
    const gateway = await start(await startAnthropic())
    await measuredOnce(gateway, await fetch(`${gateway.url}/nowhere`))
    expect((await measured(gateway)).value('vai_requests_total', { route: 'unknown', method: 'GET', status: '404' })).toBe(1)
  })

  it('know of the process, its memory and its event loop', async () => {
    const { value } = await measured(await start(await startAnthropic()))
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(0)
    expect(value('nodejs_heap_size_used_bytes')).toBeGreaterThan(0)
    expect(value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0)
  })

  it("are each server's own, however many there are in a process", async () => {
    const upstream = await startAnthropic()
    const first = await start(upstream)
    const second = await startGateway()
    running.push(second)
    await measuredOnce(first, await first.post(body))
    expect((await measured(second)).value('vai_upstream_calls_total', { provider: 'anthropic' })).toBeUndefined()
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    for (let count = 0; count < 15; count++) await (await startGateway()).close()
    process.off('warning', note)
    expect(warnings).toEqual([])
    expect((await measured(first)).value('process_resident_memory_bytes')).toBeGreaterThan(0)
  })

  it('say nothing of a store that there is not', async () => {
    const gateway = await start(await startAnthropic())
    expect((await measured(gateway)).value('vai_limit_store_up')).toBeUndefined()
    gateway.app.metrics.limitStore(false)
    expect((await measured(gateway)).value('vai_limit_store_up')).toBe(0)
  })

  it("have one word for an error of a provider's own", async () => {
    const gateway = await start(await startAnthropic())
    gateway.app.metrics.upstreamOver('anthropic', new GatewayError('provider_error', { code: 'something_of_theirs' }))
    expect((await measured(gateway)).value('vai_upstream_calls_total', { outcome: 'provider_error' })).toBe(1)
  })
})

describe('who may read them', () => {
  it('is everybody where auth is disabled on this machine alone', async () => {
    const gateway = await start(await startAnthropic())
    const response = await fetch(`${gateway.url}/metrics`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  })

  it('is nobody where they are off', async () => {
    const gateway = await start(await startAnthropic(), { VAI_METRICS: 'off' })
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(404)
  })

  it("is whoever has an admin's key where keys are required, and everybody where they are public", async () => {
    const required = envWith([client, admin])
    const gateway = await start(await startAnthropic(), required)
    const status = async (key?: string): Promise<number> =>
      (await fetch(`${gateway.url}/metrics`, key ? { headers: { authorization: `Bearer ${key}` } } : {})).status
    expect([await status(), await status(client.key), await status(admin.key)]).toEqual([401, 403, 200])
    const open = await start(await startAnthropic(), { ...required, VAI_METRICS: 'public' })
    expect((await fetch(`${open.url}/metrics`)).status).toBe(200)
  })

  it('may be given the measurements of several processes', async () => {
    const gateway = await startGateway({ parts: { metricsText: async () => 'everything 1\n' } })
    running.push(gateway)
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toBe('everything 1\n')
  })

  it('is told to ask again where those of several processes do not come, and not given those of one', async () => {
    const gateway = await startGateway({ parts: { metricsText: () => Promise.reject(new Error('no answer in time')) } })
    running.push(gateway)
    const response = await fetch(`${gateway.url}/metrics`)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await errorOf(response)).toMatchObject({ type: 'overloaded_error', code: 'measurements_unavailable' })
  })

  it('can still read them while the process drains', async () => {
    const gateway = await start(await startAnthropic())
    void gateway.app.drain.start()
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(200)
  })
})
