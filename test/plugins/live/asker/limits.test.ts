import { describe, expect, it } from 'vitest'
import type { MessageParam } from '../../../../api/schemas.gen.ts'
import { routesAreFor } from '../../../../plugins/auth/routes.ts'
import { AskingBudget } from '../../../../plugins/live/asker/asking-budget.ts'
import type { LiveCaller } from '../../../../plugins/live/caller.ts'
import { startCollector } from '../../../collector.ts'
import type { Gateway } from '../../../gateway.ts'
import { ManualClock } from '../../../manual-clock.ts'
import { measured } from '../../../measured.ts'
import { time } from '../../../runs/tools.ts'
import { itemsOf } from '../../limits/fields.ts'
import { answer, closing, question, setUpStages, speak, use, withClaude } from './stage.ts'

setUpStages()

const usage = { input_tokens: 40, output_tokens: 60 }
const calls = { ...answer(use('get_time', {}, 'toolu_1')), usage }
const ends = { ...answer(speak('It is noon.')), usage }

/** What is left of a day's money, in micro-dollars. */
async function leftAt({ post }: Gateway): Promise<number> {
  const response = await post({ model: 'demo/echo', max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] })
  return Number(itemsOf(response.headers.get('ratelimit')).cost?.r)
}

describe('the limits of who talks', () => {
  it('refuse a turn, which fails for that', async () => {
    const stage = await withClaude(ends, { env: { VAI_LIMIT_TOKENS_PER_MINUTE: '100' } })
    stage.asker.start(1, question, false)
    await stage.over()
    stage.asker.start(2, question, false)
    expect(await stage.over(2)).toMatchObject({ type: 'failed', code: 'token_rate_limit', isRetryable: true })
    expect(stage.upstream.requests).toHaveLength(1)
    expect(JSON.parse(await stage.gateway.logged('"turn":2'))).toMatchObject({ ended: 'error', error: 'token_rate_limit' })
  })

  it('count each turn as a request, also one that is not wanted in the end', async () => {
    const stage = await withClaude(ends, { env: { VAI_LIMIT_REQUESTS_PER_MINUTE: '2', VAI_LIMIT_REQUESTS_BURST: '2' } })
    stage.asker.start(1, question, true)
    await stage.over()
    stage.asker.start(2, question, false)
    await stage.over(2)
    stage.asker.start(3, question, false)
    expect(await stage.over(3)).toMatchObject({ type: 'failed', code: 'request_rate_limit', isRetryable: true })
    expect(stage.asker.isRefused(3)).toBe(false)
    expect(stage.upstream.requests).toHaveLength(2)
  })

  it('tell a conversation that is too long apart, whose question is not to be asked with again', async () => {
    const stage = await withClaude(ends, { env: { VAI_LIMIT_TEXT_BYTES: '2000' } })
    stage.asker.start(1, [{ role: 'user', content: 'a'.repeat(2000) }], false)
    expect(await stage.over()).toMatchObject({ type: 'failed', code: 'history_too_long', isRetryable: false })
    expect(stage.asker.isRefused(1)).toBe(true)
    expect(stage.upstream.requests).toHaveLength(0)
  })

  it('are such that no session asks with very much all the time', () => {
    const clock = new ManualClock()
    const budget = new AskingBudget(clock)
    const messages: MessageParam[] = [{ role: 'user', content: 'a'.repeat(8 * 1024 ** 2 - 100) }]
    for (let turn = 0; turn < 10; turn++) budget.charge(messages)
    expect(() => budget.charge(messages)).toThrow(expect.objectContaining({ code: 'request_rate_limit', retryAfter: 1 }))
    clock.advance(1000)
    budget.charge(messages)
    // What is usual is asked as often as anybody likes.
    clock.advance(1000)
    for (let turn = 0; turn < 100; turn++) budget.charge([{ role: 'user', content: 'a'.repeat(50_000) }])
  })

  it('are asked before each answer, and what was spent stays spent', async () => {
    const stage = await withClaude([calls, ends], { tools: [time], env: { VAI_LIMIT_COST_PER_DAY_USD: '0.0165' } })
    stage.asker.start(1, question, false)
    expect(await stage.over()).toMatchObject({ type: 'failed', code: 'daily_cost_limit', isRetryable: false })
    expect(stage.upstream.requests).toHaveLength(1)
    expect(await leftAt(stage.gateway)).toBe(16_500 - 1020)
  })

  it('have back what a turn did not need, also where it is interrupted', async () => {
    const stage = await withClaude({ ...ends, stallAt: { event: 5 } }, { env: { VAI_LIMIT_COST_PER_DAY_USD: '1' } })
    stage.asker.start(1, question, false)
    await stage.upstream.waitForRequest()
    stage.asker.cancel(1)
    await stage.gateway.logged('"msg":"turn"')
    const left = await leftAt(stage.gateway)
    // All that it might have cost were a thousand tokens of output.
    expect(left).toBeGreaterThan(1_000_000 - 15_000)
    expect(left).toBeLessThan(1_000_000)
  })
})

describe('a turn', () => {
  it('is one line of the log without a word of what was said, and is counted as runs are', async () => {
    const stage = await withClaude([calls, ends], { tools: [time] })
    stage.asker.start(7, question, false)
    await stage.over(7)
    const line = await stage.gateway.logged('"msg":"turn"')
    expect(JSON.parse(line)).toMatchObject({
      request_id: 'req_of_a_session',
      session_id: 'session_1',
      turn: 7,
      model: 'anthropic/claude-sonnet-4-5',
      attempts: 2,
      turns: 2,
      tool_calls: 1,
      input_tokens: 80,
      output_tokens: 120,
      ended: 'end_turn',
    })
    expect(stage.gateway.logLines.join()).not.toMatch(/noon|weather/)
    expect(stage.asker.usageOf(7)).toMatchObject({ input_tokens: 80, output_tokens: 120, cost_usd: 2 * 0.00102 })
    const { value } = await measured(stage.gateway)
    expect(value('vai_runs_total', { ended: 'end_turn' })).toBe(1)
    expect(value('vai_upstream_calls_total', { provider: 'anthropic', outcome: 'ok' })).toBe(2)
    expect(value('vai_streams_open')).toBe(0)
  })

  it('has what it came to so far while it is going on, without what is not known', async () => {
    const stage = await withClaude([calls, { ...ends, stallAt: { event: 4 } }], { tools: [time] })
    stage.asker.start(1, question, false)
    await stage.tellsOf('tool-ended')
    await stage.upstream.waitForRequest(2)
    const { input_tokens: input, cost_usd: cost } = stage.asker.usageOf(1)
    expect(input).toBeGreaterThanOrEqual(40)
    stage.asker.cancel(1)
    await stage.gateway.logged('"msg":"turn"')
    expect(cost ?? 0.00102).toBeCloseTo(0.00102)
  })

  it('is a span below that of its session, with its steps, its calls and its tools below it', async () => {
    const collector = closing(await startCollector())
    let trace: LiveCaller['trace']
    const stage = await withClaude([calls, ends], {
      tools: [time],
      env: { VAI_OTLP_ENDPOINT: collector.url },
      routes: async (app) => {
        routesAreFor('client', app)
        app.get('/open', async (request) => {
          trace = request.trace
          return {}
        })
      },
      caller: (caller) => ({
        ...caller,
        get trace() {
          return trace
        },
      }),
    })
    await (await fetch(`${stage.gateway.url}/open`)).text()
    stage.asker.start(3, question, false)
    await stage.over(3)
    await stage.gateway.logged('"msg":"turn"')
    await stage.gateway.close()
    const spans = collector.spans()
    const named = (name: string) => spans.filter((span) => span.name === name)
    const [opened, turn] = [named('GET /open')[0], named('turn')[0]]
    expect(turn).toMatchObject({
      parentSpanId: opened?.spanId,
      attributes: { 'vai.turn': 3, 'vai.turns': 2, 'vai.tool_calls': 1, 'vai.ended': 'end_turn' },
    })
    const steps = named('step')
    expect(steps.map(({ parentSpanId }) => parentSpanId)).toEqual([turn?.spanId, turn?.spanId])
    expect(named('execute_tool get_time').map(({ parentSpanId }) => parentSpanId)).toEqual([steps[0]?.spanId])
    expect(named('chat claude-sonnet-4-5').map(({ parentSpanId }) => parentSpanId)).toEqual(steps.map(({ spanId }) => spanId))
    expect(collector.requests.map(({ body }) => body.toString()).join()).not.toMatch(/noon|weather/)
  })
})
