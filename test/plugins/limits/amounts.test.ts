import { afterEach, describe, expect, it } from 'vitest'
import { readerOf, startGate } from '../../gate.ts'
import { errorOf, type Gateway, type GatewayOptions, startGateway } from '../../gateway.ts'
import { envWith, gatewayKey } from '../../gateway-keys.ts'
import { ManualClock } from '../../manual-clock.ts'
import { until } from '../../until.ts'
import { anthropicKey, startAnthropic } from '../../upstreams/anthropic.ts'
import { type AnthropicAnswer, anthropicError } from '../../upstreams/anthropic-answer.ts'
import { json, silence } from '../../upstreams/behaviour.ts'
import { startUpstream, type Upstream } from '../../upstreams/upstream.ts'
import { itemsOf } from './fields.ts'

/** Tokens per minute and cost per day: taken by estimate before the call, corrected by what it came to. */

const running: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

async function start(upstream: Pick<Upstream, 'url' | 'close'>, options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await startGateway({
    ...options,
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_RETRY_ATTEMPTS: '0', ...options.env },
    keys: { anthropic: anthropicKey },
    parts: { clock: new ManualClock(), ...options.parts },
  })
  running.push(upstream, gateway)
  return gateway
}

const ask = { model: 'anthropic/claude-sonnet-4-5', max_tokens: 500, messages: [{ role: 'user', content: 'Hello' }] }
/** What is estimated for the question by the length of its JSON. */
const question = Math.ceil(JSON.stringify(ask).length / 4)
const streamed = { ...ask, stream: true }
const question2 = Math.ceil(JSON.stringify(streamed).length / 4)
const answer: AnthropicAnswer = { content: [{ type: 'text', text: 'Hello' }], usage: { input_tokens: 40, output_tokens: 60 } }
const tokens = { VAI_LIMIT_TOKENS_PER_MINUTE: '10000' }

function leftOf(response: Response, item: string): unknown {
  return itemsOf(response.headers.get('ratelimit'))[item]?.r
}

/** What is left, by a request that is refused for its tokens and takes nothing. */
async function left(gateway: Gateway, item: string): Promise<unknown> {
  const probe = await gateway.post({ ...ask, model: 'demo/echo', max_tokens: 1_000_000 })
  await probe.text()
  return leftOf(probe, item)
}

describe('tokens per minute', () => {
  it('are taken by estimate, and settled by what the answer came to', async () => {
    const gateway = await start(await startAnthropic({ script: answer }), { env: tokens })
    const first = await gateway.post(ask)
    expect(first.headers.get('ratelimit-policy')).toBe('"tokens";q=10000;qu="tokens";w=60')
    expect(leftOf(first, 'tokens')).toBe(10_000 - question - 500)
    await first.text()
    expect(leftOf(await gateway.post(ask), 'tokens')).toBe(10_000 - 100 - question - 500)
    const third = await gateway.post(streamed)
    expect(leftOf(third, 'tokens')).toBe(10_000 - 200 - question2 - 500)
    await third.text()
    expect(leftOf(await gateway.post(ask), 'tokens')).toBe(10_000 - 300 - question - 500)
  })

  it('count cached ones, too', async () => {
    const usage = { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 2000, cache_creation_input_tokens: 300 }
    const gateway = await start(await startAnthropic({ script: { ...answer, usage } }), { env: tokens })
    await (await gateway.post(ask)).text()
    expect(leftOf(await gateway.post(ask), 'tokens')).toBe(10_000 - 2315 - question - 500)
  })

  it('refuse what there is no room for, and say how much that is', async () => {
    const gateway = await start(await startAnthropic({ script: answer }), { env: { VAI_LIMIT_TOKENS_PER_MINUTE: '600' } })
    await (await gateway.post(ask)).text()
    // 500 are left, and 60 seconds bring 600.
    const refused = await gateway.post(ask)
    expect(refused.status).toBe(429)
    const wait = Math.ceil((question + 500 - 500) / 10)
    expect(refused.headers.get('retry-after')).toBe(String(wait))
    expect(await errorOf(refused)).toMatchObject({
      code: 'token_rate_limit',
      retry_after: wait,
      message: `All callers together may use 600 tokens per minute; this request may need ${question + 500} (its input and max_tokens), and there is room for it in ${wait} s.`,
    })
    expect((await gateway.post({ ...ask, max_tokens: 400 })).status).toBe(200)
  })

  it('refuse without counting the request', async () => {
    const env = { VAI_LIMIT_TOKENS_PER_MINUTE: '600', VAI_LIMIT_REQUESTS_PER_MINUTE: '3', VAI_LIMIT_REQUESTS_BURST: '3' }
    const gateway = await start(await startAnthropic({ script: answer }), { env })
    await (await gateway.post(ask)).text()
    for (let index = 0; index < 5; index++) {
      const refused = await gateway.post(index % 2 ? streamed : ask)
      expect(await errorOf(refused)).toMatchObject({ code: 'token_rate_limit' })
    }
    expect(leftOf(await gateway.post({ ...ask, max_tokens: 1 }), 'requests')).toBe(1)
  })

  it('let one request pass that is larger than the limit, which owes the rest', async () => {
    const usage = { input_tokens: 900, output_tokens: 300 }
    const clock = new ManualClock()
    const env = { VAI_LIMIT_TOKENS_PER_MINUTE: '600' }
    const gateway = await start(await startAnthropic({ script: { ...answer, usage } }), { env, parts: { clock } })
    expect((await gateway.post({ ...ask, max_tokens: 5000 })).status).toBe(200)
    // It came to 1,200: 600 are owed.
    expect((await gateway.post({ ...ask, max_tokens: 1 })).status).toBe(429)
    clock.advance(60_000)
    expect((await gateway.post({ ...ask, max_tokens: 1 })).status).toBe(429)
    clock.advance(5000)
    expect((await gateway.post({ ...ask, max_tokens: 1 })).status).toBe(200)
  })

  it('are all given back where the provider gives no answer', async () => {
    const busy = anthropicError('overloaded_error', 'Overloaded')
    const gateway = await start(await startAnthropic({ script: [busy, json({}, { status: 500 }), busy, answer] }), {
      env: tokens,
    })
    for (const body of [ask, ask, streamed]) expect((await gateway.post(body)).ok).toBe(false)
    expect(leftOf(await gateway.post(ask), 'tokens')).toBe(10_000 - question - 500)
    const noKey = await gateway.post({ ...ask, model: 'openai/gpt-5-mini' })
    expect(noKey.status).toBe(401)
    expect(leftOf(await gateway.post(ask), 'tokens')).toBe(10_000 - 100 - question - 500)
  })

  it('of a stream that breaks off are those that are known', async () => {
    const broken: AnthropicAnswer = { ...answer, errorAfter: { events: 4, type: 'overloaded_error', message: 'Overloaded' } }
    const gateway = await start(await startAnthropic({ script: [broken, answer] }), { env: tokens })
    expect(await (await gateway.post(streamed)).text()).toContain('event: error')
    const rest = leftOf(await gateway.post(ask), 'tokens')
    // 40 of input, a few of output.
    expect(rest).toBeLessThanOrEqual(10_000 - 40 - question - 500)
    expect(rest).toBeGreaterThan(10_000 - 60 - question - 500)
  })

  it('of a stream whose caller leaves grow with what was sent', async () => {
    const words = Array.from({ length: 400 }, (_, index) => `word${index} `)
    const script: AnthropicAnswer = { content: [{ type: 'text', text: words }], stallAt: { event: 300 } }
    const gateway = await start(await startAnthropic({ script }), { env: tokens })
    const leaving = new AbortController()
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(streamed),
      signal: leaving.signal,
    })
    await readerOf(response).until('word290')
    leaving.abort()
    const rest = await until(async () => {
      const now = Number(await left(gateway, 'tokens'))
      return now > 10_000 - 500 && now
    })
    // What is sent for 290 words is some 40 kB.
    expect(rest).toBeLessThan(10_000 - 250)
  })

  it('of a question that the caller gave up are those of the question', async () => {
    const upstream = await startUpstream(silence)
    const gateway = await start(upstream, { env: tokens })
    const leaving = new AbortController()
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ask),
      signal: leaving.signal,
    }
    const gone = fetch(`${gateway.url}/v1/messages`, init).catch(() => undefined)
    await upstream.waitForRequest()
    leaving.abort()
    await gone
    await until(async () => (await left(gateway, 'tokens')) === 10_000 - question)
  })

  it('are not asked of a count, nor of a key without such a limit', async () => {
    const [counted, free] = [gatewayKey('counted', { limits: { tokens_per_minute: 10 } }), gatewayKey('free')]
    const gateway = await start(await startAnthropic({ script: answer }), { env: envWith([counted, free]) })
    const { max_tokens: _, ...count } = ask
    for (let index = 0; index < 3; index++) {
      const response = await gateway.post(count, { 'x-api-key': counted.key }, '/v1/messages/count_tokens')
      expect(response.status).toBe(200)
      expect(leftOf(response, 'tokens')).toBeUndefined()
    }
    expect(leftOf(await gateway.post(ask, { 'x-api-key': free.key }), 'tokens')).toBeUndefined()
    expect((await gateway.post(ask, { 'x-api-key': counted.key })).status).toBe(200)
    expect((await gateway.post(ask, { 'x-api-key': counted.key })).status).toBe(429)
  })
})

describe('cost per day', () => {
  // 40 tokens at $3 and 60 at $15 a million.
  const spent = 1020
  const day = { VAI_LIMIT_COST_PER_DAY_USD: '0.02' }

  it('is taken by the price of the most that may come, and settled by the price of what came', async () => {
    const gateway = await start(await startAnthropic({ script: answer }), { env: day })
    const first = await gateway.post(ask)
    expect(first.headers.get('ratelimit-policy')).toBe('"cost";q=20000;qu="micro-usd";w=86400')
    expect(leftOf(first, 'cost')).toBe(20_000 - question * 3 - 500 * 15)
    expect(first.headers.get('x-cost-usd')).toBe('0.00102')
    await first.text()
    expect(leftOf(await gateway.post(streamed), 'cost')).toBe(20_000 - spent - question2 * 3 - 500 * 15)
  })

  it('is refused until midnight (UTC), and then begins anew', async () => {
    const clock = new ManualClock(Date.UTC(2026, 10, 21, 21, 59, 0))
    const env = { VAI_LIMIT_COST_PER_DAY_USD: '0.0085' }
    const gateway = await start(await startAnthropic({ script: answer }), { env, parts: { clock } })
    await (await gateway.post(ask)).text()
    const refused = await gateway.post(ask)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe(String(2 * 3600 + 60))
    expect((await errorOf(refused)).message).toMatch(
      /^All callers together may cost \$0\.0085 per day \(UTC\); this request may cost \$0\.007\d+, and the next day begins in 3 h\.$/,
    )
    expect(itemsOf(refused.headers.get('ratelimit')).cost).toEqual({ r: 8500 - spent, t: 2 * 3600 + 60 })
    clock.advance((2 * 3600 + 60) * 1000)
    expect((await gateway.post(ask)).status).toBe(200)
  })

  it('counts nothing for a model without a price', async () => {
    const gateway = await start(await startAnthropic({ script: answer }), { env: day })
    for (let index = 0; index < 3; index++)
      expect(leftOf(await gateway.post({ ...ask, model: 'demo/echo' }), 'cost')).toBe(20_000)
  })

  it('is limited by the least amount that is one', async () => {
    const env = { VAI_LIMIT_COST_PER_DAY_USD: '0.0000000001' }
    const gateway = await start(await startAnthropic({ script: answer }), { env })
    await (await gateway.post(ask)).text()
    const refused = await gateway.post(ask)
    expect(refused.status).toBe(429)
    expect((await errorOf(refused)).message).toContain('may cost $0.000000001 per day')
  })

  it('of a tenant is shared by its keys', async () => {
    const [a, b] = [gatewayKey('a', { tenant: 'acme' }), gatewayKey('b', { tenant: 'acme' })]
    const env = envWith([a, b], { acme: { limits: { cost_per_day_usd: 0.0085 } } })
    const gateway = await start(await startAnthropic({ script: answer }), { env })
    await (await gateway.post(ask, { 'x-api-key': a.key })).text()
    expect((await errorOf(await gateway.post(ask, { 'x-api-key': b.key }))).message).toMatch(
      /^All keys of the tenant acme together/,
    )
  })

  it("of an answer from a fallback is the fallback's", async () => {
    const busy = anthropicError('overloaded_error', 'Overloaded')
    const gateway = await start(await startAnthropic({ script: [busy, answer] }), { env: { VAI_LIMIT_COST_PER_DAY_USD: '1' } })
    const fallback = await gateway.post({ ...ask, fallbacks: ['demo/echo'] })
    expect(fallback.headers.get('x-model')).toBe('demo/echo')
    await fallback.text()
    expect(await left(gateway, 'cost')).toBe(1_000_000)
  })
})

/** A stream that says nothing of its tokens until its end, broken off before it. */
describe('a stream without numbers', () => {
  it('counts at least its question', async () => {
    const gate = await startGate()
    const gateway = await start({ url: gate.url, close: async () => gate.close() }, { env: tokens })
    const leaving = new AbortController()
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(streamed),
      signal: leaving.signal,
    }
    const response = await fetch(`${gateway.url}/v1/messages`, init)
    await readerOf(response).until('Hel')
    leaving.abort()
    await until(async () => Number(await left(gateway, 'tokens')) > 10_000 - 500)
  })
})
