import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { accumulate } from '../../../api/accumulate.ts'
import { eventsOf } from '../../../api/events.ts'
import type { ContentBlockParam, Message, MessageParam } from '../../../api/schemas.gen.ts'
import { errorOf, type Gateway, messageOf, startGateway } from '../../gateway.ts'
import { isObject, type Json, objects } from '../../upstreams/json.ts'
import { type OpenAiOptions, openAiKey, startOpenAiChat } from '../../upstreams/openai-chat.ts'
import type { Upstream } from '../../upstreams/upstream.ts'

/** Conversations of several turns with servers that refuse one in which something of theirs is lost. */

const tools = [{ name: 'look', input_schema: { type: 'object', properties: {} } }]
const question: MessageParam = { role: 'user', content: 'What is it?' }

async function withServer(
  provider: string,
  options: OpenAiOptions,
  definition: Json = {},
): Promise<{ gateway: Gateway; upstream: Upstream }> {
  const upstream = await startOpenAiChat(options)
  const folder = mkdtempSync(join(tmpdir(), 'vai-turns-'))
  const file = join(folder, 'vai.json')
  writeFileSync(file, JSON.stringify({ providers: { [provider]: { ...definition, base_url: `${upstream.url}/v1` } } }))
  const gateway = await startGateway({
    env: { VAI_CONFIG: file, VAI_OPENROUTER_BASE_URL: `${upstream.url}/v1` },
    keys: { [provider]: openAiKey, openrouter: openAiKey },
  })
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
    rmSync(folder, { recursive: true })
  })
  return { gateway, upstream }
}

async function ask(gateway: Gateway, model: string, messages: readonly MessageParam[], stream = true): Promise<Message> {
  const response = await gateway.post({ model, messages, tools, stream })
  if (!stream) return messageOf(response)
  expect(response.status).toBe(200)
  const bytes = new Uint8Array(await response.arrayBuffer())
  return accumulate(
    (async function* () {
      for (const event of eventsOf({ type: 'wire', bytes })) if (event.type !== 'ping') yield event
    })(),
  )
}

/** The answer as the client has it, and the results of its calls. */
function next({ content }: Message): MessageParam[] {
  const kept: ContentBlockParam[] = JSON.parse(JSON.stringify(content))
  const results = content.flatMap((block): ContentBlockParam[] =>
    block.type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: block.id, content: 'A cat.' }] : [],
  )
  return [
    { role: 'assistant', content: kept },
    { role: 'user', content: results },
  ]
}

/** Refuses a conversation where an assistant's message lacks these members. */
function wants(members: Json): (body: Json) => { message: string } | undefined {
  return ({ messages }) => {
    const said = objects(messages).filter(({ role }) => role === 'assistant')
    const isWhole = said.every((message) =>
      Object.entries(members).every(([name, value]) => isDeepStrictEqual(message[name], value)),
    )
    return isWhole ? undefined : { message: `What the model thought must be passed back: ${JSON.stringify(said)}` }
  }
}

describe.each([true, false])('a turn with a tool (stream: %s)', (stream) => {
  it('at DeepSeek gives back what the model thought', async () => {
    const { gateway } = await withServer('deepseek', {
      refuses: wants({ reasoning_content: 'I shall look.' }),
      script: [
        { reasoning: ['I shall ', 'look.'], toolCalls: [{ name: 'look', arguments: '{}' }] },
        { reasoning: 'So.', text: 'A cat.' },
      ].map((answer) => (stream ? answer : { ...answer, reasoning: [answer.reasoning].flat().join('') })),
    })
    const first = await ask(gateway, 'deepseek/deepseek-v4', [question], stream)
    expect(first.stop_reason).toBe('tool_use')
    const second = await ask(gateway, 'deepseek/deepseek-v4', [question, ...next(first)], stream)
    expect(second.content.at(-1)).toMatchObject({ type: 'text', text: 'A cat.' })
  })

  it('at OpenRouter gives back the details, as they came', async () => {
    const details = [
      { type: 'reasoning.text', text: 'I shall look.', signature: 'sig', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'b64', id: 'rs_1', format: 'anthropic-claude-v1', index: 1 },
    ]
    const pieces = [
      [{ type: 'reasoning.text', text: 'I shall ', format: 'anthropic-claude-v1', index: 0 }],
      [{ type: 'reasoning.text', text: 'look.', format: 'anthropic-claude-v1', index: 0 }],
      [{ type: 'reasoning.text', signature: 'sig', format: 'anthropic-claude-v1', index: 0 }, details[1]],
    ]
    const deltas = stream ? pieces.map((reasoning_details) => ({ reasoning_details })) : [{ reasoning_details: details }]
    const { gateway } = await withServer('another', {
      alsoTakes: ['usage', 'reasoning'],
      refuses: wants({ reasoning_details: details }),
      script: [{ deltas, toolCalls: [{ name: 'look', arguments: '{}' }] }, { text: 'A cat.' }],
    })
    const first = await ask(gateway, 'openrouter/anthropic/claude-sonnet-4.5', [question], stream)
    expect(first.content[0]).toMatchObject({ type: 'thinking', thinking: 'I shall look.' })
    const second = await ask(gateway, 'openrouter/anthropic/claude-sonnet-4.5', [question, ...next(first)], stream)
    expect(second.content).toMatchObject([{ type: 'text', text: 'A cat.' }])
  })
})

describe('a conversation that began elsewhere', () => {
  const elsewhere: MessageParam[] = [
    question,
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'EqQBCgIYAhIM' },
        { type: 'tool_use', id: 'toolu_01A09q90qw90lq917835lq9', name: 'look', input: {} },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_01A09q90qw90lq917835lq9', content: 'A cat.' }] },
  ]

  it('has ids that Mistral takes, the same in the call and in the result', async () => {
    const ids = (body: Json): unknown[] =>
      objects(body.messages).flatMap((message) => [
        ...objects(message.tool_calls).map(({ id }) => id),
        ...(message.role === 'tool' ? [message.tool_call_id] : []),
      ])
    const { gateway, upstream } = await withServer('mistral', {
      refuses: (body) =>
        ids(body).every((id) => /^[a-zA-Z0-9]{9}$/.test(String(id)))
          ? undefined
          : { message: 'Tool call id has to be 9 characters' },
    })
    await ask(gateway, 'mistral/mistral-small-latest', elsewhere, false)
    const body = upstream.requests[0]?.json
    expect(new Set(isObject(body) ? ids(body) : [])).toHaveLength(1)
  })

  it('has no thinking of others in it, and says so', async () => {
    const { gateway, upstream } = await withServer('vllm', {})
    const { metadata } = await ask(gateway, 'vllm/qwen3', elsewhere, false)
    expect(metadata?.warnings).toMatchObject([{ code: 'dropped', param: 'messages[1].content[0].type' }])
    expect(JSON.stringify(upstream.requests[0]?.json)).not.toContain('Hm.')
  })
})

describe('a server of the operator’s own', () => {
  it('gets the key in its own header, and the headers of its definition', async () => {
    const { gateway, upstream } = await withServer(
      'mine',
      { apiKey: 'unused' },
      { key_header: 'Api-Key', headers: { 'X-Team': 'cats' }, quirks: { max_tokens_field: 'max_completion_tokens' } },
    )
    const response = await gateway.post({ model: 'mine/m', max_tokens: 5, messages: [question] })
    // The simulated server knows bearer tokens alone.
    expect(await errorOf(response)).toMatchObject({ code: 'provider_authentication' })
    const [sent] = upstream.requests
    expect(sent?.headers).toMatchObject({ 'api-key': openAiKey, 'x-team': 'cats' })
    expect(sent?.headers).not.toHaveProperty('authorization')
    expect(sent?.json).toMatchObject({ max_completion_tokens: 5 })
  })

  it('takes the caller’s key, which no log and no error shows', async () => {
    const { gateway } = await withServer('mine', {})
    const own = 'a-key-of-no-known-form'
    const response = await gateway.post({ model: 'mine/m', messages: [question] }, { 'X-Provider-Key-Mine': own })
    const text = await response.text()
    expect(response.status).toBe(401)
    expect(text).not.toContain(own)
    expect(gateway.logLines.join('')).not.toContain(own)
  })

  it('is listed with its models, and refused with its name where a field does not fit it', async () => {
    const { gateway } = await withServer('mine', {}, { name: 'The cat machine', models: [{ id: 'm', context_window: 4096 }] })
    const listed = await fetch(`${gateway.url}/v1/models/mine/m`)
    expect(await listed.json()).toMatchObject({ id: 'mine/m', max_input_tokens: 4096, owned_by: 'mine' })
    const refused = await gateway.post({ model: 'mine/m', messages: [question], tools: [{ type: 'web_search' }] })
    expect((await errorOf(refused)).message).toContain('The cat machine does not take this')
  })
})
