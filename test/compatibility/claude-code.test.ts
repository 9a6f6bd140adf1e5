import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Accumulator } from '../../api/accumulator.ts'
import type { Message, StreamEvent } from '../../api/schemas.gen.ts'
import { createSseParser } from '../../api/sse.ts'
import { errorOf } from '../gateway.ts'
import { envWith, gatewayKey } from '../gateway-keys.ts'
import { isObject, objects } from '../upstreams/json.ts'
import { busyOnce, type Running, startBefore, tooLong, twoCalls, vendors } from './vendors.ts'

/**
 * What Claude Code sends to a gateway, as Anthropic documents it and as it was seen on the wire: it is not installed here, so its requests
 * are written out. Nothing is changed but the address and the credential; the operator gives its models their names.
 */

const { key, record } = gatewayKey('developer')
const main = 'claude-opus-5-5'
const small = 'claude-haiku-4-5-20251001'

/** With a model that thinks, for it is asked how hard to. */
const thinkers = vendors.map((vendor) => (vendor.model === 'openai/gpt-4.1' ? { ...vendor, model: 'openai/gpt-5' } : vendor))

describe.each(thinkers)("Claude Code's requests before $name", (vendor) => {
  let running: Running
  beforeAll(async () => {
    const VAI_MODEL_ALIASES = [main, small].map((name) => `${name}=${vendor.model}`).join(',')
    running = await startBefore(vendor, { ...envWith([{ key, record }]), VAI_MODEL_ALIASES })
  })
  afterAll(() => running.close())

  const fetchFrom = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${running.gateway.url}${path}`, init)
  const send = (body: object, path = '/v1/messages?beta=true', more: Record<string, string> = {}): Promise<Response> =>
    fetchFrom(path, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) })
  const sent = (): { headers: Readonly<Record<string, unknown>>; body: string } => {
    const last = running.upstream.requests.at(-1)
    if (!last) throw new Error('nothing was sent')
    return last
  }

  it('begins: is there anybody, and which models are there', async () => {
    expect((await fetchFrom('/', { method: 'HEAD' })).status).toBe(200)
    // A connection that is warmed; whatever the answer is, nothing depends on it.
    expect((await fetchFrom('/api/hello', { method: 'HEAD' })).status).toBe(404)
    for (const credential of [bearer, { 'x-api-key': key }, { ...bearer, 'x-api-key': key }]) {
      const response = await fetchFrom('/v1/models?limit=1000', {
        headers: { ...credential, 'anthropic-version': '2023-06-01' },
        redirect: 'error',
      })
      const list: unknown = await response.json()
      const ids = objects(isObject(list) ? list.data : []).map(({ id }) => String(id))
      expect(ids.filter((id) => /claude|anthropic/i.test(id))).toContain('anthropic/claude-sonnet-4-6')
    }
  })

  it('asks the small model for a title', async () => {
    const message = await answerOf(
      await send({
        model: small,
        max_tokens: 32000,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Mend the test that fails.' }] }],
        system: [attribution, { type: 'text', text: 'Write a short title for this session.' }],
        tools: [],
        metadata,
        temperature: vendor.native ? 1 : undefined,
        thinking: { type: 'disabled' },
        output_config: { format: { type: 'json_schema', schema: titleSchema } },
        stream: true,
      }),
    )
    expect(JSON.parse(textOf(message))).toEqual({ title: 'text' })
  })

  it('looks whether a model is there, with a single token', async () => {
    const messages = [{ role: 'user', content: 'quota' }]
    const response = await send({ model: small, max_tokens: 1, messages, metadata })
    expect(response.status, await response.text()).toBe(200)
  })

  it('works: calls side by side, their results, a word of the system between, and a mark to cache by', async () => {
    const question = {
      role: 'user',
      content: [reminder, { type: 'text', text: twoCalls, cache_control: { type: 'ephemeral', ttl: '1h' } }],
    }
    const first = await answerOf(await send({ ...turn, messages: [question] }))
    expect(first.model).toBe(vendor.model)
    expect(first.stop_reason).toBe('tool_use')
    const calls = first.content.filter((block) => block.type === 'tool_use')
    expect(calls.map(({ name, input }) => [name, input])).toEqual([
      ['Read', { file_path: '/a.ts' }],
      ['Read', { file_path: '/b.ts' }],
    ])

    const results = calls.map(({ id }, index) => ({
      type: 'tool_result',
      tool_use_id: id,
      ...(index === 0
        ? { content: [{ type: 'text', text: 'export const a = 1' }] }
        : {
            content: '<tool_use_error>There is no such file.</tool_use_error>',
            is_error: true,
            cache_control: { type: 'ephemeral' },
          }),
    }))
    const second = await answerOf(
      await send({
        ...turn,
        messages: [
          question,
          { role: 'assistant', content: first.content },
          { role: 'user', content: results },
          { role: 'system', content: [{ type: 'text', text: 'The file /a.ts was changed.' }] },
        ],
        diagnostics: { previous_message_id: first.id },
      }),
    )
    expect(second.stop_reason).toBe('end_turn')
    for (const said of ['export const a = 1', 'There is no such file.', 'The file /a.ts was changed.']) {
      expect(sent().body).toContain(said)
    }
    if (vendor.native) {
      expect(sent().headers['anthropic-beta']).toBe(headers['anthropic-beta'])
      expect(sent().headers['anthropic-version']).toBe(headers['anthropic-version'])
      expect(JSON.parse(sent().body).system).toEqual(turn.system)
    } else {
      expect(sent().headers['anthropic-beta']).toBeUndefined()
    }
    // What belongs to this hop is nobody else's business.
    expect(JSON.stringify(sent().headers)).not.toContain(key)
    expect(sent().headers['x-claude-code-session-id']).toBeUndefined()
  })

  it('is told what was left out, and only that', async () => {
    const response = await send({
      ...turn,
      stream: false,
      messages: [{ role: 'user', content: 'Hello!' }],
      tool_choice: { type: 'none' },
    })
    const message: Message = JSON.parse(await response.text())
    const params = message.metadata?.warnings?.map(({ param }) => param) ?? []
    if (vendor.native) expect(params).toEqual([])
    else expect(params).toEqual(expect.arrayContaining(['context_management', 'safeguards']))
  })

  it('has an agent of its own ask', async () => {
    const more = {
      'x-claude-code-agent-id': 'agent-1',
      'x-claude-code-parent-agent-id': 'agent-0',
      'x-claude-code-request-class': 'subagent',
    }
    const response = await send(
      { ...turn, messages: [{ role: 'user', content: 'Look around.' }] },
      '/v1/messages?beta=true',
      more,
    )
    expect((await answerOf(response)).stop_reason).toBe('tool_use')
  })

  it('counts what the context holds', async () => {
    const { model, system, tools, thinking } = turn
    const body = { model, system, tools, thinking, messages: [{ role: 'user', content: 'Hello!' }] }
    const response = await send(body, '/v1/messages/count_tokens?beta=true')
    expect(await response.json()).toMatchObject({ input_tokens: expect.toSatisfy((count: number) => count > 100) })
  })

  it('searches the web where the provider knows this tool, and reads why not elsewhere', async () => {
    const tools = [{ type: 'web_search_20250305', name: 'web_search', max_uses: 8 }]
    const response = await send({ ...turn, tools, messages: [{ role: 'user', content: 'Search the web.' }] })
    expect(response.status).toBe(vendor.native ? 200 : 400)
    if (!vendor.native) expect(await errorOf(response)).toMatchObject({ code: 'unsupported_tool', param: 'tools[0].type' })
  })

  it('waits for as many seconds as it is told', async () => {
    const body = { ...turn, messages: [{ role: 'user', content: busyOnce }] }
    const busy = await send(body)
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '1'])
    expect((await errorOf(busy)).type).toBe('rate_limit_error')
    expect((await send(body)).status).toBe(200)
  })

  it('knows by the words that the conversation has become too long', async () => {
    const response = await send({ ...turn, messages: [{ role: 'user', content: tooLong }] })
    expect(response.status).toBe(400)
    expect((await errorOf(response)).message.toLowerCase()).toContain('prompt is too long')
  })

  it('is not let in without its credential', async () => {
    const response = await send({ ...turn, messages: [{ role: 'user', content: 'Hello!' }] }, '/v1/messages?beta=true', {
      authorization: '',
    })
    expect(response.status).toBe(401)
    expect((await errorOf(response)).type).toBe('authentication_error')
  })
})

const bearer = { authorization: `Bearer ${key}` }
const headers = {
  ...bearer,
  accept: 'application/json',
  'content-type': 'application/json',
  'user-agent': 'claude-cli/2.1.280 (external, cli)',
  'x-app': 'cli',
  'x-claude-code-session-id': '5b0a0c9e-3b1c-4c7e-9a53-8f0a5e0f6b11',
  'x-client-request-id': 'e0a7b8de-65cf-4a8f-b8b5-5f4f7a1d2c3e',
  'x-stainless-lang': 'js',
  'x-stainless-os': 'Linux',
  'x-stainless-retry-count': '0',
  'x-stainless-runtime': 'node',
  'x-stainless-timeout': '600',
  'anthropic-dangerous-direct-browser-access': 'true',
  'anthropic-version': '2023-06-01',
  'anthropic-beta':
    'claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,prompt-caching-scope-2026-01-05,mid-conversation-system-2026-04-07,effort-2025-11-24,dangerous-tool-use-2026-09-03,extended-cache-ttl-2025-04-11',
}

const metadata = {
  user_id: JSON.stringify({ device_id: 'd'.repeat(64), account_uuid: '', session_id: headers['x-claude-code-session-id'] }),
}
const attribution = { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.280.abc; cc_entrypoint=cli;' }
const reminder = { type: 'text', text: '<system-reminder>\nThe date is 2026-11-21.\n</system-reminder>' }
const titleSchema = {
  type: 'object',
  properties: { title: { type: 'string' } },
  required: ['title'],
  additionalProperties: false,
}

const paths = { type: 'object', properties: { file_path: { type: 'string', description: 'An absolute path.' } } }
const tools = ['Read', 'Agent', 'Bash', 'Edit', 'Glob', 'Grep', 'Skill', 'TodoWrite', 'WebFetch', 'Write'].map((name) => ({
  name,
  description: `${name}: does what its name says. ${'It takes care. '.repeat(40)}`,
  input_schema: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...paths,
    required: ['file_path'],
    additionalProperties: false,
  },
}))

/** A turn of the main conversation, but for what is said in it. */
const turn = {
  model: main,
  max_tokens: 32000,
  system: [
    attribution,
    { type: 'text', text: "You are Claude Code, Anthropic's official CLI for Claude." },
    { type: 'text', text: 'How to work. '.repeat(300), cache_control: { type: 'ephemeral', ttl: '1h', scope: 'global' } },
    { type: 'text', text: 'Where you are.', cache_control: { type: 'ephemeral', ttl: '1h' } },
  ],
  tools,
  metadata,
  thinking: { type: 'adaptive', display: 'omitted' },
  output_config: { effort: 'medium' },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  safeguards: [
    { type: 'dangerous_tool_use', classifier_context: { v: 1, permission_mode: 'auto', rules: { allow: [], deny: [] } } },
  ],
  stream: true,
}

/** What the events of a stream make, as a client folds them. */
async function answerOf(response: Response): Promise<Message> {
  const text = await response.text()
  expect(response.status, text).toBe(200)
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const accumulator = new Accumulator()
  for (const { data } of createSseParser(1e9).feed(new TextEncoder().encode(text))) {
    const event: StreamEvent = JSON.parse(data)
    accumulator.add(event)
  }
  return accumulator.message()
}

function textOf({ content }: Message): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}
