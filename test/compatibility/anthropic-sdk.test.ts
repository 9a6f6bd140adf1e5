import Anthropic from '@anthropic-ai/sdk'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Gateway, startGateway } from '../gateway.ts'
import { envWith, gatewayKey } from '../gateway-keys.ts'
import { busyOnce, type Running, stall, startBefore, vendors } from './vendors.ts'

/** Anthropic's own SDK, of which nothing is changed but the address and the name of the model. */

describe.each(vendors)("Anthropic's SDK before $name", (vendor) => {
  const { model } = vendor
  let running: Running
  let client: Anthropic
  beforeAll(async () => {
    running = await startBefore(vendor)
    client = new Anthropic({ baseURL: running.gateway.url, apiKey: 'unused', maxRetries: 0 })
  })
  afterAll(() => running.close())

  const hello: Anthropic.MessageCreateParamsNonStreaming = {
    model,
    max_tokens: 1024,
    messages: [{ role: 'user', content: 'Hello, gateway!' }],
  }

  describe('messages.create', () => {
    it('answers', async () => {
      const { data, response, request_id } = await client.messages.create(hello).withResponse()
      expect(textOf(data)).toBe('Hello, gateway!')
      expect(data).toMatchObject({ type: 'message', role: 'assistant', model, stop_reason: 'end_turn', stop_sequence: null })
      expect(data.usage.input_tokens).toBeGreaterThan(0)
      expect(data.usage.output_tokens).toBeGreaterThan(0)
      expect(request_id).toBe(response.headers.get('x-request-id'))
    })

    it('streams, event by event', async () => {
      const types: string[] = []
      for await (const event of await client.messages.create({ ...hello, stream: true })) {
        types.push(event.type)
        if (event.type === 'message_start')
          expect(event.message.usage).toMatchObject({ input_tokens: aCount, output_tokens: aCount })
        if (event.type === 'message_delta') expect(event.usage.output_tokens).toBeGreaterThan(0)
      }
      expect(types[0]).toBe('message_start')
      expect(types.at(-1)).toBe('message_stop')
      expect(types).toContain('content_block_delta')
    })

    it('takes pictures and documents', async () => {
      const message = await client.messages.create({
        model,
        max_tokens: 1024,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
              { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf }, title: 'A page' },
              { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'The sky is green.' } },
              { type: 'text', text: 'What is in there?' },
            ],
          },
        ],
      })
      expect(textOf(message)).toContain('What is in there?')
      const sent = running.upstream.requests.at(-1)?.body ?? ''
      for (const part of [png, pdf, 'The sky is green.']) expect(sent).toContain(part)
    })

    it('takes the thinking back that it was given', async () => {
      const thinking = model === 'openai/gpt-4.1' ? {} : { thinking: { type: 'adaptive' as const } }
      const ask = { model, max_tokens: 2048, ...thinking, tools: [weather] }
      const question: Anthropic.MessageParam = { role: 'user', content: 'What is the weather in Oslo?' }
      const first = await client.messages.create({ ...ask, messages: [question] })
      expect(first.stop_reason).toBe('tool_use')
      if ('thinking' in ask) expect(first.content[0]).toMatchObject({ type: 'thinking' })
      const calls = first.content.filter((block) => block.type === 'tool_use')
      const results = calls.map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: 'Snow.' }))
      const messages: Anthropic.MessageParam[] = [
        question,
        { role: 'assistant', content: first.content },
        { role: 'user', content: results },
      ]
      expect(textOf(await client.messages.create({ ...ask, messages }))).toContain('Snow.')
    })

    it('parses an answer that keeps to a schema', async () => {
      const format = { type: 'json_schema' as const, schema: answerSchema }
      const message = await client.messages.parse({ ...hello, output_config: { format } })
      expect(message.parsed_output).toEqual({ city: 'text' })
    })
  })

  describe('messages.stream', () => {
    it('tells the text as it comes, and the whole message in the end', async () => {
      const pieces: string[] = []
      const stream = client.messages.stream(hello).on('text', (piece) => pieces.push(piece))
      const message = await stream.finalMessage()
      expect(pieces.length).toBeGreaterThan(vendor.model.startsWith('oai-resp') ? 0 : 1)
      expect(pieces.join('')).toBe('Hello, gateway!')
      expect(textOf(message)).toBe('Hello, gateway!')
      expect(stream.request_id).toBe(stream.response?.headers.get('x-request-id'))
    })

    it('leaves, and the provider is left with it', async () => {
      const stream = client.messages.stream({ ...hello, messages: [{ role: 'user', content: `${stall} ${'a'.repeat(200)}` }] })
      const closed = running.upstream.waitForClose()
      await new Promise((resolve) => stream.once('text', resolve))
      stream.abort()
      await expect(stream.finalMessage()).rejects.toThrow(Anthropic.APIUserAbortError)
      expect((await closed).request.body).toContain(stall)
    })
  })

  describe('the tool runner', () => {
    const question = { model, max_tokens: 1024, messages: [{ role: 'user' as const, content: 'What is the weather?' }] }

    it('runs tools of JSON schemas until the answer is there', async () => {
      const cities: string[] = []
      const tool = betaTool({
        name: 'get_weather',
        description: 'The weather in a city.',
        inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        run: ({ city }) => {
          cities.push(city)
          return `It snows in ${city}.`
        },
      })
      const message = await client.beta.messages.toolRunner({ ...question, tools: [tool] })
      expect(cities).toEqual(['text'])
      expect(textOf(message)).toContain('It snows in text.')
    })

    it('runs tools of zod while it streams', async () => {
      const tool = betaZodTool({
        name: 'get_weather',
        description: 'The weather in a city.',
        inputSchema: z.object({ city: z.string(), days: z.number().optional() }),
        run: ({ city }) => `It rains in ${city}.`,
      })
      const runner = client.beta.messages.toolRunner({ ...question, tools: [tool], stream: true })
      const reasons: (string | null)[] = []
      for await (const stream of runner) reasons.push((await stream.finalMessage()).stop_reason)
      expect(reasons).toEqual(['tool_use', 'end_turn'])
      expect(textOf(await runner.done())).toContain('It rains in text.')
    })

    it('has the conversation kept where that can be, and sends the whole of it where not', async () => {
      const tool = betaTool({ name: 'look', description: 'Looks.', inputSchema: { type: 'object' }, run: () => 'A cat.' })
      const before = running.upstream.requests.length
      await client.beta.messages.toolRunner({ ...question, tools: [tool] })
      const sent = running.upstream.requests.slice(before).map(({ body }) => body)
      expect(sent).toHaveLength(2)
      expect(sent[1]).toContain('A cat.')
      if (vendor.native) expect(sent[1]).not.toContain('What is the weather?')
      else expect(sent[1]).toContain('What is the weather?')
    })

    it('sends the failure of a tool back', async () => {
      const tool = betaTool({
        name: 'get_weather',
        description: 'The weather in a city.',
        inputSchema: { type: 'object' },
        run: () => {
          throw new Error('no sky today')
        },
      })
      expect(textOf(await client.beta.messages.toolRunner({ ...question, tools: [tool] }))).toContain('no sky today')
    })
  })

  it('counts tokens', async () => {
    const { input_tokens } = await client.messages.countTokens({ model, messages: hello.messages, tools: [weather] })
    expect(input_tokens).toBeGreaterThan(0)
  })

  describe('errors', () => {
    it('knows a request that is wrong', async () => {
      const failure = await failureOf(
        client.messages.create({ ...hello, messages: [{ role: 'assistant', content: 'I begin.' }] }),
      )
      expect(failure).toBeInstanceOf(Anthropic.BadRequestError)
      expect(failure).toMatchObject({ status: 400, type: 'invalid_request_error' })
      expect(failure.requestID).toMatch(/^req_/)
    })

    it('knows that the key of the provider is wrong', async () => {
      const wrong = new Anthropic({
        baseURL: running.gateway.url,
        apiKey: 'unused',
        maxRetries: 0,
        defaultHeaders: Object.fromEntries(keyHeaders.map((name) => [name, 'sk-test-wrong'])),
      })
      const failure = await failureOf(wrong.messages.create(hello))
      expect(failure).toBeInstanceOf(Anthropic.AuthenticationError)
      expect(failure.type).toBe('authentication_error')
    })

    it('knows a model that there is not', async () => {
      const failure = await failureOf(client.messages.create({ ...hello, model: 'nobody/knows' }))
      expect(failure).toBeInstanceOf(Anthropic.NotFoundError)
      expect(failure.type).toBe('not_found_error')
    })

    it('tries again after the pause that the provider asks for', async () => {
      const patient = new Anthropic({ baseURL: running.gateway.url, apiKey: 'unused', maxRetries: 1 })
      const busy = { ...hello, messages: [{ role: 'user' as const, content: busyOnce }] }
      const before = running.upstream.requests.length
      expect(textOf(await patient.messages.create(busy))).toContain(busyOnce)
      expect(running.upstream.requests.length - before).toBe(2)
    })
  })
})

describe("Anthropic's SDK and the list of models", () => {
  const { key, record } = gatewayKey('app')
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await startGateway({ env: envWith([{ key, record }]) })
  })
  afterAll(() => gateway.close())

  it.each([
    ['apiKey', { apiKey: key }],
    ['authToken', { authToken: key }],
  ])('reads it page by page with its %s', async (_, keys) => {
    const client = new Anthropic({ apiKey: null, authToken: null, ...keys, baseURL: gateway.url, maxRetries: 0 })
    const { data } = await client.models.list({ limit: 1000 })
    const ids: string[] = []
    const requests: string[] = []
    const paged = client.withOptions({
      fetch: (input, init) => {
        requests.push(String(input))
        return fetch(input, init)
      },
    })
    for await (const { id, display_name } of paged.models.list({ limit: Math.ceil(data.length / 3) })) {
      expect(display_name).not.toBe('')
      ids.push(id)
    }
    expect(ids).toEqual(data.map(({ id }) => id))
    expect(requests).toHaveLength(3)
    expect(await client.models.retrieve('openai/gpt-4.1')).toMatchObject({ id: 'openai/gpt-4.1', type: 'model' })
    await expect(client.models.retrieve('nobody/knows')).rejects.toThrow(Anthropic.NotFoundError)
  })
})

const aCount = expect.any(Number)
const keyHeaders = ['X-Provider-Key-Anthropic', 'X-Provider-Key-OpenAI', 'X-Provider-Key-Gemini']
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII='
const pdf = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64')
const weather: Anthropic.Tool = {
  name: 'get_weather',
  description: 'The weather in a city.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const answerSchema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
} as const

function textOf({ content }: { content: readonly (Anthropic.ContentBlock | Anthropic.Beta.BetaContentBlock)[] }): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}

async function failureOf(asked: Promise<unknown>): Promise<InstanceType<typeof Anthropic.APIError>> {
  const failure = await asked.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(failure instanceof Anthropic.APIError)) throw new Error(`not refused, but ${String(failure)}`)
  return failure
}
