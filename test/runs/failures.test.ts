import { describe, expect, it } from 'vitest'
import { problemsWith } from '../contract-schemas.ts'
import { errorOf } from '../gateway.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { anthropicError } from '../upstreams/anthropic-answer.ts'
import { hangUp, silence } from '../upstreams/behaviour.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import { openAiError } from '../upstreams/openai-chat-answer.ts'
import { eventsIn, wordOf } from './run.ts'
import {
  calls,
  claude,
  closing,
  gpt,
  messages,
  messagesSent,
  resultsSent,
  says,
  setUpStages,
  stageFor,
  use,
  withClaude,
} from './stage.ts'
import { time, weather } from './tools.ts'

/** What goes wrong with the model: before the first answer it is an error, after it a result that says so. */

setUpStages()

const first = calls(use('get_time'))
const once = { VAI_RETRY_ATTEMPTS: '0' }
const history = [
  { role: 'user', content: 'Go.' },
  { role: 'assistant', content: [{ type: 'tool_use', name: 'get_time' }] },
  { role: 'user', content: [{ type: 'tool_result', content: 'It is noon.' }] },
]

describe('a model that refuses', () => {
  it('ends the run, and says so itself', async () => {
    const refusal = { content: [{ type: 'text' as const, text: 'I would rather not.' }], stopReason: 'refusal' }
    const { watch } = await withClaude([first, refusal])
    const { result } = await watch({})
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 2, response: { stop_reason: 'refusal' } })
    expect(result.messages).toMatchObject([...history, { role: 'assistant' }])
  })

  it('has none of its calls run', async () => {
    const { watch, upstream } = await withClaude([{ ...first, stopReason: 'refusal' }])
    const { result } = await watch({})
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 1, tool_call_count: 0 })
    expect(result.steps[0]?.tool_results).toMatchObject([{ is_error: true }])
    expect(upstream.requests).toHaveLength(1)
  })

  it('may do so without a word', async () => {
    const { watch } = await withClaude([first, { content: [], stopReason: 'refusal' }])
    const { result } = await watch({})
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 2, messages: history })
    expect(result.messages).toHaveLength(3)
  })
})

describe('a failure after the first answer', () => {
  const half = { content: [{ type: 'text' as const, text: ['So ', 'far'] }, use('get_weather', { city: 'Oslo' })] }
  const said = [...history, { role: 'assistant', content: [{ type: 'text', text: 'So far' }] }]

  it.each([
    ['500', anthropicError('api_error', 'Oh no'), 'provider_error', history],
    ['400', anthropicError('invalid_request_error', 'Not so'), 'provider_rejected', history],
    ['401', anthropicError('authentication_error', 'Who?'), 'provider_authentication', history],
    ['429', anthropicError('rate_limit_error', 'Slowly', { retryAfter: 7 }), 'provider_rate_limit', history],
    ['529', anthropicError('overloaded_error', 'Busy'), 'provider_overloaded', history],
    ['no answer', hangUp, 'provider_disconnected', history],
    ['no word of what it began', { ...half, dieAt: { event: 1 } }, 'provider_disconnected', history],
    ['a cut stream', { ...half, dieAt: { event: 5 } }, 'provider_disconnected', said],
    ['a stream cut in a call', { ...half, dieAt: { event: 9 } }, 'provider_disconnected', said],
    [
      'overload in the stream before a word',
      { ...half, errorAfter: { events: 1, type: 'overloaded_error' as const, message: 'Busy' } },
      'provider_overloaded',
      history,
    ],
    [
      'overload in the stream after some',
      { ...half, errorAfter: { events: 5, type: 'overloaded_error' as const, message: 'Busy' } },
      'provider_overloaded',
      said,
    ],
  ])('(%s) leaves a result with what was done', async (_, behaviour, code, left) => {
    const { watch, run, upstream } = await withClaude([first, behaviour, first, behaviour], { env: once })
    const { result, events } = await watch({})
    expect(result).toMatchObject({ stop_reason: 'error', turn_count: 2, tool_call_count: 1, messages: left })
    expect(result.messages).toHaveLength(left.length)
    expect(result.error).toMatchObject({ code, request_id: expect.stringMatching(/^req_/) })
    expect(wordOf(events)).toMatch(/E$/)
    const whole = await run({})
    expect(whole).toMatchObject({ stop_reason: 'error', messages: left, error: { code } })
    expect(upstream.requests).toHaveLength(4)
  })

  it('that was worth another try has had it', async () => {
    const { watch, upstream } = await withClaude([first, anthropicError('overloaded_error', 'Busy')], {
      env: { VAI_RETRY_ATTEMPTS: '1' },
    })
    expect((await watch({})).result).toMatchObject({ stop_reason: 'error', error: { code: 'provider_overloaded' } })
    expect(upstream.requests).toHaveLength(3)
  })

  it('that another try mends leaves no trace', async () => {
    const busy = anthropicError('overloaded_error', 'Busy')
    const { watch, upstream } = await withClaude([first, busy, says('Done.')])
    expect((await watch({})).result).toMatchObject({ stop_reason: 'end_turn', turn_count: 2 })
    expect(upstream.requests.map(({ body }) => body)[2]).toBe(upstream.requests[1]?.body)
  })

  it('that is silence ends with the time for it', async () => {
    const { watch } = await withClaude([first, silence], { env: { ...once, VAI_UPSTREAM_FIRST_BYTE_MS: '100' } })
    expect((await watch({})).result).toMatchObject({ stop_reason: 'error', error: { code: 'provider_timeout' } })
  })
})

describe('a failure of the first answer', () => {
  it.each([
    ['a refused key', anthropicError('authentication_error', 'Who?'), 401, 'provider_authentication'],
    ['an unknown model', anthropicError('not_found_error', 'model: x'), 404, 'provider_not_found'],
    ['what it does not take', anthropicError('invalid_request_error', 'Not so'), 400, 'provider_rejected'],
    ['too many requests', anthropicError('rate_limit_error', 'Slowly', { retryAfter: 7 }), 429, 'provider_rate_limit'],
    ['overload', anthropicError('overloaded_error', 'Busy'), 529, 'provider_overloaded'],
  ])('(%s) keeps its status', async (_, behaviour, status, code) => {
    const { post } = await withClaude(behaviour, { env: once })
    for (const path of ['/v1/runs', '/v1/runs:stream']) {
      const response = await post({ request: { model: claude, max_tokens: 9, messages } }, {}, path)
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toMatch(/^application\/json/)
      expect(response.headers.get('retry-after')).toBe(status === 429 ? '7' : null)
      expect(await errorOf(response)).toMatchObject({ code })
    }
  })

  it('in its middle is the one end of a stream, and a status otherwise', async () => {
    const half = { content: [{ type: 'text' as const, text: ['So ', 'far'] }], dieAt: { event: 5 } }
    const { post } = await withClaude(half, { env: once })
    const body = { request: { model: claude, max_tokens: 9, messages } }
    const whole = await post(body, {}, '/v1/runs')
    expect(whole.status).toBe(502)
    const stream = await post(body, {}, '/v1/runs:stream')
    const events = eventsIn(await stream.text())
    expect(wordOf(events)).toMatch(/^RSe+X$/)
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { code: 'provider_disconnected' } })
  })
})

describe('fallbacks', () => {
  const thinks = {
    content: [
      { type: 'thinking' as const, thinking: 'Hm.', signature: 'c2lnbmF0dXJl' },
      { type: 'redacted_thinking' as const, data: 'cmVkYWN0ZWQ=' },
      use('get_time', {}, 'toolu_a'),
    ],
  }

  async function withBoth(claudes: Parameters<typeof withClaude>[0], gpts: object) {
    const [anthropic, openai] = [closing(await startAnthropic({ script: claudes })), closing(await startOpenAiChat(gpts))]
    const env = { ...once, VAI_ANTHROPIC_BASE_URL: anthropic.url, VAI_OPENAI_BASE_URL: `${openai.url}/v1` }
    return {
      ...(await stageFor(claude, anthropic, { env, keys: { anthropic: anthropicKey, openai: openAiKey } })),
      anthropic,
      openai,
    }
  }

  it('answer in the middle of a run, stay first, and see nothing that the other sealed', async () => {
    const { watch, anthropic, openai } = await withBoth([thinks, anthropicError('overloaded_error', 'Busy')], {
      script: [
        { toolCalls: [{ id: 'call_a', name: 'get_weather', arguments: '{"city":"Oslo"}' }] },
        { toolCalls: [{ id: 'call_b', name: 'get_time', arguments: '{}' }] },
        { text: 'Done.' },
      ],
    })
    const { result } = await watch({ request: { fallbacks: [gpt] } })
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 4, tool_call_count: 3 })
    expect(result.steps.map(({ response }) => response.model)).toEqual([claude, gpt, gpt, gpt])
    expect(result.steps[1]?.response.metadata?.warnings).toContainEqual(expect.objectContaining({ code: 'fallback' }))
    expect(anthropic.requests).toHaveLength(2)
    expect(openai.requests).toHaveLength(3)
    for (const { body } of openai.requests) {
      expect(body).not.toContain('c2lnbmF0dXJl')
      expect(body).not.toContain('cmVkYWN0ZWQ=')
      expect(body).not.toContain('vai.')
    }
    expect(messagesSent(openai.requests[2]).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'tool',
      'assistant',
      'tool',
    ])
  })

  it('that fail in their turn give way to the first, which gets back what it sealed', async () => {
    const busy = anthropicError('overloaded_error', 'Busy')
    const { watch, anthropic, openai } = await withBoth([thinks, busy, says('Done.')], {
      script: [
        { toolCalls: [{ id: 'call_a', name: 'get_weather', arguments: '{"city":"Oslo"}' }] },
        openAiError({ message: 'Busy', type: 'server_error' }, { status: 500 }),
      ],
    })
    const { result } = await watch({ request: { fallbacks: [gpt] } })
    expect(result.steps.map(({ response }) => response.model)).toEqual([claude, gpt, claude])
    // Whichever was asked first, it is the field of the request that is named.
    expect(
      result.steps.map(({ response }) => response.metadata?.warnings?.find(({ code }) => code === 'fallback')?.param),
    ).toEqual([undefined, 'model', 'fallbacks[0]'])
    expect(openai.requests).toHaveLength(2)
    const last = anthropic.requests.at(-1)
    expect(messagesSent(last)[1]).toMatchObject({ content: thinks.content })
    expect(resultsSent(last)).toMatchObject([{ id: 'call_a', text: 'It rains in Oslo at 7 C.' }])
  })

  it('are asked at once where the first model cannot be', async () => {
    const { run, anthropic } = await withBoth(anthropicError('overloaded_error', 'Busy'), {
      script: [{ toolCalls: [{ name: 'get_time', arguments: '' }] }, { text: 'Done.' }],
    })
    expect(await run({ request: { fallbacks: [gpt] } })).toMatchObject({ stop_reason: 'end_turn', turn_count: 2 })
    expect(anthropic.requests).toHaveLength(1)
  })

  it('that all fail end the run with what was done', async () => {
    const { watch } = await withBoth([thinks, anthropicError('overloaded_error', 'Busy')], {
      script: openAiError({ message: 'Busy', type: 'server_error' }, { status: 503 }),
    })
    const { result } = await watch({ request: { fallbacks: [gpt] } })
    expect(result).toMatchObject({ stop_reason: 'error', turn_count: 2, tool_call_count: 1 })
    expect(problemsWith('RunResult', result)).toEqual([])
    expect([weather.name, time.name]).toContain(result.steps[0]?.tool_calls[0]?.name)
  })
})
