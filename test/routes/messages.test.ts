import Anthropic from '@anthropic-ai/sdk'
import { afterEach, describe, expect, it } from 'vitest'
import { errorOf, type Gateway, type GatewayOptions, messageOf, startGateway } from '../gateway.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { sse } from '../upstreams/behaviour.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import type { Upstream } from '../upstreams/upstream.ts'

/** The official client against the gateway, with each provider's rules enforced behind it. */

const running: { close(): Promise<unknown> | unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

async function gatewayTo(anthropic: Upstream, openai: Upstream, options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await startGateway({
    ...options,
    env: { VAI_ANTHROPIC_BASE_URL: anthropic.url, VAI_OPENAI_BASE_URL: `${openai.url}/v1`, ...options.env },
    keys: { anthropic: anthropicKey, openai: openAiKey, ...options.keys },
  })
  running.push(anthropic, openai, gateway)
  return gateway
}

async function start(script?: {
  anthropic?: Parameters<typeof startAnthropic>[0]
  openai?: Parameters<typeof startOpenAiChat>[0]
}): Promise<{
  client: Anthropic
  anthropic: Upstream
  openai: Upstream
  gateway: Gateway
}> {
  const anthropic = await startAnthropic(script?.anthropic)
  const openai = await startOpenAiChat(script?.openai)
  const gateway = await gatewayTo(anthropic, openai)
  const client = new Anthropic({ apiKey: 'sk-test-anything', baseURL: gateway.url, maxRetries: 0 })
  return { client, anthropic, openai, gateway }
}

const weather = {
  name: 'get_weather',
  description: 'The weather in a city',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
}

describe.each(['anthropic/claude-sonnet-4-5', 'openai/gpt-5-mini'])('the Anthropic client with %s', (model) => {
  it('creates a message', async () => {
    const { client } = await start()
    const message = await client.messages.create({ model, max_tokens: 100, messages: [{ role: 'user', content: 'Hello there' }] })
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      model,
      stop_reason: 'end_turn',
      content: [{ type: 'text', text: 'Hello there' }],
    })
    expect(message.usage.input_tokens).toBeGreaterThan(0)
    expect(message.usage).toHaveProperty('total_tokens', message.usage.input_tokens + message.usage.output_tokens)
  })

  it('streams the same message', async () => {
    const { client } = await start()
    const request = { model, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Say this in pieces, please' }] }
    const stream = client.messages.stream(request)
    const pieces: string[] = []
    stream.on('text', (text) => pieces.push(text))
    const streamed = await stream.finalMessage()
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join('')).toBe('Say this in pieces, please')
    const whole = await client.messages.create(request)
    expect(streamed.content).toEqual(whole.content)
    expect(streamed.stop_reason).toBe(whole.stop_reason)
    expect(streamed.usage).toMatchObject({ input_tokens: whole.usage.input_tokens, output_tokens: whole.usage.output_tokens })
  })

  it('runs a loop with a tool, streamed and whole', async () => {
    const { client } = await start()
    const question = { role: 'user' as const, content: 'Weather in Paris?' }
    const first = await client.messages.stream({ model, max_tokens: 100, tools: [weather], messages: [question] }).finalMessage()
    expect(first.stop_reason).toBe('tool_use')
    const call = first.content.find((block) => block.type === 'tool_use')
    if (!call) throw new Error('no tool was called')
    expect(call).toMatchObject({ name: 'get_weather', input: { city: expect.any(String) } })
    const second = await client.messages.create({
      model,
      max_tokens: 100,
      tools: [weather],
      messages: [
        question,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: '18 C' }] },
      ],
    })
    expect(second.stop_reason).toBe('end_turn')
    expect(second.content).toMatchObject([{ type: 'text', text: expect.stringContaining('18 C') }])
  })

  it('forces a tool, and forbids one', async () => {
    const { client } = await start()
    const time = { name: 'get_time', input_schema: { type: 'object' as const, properties: {} } }
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    const forced = await client.messages.create({
      model,
      max_tokens: 100,
      tools: [weather, time],
      tool_choice: { type: 'tool', name: 'get_time' },
      messages,
    })
    expect(forced.content).toMatchObject([{ type: 'tool_use', name: 'get_time', input: {} }])
    const none = await client.messages.create({
      model,
      max_tokens: 100,
      tools: [weather],
      tool_choice: { type: 'none' },
      messages,
    })
    expect(none.content).toMatchObject([{ type: 'text', text: 'Hi' }])
  })

  it('gives JSON that fits a schema', async () => {
    const { client } = await start()
    const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'], additionalProperties: false }
    const message = await client.messages.create({
      model,
      max_tokens: 100,
      output_config: { format: { type: 'json_schema', schema } },
      messages: [{ role: 'user', content: 'Ada' }],
    })
    const [block] = message.content
    expect(JSON.parse(block?.type === 'text' ? block.text : '')).toEqual({ name: expect.any(String) })
  })

  it('reports a refused provider key as authentication_error', async () => {
    const { gateway } = await start()
    const client = new Anthropic({
      apiKey: 'sk-test-anything',
      baseURL: gateway.url,
      maxRetries: 0,
      defaultHeaders: { 'X-Provider-Key-Anthropic': 'sk-test-wrong-key-1', 'X-Provider-Key-OpenAI': 'sk-test-wrong-key-1' },
    })
    const error = await client.messages
      .create({ model, max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] })
      .catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(Anthropic.AuthenticationError)
    expect(JSON.stringify(error)).not.toContain('sk-test-wrong-key-1')
    expect(error).toMatchObject({
      status: 401,
      error: { error: { type: 'authentication_error', code: 'provider_authentication' } },
    })
  })

  it('aborts a stream', async () => {
    const text = Array.from({ length: 50 }, (_, at) => `word ${at} `)
    const { client, anthropic, openai } = await start({
      anthropic: { script: { content: [{ type: 'text', text }], stallAt: { event: 10 } } },
      openai: { script: { text, stallAt: { event: 10 } } },
    })
    const stream = await client.messages.create({
      model,
      max_tokens: 100,
      stream: true,
      messages: [{ role: 'user', content: 'Go' }],
    })
    let events = 0
    for await (const _ of stream) if (++events === 5) break
    const upstream = model.startsWith('anthropic') ? anthropic : openai
    await upstream.waitForClose()
    expect(upstream.connections).toBe(0)
  })
})

it('counts tokens exactly where the provider does, and says where it estimates', async () => {
  const { client, anthropic } = await start()
  const messages = [{ role: 'user' as const, content: 'How many tokens is this?' }]
  const exact = await client.messages.countTokens({ model: 'anthropic/claude-sonnet-4-5', messages })
  expect(anthropic.requests[0]).toMatchObject({
    path: '/v1/messages/count_tokens',
    json: { model: 'claude-sonnet-4-5', messages },
  })
  expect(exact).not.toHaveProperty('estimated')
  const estimate = await client.messages.countTokens({ model: 'openai/gpt-5-mini', messages })
  expect(estimate).toMatchObject({ estimated: true, method: 'o200k_base' })
  expect(Math.abs(estimate.input_tokens - exact.input_tokens)).toBeLessThan(10)
})

it('lists the models and gets one, as the Anthropic client reads them', async () => {
  const { client } = await start()
  const ids: string[] = []
  for await (const model of client.models.list({ limit: 2 })) ids.push(model.id)
  expect(ids).toContain('anthropic/claude-sonnet-4-5')
  expect(ids).toContain('demo/echo')
  expect(new Set(ids).size).toBe(ids.length)
  expect(await client.models.retrieve('demo/echo')).toMatchObject({ id: 'demo/echo', type: 'model', display_name: 'Echo (demo)' })
})

describe('Anthropic to Anthropic', () => {
  it('sends on what the caller wrote, with nothing changed but the model', async () => {
    const { anthropic, gateway } = await start()
    const body =
      '{ "max_tokens" : 10,"metadata":{"user_id":"u1"}, "messages":[{"content":[{"text":"1.0 \\u00e9","type":"text","cache_control":{"type":"ephemeral","ttl":"1h"}}],"role":"user"}],\n "temperature":1.0, "model":"anthropic/claude-sonnet-4-5", "tools":[{"name":"t","input_schema":{"type":"object","x-limit":12345678901234567890}}]}'
    const response = await gateway.post(
      body,
      { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'one-2025-01-01,two' },
      '/v1/messages?beta=true',
    )
    expect(response.status).toBe(200)
    const [request] = anthropic.requests
    const members = (text: string): string => text.replaceAll(/^\{\s*|\s*\}$/g, '').replaceAll(/,\s*"/g, ',"')
    expect(members(request?.body ?? '')).toBe(members(body.replace('anthropic/claude', 'claude')))
    expect(request).toMatchObject({
      path: '/v1/messages?beta=true',
      headers: { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'one-2025-01-01,two' },
    })
  })

  it('lets what is newer than the contract pass with a beta header, and refuses it without', async () => {
    const { anthropic, gateway } = await start()
    const body = {
      model: 'anthropic/claude-sonnet-4-5',
      max_tokens: 10,
      brand_new: { a: 1 },
      tools: [{ type: 'teleport_20270101', name: 'teleport' }],
      thinking: { type: 'dreaming' },
      tool_choice: { type: 'whichever' },
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x', glow: true },
            { type: 'image', source: { type: 'telepathy', id: 'i' } },
            { type: 'smell', source: { type: 'base64', data: 'AAAA' } },
          ],
        },
      ],
    }
    const refused = await gateway.post(body)
    expect(refused.status).toBe(400)
    expect((await errorOf(refused)).issues?.map((issue) => issue.param)).toEqual(
      expect.arrayContaining(['brand_new', 'tools[0].type', 'messages[0].content[0].glow']),
    )
    await gateway.post(body, { 'anthropic-beta': 'new-2027-01-01' })
    expect(anthropic.requests[0]?.json).toEqual({ ...body, model: 'claude-sonnet-4-5' })
  })

  it('does not let a beta header excuse what is wrong', async () => {
    const { gateway } = await start()
    const response = await gateway.post(
      { model: 'anthropic/claude-sonnet-4-5', max_tokens: 'ten', messages: [{ role: 'user', content: 'x' }] },
      { 'anthropic-beta': 'new-2027-01-01' },
    )
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param: 'max_tokens', code: 'invalid_type' } })
  })

  it('keeps every field of the answer, its order, its numbers and what nobody knows', async () => {
    const json =
      '{"model":"claude-sonnet-4-5-20250929","id":"msg_1","type":"message","role":"assistant","content":[{"type":"hologram","depth":1.50},{"type":"tool_use","id":"t","name":"n","input":{"id":12345678901234567890}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":4,"novel":{"x":1}},"later":[1.0]}'
    const { gateway } = await start({
      anthropic: { script: { kind: 'reply', headers: { 'content-type': 'application/json' }, body: json } },
    })
    const response = await gateway.post({
      model: 'anthropic/claude-sonnet-4-5',
      max_tokens: 10,
      messages: [{ role: 'user', content: 'x' }],
    })
    expect(await response.text()).toBe(
      json
        .replace('"claude-sonnet-4-5-20250929"', '"anthropic/claude-sonnet-4-5"')
        .replace('"novel":{"x":1}}', '"novel":{"x":1},"total_tokens":7,"cost_usd":0.000069}')
        .replace('"later":[1.0]}', '"later":[1.0],"metadata":{"provider":{"model":"claude-sonnet-4-5-20250929"}}}'),
    )
  })
})

it('forwards the events of blocks as they were written, down to their numbers', async () => {
  const frames = [
    'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\n',
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{"n":12345678901234567890,"f":1.0}}  }\n\n',
    'event: content_block_stop\ndata: {"type": "content_block_stop", "index": 0, "later": 1e2}\n\n',
    'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":2}}\n\n',
    'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  ]
  const body = frames.join('')
  for (const chunks of ['whole', 'bytes'] as const) {
    const { gateway } = await start({ anthropic: { script: sse(body, { chunks }) } })
    const response = await gateway.post({
      model: 'anthropic/claude-sonnet-4-5',
      max_tokens: 10,
      stream: true,
      messages: [{ role: 'user', content: 'x' }],
    })
    const text = await response.text()
    expect(text).toContain(frames.slice(1, 3).join(''))
  }
})

it('tells usage, model and attempts in headers', async () => {
  const { gateway } = await start()
  const response = await gateway.post(
    { model: 'openai/gpt-5-mini', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] },
    { 'x-request-id': 'my-own-id-1' },
  )
  const { usage } = await messageOf(response)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'x-request-id': 'my-own-id-1',
    'request-id': 'my-own-id-1',
    'x-model': 'openai/gpt-5-mini',
    'x-attempts': '1',
    'x-input-tokens': String(usage.input_tokens),
    'x-output-tokens': String(usage.output_tokens),
    'x-total-tokens': String(usage.total_tokens),
    'x-duration-ms': expect.stringMatching(/^\d+$/),
  })
})

it('keeps users apart whose ids are too long for the provider', async () => {
  const { gateway, openai } = await start()
  for (const end of ['a', 'b']) {
    const metadata = { user_id: `user_${'0'.repeat(100)}_${end}` }
    await gateway.post({ model: 'openai/gpt-5-mini', metadata, messages: [{ role: 'user', content: 'Hi' }] })
  }
  const ids = openai.requests.map(({ json }) => JSON.stringify(json).match(/"safety_identifier":"([0-9a-f]{64})"/)?.[1])
  expect(new Set(ids).size).toBe(2)
  expect(ids).not.toContain(undefined)
})

it('refuses digits that would be lost where a part of the request is written anew', async () => {
  const { gateway, anthropic } = await start()
  const body =
    '{"model":"anthropic/claude-sonnet-4-5","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","name":"t","input_schema":{"type":"object","maximum":12345678901234567890}}]}'
  const response = await gateway.post(body)
  expect(response.status).toBe(400)
  expect(await errorOf(response)).toMatchObject({ code: 'number_not_exact', param: 'tools[0].input_schema.maximum' })
  expect(anthropic.requests).toHaveLength(0)
})

it('knows an error that a provider puts into a 200', async () => {
  const body = JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
  const { gateway } = await start({
    anthropic: { script: { kind: 'reply', headers: { 'content-type': 'application/json', 'x-n': '1' }, body } },
  })
  const response = await gateway.post({
    model: 'anthropic/claude-sonnet-4-5',
    max_tokens: 10,
    messages: [{ role: 'user', content: 'x' }],
  })
  expect(response.status).toBe(529)
  expect(await errorOf(response)).toMatchObject({ type: 'overloaded_error' })
})

it('says what it left out', async () => {
  const { client } = await start()
  const body = { model: 'openai/gpt-5-mini', max_tokens: 10, top_k: 5, messages: [{ role: 'user' as const, content: 'Hi' }] }
  const whole = await client.messages.create(body)
  expect(whole).toMatchObject({ metadata: { warnings: [{ param: 'top_k', code: 'dropped' }] } })
  const streamed = await client.messages.stream(body).finalMessage()
  expect(streamed).toMatchObject({ metadata: { warnings: [{ param: 'top_k', code: 'dropped' }] } })
})

it('refuses what a provider cannot do before it is asked, and says what would do', async () => {
  const { gateway, openai } = await start()
  const response = await gateway.post({
    model: 'openai/gpt-5-mini',
    tools: [{ type: 'web_search' }],
    messages: [{ role: 'user', content: 'News?' }],
  })
  expect(response.status).toBe(400)
  expect(await errorOf(response)).toMatchObject({
    type: 'invalid_request_error',
    param: 'tools[0].type',
    code: 'unsupported_tool',
  })
  expect(openai.requests).toHaveLength(0)
})

describe('keys', () => {
  const request = { model: 'anthropic/claude-sonnet-4-5', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] }

  it('takes the caller’s key over the operator’s', async () => {
    const anthropic = await startAnthropic({ apiKey: 'sk-test-callers-own' })
    const gateway = await gatewayTo(anthropic, await startOpenAiChat(), { keys: { anthropic: 'sk-test-operators' } })
    expect((await gateway.post(request, { 'X-Provider-Key-Anthropic': 'sk-test-callers-own' })).status).toBe(200)
    expect((await gateway.post(request)).status).toBe(401)
  })

  it('takes no key from the environment under byok, and names the header that is missing', async () => {
    const gateway = await gatewayTo(await startAnthropic(), await startOpenAiChat(), { env: { VAI_CREDENTIALS: 'byok' } })
    const response = await gateway.post(request)
    expect(response.status).toBe(401)
    expect(await errorOf(response)).toMatchObject({
      type: 'authentication_error',
      code: 'missing_provider_key',
      param: 'X-Provider-Key-Anthropic',
    })
    expect((await gateway.post(request, { 'X-Provider-Key-Anthropic': anthropicKey })).status).toBe(200)
  })

  it('refuses a caller’s key under managed', async () => {
    const gateway = await gatewayTo(await startAnthropic(), await startOpenAiChat(), { env: { VAI_CREDENTIALS: 'managed' } })
    expect((await gateway.post(request)).status).toBe(200)
    const response = await gateway.post(request, { 'X-Provider-Key-Anthropic': anthropicKey })
    expect(response.status).toBe(403)
    expect(await errorOf(response)).toMatchObject({ type: 'permission_error', param: 'X-Provider-Key-Anthropic' })
  })
})

describe('models', () => {
  const messages = [{ role: 'user', content: 'Hi' }]

  it('takes an alias for the model it stands for', async () => {
    const anthropic = await startAnthropic()
    const gateway = await gatewayTo(anthropic, await startOpenAiChat(), {
      env: { VAI_MODEL_ALIASES: 'sonnet=anthropic/claude-sonnet-4-5' },
    })
    const response = await gateway.post({ model: 'sonnet', max_tokens: 10, messages })
    expect(await response.json()).toMatchObject({ model: 'anthropic/claude-sonnet-4-5' })
    expect(anthropic.requests[0]?.json).toMatchObject({ model: 'claude-sonnet-4-5' })
  })

  it('gives the catalogue’s default where a provider must have max_tokens and the caller gave none', async () => {
    const { anthropic, gateway } = await start()
    expect((await gateway.post({ model: 'anthropic/claude-sonnet-4-5', messages })).status).toBe(200)
    expect(anthropic.requests[0]?.json).toMatchObject({ max_tokens: 32_000 })
  })

  it('turns the demo models off where the operator wants none', async () => {
    const gateway = await gatewayTo(await startAnthropic(), await startOpenAiChat(), { env: { VAI_DEMO: 'false' } })
    const response = await gateway.post({ model: 'demo/echo', messages })
    expect(response.status).toBe(404)
    expect(await errorOf(response)).toMatchObject({ type: 'not_found_error', code: 'unknown_provider', param: 'model' })
  })
})
