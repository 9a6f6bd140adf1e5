import OpenAI from 'openai'
import type { ResponseCreateParamsNonStreaming, ResponseInputItem } from 'openai/resources/responses/responses'
import { afterEach, describe, expect, it } from 'vitest'
import { openAiKey } from './openai-chat.ts'
import { openAiError } from './openai-chat-answer.ts'
import { type ResponsesOptions, startOpenAiResponses } from './openai-responses.ts'
import { functionCall, message, reasoning } from './openai-responses-answer.ts'
import type { Upstream } from './upstream.ts'

const started: Upstream[] = []
afterEach(async () => {
  for (const upstream of started.splice(0)) await upstream.close()
})

async function simulated(options: ResponsesOptions = {}): Promise<{ upstream: Upstream; client: OpenAI }> {
  const upstream = await startOpenAiResponses(options)
  started.push(upstream)
  return { upstream, client: new OpenAI({ apiKey: openAiKey, baseURL: `${upstream.url}/v1`, maxRetries: 0 }) }
}

const hello = { model: 'gpt-5-test', input: 'Grüße, 世界 🌍', store: false } satisfies ResponseCreateParamsNonStreaming
const encrypted = { ...hello, include: ['reasoning.encrypted_content' as const] }
const weather = {
  type: 'function' as const,
  name: 'get_weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
  strict: true,
}

describe('answers', () => {
  it('echoes, whole and streamed, to the same response', async () => {
    const { client } = await simulated()
    const whole = await client.responses.create(encrypted)
    expect(whole.output_text).toBe('Grüße, 世界 🌍')
    expect(whole.output.map(({ type }) => type)).toEqual(['reasoning', 'message'])
    const streamed = await client.responses.stream(encrypted).finalResponse()
    expect(streamed.output_text).toBe('Grüße, 世界 🌍')
    expect(streamed.output.map(({ type }) => type)).toEqual(['reasoning', 'message'])
  })

  it('streams the events of the API, each item from its beginning to its end', async () => {
    const { client } = await simulated({
      script: { output: [reasoning('One.', 'Two.'), functionCall('f', { x: 1 }), message('Well then')] },
    })
    const types: string[] = []
    for await (const event of await client.responses.create({ ...hello, stream: true })) types.push(event.type)
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      ...['part.added', 'text.delta', 'text.done', 'part.done'].map((end) => `response.reasoning_summary_${end}`),
      ...['part.added', 'text.delta', 'text.done', 'part.done'].map((end) => `response.reasoning_summary_${end}`),
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
  })

  it('calls a tool, takes its result with the reasoning that led to the call, and repeats it', async () => {
    const { client } = await simulated()
    const first = await client.responses.create({ ...encrypted, tools: [weather] })
    const call = first.output.find(({ type }) => type === 'function_call')
    if (call?.type !== 'function_call') throw new Error('no call')
    expect(call).toMatchObject({ name: 'get_weather', arguments: '{"city":"text"}', status: 'completed' })
    const input: ResponseInputItem[] = [
      { role: 'user', content: 'Hi' },
      ...first.output.filter((item) => item.type === 'reasoning' || item.type === 'function_call'),
      { type: 'function_call_output', call_id: call.call_id, output: 'sunny' },
    ]
    expect((await client.responses.create({ ...encrypted, tools: [weather], input })).output_text).toBe('sunny')
  })

  it('fills the form that a format asks for, and counts tokens', async () => {
    const { client } = await simulated()
    const format = { type: 'json_schema' as const, name: 'place', strict: true, schema: weather.parameters }
    expect((await client.responses.create({ ...hello, text: { format } })).output_text).toBe('{"city":"text"}')
    expect(await client.responses.inputTokens.count({ model: 'gpt-5-test', input: 'Hello' })).toEqual({
      object: 'response.input_tokens',
      input_tokens: 2,
    })
  })

  it('can be incomplete, and can fail before and in a stream', async () => {
    const limited = { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' }
    const { client } = await simulated({
      script: [
        { output: [message('half')], incomplete: 'max_output_tokens' },
        openAiError(limited, { status: 429, retryAfter: 2 }),
        {
          output: [message('half')],
          errorAfter: { events: 4, error: { code: 'server_error', message: 'The server had an error' } },
        },
      ],
    })
    const cut = await client.responses.create(hello)
    expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
    await expect(client.responses.create(hello)).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
    await expect(client.responses.stream(hello).finalResponse()).rejects.toThrow()
  })
})

describe('rules', () => {
  const user = { role: 'user', content: 'hi' }
  const call = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' }
  const told = { type: 'function_call_output', call_id: 'call_1', output: 'x' }
  const thought = { type: 'reasoning', id: 'rs_1', summary: [] }

  async function refusal(body: Record<string, unknown>, options: ResponsesOptions = {}) {
    const { upstream } = await simulated(options)
    const answer = await fetch(`${upstream.url}/v1/responses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${openAiKey}` },
      body: JSON.stringify({ ...hello, ...body }),
    })
    return { status: answer.status, ...JSON.parse(await answer.text()) }
  }

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ["Unknown parameter: 'stop'.", { stop: ['x'] }, { code: 'unknown_parameter' }],
    ["Invalid 'max_output_tokens': integer below minimum value.", { max_output_tokens: 5 }, { code: 'integer_below_min_value' }],
    ["Unsupported parameter: 'temperature'", { temperature: 1 }, {}],
    ["Unsupported parameter: 'reasoning.effort'", { model: 'gpt-4.1', reasoning: { effort: 'low' } }, {}],
    ['Encrypted content is not supported', { model: 'gpt-4.1', include: ['reasoning.encrypted_content'] }, {}],
    ["Invalid value: 'text'. Supported values are: 'input_text'", { input: [{ role: 'user', content: [{ type: 'text' }] }] }, {}],
    ["Invalid value: 'tool'", { input: [{ role: 'tool', content: '' }] }, { param: 'input[0].role' }],
    ["Invalid 'input[1].id': 'call_1'", { input: [user, { ...call, id: 'call_1' }, told] }, { code: 'invalid_value' }],
    ["Invalid 'input[1].call_id': string too long.", { input: [user, { ...call, call_id: 'c'.repeat(65) }] }, {}],
    ['No tool output found for function call call_1.', { input: [user, call, user] }, { param: 'input' }],
    ['No tool call found for function call output', { input: [user, told] }, { param: 'input' }],
    ["Unknown parameter: 'input[1].status'.", { input: [user, { ...thought, status: 'completed' }] }, {}],
    [
      "Unknown parameter: 'input[0].action'.",
      { input: [{ type: 'image_generation_call', id: 'ig_1', result: 'x', action: 'generate' }] },
      {},
    ],
    [
      'could not be verified',
      { input: [user, { ...thought, encrypted_content: 'gAAAother' }] },
      { code: 'invalid_encrypted_content' },
    ],
    ["Invalid schema for function 'f'", { tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }] }, {}],
    [
      "Missing required parameter: 'tools[0].name'.",
      { tools: [{ type: 'function', function: { name: 'f' }, strict: false }] },
      {},
    ],
    ["Tool choice 'g' not found", { tool_choice: { type: 'function', name: 'g' } }, { param: 'tool_choice' }],
  ])('refuses: %s', async (text, fields, error) => {
    expect(await refusal(fields)).toMatchObject({ status: 400, error: { message: expect.stringContaining(text), ...error } })
  })

  it('knows no item that was not stored', async () => {
    expect(await refusal({ input: [user, thought, call, told] })).toMatchObject({
      status: 404,
      error: { message: expect.stringContaining("Item with id 'rs_1' not found.") },
    })
  })

  it('refuses a call without the reasoning that led to it, that reasoning altered, and reasoning without the call', async () => {
    const { client } = await simulated()
    const { output } = await client.responses.create({ ...encrypted, tools: [weather] })
    const [rs, fc] = output
    if (rs?.type !== 'reasoning' || fc?.type !== 'function_call') throw new Error('another answer')
    const done = { type: 'function_call_output' as const, call_id: fc.call_id, output: 'sunny' }
    const altered = { ...rs, summary: [{ type: 'summary_text' as const, text: 'Something else.' }] }
    const ask = (...input: ResponseInputItem[]) => client.responses.create({ ...encrypted, input })
    await expect(ask(fc, done)).rejects.toThrow(`was provided without its required 'reasoning' item: '${rs.id}'`)
    await expect(ask(altered, fc, done)).rejects.toThrow('could not be verified')
    await expect(ask(rs, { role: 'user', content: 'Hi' })).rejects.toThrow('without its required following item')
    expect((await ask(rs, fc, done)).output_text).toBe('sunny')
  })

  it('refuses who has no key, or the wrong one', async () => {
    const { client } = await simulated()
    const wrong = new OpenAI({ apiKey: 'sk-test-of-somebody-else', baseURL: client.baseURL, maxRetries: 0 })
    await expect(wrong.responses.create(hello)).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' })
  })
})
