import Anthropic, { APIError } from '@anthropic-ai/sdk'
import { afterEach, describe, expect, it } from 'vitest'
import { type AnthropicOptions, anthropicKey, startAnthropic } from './anthropic.ts'
import { anthropicError } from './anthropic-answer.ts'
import type { Upstream } from './upstream.ts'

const started: Upstream[] = []
afterEach(async () => {
  for (const upstream of started.splice(0)) await upstream.close()
})

async function simulated(options: AnthropicOptions = {}): Promise<{ upstream: Upstream; client: Anthropic }> {
  const upstream = await startAnthropic(options)
  started.push(upstream)
  return { upstream, client: new Anthropic({ apiKey: anthropicKey, baseURL: upstream.url, maxRetries: 0 }) }
}

const hello = { model: 'claude-test', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Grüße, 世界 🌍' }] }
const weather = {
  name: 'get_weather',
  input_schema: {
    type: 'object' as const,
    properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 3 } },
    required: ['city', 'days'],
  },
}

/** Posts a raw body, as the SDK would not. */
async function post(upstream: Upstream, body: unknown, headers: Record<string, string> = {}, path = '/v1/messages') {
  const answer = await fetch(upstream.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': anthropicKey, 'anthropic-version': '2023-06-01', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await answer.text()
  return { status: answer.status, error: answer.ok ? undefined : JSON.parse(text).error, text }
}

describe('answers', () => {
  it('echoes, whole and streamed, to the same message', async () => {
    const { client } = await simulated()
    const whole = await client.messages.create(hello)
    expect(whole.content).toEqual([{ type: 'text', text: 'Grüße, 世界 🌍' }])
    expect(whole.stop_reason).toBe('end_turn')
    const streamed = await client.messages.stream(hello).finalMessage()
    expect({ ...streamed, id: whole.id }).toMatchObject({ ...whole })
  })

  it('calls the first tool, the forced one, or none; then repeats the result', async () => {
    const { client } = await simulated()
    const other = { ...weather, name: 'other' }
    const tools = [weather, other]
    const first = await client.messages.create({ ...hello, tools })
    expect(first).toMatchObject({ stop_reason: 'tool_use', content: [{ name: 'get_weather', input: { city: 'text', days: 3 } }] })
    const forced = await client.messages.stream({ ...hello, tools, tool_choice: { type: 'tool', name: 'other' } }).finalMessage()
    expect(forced.content).toMatchObject([{ type: 'tool_use', name: 'other', input: { city: 'text', days: 3 } }])
    const none = await client.messages.create({ ...hello, tools, tool_choice: { type: 'none' } })
    expect(none.content).toMatchObject([{ type: 'text' }])

    const [call] = first.content
    if (call?.type !== 'tool_use') throw new Error('no call')
    const after = await client.messages.create({
      ...hello,
      tools,
      messages: [
        ...hello.messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'sunny' }] },
      ],
    })
    expect(after.content).toMatchObject([{ type: 'text', text: 'sunny' }])
  })

  it('follows a script, in the framing of the API', async () => {
    const { upstream, client } = await simulated({
      script: [
        {
          content: [
            { type: 'thinking', thinking: ['Hm', '.'], signature: 'sig' },
            { type: 'text', text: ['a', 'b'] },
            { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} },
          ],
          usage: { input_tokens: 7, output_tokens: 9, cache_read_input_tokens: 5 },
        },
        { content: [{ type: 'text', text: 'cut' }], stopReason: 'stop_sequence', stopSequence: 'X' },
      ],
    })
    const { text } = await post(upstream, { ...hello, stream: true })
    expect(text).toBe(
      [
        'event: message_start\ndata: {"type":"message_start","message":{"model":"claude-test","id":"msg_000000000000000000000000","type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":1,"service_tier":"standard"}}}',
        'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}       }',
        'event: ping\ndata: {"type": "ping"}',
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}     }',
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"."}            }',
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig"}   }',
        'event: content_block_stop\ndata: {"type":"content_block_stop","index":0          }',
        'event: content_block_start\ndata: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""} }',
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a"}        }',
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"b"}               }',
        'event: content_block_stop\ndata: {"type":"content_block_stop","index":1      }',
        'event: content_block_start\ndata: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}             }',
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}    }',
        'event: content_block_stop\ndata: {"type":"content_block_stop","index":2           }',
        'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":5,"output_tokens":9}  }',
        'event: message_stop\ndata: {"type":"message_stop"         }',
        '',
      ].join('\n\n'),
    )
    expect(await client.messages.create(hello)).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'X' })
  })

  it('can fail before, in and after the head of a stream', async () => {
    const { client, upstream } = await simulated({
      script: [
        anthropicError('overloaded_error', 'Overloaded', { retryAfter: 3 }),
        { content: [{ type: 'text', text: 'half' }], errorAfter: { events: 4, type: 'overloaded_error', message: 'Overloaded' } },
        { content: [{ type: 'text', text: 'half' }], dieAt: { event: 4 } },
      ],
    })
    const before = await client.messages.create(hello).catch((error: unknown) => error)
    expect(before).toMatchObject({ status: 529, type: 'overloaded_error' })
    expect(before instanceof APIError && before.headers?.get('retry-after')).toBe('3')
    const inside = await client.messages
      .stream(hello)
      .finalMessage()
      .catch((error: unknown) => error)
    expect(inside).toMatchObject({ error: { error: { type: 'overloaded_error' } } })
    await expect(client.messages.stream(hello).finalMessage()).rejects.toThrow()
    expect(upstream.closedByClient).toEqual([])
  })

  it('counts tokens', async () => {
    const { client } = await simulated()
    const { max_tokens: _, ...question } = hello
    expect((await client.messages.countTokens(question)).input_tokens).toBeGreaterThan(0)
  })

  it('thinks where thinking is on, and takes the thought back', async () => {
    const { client } = await simulated()
    const thinking = { type: 'enabled' as const, budget_tokens: 1024 }
    const message = await client.messages.create({ ...hello, max_tokens: 2000, thinking })
    expect(message.content.map((block) => block.type)).toEqual(['thinking', 'text'])
    const messages = [...hello.messages, { role: 'assistant' as const, content: message.content }, ...hello.messages]
    await client.messages.create({ ...hello, max_tokens: 2000, thinking, messages })
  })
})

describe('rules', () => {
  const use = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }
  const code = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'code_execution', input: { code: 'f()' } }
  const fromCode = { ...use, caller: { type: 'code_execution_20260120', tool_id: code.id } }
  const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'x' }
  const user = { role: 'user', content: 'hi' }
  const says = (...content: unknown[]) => ({ role: 'assistant', content })
  const told = (...content: unknown[]) => ({ role: 'user', content })

  it.each([
    ['no key', { 'x-api-key': '' }, 401, 'authentication_error', 'x-api-key header is required'],
    ['a wrong key', { 'x-api-key': 'sk-test-wrong' }, 401, 'authentication_error', 'invalid x-api-key'],
    ['no version', { 'anthropic-version': '' }, 400, 'invalid_request_error', 'anthropic-version: header is required'],
    ['another content type', { 'content-type': 'text/plain' }, 400, 'invalid_request_error', 'application/json'],
  ])('refuses %s', async (_name, headers, status, type, message) => {
    const { upstream } = await simulated()
    expect(await post(upstream, hello, headers)).toMatchObject({
      status,
      error: { type, message: expect.stringContaining(message) },
    })
  })

  it.each<[string, Record<string, unknown>]>([
    ['max_tokens: Field required', { max_tokens: undefined }],
    ['max_tokens: Input should be a valid integer', { max_tokens: '5' }],
    ['max_tokens: Input should be greater than or equal to 1', { max_tokens: 0 }],
    ['fallbacks: Extra inputs are not permitted', { fallbacks: [] }],
    ['temperature: range: 0..1', { temperature: 1.5 }],
    ['messages: at least one message is required', { messages: [] }],
    ['messages: first message must use the "user" role', { messages: [says({ type: 'text', text: 'x' })] }],
    ['messages: text content blocks must be non-empty', { messages: [told({ type: 'text', text: '' })] }],
    ['text content blocks must contain non-whitespace text', { messages: [{ role: 'user', content: ' ' }] }],
    [
      'text content blocks must contain non-whitespace text',
      { messages: [user, says({ type: 'text', text: '\n\n' }, use), told(result)] },
    ],
    ['container_id is required when there are pending tool uses', { messages: [user, says(code, fromCode), told(result)] }],
    ['container_id is required', { messages: [user, says(code, fromCode), told(result)], container: { skills: [] } }],
    ["messages.0.content.0: Input tag 'video' found", { messages: [told({ type: 'video' })] }],
    ['messages.1: all messages must have non-empty content', { messages: [user, says(), user] }],
    ['unexpected `tool_use_id` found in `tool_result` blocks: toolu_1.', { messages: [told(result)] }],
    ['messages.1: `tool_use` ids were found without `tool_result` blocks', { messages: [user, says(use), user] }],
    ['messages.1: `tool_use` ids were found without `tool_result` blocks', { messages: [user, says(use)] }],
    ['Found multiple `tool_result` blocks', { messages: [user, says(use), told(result, result)] }],
    ['content.0.thinking.signature: Field required', { messages: [user, says({ type: 'thinking', thinking: 'x' }), user] }],
    [
      'Invalid `signature` in `thinking` block',
      { messages: [user, says({ type: 'thinking', thinking: 'x', signature: '' }), user] },
    ],
    ['must be greater than `thinking.budget_tokens`', { thinking: { type: 'enabled', budget_tokens: 1024 } }],
    ['tools: Tool names must be unique.', { tools: [weather, weather] }],
    ["tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'", { tools: [{ ...weather, name: 'a b' }] }],
    ['tool_choice may only be specified while providing `tools`.', { tool_choice: { type: 'auto' } }],
    [
      'A maximum of 4 blocks with cache_control',
      { tools: [1, 2, 3, 4, 5].map((n) => ({ ...weather, name: `t${n}`, cache_control: {} })) },
    ],
  ])('refuses: %s', async (message, fields) => {
    const { upstream } = await simulated()
    const answer = await post(upstream, { ...hello, ...fields })
    expect(answer).toMatchObject({
      status: 400,
      error: { type: 'invalid_request_error', message: expect.stringContaining(message) },
    })
  })

  it('takes white space beside words, and calls of code that is named or over', async () => {
    const { upstream } = await simulated()
    const ran = { type: 'code_execution_tool_result', tool_use_id: code.id, content: {} }
    const called = [user, says(code, fromCode), told(result)]
    for (const fields of [
      { messages: [told({ type: 'text', text: ' ' }, { type: 'text', text: 'x' })] },
      { messages: called, container: 'container_1' },
      { messages: called, container: { id: 'container_1', skills: [] } },
      { messages: [...called, says(ran, { type: 'text', text: 'x' }), user] },
      { messages: [user, says(code), user] },
    ]) {
      expect((await post(upstream, { ...hello, ...fields })).status, JSON.stringify(fields)).toBe(200)
    }
  })

  it('takes unknown fields from a beta, and consecutive messages of one role', async () => {
    const { upstream } = await simulated()
    expect((await post(upstream, { ...hello, fallbacks: [] }, { 'anthropic-beta': 'x-2026-01-01' })).status).toBe(200)
    expect((await post(upstream, { ...hello, messages: [user, user] })).status).toBe(200)
    expect((await post(upstream, hello, {}, '/v1/messages?beta=true')).status).toBe(200)
  })

  it('refuses a model or a path that is not there, and a body that is not JSON', async () => {
    const { upstream } = await simulated({ models: ['claude-other'] })
    expect(await post(upstream, hello)).toMatchObject({ status: 404, error: { message: 'model: claude-test' } })
    expect(await post(upstream, hello, {}, '/v1/complete')).toMatchObject({ status: 404, error: { type: 'not_found_error' } })
    expect(await post(upstream, '{"model":')).toMatchObject({ status: 400 })
  })

  it('keeps the step of the script for the next request', async () => {
    const { client, upstream } = await simulated({ script: { content: [{ type: 'text', text: 'scripted' }] } })
    expect((await post(upstream, {})).status).toBe(400)
    expect((await client.messages.create(hello)).content).toMatchObject([{ text: 'scripted' }])
  })
})
