import { afterEach, describe, expect, it } from 'vitest'
import { startCollector } from '../../collector.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../../gateway.ts'
import { measured } from '../../measured.ts'
import { anthropicKey, startAnthropic } from '../../upstreams/anthropic.ts'
import type { AnthropicAnswer } from '../../upstreams/anthropic-answer.ts'
import { type Behaviour, json, silence } from '../../upstreams/behaviour.ts'
import type { Step } from '../../upstreams/script.ts'
import { startUpstream, type Upstream } from '../../upstreams/upstream.ts'
import { itemsOf } from '../limits/fields.ts'

/** What is told and counted of runs as callers send them, with a tool of the operator's. */

const running: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

const usage = { input_tokens: 40, output_tokens: 60 }
const calls: AnthropicAnswer = { content: [{ type: 'tool_use', name: 'lookup', input: { word: 'secret-argument' } }], usage }
const ends: AnthropicAnswer = { content: [{ type: 'text', text: 'Well said' }], usage }
const model = 'anthropic/claude-sonnet-4-5'
const asked = {
  request: { model, max_tokens: 500, messages: [{ role: 'user', content: 'secret-prompt' }] },
  builtins: ['lookup'],
}

interface Started {
  readonly gateway: Gateway
  readonly upstream: Upstream
  /** Where the tool asks. */
  readonly tool: Upstream
}

async function start(
  script: Step<AnthropicAnswer> | readonly Step<AnthropicAnswer>[],
  { env = {}, answer = json({ content: 'secret-result' }) }: GatewayOptions & { readonly answer?: Behaviour } = {},
): Promise<Started> {
  const upstream = await startAnthropic({ script })
  const tool = await startUpstream(answer)
  const schema = { type: 'object', properties: { word: { type: 'string' } } }
  const tools = { lookup: { description: 'Looks a word up', url: tool.url, input_schema: schema } }
  const gateway = await startGateway({
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_RETRY_ATTEMPTS: '0', VAI_TOOLS: JSON.stringify(tools), ...env },
    keys: { anthropic: anthropicKey },
  })
  running.push(upstream, tool, gateway)
  return { gateway, upstream, tool }
}

async function lineOf(gateway: Gateway): Promise<Record<string, unknown>> {
  return JSON.parse(await gateway.logged('"msg":"request"'))
}

/** Sends a run whose caller leaves once it is told so. */
function send(gateway: Gateway, path: string): { readonly leave: () => void; readonly gone: Promise<unknown> } {
  const leaving = new AbortController()
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(asked) }
  const gone = fetch(`${gateway.url}${path}`, { ...init, signal: leaving.signal })
    .then((response) => response.text())
    .catch(() => undefined)
  return { leave: () => leaving.abort(), gone }
}

describe.each(['/v1/runs', '/v1/runs:stream'])('a run by %s', (path) => {
  it('is one line of the log, one run, and a trace of its steps, of whose content nothing is kept', async () => {
    const collector = await startCollector()
    running.push(collector)
    const { gateway, tool } = await start([calls, ends], { env: { VAI_OTLP_ENDPOINT: collector.url } })
    const response = await gateway.post(asked, {}, path)
    expect(response.status).toBe(200)
    await response.text()
    expect(await lineOf(gateway)).toMatchObject({
      route: path,
      turns: 2,
      tool_calls: 1,
      attempts: 2,
      input_tokens: 80,
      output_tokens: 120,
      ended: 'end_turn',
    })
    const { value, text } = await measured(gateway)
    expect(value('vai_runs_total', { ended: 'end_turn' })).toBe(1)
    expect(value('vai_tool_calls_total', { tool: 'lookup', outcome: 'ok' })).toBe(1)
    expect(value('vai_streams_open')).toBe(0)
    await gateway.close()
    const spans = collector.spans().filter(({ name }) => !name.startsWith('GET'))
    const names = spans.map(({ name }) => name)
    const chat = 'chat claude-sonnet-4-5'
    expect(names).toEqual([chat, 'execute_tool lookup', 'step', chat, 'step', `POST ${path}`])
    expect(spans.at(-1)?.attributes).toMatchObject({ 'http.route': path, 'url.path': path, 'vai.turns': 2 })
    const ran = spans[1]
    expect(tool.requests[0]?.headers.traceparent).toBe(`00-${ran?.traceId}-${ran?.spanId}-01`)
    const told = [text, ...gateway.logLines, ...collector.requests.map(({ body }) => body.toString())].join('\n')
    expect(told).not.toMatch(/secret-|Well said/)
  })

  it.each<[string, readonly Step<AnthropicAnswer>[], Behaviour, object]>([
    ['a model that is silent', [calls, silence], json({ content: 'x' }), { turns: 2, tool_calls: 1, output_tokens: 60 }],
    ['a model in the middle of an answer', [calls, { ...ends, stallAt: { event: 3 } }], json({ content: 'x' }), { turns: 2 }],
    ['a tool', [calls], silence, { turns: 1, tool_calls: 1, output_tokens: 60 }],
  ])('says what it came to when its caller leaves it with %s', async (_, script, answer, expected) => {
    const { gateway, upstream, tool } = await start(script, { answer })
    const { leave, gone } = send(gateway, path)
    await (script.length > 1 ? upstream.waitForRequest(2) : tool.waitForRequest())
    leave()
    await gone
    expect(await lineOf(gateway)).toMatchObject({ ...expected, ended: 'cancelled' })
    const { value } = await measured(gateway)
    expect(value('vai_runs_total', { ended: 'cancelled' })).toBe(1)
    expect(value('vai_tool_calls_total', { tool: 'lookup', outcome: script.length > 1 ? 'ok' : 'cancelled' })).toBe(1)
    expect(value('vai_streams_open')).toBe(0)
  })

  it('ends where a limit has no more room, and what it spent stays spent', async () => {
    const { gateway } = await start([calls, ends, calls, ends], { env: { VAI_LIMIT_COST_PER_DAY_USD: '0.0085' } })
    const response = await gateway.post(asked, {}, path)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('daily_cost_limit')
    expect(await lineOf(gateway)).toMatchObject({ turns: 1, tool_calls: 1, ended: 'error', error: 'daily_cost_limit' })
    const probe = await gateway.post({ ...asked.request, model: 'demo/echo' })
    expect(itemsOf(probe.headers.get('ratelimit')).cost?.r).toBe(8500 - 1020)
  })
})
