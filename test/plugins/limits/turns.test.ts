import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Cancelled } from '../../../api/error.ts'
import { errorOf, type Gateway, startGateway } from '../../gateway.ts'
import { ManualClock } from '../../manual-clock.ts'
import { noRedis, startRedis, type TestRedis } from '../../redis.ts'
import { until } from '../../until.ts'
import { anthropicKey, startAnthropic } from '../../upstreams/anthropic.ts'
import { type AnthropicAnswer, anthropicError } from '../../upstreams/anthropic-answer.ts'
import { silence } from '../../upstreams/behaviour.ts'
import type { Step } from '../../upstreams/script.ts'
import type { Upstream } from '../../upstreams/upstream.ts'
import { type TurnsAnswer, type TurnsOptions, type TurnsRequest, turnsRoute } from '../runs/turns.ts'
import { itemsOf } from './fields.ts'

/** What counts of a request that takes several turns with a model, whichever store counts. */

const running: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

const model = 'anthropic/claude-sonnet-4-5'
const answer: AnthropicAnswer = { content: [{ type: 'text', text: 'Hello' }], usage: { input_tokens: 40, output_tokens: 60 } }
const busy = anthropicError('overloaded_error', 'Overloaded')

/** What a turn is estimated to need for its question. */
function questionOf(maxTokens: number): number {
  return Math.ceil(JSON.stringify({ model, max_tokens: maxTokens, messages: [{ role: 'user', content: 'Hello' }] }).length / 4)
}

function turns(...maxTokens: readonly number[]): TurnsRequest {
  return { model, turns: maxTokens.map((each) => ({ maxTokens: each, text: 'Hello' })) }
}

async function answerOf(response: Response): Promise<TurnsAnswer> {
  expect(response.status).toBe(200)
  return JSON.parse(await response.text())
}

function leftOf(response: Response): Record<string, unknown> {
  return Object.fromEntries(Object.entries(itemsOf(response.headers.get('ratelimit'))).map(([item, { r }]) => [item, r]))
}

/** What is left, by a request that is refused for its tokens and takes nothing. */
async function left(gateway: Gateway): Promise<Record<string, unknown>> {
  const probe = await gateway.post({
    model: 'demo/echo',
    max_tokens: 1_000_000,
    messages: [{ role: 'user', content: 'Hello' }],
  })
  await probe.text()
  return leftOf(probe)
}

const tokens = { VAI_LIMIT_TOKENS_PER_MINUTE: '10000' }
const requests = { VAI_LIMIT_REQUESTS_PER_MINUTE: '1000', VAI_LIMIT_REQUESTS_BURST: '100' }

describe.each(['memory', 'Redis'])('counted by %s', (store) => {
  const isSkipped = store === 'Redis' && noRedis !== undefined
  const its = it.skipIf(isSkipped)
  const suffix = isSkipped ? ` (skipped: ${noRedis})` : ''
  let redis: TestRedis | undefined
  let prefixes = 0
  beforeAll(async () => {
    if (store === 'Redis' && !isSkipped) redis = await startRedis()
  })
  afterAll(() => redis?.close())

  async function start(
    script: Step<AnthropicAnswer> | readonly Step<AnthropicAnswer>[],
    env: Record<string, string>,
    options: TurnsOptions = {},
  ): Promise<Gateway & { readonly upstream: Upstream }> {
    const upstream = await startAnthropic({ script })
    const gateway = await startGateway({
      env: {
        VAI_ANTHROPIC_BASE_URL: upstream.url,
        VAI_RETRY_ATTEMPTS: '0',
        ...(redis && { VAI_REDIS_URL: redis.url, VAI_REDIS_PREFIX: `turns-${++prefixes}` }),
        ...env,
      },
      keys: { anthropic: anthropicKey },
      // Redis has its own time, which a clock that stands still would take for one that is held up.
      parts: redis ? {} : { clock: new ManualClock() },
      routes: turnsRoute(options),
    })
    running.push(upstream, gateway)
    return { ...gateway, upstream }
  }

  /** Redis fills its buckets while the test runs. */
  function about(expected: number): unknown {
    return redis ? expect.closeTo(expected + 250, -2.7) : expected
  }

  its(`each turn is taken by its estimate and settled by what it came to${suffix}`, async () => {
    const gateway = await start(answer, { VAI_LIMIT_COST_PER_DAY_USD: '1' })
    const response = await gateway.post(turns(500, 600, 700), {}, '/v1/turns')
    // Two turns are settled, 40 tokens at $3 and 60 at $15 a million each, and the last is taken by its estimate.
    expect(leftOf(response)).toEqual({ cost: 1_000_000 - 2 * 1020 - questionOf(700) * 3 - 700 * 15 })
    expect(response.headers.get('ratelimit')?.match(/"cost"/g)).toHaveLength(1)
    expect(await answerOf(response)).toMatchObject({ turns: 3, output_tokens: 180 })
    const after = await gateway.post(turns(100), {}, '/v1/turns')
    expect(leftOf(after)).toEqual({ cost: 1_000_000 - 3 * 1020 - questionOf(100) * 3 - 100 * 15 })
  })

  its(`a turn that is refused takes nothing, and what was spent before it stays spent${suffix}`, async () => {
    const gateway = await start(answer, { VAI_LIMIT_COST_PER_DAY_USD: '0.02', ...requests })
    const response = await gateway.post(turns(500, 500, 5000), {}, '/v1/turns')
    expect(await answerOf(response)).toMatchObject({ turns: 2, output_tokens: 120, error: 'daily_cost_limit' })
    const after = await gateway.post(turns(100), {}, '/v1/turns')
    expect(leftOf(after)).toMatchObject({ cost: 20_000 - 2 * 1020 - questionOf(100) * 3 - 100 * 15 })
    if (!redis) expect(leftOf(after)).toMatchObject({ requests: 98 })
  })

  its(`a first turn that is refused gives the request back${suffix}`, async () => {
    const twice = { VAI_LIMIT_REQUESTS_PER_MINUTE: '2', VAI_LIMIT_REQUESTS_BURST: '2' }
    const gateway = await start(answer, { VAI_LIMIT_COST_PER_DAY_USD: '0.02', ...twice })
    expect(await answerOf(await gateway.post(turns(100), {}, '/v1/turns'))).toMatchObject({ turns: 1 })
    for (let index = 0; index < 3; index++)
      expect(await errorOf(await gateway.post(turns(5000, 10), {}, '/v1/turns'))).toMatchObject({ code: 'daily_cost_limit' })
    expect(await answerOf(await gateway.post(turns(100), {}, '/v1/turns'))).toMatchObject({ turns: 1 })
    expect(gateway.upstream.requests).toHaveLength(2)
  })

  its(`a turn whose provider fails counts nothing, those before it count${suffix}`, async () => {
    const gateway = await start([answer, busy, answer], { VAI_LIMIT_COST_PER_DAY_USD: '1' })
    const response = await gateway.post(turns(500, 500, 500), {}, '/v1/turns')
    expect(await answerOf(response)).toMatchObject({ turns: 1, error: 'provider_overloaded' })
    const after = await gateway.post(turns(100), {}, '/v1/turns')
    expect(leftOf(after)).toEqual({ cost: 1_000_000 - 1020 - questionOf(100) * 3 - 100 * 15 })
  })

  its(`a turn that is given up counts its question once it was asked, and else nothing${suffix}`, async () => {
    const over = [new AbortController(), new AbortController()]
    let ended: AbortController | undefined
    const signalOf = (index: number): AbortSignal | undefined => (index === 0 ? undefined : ended?.signal)
    const gateway = await start([answer, silence, answer, answer], { VAI_LIMIT_COST_PER_DAY_USD: '1' }, { signalOf })
    ended = over[0]
    const first = gateway.post(turns(500, 500), {}, '/v1/turns')
    await gateway.upstream.waitForRequest(2)
    ended?.abort(new Cancelled())
    expect(await answerOf(await first)).toMatchObject({ turns: 1 })
    const spent = 1020 + questionOf(500) * 3
    ended = over[1]
    ended?.abort(new Cancelled())
    expect(await answerOf(await gateway.post(turns(500, 500), {}, '/v1/turns'))).toMatchObject({ turns: 1 })
    const after = await gateway.post(turns(100), {}, '/v1/turns')
    expect(leftOf(after)).toEqual({ cost: 1_000_000 - spent - 1020 - questionOf(100) * 3 - 100 * 15 })
  })

  its(`tokens are counted alike${suffix}`, async () => {
    const gateway = await start(answer, tokens)
    expect(await answerOf(await gateway.post(turns(500, 500), {}, '/v1/turns'))).toMatchObject({ turns: 2 })
    expect(await left(gateway)).toEqual({ tokens: about(10_000 - 200) })
    const response = await gateway.post(turns(500, 50_000), {}, '/v1/turns')
    expect(await answerOf(response)).toMatchObject({ turns: 1, error: 'token_rate_limit' })
    expect(await left(gateway)).toEqual({ tokens: about(10_000 - 300) })
  })

  its(`a stream holds one place, from its first turn until it is over${suffix}`, async () => {
    const gateway = await start([answer, silence, answer, answer, answer], {
      VAI_LIMIT_CONCURRENT_STREAMS: '1',
      VAI_LIMIT_COST_PER_DAY_USD: '1',
    })
    const leaving = new AbortController()
    const streamed = { ...turns(500, 500), stream: true }
    const open = await fetch(`${gateway.url}/v1/turns`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(streamed),
      signal: leaving.signal,
    })
    await gateway.upstream.waitForRequest(2)
    expect(open.status).toBe(200)
    const refused = await gateway.post(streamed, {}, '/v1/turns')
    expect(await errorOf(refused)).toMatchObject({ code: 'concurrency_limit' })
    leaving.abort()
    await until(async () => {
      const next = await gateway.post({ ...streamed, turns: streamed.turns.slice(0, 1) }, {}, '/v1/turns')
      await next.text()
      return next.status === 200
    })
  })
})
