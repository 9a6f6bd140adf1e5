import OpenAI, { APIError } from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { type OpenAiOptions, openAiKey, startOpenAiChat } from './openai-chat.ts'
import { openAiError } from './openai-chat-answer.ts'
import type { Upstream } from './upstream.ts'

const started: Upstream[] = []
afterEach(async () => {
  for (const upstream of started.splice(0)) await upstream.close()
})

async function simulated(options: OpenAiOptions = {}): Promise<{ upstream: Upstream; client: OpenAI }> {
  const upstream = await startOpenAiChat(options)
  started.push(upstream)
  return { upstream, client: new OpenAI({ apiKey: openAiKey, baseURL: `${upstream.url}/v1`, maxRetries: 0 }) }
}

const hello = { model: 'gpt-test', messages: [{ role: 'user' as const, content: 'Grüße, 世界 🌍' }] }
const weather = {
  type: 'function' as const,
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
}

/** Posts a raw body, as the SDK would not. */
async function post(upstream: Upstream, body: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`${upstream.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${openAiKey}`, ...headers },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  return { status: answer.status, error: answer.ok ? undefined : JSON.parse(text).error, text }
}

describe('answers', () => {
  it('echoes, whole and streamed, to the same message', async () => {
    const { client } = await simulated()
    const whole = await client.chat.completions.create(hello)
    expect(whole.choices[0]).toMatchObject({ message: { content: 'Grüße, 世界 🌍' }, finish_reason: 'stop' })
    const streamed = await client.chat.completions.stream(hello).finalChatCompletion()
    expect(streamed.choices[0]).toMatchObject({ message: { content: 'Grüße, 世界 🌍' }, finish_reason: 'stop' })
  })

  it('calls the first tool, the forced one, or none; then repeats the result', async () => {
    const { client } = await simulated()
    const other = { ...weather, function: { ...weather.function, name: 'other' } }
    const tools = [weather, other]
    const first = await client.chat.completions.create({ ...hello, tools })
    const message = first.choices[0]?.message
    expect(message?.tool_calls).toMatchObject([{ function: { name: 'get_weather', arguments: '{"city":"text"}' } }])
    const forced = await client.chat.completions
      .stream({ ...hello, tools, tool_choice: { type: 'function', function: { name: 'other' } } })
      .finalChatCompletion()
    expect(forced.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ function: { name: 'other', arguments: '{"city":"text"}' } }] },
    })
    const none = await client.chat.completions.create({ ...hello, tools, tool_choice: 'none' })
    expect(none.choices[0]?.message.tool_calls).toBeUndefined()

    const call = message?.tool_calls?.[0]
    if (!message || !call) throw new Error('no call')
    const messages = [...hello.messages, message, { role: 'tool' as const, tool_call_id: call.id, content: 'sunny' }]
    const after = await client.chat.completions.create({ ...hello, tools, messages })
    expect(after.choices[0]?.message.content).toBe('sunny')
  })

  it('follows a script, in the framing of the API', async () => {
    const { upstream, client } = await simulated({
      script: [
        { text: ['a', 'b'], toolCalls: [{ id: 'call_1', name: 'f', arguments: ['{"x"', ':1}'] }], usage: { prompt_tokens: 3 } },
        { text: 'cut', finishReason: 'length', reasoning: 'hm' },
      ],
    })
    const { text } = await post(upstream, { ...hello, stream: true, stream_options: { include_usage: true } })
    const head =
      '{"id":"chatcmpl-00000000000000000000000000000","object":"chat.completion.chunk","created":1750000000,"model":"gpt-test","service_tier":"default","system_fingerprint":"fp_test","choices":['
    const deltas = [
      '{"role":"assistant","content":"","refusal":null}',
      '{"content":"a"}',
      '{"content":"b"}',
      '{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]}',
      '{"tool_calls":[{"index":0,"function":{"arguments":"{\\"x\\""}}]}',
      '{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}',
    ]
    expect(text.split('\n\n')).toEqual([
      ...deltas.map((delta) => `data: ${head}{"index":0,"delta":${delta},"logprobs":null,"finish_reason":null}],"usage":null}`),
      `data: ${head}{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}],"usage":null}`,
      expect.stringMatching(/"choices":\[\],"usage":\{"prompt_tokens":3,/),
      'data: [DONE]',
      '',
    ])
    const cut = await client.chat.completions.create(hello)
    expect(cut.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'cut', reasoning_content: 'hm' } })
  })

  it('sends usage in a stream only to who asks for it', async () => {
    const { upstream } = await simulated()
    expect((await post(upstream, { ...hello, stream: true })).text).not.toContain('usage')
    expect((await post(upstream, { ...hello, stream: true, stream_options: { include_usage: true } })).text).toContain(
      '"choices":[],"usage":{',
    )
  })

  it('fills the form that a response format asks for', async () => {
    const { client } = await simulated()
    const schema = { ...weather.function.parameters, additionalProperties: false }
    const answer = await client.chat.completions.create({
      ...hello,
      response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema } },
    })
    expect(answer.choices[0]?.message.content).toBe('{"city":"text"}')
  })

  it('can fail before, in and after the head of a stream', async () => {
    const limited = { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' }
    const { client } = await simulated({
      script: [
        openAiError(limited, { status: 429, retryAfter: 2 }),
        {
          text: ['half', 'more'],
          errorAfter: { events: 2, error: { message: 'The server had an error', type: 'server_error' } },
        },
        { text: ['half', 'more'], dieAt: { event: 2 } },
      ],
    })
    const before = await client.chat.completions.create(hello).catch((error: unknown) => error)
    expect(before).toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
    expect(before instanceof APIError && before.headers?.get('retry-after')).toBe('2')
    await expect(client.chat.completions.stream(hello).finalChatCompletion()).rejects.toThrow('The server had an error')
    await expect(client.chat.completions.stream(hello).finalChatCompletion()).rejects.toThrow()
  })
})

describe('rules', () => {
  const user = { role: 'user', content: 'hi' }
  const calls = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
  }
  const told = { role: 'tool', tool_call_id: 'call_1', content: 'x' }
  const named = (name: string) => [{ type: 'function', function: { name } }]
  const format = (json_schema: unknown) => ({ type: 'json_schema', json_schema })
  const open = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }

  it('refuses who has no key, or the wrong one', async () => {
    const { upstream, client } = await simulated()
    expect(await post(upstream, hello, { authorization: '' })).toMatchObject({ status: 401, error: { code: null } })
    const wrong = new OpenAI({ apiKey: 'sk-test-of-somebody-else', baseURL: client.baseURL, maxRetries: 0 })
    await expect(wrong.chat.completions.create(hello)).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
      error: { message: expect.stringMatching(/^Incorrect API key provided: sk-test-\*+else\. You can find/), param: null },
    })
  })

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['Unrecognized request argument supplied: top_k', { top_k: 5 }, { param: null, code: null }],
    ['you must provide a model parameter', { model: undefined }, {}],
    ["Invalid 'messages': empty array.", { messages: [] }, { param: 'messages', code: 'empty_array' }],
    ["Invalid value: 'bot'. Supported values are:", { messages: [{ ...user, role: 'bot' }] }, { param: 'messages[0].role' }],
    [
      "Invalid value: 'image'. Supported values are: 'text', 'image_url', 'input_audio', and 'file'.",
      { messages: [{ role: 'user', content: [{ type: 'image' }] }] },
      { param: 'messages[0].content[0].type' },
    ],
    [
      "Invalid value for 'content': expected a string, got null.",
      { messages: [{ role: 'user' }] },
      { param: 'messages.[0].content' },
    ],
    [
      "messages with role 'tool' must be a response to a preceeding message",
      { messages: [user, told] },
      { param: 'messages.[1].role' },
    ],
    ["messages with role 'tool' must be a response", { messages: [user, calls, told, told] }, { param: 'messages.[3].role' }],
    ['did not have response messages: call_1', { messages: [user, calls, user] }, { param: 'messages.[2].role' }],
    ['did not have response messages: call_1', { messages: [user, calls] }, {}],
    ["Invalid 'stop': array too long.", { stop: ['a', 'b', 'c', 'd', 'e'] }, { code: 'array_above_max_length' }],
    [
      "Invalid type for 'max_completion_tokens': expected an integer, but got a string",
      { max_completion_tokens: '5' },
      { code: 'invalid_type' },
    ],
    ["Invalid 'temperature': decimal above maximum value.", { temperature: 3 }, { code: 'decimal_above_max_value' }],
    [
      "Invalid 'tools[0].function.name': string does not match pattern.",
      { tools: named('a b') },
      { param: 'tools[0].function.name' },
    ],
    ["Invalid 'tools[0].function.name': string too long.", { tools: named('a'.repeat(65)) }, { code: 'string_above_max_length' }],
    ["'tool_choice' is only allowed when 'tools' are specified", { tool_choice: 'auto' }, { param: 'tool_choice' }],
    ["Missing required parameter: 'response_format.json_schema.name'.", { response_format: format({ schema: {} }) }, {}],
    [
      "Invalid schema for response_format 'x': In context=(), 'additionalProperties' is required",
      { response_format: format({ name: 'x', strict: true, schema: open }) },
      { param: 'response_format' },
    ],
    [
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      { stream_options: {} },
      { param: 'stream_options' },
    ],
  ])('refuses: %s', async (message, fields, error) => {
    const { upstream } = await simulated()
    expect(await post(upstream, { ...hello, ...fields })).toMatchObject({
      status: 400,
      error: { type: 'invalid_request_error', message: expect.stringContaining(message), ...error },
    })
  })

  it('takes a call and its answer', async () => {
    const { upstream } = await simulated()
    expect((await post(upstream, { ...hello, messages: [user, calls, told, user] })).status).toBe(200)
  })

  it('refuses a model that is not there', async () => {
    const { client } = await simulated({ models: ['gpt-other'] })
    await expect(client.chat.completions.create(hello)).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  })
})
