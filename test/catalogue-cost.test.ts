import { request as httpRequest } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { type Gateway, messageOf, startGateway } from './gateway.ts'
import { anthropicKey, startAnthropic } from './upstreams/anthropic.ts'
import type { Behaviour } from './upstreams/behaviour.ts'
import { openAiKey, startOpenAiChat } from './upstreams/openai-chat.ts'
import { recordings, replay } from './upstreams/replay.ts'
import { startUpstream, type Upstream } from './upstreams/upstream.ts'

/** Costs by the prices that this version brings along, through the whole server. */

const running: { close(): Promise<unknown> | unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

async function gatewayFor(upstream: Upstream): Promise<Gateway> {
  const gateway = await startGateway({
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_OPENAI_BASE_URL: `${upstream.url}/v1` },
    keys: { anthropic: anthropicKey, openai: openAiKey },
  })
  running.push(upstream, gateway)
  return gateway
}

function body(model: string, more: object = {}): object {
  return { model, max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }], ...more }
}

/** The usage at the end of a stream. */
async function lastUsage(response: Response): Promise<Record<string, unknown>> {
  const deltas = [...(await response.text()).matchAll(/^data: (\{"type":"message_delta".*)$/gm)]
  const { usage } = JSON.parse(deltas.at(-1)?.[1] ?? '{}')
  return usage
}

const sonnet = 'anthropic/claude-sonnet-4-5'
const content = [{ type: 'text', text: 'Hello' }] as const

describe('Anthropic', () => {
  // 100 × 3 + 1,000 × 0.3 + 500 × 3.75 + 200 × 6 + 10 × 15
  const usage = {
    input_tokens: 100,
    cache_read_input_tokens: 1000,
    cache_creation_input_tokens: 700,
    cache_creation: { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 200 },
    output_tokens: 10,
  }

  it('costs what it costs, whole and streamed', async () => {
    const gateway = await gatewayFor(await startAnthropic({ script: { content, usage } }))
    const whole = await gateway.post(body(sonnet))
    expect(whole.headers.get('x-cost-usd')).toBe('0.003825')
    expect((await messageOf(whole)).usage).toMatchObject({ cost_usd: 0.003825, total_tokens: 1810 })
    const streamed = await gateway.post(body(sonnet, { stream: true }))
    expect(streamed.headers.has('x-cost-usd')).toBe(false)
    expect(await lastUsage(streamed)).toMatchObject({ cost_usd: 0.003825 })
  })

  it('has no cost where it was faster than usual', async () => {
    const gateway = await gatewayFor(await startAnthropic({ script: { content, usage: { ...usage, service_tier: 'priority' } } }))
    const response = await gateway.post(body(sonnet))
    expect((await messageOf(response)).usage).not.toHaveProperty('cost_usd')
    expect(await lastUsage(await gateway.post(body(sonnet, { stream: true })))).not.toHaveProperty('cost_usd')
  })

  it('has no cost where the model is not known', async () => {
    const gateway = await gatewayFor(await startAnthropic({ script: { content, usage } }))
    expect((await gateway.post(body('anthropic/claude-of-next-year'))).headers.has('x-cost-usd')).toBe(false)
  })

  it('is logged as far as is known, where the caller left', async () => {
    const upstream = await startAnthropic({ script: { content, usage, stallAt: { event: 4 } } })
    const gateway = await gatewayFor(upstream)
    await new Promise<void>((resolve, reject) => {
      const request = httpRequest(new URL('/v1/messages', gateway.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      })
      request.once('error', reject)
      request.once('response', (response) => {
        response.once('data', () => {
          response.destroy()
          resolve()
        })
      })
      request.end(JSON.stringify(body(sonnet, { stream: true })))
    })
    const line = JSON.parse(await gateway.logged('"cost_incomplete":true'))
    // One token of the answer was announced at its beginning.
    expect(line).toMatchObject({ ended: 'cancelled', cost_usd: 0.00369 })
  })

  it('is logged as far as is known, where the provider broke off', async () => {
    const gateway = await gatewayFor(await startAnthropic({ script: { content, usage, dieAt: { event: 4 } } }))
    await (await gateway.post(body(sonnet, { stream: true }))).text()
    const line = JSON.parse(await gateway.logged('"cost_incomplete":true'))
    expect(line).toMatchObject({ ended: 'provider_disconnected', cost_usd: 0.00369 })
  })
})

describe('OpenAI', () => {
  const usage = {
    prompt_tokens: 2000,
    prompt_tokens_details: { cached_tokens: 1920 },
    completion_tokens: 100,
    completion_tokens_details: { reasoning_tokens: 64 },
  }

  it('costs what it costs, whole and streamed', async () => {
    const gateway = await gatewayFor(await startOpenAiChat({ script: { text: 'Hello', usage } }))
    // 80 × 1.25 + 1,920 × 0.125 + 100 × 10
    const response = await gateway.post(body('openai/gpt-5.1'))
    expect(response.headers.get('x-cost-usd')).toBe('0.00134')
    expect(await lastUsage(await gateway.post(body('openai/gpt-5.1', { stream: true })))).toMatchObject({ cost_usd: 0.00134 })
  })

  it('has no cost where the provider gave no numbers', async () => {
    const none: Behaviour = { kind: 'reply', headers: { 'content-type': 'application/json' }, body: JSON.stringify(unnumbered) }
    const gateway = await gatewayFor(await startUpstream(none))
    expect((await gateway.post(body('openai/gpt-5.1'))).headers.has('x-cost-usd')).toBe(false)
  })

  const unnumbered = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-5.1',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  }
})

describe.each([
  // (1,128 + 1,283) × 2 + (135 + 10) × 10 + 2,543 × 5 + 18 × 25
  ['llm/anthropic/advisor.sse', 'anthropic/claude-sonnet-5', 0.019437],
  // 100 × 3 + 55,096 × 0.3 + 83 × 15 + 181 × 3 + 8 × 15
  ['llm/anthropic/compaction.sse', 'anthropic/claude-sonnet-4-6', 0.0187368],
  // Another model answers: 31 × 5 + 547 × 25
  ['llm/anthropic/refusal-then-fallback.sse', 'anthropic/claude-fable-5', 0.01383],
])('the recording %s', (file, model, dollars) => {
  it('costs the sum of its calls', async ({ skip }) => {
    const [recording] = await recordings((each) => each.file === file)
    if (!recording) return skip('the recorded traffic is not there')
    const gateway = await gatewayFor(await startUpstream(await replay(recording)))
    expect((await lastUsage(await gateway.post(body(model, { stream: true })))).cost_usd).toBe(dollars)
  })
})
