import { describe, expect, it } from 'vitest'
import { anthropicError } from '../upstreams/anthropic-answer.ts'
import { startOpenAiChat } from '../upstreams/openai-chat.ts'
import { eventsIn, resultIn, resultOf } from './run.ts'
import { calls, claude, closing, gpt, messages, says, setUpStages, use, withClaude } from './stage.ts'

/** What an answer says beside its body. */

setUpStages()

const used = (input: number, output: number) => ({ usage: { input_tokens: input, output_tokens: output } })
const request = { model: claude, max_tokens: 100, messages }

describe('the headers of a run', () => {
  it('say who asked and answered, and what all turns came to', async () => {
    const script = [
      { ...calls(use('get_time')), ...used(100, 10) },
      { ...says('Done.'), ...used(200, 20) },
    ]
    const { post } = await withClaude(script)
    const response = await post({ request, builtins: ['get_time'] }, { 'x-request-id': 'req-of-mine' }, '/v1/runs')
    const headers = Object.fromEntries(response.headers)
    const { usage } = await resultIn(response)
    expect(usage).toMatchObject({ input_tokens: 300, output_tokens: 30, total_tokens: 330, cost_usd: expect.any(Number) })
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': 'req-of-mine',
      'x-model': claude,
      'x-input-tokens': '300',
      'x-output-tokens': '30',
      'x-total-tokens': '330',
      'x-cost-usd': String(usage.cost_usd),
      'x-duration-ms': expect.stringMatching(/^\d+$/),
    })
  })

  it('of a stream say who answers, as far as that is known', async () => {
    const { post } = await withClaude([calls(use('get_time')), says('Done.')])
    const response = await post({ request, builtins: ['get_time'] }, { 'x-request-id': 'req-of-mine' }, '/v1/runs:stream')
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-request-id': 'req-of-mine',
      'x-model': claude,
    })
    const events = eventsIn(await response.text())
    expect(events[0]).toEqual({ type: 'run_start', request_id: 'req-of-mine', model: claude })
    expect(resultOf(events, messages).stop_reason).toBe('end_turn')
  })

  it('name the model that did answer, where the first did not', async () => {
    const openai = closing(await startOpenAiChat({ script: { text: 'Done.' } }))
    const env = { VAI_OPENAI_BASE_URL: `${openai.url}/v1`, VAI_RETRY_ATTEMPTS: '0' }
    const { post } = await withClaude(anthropicError('overloaded_error', 'Busy'), { env })
    for (const path of ['/v1/runs', '/v1/runs:stream']) {
      const response = await post({ request: { ...request, fallbacks: [gpt] } }, {}, path)
      expect(response.headers.get('x-model')).toBe(gpt)
      await response.text()
    }
  })
})

describe('the usage of a run', () => {
  it('adds up what is known of every turn, caches and details among it', async () => {
    const details = (read: number) => ({ cache_read_input_tokens: read, cache_creation: { ephemeral_5m_input_tokens: read } })
    const { run } = await withClaude([
      { ...calls(use('get_time')), usage: { input_tokens: 10, output_tokens: 1, ...details(1000) } },
      { ...says('Done.'), usage: { input_tokens: 20, output_tokens: 2, ...details(2000) } },
    ])
    const { usage } = await run({})
    expect(usage).toMatchObject({
      input_tokens: 30,
      output_tokens: 3,
      cache_read_input_tokens: 3000,
      total_tokens: 3033,
      cache_creation: { ephemeral_5m_input_tokens: 3000 },
    })
  })

  it('counts an answer that broke off as far as it came', async () => {
    const half = { content: [{ type: 'text' as const, text: ['So', ' far'] }], ...used(200, 20), dieAt: { event: 5 } }
    const { run } = await withClaude([{ ...calls(use('get_time')), ...used(100, 10) }, half], {
      env: { VAI_RETRY_ATTEMPTS: '0' },
    })
    const { usage, stop_reason: stop } = await run({})
    expect(stop).toBe('error')
    expect(usage.input_tokens).toBe(300)
  })
})
