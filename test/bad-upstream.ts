import type { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { ErrorResponse } from '../api/schemas.gen.ts'
import { errorOf, type Gateway, startGateway } from './gateway.ts'
import type { ManualClock } from './manual-clock.ts'
import { answer, type RawUpstream, startRawUpstream, type Talk } from './raw-upstream.ts'

/** How an adapter is asked, and what a good answer for it looks like. */
export interface Adapter {
  readonly id: string
  readonly model: string
  readonly key: string
  readonly baseURLVariable: string
  /** The path of the base URL. */
  readonly path: string
  readonly whole: string
  readonly stream: string
  /** Whether a stream has a last word, or is over when its connection is. */
  readonly hasLastWord: boolean
}

const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
}

const events = [
  { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
]

const completion = { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-5-mini' }
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
const choice = { index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }
const chunks = [
  { ...completion, choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello' }, finish_reason: null }] },
  { ...completion, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage },
]

const item = { id: 'item_1', type: 'message', role: 'assistant', status: 'completed' }
const part = { type: 'output_text', text: 'Hello', annotations: [] }
const response = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  model: 'gpt-5-mini',
  output: [{ ...item, content: [part] }],
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
}
const place = { output_index: 0, item_id: item.id, content_index: 0 }
const responseEvents = [
  { type: 'response.created', response: { ...response, status: 'in_progress', output: [], usage: null } },
  { type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
  { type: 'response.content_part.added', ...place, part: { ...part, text: '' } },
  { type: 'response.output_text.delta', ...place, delta: 'Hello' },
  { type: 'response.output_text.done', ...place, text: 'Hello' },
  { type: 'response.output_item.done', output_index: 0, item: { ...item, content: [part] } },
  { type: 'response.completed', response },
]

const candidate = { content: { role: 'model', parts: [{ text: 'Hello' }] }, index: 0 }
const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 }
const contents = [{ candidates: [candidate] }, { candidates: [{ index: 0, finishReason: 'STOP' }], usageMetadata }]

/** A further adapter is tested by a further row. */
export const adapters: readonly Adapter[] = [
  {
    id: 'anthropic',
    model: 'anthropic/claude-sonnet-4-5',
    key: 'sk-test-anthropic-0123456789',
    baseURLVariable: 'VAI_ANTHROPIC_BASE_URL',
    path: '',
    whole: JSON.stringify(message),
    stream: events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
    hasLastWord: true,
  },
  {
    id: 'openai',
    model: 'openai/gpt-5-mini',
    key: 'sk-test-openai-0123456789',
    baseURLVariable: 'VAI_OPENAI_BASE_URL',
    path: '/v1',
    whole: JSON.stringify({ ...completion, choices: [choice], usage }),
    stream: `${framed(chunks)}data: [DONE]\n\n`,
    hasLastWord: true,
  },
  {
    id: 'oai-resp',
    model: 'oai-resp/gpt-5-mini',
    key: 'sk-test-responses-0123456789',
    baseURLVariable: 'VAI_OPENAI_BASE_URL',
    path: '/v1',
    whole: JSON.stringify(response),
    stream: framed(responseEvents),
    hasLastWord: true,
  },
  {
    id: 'gem-dev',
    model: 'gem-dev/gemini-2.5-flash',
    key: 'sk-test-gemini-0123456789',
    baseURLVariable: 'VAI_GEMINI_BASE_URL',
    path: '/v1beta',
    whole: JSON.stringify({ candidates: [{ ...candidate, finishReason: 'STOP' }], usageMetadata }),
    stream: framed(contents),
    hasLastWord: false,
  },
]

export const jsonType = 'content-type: application/json'
export const sseType = 'content-type: text/event-stream'

/** Whether a request, as it came over the wire, asks for a stream. */
export function asksForStream(request: string): boolean {
  return /"stream":true|:streamGenerateContent/.test(request)
}

function framed(chunks: readonly object[]): string {
  return chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('')
}

/** The answer that was asked for, as bytes; on a connection of its own unless the headers say otherwise. */
export function goodAnswer(request: string, headers: readonly string[] = ['connection: close']): Buffer {
  const adapter = adapters.find(({ key }) => request.includes(key))
  const isStream = asksForStream(request)
  return answer('200 OK', [isStream ? sseType : jsonType, ...headers], isStream ? adapter?.stream : adapter?.whole)
}

/** Says this, and closes the connection. */
export function saying(bytes: string | Uint8Array): Talk {
  return (socket) => void socket.end(bytes)
}

/** Says this, and leaves the connection open: who closes it is the gateway. */
export function leaving(bytes: string | Uint8Array): Talk {
  return (socket) => void socket.write(bytes)
}

export interface Failure {
  readonly status: number
  readonly error: ErrorResponse['error']
}

export interface Rig {
  readonly upstream: RawUpstream
  readonly gateway: Gateway
  /** As `gateway`, but of little patience with silence. */
  readonly hasty: Gateway
  /** As `gateway`, but with little time for an answer. */
  readonly brief: Gateway
  gatewayWith(env: Record<string, string>, clock?: ManualClock): Promise<Gateway>
  ask(adapter: Adapter, stream: boolean, by?: Gateway): Promise<Response>
  /** The failure that the caller is told when the provider talks like this; the connection to the provider is closed then. */
  failure(adapter: Adapter, stream: boolean, talk: Talk, by?: Gateway): Promise<Failure>
  /** As `failure`, for a whole answer and for a stream. */
  failures(adapter: Adapter, talk: Talk, by?: Gateway): Promise<readonly [Failure, Failure]>
}

/** A provider that says what a test wants, before a gateway that after each test has to serve as if nothing had been. */
export function startRig(): Rig {
  let upstream: RawUpstream
  let gateway: Gateway
  let hasty: Gateway
  let brief: Gateway
  const others: Gateway[] = []
  /** Those that were asked in the test. */
  const used = new Set<Gateway>()

  beforeAll(async () => {
    upstream = await startRawUpstream(good)
    gateway = await start()
    hasty = await start({ VAI_UPSTREAM_FIRST_BYTE_MS: '500', VAI_UPSTREAM_IDLE_MS: '500' })
    brief = await start({ VAI_LIMIT_STREAM_MS: '1000' })
  })

  afterEach(async () => {
    upstream.talk = good
    upstream.greet = () => undefined
    const served = [gateway, hasty, brief].filter((each) => used.has(each))
    for (const each of others.splice(0)) await each.close()
    for (const by of served) {
      for (const adapter of adapters) {
        for (const stream of [false, true]) expect(await (await rig.ask(adapter, stream, by)).text()).toContain('Hello')
      }
    }
    const lines = [gateway, hasty, brief].flatMap(({ logLines }) => logLines)
    expect(lines.filter((line) => line.includes('internal_error'))).toEqual([])
    used.clear()
    expect(lines.filter((line) => adapters.some(({ key }) => line.includes(key)))).toEqual([])
  })

  afterAll(async () => {
    await Promise.all([gateway, hasty, brief].map((each) => each.close()))
    await upstream.close()
  })

  function start(env: Record<string, string> = {}, clock?: ManualClock): Promise<Gateway> {
    const baseURLs = adapters.map(({ baseURLVariable, path }) => [baseURLVariable, upstream.url + path])
    return startGateway({
      env: { ...Object.fromEntries(baseURLs), VAI_RETRY_ATTEMPTS: '0', VAI_BREAKER_FAILURE_PERCENT: '0', ...env },
      keys: Object.fromEntries(adapters.map(({ id, key }) => [id, key])),
      ...(clock && { parts: { clock } }),
    })
  }

  const rig: Rig = {
    get upstream() {
      return upstream
    },
    get gateway() {
      return gateway
    },
    get hasty() {
      return hasty
    },
    get brief() {
      return brief
    },
    async gatewayWith(env, clock) {
      const other = await start(env, clock)
      others.push(other)
      return other
    },
    ask({ model }, stream, by = gateway) {
      used.add(by)
      return by.post({ model, stream, max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] })
    },
    async failure(adapter, stream, talk, by) {
      upstream.talk = talk
      const count = upstream.exchanges.length
      const response = await rig.ask(adapter, stream, by)
      const text = await response.text()
      expect(text.length).toBeLessThan(80 * 1024)
      expect(text + JSON.stringify([...response.headers])).not.toContain(adapter.key)
      await Promise.all(upstream.exchanges.slice(count).map(({ closed }) => closed))
      return { status: response.status, error: await errorOf(new Response(text)) }
    },
    failures: (adapter, talk, by) => Promise.all([rig.failure(adapter, false, talk, by), rig.failure(adapter, true, talk, by)]),
  }
  return rig
}

function good(socket: Socket, request: string): void {
  socket.end(goodAnswer(request))
}

export const protocol = { status: 502, error: { type: 'provider_error', code: 'provider_protocol' } }
export const disconnected = { status: 502, error: { type: 'provider_error', code: 'provider_disconnected' } }
export const failed = { status: 502, error: { type: 'provider_error', code: 'provider_error' } }
export const timedOut = { status: 504, error: { type: 'timeout_error', code: 'provider_timeout' } }
export const tooLong = { status: 504, error: { type: 'timeout_error', code: 'stream_duration' } }
