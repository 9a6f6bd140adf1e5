import { describe, expect, it } from 'vitest'
import { geminiKey, startGemini } from '../upstreams/gemini.ts'
import { objects } from '../upstreams/json.ts'
import { startOpenAiResponses } from '../upstreams/openai-responses.ts'
import { functionCall, message } from '../upstreams/openai-responses-answer.ts'
import type { RecordedRequest } from '../upstreams/upstream.ts'
import { resultIn } from './run.ts'
import { blocks, calls, claude, closing, messagesSent, says, setUpStages, stageFor, use, withClaude } from './stage.ts'
import { time, weather } from './tools.ts'

/** What is the caller's and the provider's own business: their own words, caches, betas and tools that the provider runs. */

setUpStages()

const question = { role: 'user', content: 'Go.' }
const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'Oslo' } }
const found = {
  type: 'web_search_tool_result',
  tool_use_id: 'srvtoolu_1',
  content: [{ type: 'web_search_result', url: 'https://example.com/', title: 'Oslo', encrypted_content: 'ZW5j', page_age: null }],
}
const webSearch = { type: 'web_search_20250305', name: 'web_search', max_uses: 3 }

describe("a caller's own JSON", () => {
  const beta = { 'anthropic-beta': 'new-2026-01-01,other-2026-02-02', 'anthropic-version': '2023-06-01' }
  const text = [
    '{ "builtins":["get_weather","get_time"],\n"request": {"temperature":1.0, "max_tokens" : 1e2,"metadata":{"user_id":"a\\u0062c"},',
    '"brand_new":{"z":1.50,"a":[1E1, -0.0]},"system":[{"cache_control":{"ttl":"1h","type":"ephemeral"},"text":"Be brief. ünd 狐","type":"text"}],',
    '"messages": [ {"content":[{"type":"text","text":"Go.","cache_control":{"type":"ephemeral"}}],"role":"user"} ] ,',
    '"tools":[{"name":"web_search","type":"web_search_20250305"} ],"model":"anthropic/claude-sonnet-4-5"},"run":{"max_turns":5}}',
  ].join('')

  it('goes to Anthropic as it was written, turn after turn, with the prefix that is cached', async () => {
    const script = [calls(use('get_weather', { city: 'Oslo' })), calls(use('get_time')), says('Done.')]
    const { post, upstream } = await withClaude(script)
    const result = await resultIn(await post(text, beta, '/v1/runs?beta=true'))
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 3 })
    const bodies = upstream.requests.map(({ body }) => body)
    const [first = '', second = '', third = ''] = bodies
    for (const words of [
      '"temperature":1.0',
      '"max_tokens" : 1e2',
      '"z":1.50,"a":[1E1, -0.0]',
      'a\\u0062c',
      '"ttl":"1h","type"',
    ]) {
      for (const body of bodies) expect(body).toContain(words)
    }
    const end = endOfMessages(first)
    expect(second.startsWith(first.slice(0, end))).toBe(true)
    expect(third.startsWith(second.slice(0, endOfMessages(second)))).toBe(true)
    // What follows the messages is as it was too.
    expect(first.slice(first.indexOf('"tools"'))).toBe(third.slice(third.indexOf('"tools"')))
    expect(first).toContain('"tools":[{"name":"web_search","type":"web_search_20250305"} ,{"name":"get_weather",')
    for (const { headers, path } of upstream.requests) {
      expect(headers).toMatchObject(beta)
      expect(path).toBe('/v1/messages?beta=true')
    }
  })

  it('comes back in the messages of the result', async () => {
    const { post } = await withClaude([calls(use('get_time')), says('Done.')])
    const result = await resultIn(await post(text, beta, '/v1/runs'))
    expect(result.messages[0]).toEqual({
      role: 'user',
      content: [{ type: 'text', text: 'Go.', cache_control: { type: 'ephemeral' } }],
    })
  })
})

describe('a model that pauses', () => {
  const tools = [webSearch]

  it('goes on where it paused, and what it said becomes one message', async () => {
    const { watch, upstream } = await withClaude([
      blocks([{ type: 'text', text: 'I search.' }, search], 'pause_turn'),
      blocks([found, { type: 'text', text: 'More.' }], 'pause_turn'),
      calls({ type: 'text', text: 'And the time.' }, use('get_time', {}, 'toolu_a')),
      says('Done.'),
    ])
    const { result } = await watch({ request: { tools } })
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 4, tool_call_count: 1 })
    const [first, second, third, fourth] = upstream.requests.map(messagesSent)
    expect(first).toEqual([question])
    expect(second).toEqual([question, { role: 'assistant', content: [{ type: 'text', text: 'I search.' }, search] }])
    const paused = [{ type: 'text', text: 'I search.' }, search, found, { type: 'text', text: 'More.' }]
    expect(third).toEqual([question, { role: 'assistant', content: paused }])
    expect(fourth).toMatchObject([
      question,
      {
        role: 'assistant',
        content: [...paused, { type: 'text', text: 'And the time.' }, { type: 'tool_use', id: 'toolu_a' }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_a' }] },
    ])
    expect(result.messages).toHaveLength(4)
  })

  it('at the limit leaves what can stand by itself', async () => {
    const { watch } = await withClaude(blocks([{ type: 'text', text: 'I search.' }, search], 'pause_turn'))
    const { result } = await watch({ request: { tools }, run: { max_turns: 1 } })
    expect(result).toMatchObject({ stop_reason: 'max_turns', turn_count: 1 })
    expect(result.messages).toEqual([question, { role: 'assistant', content: [{ type: 'text', text: 'I search.' }] }])
  })

  it('and then fails leaves that too', async () => {
    const { watch } = await withClaude(
      [blocks([{ type: 'text', text: 'I search.' }, search], 'pause_turn'), { content: [], dieAt: { event: 1 } }],
      { env: { VAI_RETRY_ATTEMPTS: '0' } },
    )
    const { result } = await watch({ request: { tools } })
    expect(result).toMatchObject({ stop_reason: 'error', turn_count: 2 })
    expect(result.messages).toEqual([question, { role: 'assistant', content: [{ type: 'text', text: 'I search.' }] }])
  })

  it('that has searched and calls a tool of the gateway in one answer gets both', async () => {
    const { watch, upstream } = await withClaude([
      blocks([search, found, { type: 'tool_use', id: 'toolu_a', name: 'get_time', input: {} }], 'tool_use'),
      says('Done.'),
    ])
    const { result } = await watch({ request: { tools } })
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 2, tool_call_count: 1 })
    expect(messagesSent(upstream.requests[1])[1]).toMatchObject({ content: [search, found, { type: 'tool_use' }] })
    expect(toolsSent(upstream.requests[0]).map(({ name }) => name)).toEqual(['web_search', 'get_weather', 'get_time'])
  })
})

describe("a provider's own tools beside the gateway's", () => {
  const tools = [{ type: 'web_search' }]

  it('go to OpenAI, and what they found goes back to it', async () => {
    const call = { type: 'web_search_call', action: { type: 'search', query: 'Oslo' } }
    const script = [{ output: [call, functionCall('get_time', {}, { call_id: 'call_a' })] }, { output: [message('Done.')] }]
    const upstream = closing(await startOpenAiResponses({ script }))
    const stage = await stageFor('oai-resp/gpt-4.1', upstream, { env: { VAI_OPENAI_BASE_URL: `${upstream.url}/v1` } })
    const { result } = await stage.watch({ request: { tools } })
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 2, tool_call_count: 1 })
    expect(toolsSent(upstream.requests[1]).map(({ type }) => type)).toEqual(['web_search', 'function', 'function'])
    const input = objects(Object(upstream.requests[1]?.json).input)
    expect(input.slice(1).map(({ type }) => type)).toEqual(['web_search_call', 'function_call', 'function_call_output'])
  })

  it('go to Gemini', async () => {
    const script = [
      { parts: [{ functionCall: { name: 'get_time', args: {} }, thoughtSignature: 'c2lnbmVk' }] },
      { parts: [{ text: 'Done.' }] },
    ]
    const upstream = closing(await startGemini({ script }))
    const stage = await stageFor('gem-dev/gemini-3-pro-preview', upstream, {
      env: { VAI_GEMINI_BASE_URL: `${upstream.url}/v1beta` },
      keys: { 'gem-dev': geminiKey },
    })
    const { result } = await stage.watch({ request: { tools } })
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 2, tool_call_count: 1 })
    for (const request of upstream.requests) expect(request.body).toContain('"googleSearch"')
  })
})

describe('tools of the gateway', () => {
  it('are offered by the names that the run gives, in its order, and no others', async () => {
    const { post, upstream } = await withClaude(says('Done.'), { tools: [weather, time] })
    const request = { model: claude, max_tokens: 9, messages: [question] }
    for (const builtins of [['get_time', 'get_weather'], ['get_time'], []]) {
      await resultIn(await post({ request, builtins }, {}, '/v1/runs'))
      expect(toolsSent(upstream.requests.at(-1)).map(({ name }) => name)).toEqual(builtins)
    }
    await resultIn(await post({ request }, {}, '/v1/runs'))
    expect(toolsSent(upstream.requests.at(-1))).toEqual([])
    expect(upstream.requests.at(-1)?.body).not.toContain('tools')
  })

  it('are set as the run says', async () => {
    const { watch } = await withClaude([calls(use('get_weather', { city: 'Oslo' })), says('Done.')])
    const { result } = await watch({ run: { tool_config: { get_weather: { unit: 'F' } } } })
    expect(result.steps[0]?.tool_results).toMatchObject([{ content: 'It rains in Oslo at 7 F.' }])
  })
})

/** The offset of the bracket that closes the messages, after which the tools stand. */
function endOfMessages(body: string): number {
  return body.lastIndexOf(']', body.indexOf('"tools"'))
}

function toolsSent(request: RecordedRequest | undefined) {
  return objects(Object(request?.json).tools)
}
