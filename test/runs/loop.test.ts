import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../api/schemas.gen.ts'
import { ToolError } from '../../tools/tool.ts'
import { messageOf } from '../gateway.ts'
import type { AnthropicAnswer } from '../upstreams/anthropic-answer.ts'
import { silence } from '../upstreams/behaviour.ts'
import { startOpenAiChat } from '../upstreams/openai-chat.ts'
import { startOpenAiResponses } from '../upstreams/openai-responses.ts'
import { functionCall, message, reasoning } from '../upstreams/openai-responses-answer.ts'
import { comparable, wordOf } from './run.ts'
import { calls, closing, resultsSent, says, setUpStages, stageFor, use, withClaude, withGpt } from './stage.ts'
import { isDeaf, time, toolThat, waits, weather } from './tools.ts'

/** What a model and its tools do to a run, and where it ends. */

setUpStages()

const inOslo = use('get_weather', { city: 'Oslo' })
const done = says('Done.')

describe('tools', () => {
  it('are called in as many turns as the model wants', async () => {
    const cities = ['Oslo', 'Rome', 'Bonn', 'Nice', 'Graz']
    const script = [...cities.map((city) => calls(use('get_weather', { city }))), done]
    const { run, upstream } = await withClaude(script)
    const whole = await run({})
    const { result, events } = await (await withClaude(script)).watch({})
    expect(comparable(result)).toEqual(comparable(whole))
    expect(whole).toMatchObject({ stop_reason: 'end_turn', turn_count: 6, tool_call_count: 5 })
    expect(whole.messages).toHaveLength(1 + 2 * 5 + 1)
    expect(upstream.requests.slice(1).map((request) => resultsSent(request)[0]?.text)).toEqual(
      cities.map((city) => `It rains in ${city} at 7 C.`),
    )
    expect(wordOf(events)).toMatch(/^R(?:Se+trCH){5}Se+CHE$/)
  })

  it('run at the same time, as many as may, and answer in the order of the calls', async () => {
    let running = 0
    let mostAtOnce = 0
    const waiting: (() => void)[] = []
    const many = toolThat('many', async ({ n }) => {
      mostAtOnce = Math.max(mostAtOnce, ++running)
      // Those that began first end last.
      if (running === 4) for (const release of waiting.splice(0).reverse()) release()
      else if (Number(n) < 8) await new Promise<void>((resolve) => waiting.push(resolve))
      running--
      return { content: `number ${n}` }
    })
    const uses = Array.from({ length: 12 }, (_, n) => use('many', { n }))
    const { watch, upstream } = await withClaude([calls(...uses), done], {
      tools: [many],
      env: { VAI_LIMIT_PARALLEL_TOOLS: '4' },
    })
    const { result, events } = await watch({})
    expect(mostAtOnce).toBe(4)
    expect(result.tool_call_count).toBe(12)
    expect(resultsSent(upstream.requests[1]).map(({ text }) => text)).toEqual(uses.map((_, n) => `number ${n}`))
    const told = events.flatMap((event) => (event.type === 'tool_result' ? [event.content] : []))
    expect([...told].sort()).toEqual(uses.map((_, n) => `number ${n}`).sort())
  })

  it('run one after the other where that is asked for', async () => {
    const log: string[] = []
    const each = toolThat('each', async ({ n }) => {
      log.push(`begin ${n}`)
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`end ${n}`)
      return { content: `number ${n}` }
    })
    const script = [calls(use('each', { n: 0 }), use('each', { n: 1 }), use('each', { n: 2 })), done]
    const { watch } = await withClaude(script, { tools: [each] })
    const { events } = await watch({ run: { parallel_tools: false } })
    expect(log).toEqual([0, 1, 2].flatMap((n) => [`begin ${n}`, `end ${n}`]))
    expect(wordOf(events)).toMatch(/^RSe+trtrtrCH/)
  })

  it('are not run with arguments that do not fit: the model is told which, and does it again', async () => {
    const script = [calls(use('get_weather', { city: 5, country: 'NO' })), calls(use('get_weather')), calls(inOslo), done]
    const { run, upstream } = await withClaude(script)
    const result = await run({})
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 4, tool_call_count: 3 })
    const [wrong, missing, right] = upstream.requests.slice(1).map((request) => resultsSent(request)[0])
    expect(wrong).toMatchObject({ isError: true, text: expect.stringMatching(/country: .*city: /s) })
    expect(missing).toMatchObject({ isError: true, text: expect.stringContaining('city: ') })
    expect(right).toMatchObject({ isError: false, text: 'It rains in Oslo at 7 C.' })
  })

  it.each([
    ['cut off', '{"city":"Os'],
    ['no JSON', 'Oslo, please'],
    ['no object', '["Oslo"]'],
    ['with something after it', '{"city":"Oslo"} {"city":"Rome"}'],
  ])('are not run with arguments that are %s', async (_, text) => {
    let ran = 0
    const free = toolThat('free', async () => ({ content: `run ${++ran}` }))
    const toolCalls = [{ id: 'call_a', name: 'free', arguments: text }]
    const { watch, upstream } = await withGpt([{ toolCalls }, { text: 'Done.' }], { tools: [free] })
    const { result } = await watch({})
    expect(ran).toBe(0)
    expect(result).toMatchObject({ stop_reason: 'end_turn', tool_call_count: 1 })
    expect(result.steps[0]?.tool_results).toMatchObject([
      { is_error: true, content: expect.stringContaining('not a valid JSON object') },
    ])
    expect(upstream.requests).toHaveLength(2)
  })

  it('that there are none of are answered with those that there are', async () => {
    const { watch, upstream } = await withClaude([calls(use('get_money', {}), inOslo), done])
    const { result } = await watch({})
    expect(resultsSent(upstream.requests[1])).toMatchObject([
      { isError: true, text: expect.stringContaining('get_weather, get_time') },
      { isError: false },
    ])
    expect(result.tool_call_count).toBe(2)
  })

  it('may fail in any way, and the run goes on', async () => {
    const broken = toolThat('broken', async () => {
      throw new TypeError('a secret of the code')
    })
    const sync = toolThat('sync', () => {
      throw new RangeError('a secret of the code')
    })
    const sorry = toolThat('sorry', async () => {
      throw new ToolError('There is no such page.')
    })
    const says = toolThat('says_so', async () => ({ content: 'It went wrong.', isError: true }))
    const script = [calls(use('broken'), use('sync'), use('sorry'), use('says_so')), done]
    const stage = await withClaude(script, { tools: [broken, sync, sorry, says] })
    const result = await stage.run({})
    expect(result.stop_reason).toBe('end_turn')
    expect(resultsSent(stage.upstream.requests[1]).map(({ text, isError }) => [text, isError])).toEqual([
      ['The tool failed.', true],
      ['The tool failed.', true],
      ['There is no such page.', true],
      ['It went wrong.', true],
    ])
    expect(JSON.stringify(result)).not.toContain('a secret of the code')
    expect(stage.logLines.filter((line) => line.includes('a tool failed unexpectedly'))).toHaveLength(2)
  })

  it('that take too long are given up, whether they heed it or not', async () => {
    let reason: unknown
    const slow = waits('slow', ({ signal }) => signal.addEventListener('abort', () => (reason = signal.reason)))
    const script = [calls(use('slow'), use('deaf'), use('get_time')), done]
    const { run, upstream } = await withClaude(script, { tools: [slow, isDeaf('deaf'), time] })
    const result = await run({ run: { tool_timeout_ms: 20 } })
    expect(result.stop_reason).toBe('end_turn')
    expect(resultsSent(upstream.requests[1])).toMatchObject([
      { isError: true, text: expect.stringContaining('longer than 20 ms') },
      { isError: true, text: expect.stringContaining('longer than 20 ms') },
      { isError: false, text: 'It is noon.' },
    ])
    expect(reason).toBeInstanceOf(Error)
  })

  it('may say nothing, or too much', async () => {
    const silent = toolThat('silent', async () => ({ content: '' }))
    const loud = toolThat('loud', async () => ({ content: '🦊'.repeat(1_000_000) }))
    const { run, upstream } = await withClaude([calls(use('silent'), use('loud')), done], {
      tools: [silent, loud],
      env: { VAI_LIMIT_TOOL_RESULT_BYTES: '1001' },
    })
    await run({})
    const [nothing, much] = resultsSent(upstream.requests[1])
    expect(nothing).toMatchObject({ text: expect.stringMatching(/\S/), isError: false })
    expect(much?.text).toBe(`${'🦊'.repeat(250)}\n[Cut off after 1001 of 4000000 bytes.]`)
  })

  it('have to be called in the first turn only', async () => {
    for (const tool_choice of [{ type: 'tool', name: 'get_time' }, { type: 'any' }]) {
      const { run, upstream } = await withClaude([calls(use('get_time')), done])
      await run({ request: { tool_choice: { ...tool_choice, disable_parallel_tool_use: true } } })
      const [first, second] = upstream.requests.map(({ json }) => Object(json).tool_choice)
      expect(first).toEqual({ ...tool_choice, disable_parallel_tool_use: true })
      expect(second).toEqual({ type: 'auto', disable_parallel_tool_use: true })
    }
    const gpt = await withGpt([{ toolCalls: [{ name: 'get_time', arguments: '{}' }] }, { text: 'Done.' }])
    await gpt.run({ request: { tool_choice: { type: 'any' } } })
    const choices = gpt.upstream.requests.map(({ json }) => Object(json).tool_choice)
    expect(choices[0]).toBe('required')
    expect([undefined, 'auto']).toContain(choices[1])
  })
})

describe('calls whose ids come again', () => {
  const twice = [
    { toolCalls: ['call_0', 'call_0'].map((id) => ({ id, name: 'get_time', arguments: '{}' })) },
    { toolCalls: [{ id: 'call_0', name: 'get_weather', arguments: '{"city":"Oslo"}' }] },
    { text: 'Done.' },
  ]

  it('get ids of their own, so that any provider takes the history', async () => {
    const stage = await withGpt(twice)
    const { result, events } = await stage.watch({})
    expect(result.tool_call_count).toBe(3)
    const ids = result.steps.flatMap((step) => step.tool_calls.map(({ id }) => id))
    expect(new Set(ids).size).toBe(3)
    expect(events.flatMap((event) => (event.type === 'tool_call_start' ? [event.id] : []))).toEqual(ids)
    await isTaken(result)
  })

  it('stay with what the provider signed', async () => {
    const upstream = closing(
      await startOpenAiResponses({
        script: [
          { output: [reasoning('Hm.'), functionCall('get_time', {}, { call_id: 'call_0' })] },
          { output: [reasoning('Hm?'), functionCall('get_time', {}, { call_id: 'call_0' })] },
          { output: [message('Done.')] },
        ],
      }),
    )
    const { run } = await stageFor('oai-resp/gpt-5', upstream, { env: { VAI_OPENAI_BASE_URL: `${upstream.url}/v1` } })
    expect(await run({})).toMatchObject({ stop_reason: 'end_turn', turn_count: 3 })
    const input: { type?: string; call_id?: string }[] = Object(upstream.requests[2]?.json).input
    expect(input.filter(({ type }) => type === 'reasoning')).toHaveLength(2)
    const [one, two] = input.filter(({ type }) => type === 'function_call').map(({ call_id: id }) => id)
    expect(one).toBe('call_0')
    expect(two).not.toBe('call_0')
  })
})

describe('a limit', () => {
  const always: AnthropicAnswer = calls({ type: 'text', text: 'Again.' }, use('get_weather', { city: 'Oslo' }), use('get_time'))

  it('of turns ends the run when the last of them has its results', async () => {
    for (const most of [1, 2, 5]) {
      const stage = await withClaude(always)
      const { result } = await stage.watch({ run: { max_turns: most } })
      expect(result).toMatchObject({ stop_reason: 'max_turns', turn_count: most, tool_call_count: 2 * most })
      expect(stage.upstream.requests).toHaveLength(most)
      expect(result.messages).toHaveLength(1 + 2 * most)
      await isTaken(result)
    }
  })

  it('of calls may be none at all', async () => {
    const stage = await withClaude(always)
    const { result, events } = await stage.watch({ run: { max_tool_calls: 0 } })
    expect(result).toMatchObject({ stop_reason: 'max_tool_calls', turn_count: 1, tool_call_count: 0 })
    expect(result.steps[0]?.tool_results).toMatchObject([{ is_error: true }, { is_error: true }])
    expect(wordOf(events)).toMatch(/^RSe+rrCHE$/)
    await isTaken(result)
  })

  it.each([1, 3])('of %i calls may fall among calls of one answer', async (most) => {
    const stage = await withClaude(always)
    const { result } = await stage.watch({ run: { max_tool_calls: most } })
    expect(result).toMatchObject({ stop_reason: 'max_tool_calls', turn_count: (most + 1) / 2, tool_call_count: most })
    expect(result.steps.at(-1)?.tool_results).toMatchObject([
      { is_error: false },
      { is_error: true, content: expect.stringContaining('limit of tool calls') },
    ])
    await isTaken(result)
  })

  it('of calls that is just enough lets the model answer', async () => {
    const { run } = await withClaude([always, done])
    expect(await run({ run: { max_tool_calls: 2 } })).toMatchObject({ stop_reason: 'end_turn', tool_call_count: 2 })
  })

  it('of tokens ends the run before a further turn', async () => {
    const counted = { ...always, usage: { input_tokens: 60, output_tokens: 40 } }
    for (const [most, turns] of [
      [1, 1],
      [100, 1],
      [101, 2],
    ] as const) {
      const stage = await withClaude(counted)
      const { result } = await stage.watch({ run: { max_tokens: most } })
      expect(result).toMatchObject({ stop_reason: 'max_tokens', turn_count: turns, usage: { total_tokens: 100 * turns } })
      await isTaken(result)
    }
  })

  it('of an answer leaves calls that were cut off unrun', async () => {
    const stage = await withClaude({ ...always, stopReason: 'max_tokens' })
    const { result } = await stage.watch({})
    expect(result).toMatchObject({ stop_reason: 'max_tokens', turn_count: 1, tool_call_count: 0 })
    expect(result.response?.stop_reason).toBe('max_tokens')
    await isTaken(result)
  })

  it('of time ends the run while the model is asked', async () => {
    const stage = await withClaude([always, silence])
    const { result } = await stage.watch({ run: { timeout_ms: 300 } })
    expect(result).toMatchObject({ stop_reason: 'timeout', turn_count: 2, tool_call_count: 2 })
    expect(result.error).toBeUndefined()
    await stage.upstream.waitForClose()
    await isTaken(result)
  })

  it('of time ends the run in the middle of an answer, of which the text stays', async () => {
    const half: AnthropicAnswer = {
      content: [{ type: 'text', text: ['So ', 'far'] }, use('get_time')],
      stallAt: { event: 8 },
    }
    for (const script of [[half], [always, half]]) {
      const stage = await withClaude(script)
      const { result } = await stage.watch({ run: { timeout_ms: 300 } })
      expect(result).toMatchObject({ stop_reason: 'timeout', turn_count: script.length })
      expect(result.messages.at(-1)).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'So far' }] })
      expect(result.response?.stop_reason).toBeNull()
      await stage.upstream.waitForClose()
      await isTaken(result)
    }
  })

  it('of time ends the run before anything was said', async () => {
    const stage = await withClaude(silence)
    const result = await stage.run({ run: { timeout_ms: 50 } })
    expect(result).toMatchObject({
      stop_reason: 'timeout',
      turn_count: 1,
      response: null,
      steps: [],
      messages: [{ role: 'user' }],
    })
    await stage.upstream.waitForClose()
  })

  it('of time ends the run while its tools are busy, heeding or not', async () => {
    const busy = calls(use('slow'), use('deaf'), use('get_time'))
    const stage = await withClaude(busy, { tools: [waits('slow'), isDeaf('deaf'), time] })
    const { result } = await stage.watch({ run: { timeout_ms: 300 } })
    expect(result).toMatchObject({ stop_reason: 'timeout', turn_count: 1, tool_call_count: 3 })
    expect(result.steps[0]?.tool_results).toMatchObject([
      { is_error: true, content: expect.stringContaining('time limit') },
      { is_error: true, content: expect.stringContaining('time limit') },
      { is_error: false },
    ])
    await isTaken(result)
  })
})

/** The conversation is taken by the providers with the strictest rules, with one more question and, where it ends with results, as it is. */
async function isTaken({ messages: conversation }: RunResult): Promise<void> {
  const openai = closing(await startOpenAiChat())
  const other = await stageFor('openai/gpt-4.1', openai, { env: { VAI_OPENAI_BASE_URL: `${openai.url}/v1` } })
  const tools = [weather, time].map(({ name, inputSchema }) => ({ name, input_schema: inputSchema }))
  const claude = await withClaude(says('Fine.'))
  for (const [gateway, model] of [
    [other, 'openai/gpt-4.1'],
    [claude, 'anthropic/claude-sonnet-4-5'],
  ] as const) {
    for (const more of [[{ role: 'user', content: 'And now?' }], []]) {
      const isAnswered = more.length === 0 && conversation.at(-1)?.role === 'assistant'
      if (isAnswered) continue
      const body = { model, max_tokens: 100, messages: [...conversation, ...more], tools }
      await messageOf(await gateway.post(body))
    }
  }
}
