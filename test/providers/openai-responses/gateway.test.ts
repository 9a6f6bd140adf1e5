import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../../gateway.ts'
import { isObject, objects } from '../../upstreams/json.ts'
import { openAiKey } from '../../upstreams/openai-chat.ts'
import { startOpenAiResponses } from '../../upstreams/openai-responses.ts'
import { echo, functionCall, message, type ResponsesAnswer, reasoning } from '../../upstreams/openai-responses-answer.ts'
import type { Upstream } from '../../upstreams/upstream.ts'

/** A caller with Anthropic's own SDK, the whole gateway, and a vendor that holds each request to its rules. */

let upstream: Upstream
let gateway: Gateway
let client: Anthropic

const tools: ResponsesAnswer = {
  output: [
    reasoning('Looking.'),
    { type: 'web_search_call', action: { type: 'search', query: 'q', sources: [{ type: 'url', url: 'https://a.test' }] } },
    { type: 'code_interpreter_call', code: 'print(1)', container_id: 'cntr_1', outputs: [{ type: 'logs', logs: '1' }] },
    { type: 'file_search_call', queries: ['q'], results: [{ file_id: 'file_1', text: 'found' }] },
    { type: 'mcp_call', server_label: 's', name: 'look', arguments: '{}', output: 'seen' },
    { type: 'image_generation_call', result: Buffer.from('a picture').toString('base64') },
    reasoning(),
    message('It is'),
    functionCall('get_weather', { city: 'Paris' }),
    functionCall('get_weather', { city: 'Rome' }),
  ],
}

beforeAll(async () => {
  upstream = await startOpenAiResponses({ script: (request) => (isFirst(request.json) ? tools : echo(request)) })
  gateway = await startGateway({ env: { VAI_OPENAI_BASE_URL: `${upstream.url}/v1` }, keys: { 'oai-resp': openAiKey } })
  client = new Anthropic({ apiKey: 'none', baseURL: gateway.url, maxRetries: 0 })
})
afterAll(async () => {
  await gateway?.close()
  await upstream?.close()
})

function isFirst(body: unknown): boolean {
  return isObject(body) && objects(body.input).length === 1
}

const weather = {
  name: 'get_weather',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
}
const request = {
  model: 'oai-resp/gpt-5-test',
  max_tokens: 1000,
  thinking: { type: 'enabled' as const, budget_tokens: 1024 },
  tools: [weather],
}

describe("a caller with Anthropic's SDK", () => {
  it.each(['whole', 'streamed'])('sends back what it was given, and the vendor takes it: %s', async (how) => {
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Go.' }]
    const ask = (): Promise<Anthropic.Message> => {
      const params = { ...request, messages }
      return how === 'whole' ? client.messages.create(params) : client.messages.stream(params).finalMessage()
    }
    const first = await ask()
    expect(first.stop_reason).toBe('tool_use')
    messages.push({ role: 'assistant', content: JSON.parse(JSON.stringify(first.content)) })
    const results = first.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'sunny' }] : [],
    )
    messages.push({ role: 'user', content: results })
    const second = await ask()
    expect(second.content.at(-1)).toMatchObject({ type: 'text', text: 'sunny' })
    const sent = upstream.requests.at(-1)?.json
    expect(objects(isObject(sent) ? sent.input : []).map(({ type, role }) => type ?? role)).toEqual([
      'user',
      ...tools.output.map(({ type }) => type),
      'function_call_output',
      'function_call_output',
    ])
  })

  it('counts tokens as the vendor does', async () => {
    const { max_tokens: _, ...counted } = request
    const count = await client.messages.countTokens({ ...counted, messages: [{ role: 'user', content: 'Go.' }] })
    expect(count.input_tokens).toBeGreaterThan(10)
    expect(count).not.toHaveProperty('estimated')
  })
})
