import { afterEach, describe, expect, it } from 'vitest'
import { type CollectedSpan, type Collector, startCollector } from '../../collector.ts'
import { type Gateway, startGateway } from '../../gateway.ts'
import { measured } from '../../measured.ts'
import { anthropicKey, startAnthropic } from '../../upstreams/anthropic.ts'
import { type AnthropicAnswer, anthropicError } from '../../upstreams/anthropic-answer.ts'
import { silence } from '../../upstreams/behaviour.ts'
import type { Step } from '../../upstreams/script.ts'
import type { Upstream } from '../../upstreams/upstream.ts'
import { type TurnsAnswer, type TurnsRequest, turnsRoute } from './turns.ts'

/** What the access log, the measurements and the traces tell of a run. */

const running: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

const answer: AnthropicAnswer = { content: [{ type: 'text', text: 'Hello' }], usage: { input_tokens: 40, output_tokens: 60 } }
const busy = anthropicError('overloaded_error', 'They said Hello there')
const model = 'anthropic/claude-sonnet-4-5'

const lookup = { name: 'lookup', id: 'toolu_1', outcome: 'ok', bytes: 3000 } as const
const late = { name: 'slow_one', id: 'toolu_2', outcome: 'timeout', bytes: 80 } as const
const madeUp = { name: 'a name that a model made up', id: 'an id\nwith words', outcome: 'invalid', bytes: 60 } as const
const run: TurnsRequest = {
  model,
  turns: [
    { maxTokens: 50, text: 'Hello there', tools: [lookup, late] },
    { maxTokens: 50, text: 'Hello there', tools: [madeUp] },
    { maxTokens: 50, text: 'Hello there' },
  ],
}

interface Started extends Gateway {
  readonly upstream: Upstream
}

async function start(
  script: Step<AnthropicAnswer> | readonly Step<AnthropicAnswer>[] = answer,
  env: Record<string, string> = {},
): Promise<Started> {
  const upstream = await startAnthropic({ script })
  const gateway = await startGateway({
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_RETRY_BUDGET_MS: '60000', ...env },
    keys: { anthropic: anthropicKey },
    routes: turnsRoute(),
  })
  running.push(upstream, gateway)
  return { ...gateway, upstream }
}

async function answerOf(response: Response): Promise<TurnsAnswer> {
  expect(response.status).toBe(200)
  return JSON.parse(await response.text())
}

/** The line of the access log. */
async function lineOf(gateway: Gateway): Promise<Record<string, unknown>> {
  return JSON.parse(await gateway.logged('"msg":"request"'))
}

/** Posts, and its caller leaves once so many requests have come to the provider. */
async function leave(gateway: Started, body: TurnsRequest, requests: number): Promise<void> {
  const leaving = new AbortController()
  const gone = gateway.upstream.waitForRequest(requests).then(() => leaving.abort())
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  await fetch(`${gateway.url}/v1/turns`, { ...init, signal: leaving.signal })
    .then((response) => response.text())
    .catch(() => undefined)
  await gone
}

describe('the access log', () => {
  it('has one line for a run, with the sums of its turns', async () => {
    const gateway = await start()
    const response = await gateway.post(run, {}, '/v1/turns')
    expect(response.headers.get('x-attempts')).toBe('3')
    await response.text()
    expect(await lineOf(gateway)).toMatchObject({
      model,
      provider: 'anthropic',
      attempts: 3,
      turns: 3,
      tool_calls: 3,
      input_tokens: 120,
      output_tokens: 180,
      cost_usd: expect.closeTo(3 * 0.00102),
      ended: 'end_turn',
    })
    expect(gateway.logLines.filter((line) => line.includes('"msg":"request"'))).toHaveLength(1)
    expect(gateway.logLines.join('\n')).not.toMatch(/made up|with words/)
  })

  it('counts the calls of all turns, and says what ended the run', async () => {
    const gateway = await start([answer, busy, answer, busy, busy, busy], { VAI_RETRY_ATTEMPTS: '1' })
    expect(await answerOf(await gateway.post(run, {}, '/v1/turns'))).toMatchObject({ turns: 2 })
    const line = await lineOf(gateway)
    expect(line).toMatchObject({
      attempts: 5,
      turns: 3,
      output_tokens: 120,
      ended: 'error',
      error: 'provider_overloaded',
      status: 200,
    })
    expect(line).not.toHaveProperty('cost_incomplete')
  })

  it('says so where the caller left', async () => {
    const gateway = await start([answer, silence])
    await leave(gateway, { ...run, stream: true }, 2)
    expect(await lineOf(gateway)).toMatchObject({ turns: 2, ended: 'cancelled', attempts: 2, output_tokens: 60 })
  })

  it('says where the cost is not all, as an answer broke off', async () => {
    const broken = { ...answer, errorAfter: { events: 4, type: 'api_error', message: 'Failed' } } as const
    const gateway = await start([answer, broken])
    expect(await answerOf(await gateway.post(run, {}, '/v1/turns'))).toMatchObject({ turns: 1, error: 'provider_error' })
    expect(await lineOf(gateway)).toMatchObject({ ended: 'error', error: 'provider_error', cost_incomplete: true })
  })
})

describe('measurements', () => {
  it('tell of the run, its turns and its tools, and of each call as ever', async () => {
    const gateway = await start()
    await answerOf(await gateway.post(run, {}, '/v1/turns'))
    await lineOf(gateway)
    const { value, text } = await measured(gateway)
    expect(value('vai_runs_total', { ended: 'end_turn' })).toBe(1)
    expect(value('vai_run_duration_seconds_count')).toBe(1)
    expect(value('vai_run_turns_sum')).toBe(3)
    expect(value('vai_tool_calls_total', { tool: 'lookup', outcome: 'ok' })).toBe(1)
    expect(value('vai_tool_calls_total', { tool: 'slow_one', outcome: 'timeout' })).toBe(1)
    expect(value('vai_tool_calls_total', { tool: 'unknown', outcome: 'invalid' })).toBe(1)
    expect(value('vai_tool_duration_seconds_count', { tool: 'lookup' })).toBe(1)
    expect(value('vai_tool_result_bytes_sum', { tool: 'lookup' })).toBe(3000)
    expect(value('vai_upstream_calls_total', { provider: 'anthropic', outcome: 'ok' })).toBe(3)
    expect(value('vai_tokens_total', { provider: 'anthropic', kind: 'output' })).toBe(180)
    expect(value('vai_cost_usd_total', { provider: 'anthropic' })).toBeCloseTo(3 * 0.00102)
    // What the gateway takes before its first call is known of a run as of a message; its answer comes from many calls.
    expect(value('vai_overhead_seconds_count', { until: 'first_call' })).toBe(1)
    expect(value('vai_overhead_seconds_count', { until: 'answer' })).toBeUndefined()
    expect(value('vai_streams_ended_total')).toBeUndefined()
    expect(text).not.toMatch(/made up/)
  })

  it('count a streamed run among the open streams for as long as it is one', async () => {
    const gateway = await start([answer, silence])
    const leaving = new AbortController()
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...run, stream: true }),
    }
    const response = await fetch(`${gateway.url}/v1/turns`, { ...init, signal: leaving.signal })
    expect((await measured(gateway)).value('vai_streams_open')).toBe(1)
    leaving.abort()
    await response.text().catch(() => undefined)
    await lineOf(gateway)
    const { value } = await measured(gateway)
    expect(value('vai_streams_open')).toBe(0)
    expect(value('vai_runs_total', { ended: 'cancelled' })).toBe(1)
    expect(value('vai_upstream_calls_total', { outcome: 'cancelled' })).toBe(1)
  })

  it('know a run that failed before its first answer', async () => {
    const gateway = await start(busy, { VAI_RETRY_ATTEMPTS: '0' })
    expect((await gateway.post(run, {}, '/v1/turns')).status).toBe(529)
    const { value } = await measured(gateway)
    expect(value('vai_runs_total', { ended: 'error' })).toBe(1)
    expect(value('vai_run_turns_sum')).toBe(1)
  })
})

describe('traces', () => {
  async function traced(
    script?: Step<AnthropicAnswer> | readonly Step<AnthropicAnswer>[],
    env: Record<string, string> = {},
  ): Promise<{ gateway: Started; collector: Collector }> {
    const collector = await startCollector()
    running.push(collector)
    return { gateway: await start(script, { VAI_OTLP_ENDPOINT: collector.url, ...env }), collector }
  }

  /** What was sent of one request, which is over; the gateway is closed by this. */
  async function spansOf(gateway: Gateway, collector: Collector): Promise<CollectedSpan[]> {
    await gateway.logged('"msg":"request"')
    await gateway.close()
    return collector.spans()
  }

  it('have a span for each step, and below it those of its calls and its tools, by the conventions', async () => {
    const { gateway, collector } = await traced()
    const { traces } = await answerOf(await gateway.post(run, {}, '/v1/turns'))
    const spans = await spansOf(gateway, collector)
    expect(spans.map(({ name }) => name)).toEqual([
      'chat claude-sonnet-4-5',
      'execute_tool lookup',
      'execute_tool slow_one',
      'step',
      'chat claude-sonnet-4-5',
      'execute_tool unknown',
      'step',
      'chat claude-sonnet-4-5',
      'step',
      'POST /v1/turns',
    ])
    const [call, tool, slow, step, , unknown, second, , third, request] = spans
    expect(request).toMatchObject({ attributes: { 'vai.ended': 'end_turn', 'vai.turns': 3, 'vai.tool_calls': 3 }, status: {} })
    expect([step, second, third].map((each) => each?.parentSpanId)).toEqual(Array(3).fill(request?.spanId))
    expect([step, second, third].map((each) => each?.attributes['vai.step'])).toEqual([0, 1, 2])
    expect([call, tool, slow].map((each) => each?.parentSpanId)).toEqual(Array(3).fill(step?.spanId))
    expect(unknown?.parentSpanId).toBe(second?.spanId)
    expect(call?.attributes).toMatchObject({ 'gen_ai.usage.output_tokens': 60, 'vai.attempt': 1 })
    expect(tool).toMatchObject({
      kind: 1,
      status: {},
      attributes: {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'lookup',
        'gen_ai.tool.type': 'extension',
        'gen_ai.tool.call.id': 'toolu_1',
        'vai.outcome': 'ok',
      },
    })
    expect(slow).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'timeout', 'vai.outcome': 'timeout' } })
    expect(unknown?.attributes).not.toHaveProperty('gen_ai.tool.call.id')
    expect(traces).toEqual([tool, slow, unknown].map((each) => `00-${request?.traceId}-${each?.spanId}-01`))
    const sent = collector.requests.map(({ body }) => body.toString()).join()
    expect(sent).not.toMatch(/Hello|made up|with words/)
  })

  it('show tries and models at the step that they belong to', async () => {
    const { gateway, collector } = await traced([answer, busy, answer, busy, busy, answer], { VAI_RETRY_ATTEMPTS: '1' })
    const body = { ...run, fallbacks: ['anthropic/claude-haiku-4-5'] }
    await answerOf(await gateway.post(body, {}, '/v1/turns'))
    const spans = await spansOf(gateway, collector)
    const steps = spans.filter(({ name }) => name === 'step')
    const retry = { name: 'vai.retry', attributes: { 'vai.code': 'provider_overloaded' } }
    const fallback = { name: 'vai.fallback', attributes: { 'vai.next_model': 'anthropic/claude-haiku-4-5' } }
    expect(steps.map(({ events }) => events)).toMatchObject([[], [retry], [retry, fallback]])
    expect(spans.filter(({ name }) => name.startsWith('chat')).map(({ attributes }) => attributes['vai.attempt'])).toEqual([
      1, 1, 2, 1, 2, 3,
    ])
    expect(spans.at(-1)?.events).toEqual([])
  })

  it('call a run that failed after its first answer an error, with a code and no words', async () => {
    const { gateway, collector } = await traced([answer, busy], { VAI_RETRY_ATTEMPTS: '0' })
    await answerOf(await gateway.post(run, {}, '/v1/turns'))
    const spans = await spansOf(gateway, collector)
    expect(spans.at(-1)).toMatchObject({
      status: { code: 2 },
      attributes: { 'vai.ended': 'error', 'error.type': 'provider_overloaded', 'http.response.status_code': 200 },
    })
    expect(spans.filter(({ name }) => name === 'step')).toHaveLength(2)
    expect(collector.requests.map(({ body }) => body.toString()).join()).not.toContain('Hello')
  })

  it("do not call a run an error that failed by the caller's own fault, or that the caller left", async () => {
    const wrong = anthropicError('invalid_request_error', 'messages: Hello there')
    const { gateway, collector } = await traced([wrong, answer, silence])
    expect((await gateway.post(run, {}, '/v1/turns')).status).toBe(400)
    await leave(gateway, run, 3)
    await gateway.logged('"ended":"cancelled"')
    const spans = (await spansOf(gateway, collector)).filter(({ name }) => name === 'POST /v1/turns')
    expect(spans.map(({ status, attributes }) => [status.code ?? 0, attributes['vai.ended']])).toEqual([
      [0, 'error'],
      [0, 'cancelled'],
    ])
  })

  it("of a caller's own go on at the provider and at the tools where nobody takes traces", async () => {
    const gateway = await start()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const { traces } = await answerOf(await gateway.post(run, { traceparent }, '/v1/turns'))
    expect(traces).toEqual(Array(3).fill(traceparent))
    expect(gateway.upstream.requests.map(({ headers }) => headers.traceparent)).toEqual(Array(3).fill(traceparent))
  })

  it('are none where nobody takes any', async () => {
    const gateway = await start()
    expect((await answerOf(await gateway.post(run, {}, '/v1/turns'))).traces).toEqual(['', '', ''])
  })

  it('keep no key that a provider gives for the id of a call', async () => {
    const { gateway, collector } = await traced()
    const turn = { maxTokens: 50, text: 'Hello there', tools: [{ ...lookup, id: anthropicKey }] }
    await answerOf(await gateway.post({ ...run, turns: [turn] }, {}, '/v1/turns'))
    const tool = (await spansOf(gateway, collector)).find(({ name }) => name === 'execute_tool lookup')
    expect(tool?.attributes['gen_ai.tool.call.id']).toBe('[redacted]')
  })
})
