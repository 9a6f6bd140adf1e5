import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSseParser } from '../api/sse.ts'
import { errorOf, type Gateway, messageOf, startGateway } from './gateway.ts'
import type { Chunking } from './upstreams/chunks.ts'
import { type Recording, recordedBytes, recordings, replay } from './upstreams/replay.ts'
import { startUpstream, type Upstream } from './upstreams/upstream.ts'

/**
 * Recorded answers of real providers through the running server. What is to come out is known in two ways: from the provider's
 * own SDK, which reads the same bytes without the gateway between, and from tables made by reading the recordings.
 */

const all = await recordings()
if (all.length === 0) {
  describe.skip('recorded traffic: not there (set VAI_FIXTURES_DIR to the folder that holds it)', () =>
    it('is replayed', () => undefined))
}
const where = (filter: (recording: Recording) => boolean): Recording[] => all.filter(filter)

/** What the simulated provider answers next. */
let current: { recording: Recording; chunks: Chunking } | undefined
let upstream: Upstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startUpstream(async () => {
    if (!current) throw new Error('nothing to replay')
    return replay(current.recording, { chunks: current.chunks })
  })
  gateway = await startGateway({
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_OPENAI_BASE_URL: upstream.url, VAI_RETRY_ATTEMPTS: '0' },
    keys: { anthropic: 'sk-test-replayed', openai: 'sk-test-replayed' },
  })
})
afterAll(async () => {
  await gateway?.close()
  await upstream?.close()
})

const request = { max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] }
const anthropicRequest = { ...request, model: 'anthropic/some-model' }
const openaiRequest = { ...request, model: 'openai/some-model' }

function play(recording: Recording, chunks: Chunking = { seed: 7, max: 900 }): void {
  current = { recording, chunks }
}

type Json = Record<string, unknown>

function eventsIn(bytes: Uint8Array): Json[] {
  return createSseParser(1e9)
    .feed(bytes)
    .map(({ data }): Json => JSON.parse(data))
}

async function streamed(body: object): Promise<{ status: number; events: Json[] }> {
  const response = await gateway.post({ ...body, stream: true })
  const bytes = new Uint8Array(await response.arrayBuffer())
  return { status: response.status, events: response.ok ? eventsIn(bytes) : [] }
}

describe('Anthropic, streamed', () => {
  const streams = where(({ provider, stream }) => provider === 'anthropic' && stream)
  const broken = 'llm/anthropic/spliced-message-start.sse'

  it.each(streams.filter(({ file }) => file !== broken).map((recording) => [recording.file, recording] as const))(
    '%s arrives as it was sent',
    async (_file, recording) => {
      play(recording)
      const { events } = await streamed(anthropicRequest)
      const sent = eventsIn(await recordedBytes(recording))
      expect(events.map(withoutTheGateways)).toEqual(withStopsForOpenBlocks(sent).map(withoutTheModel))
      expect(events[0]).toMatchObject({ message: { model: 'anthropic/some-model' } })
      const delta = events.find(({ type }) => type === 'message_delta')
      expect(delta).toHaveProperty('usage.total_tokens', expect.any(Number))
    },
  )

  it.each(streams.filter(({ file }) => file !== broken).map((recording) => [recording.file, recording] as const))(
    '%s is the same message to Anthropic’s own SDK',
    async (_file, recording) => {
      play(recording)
      const read = async (baseURL: string, model: string): Promise<Json> => {
        const client = new Anthropic({ apiKey: 'sk-test-replayed', baseURL, maxRetries: 0 })
        return { ...(await client.messages.stream({ ...request, model }).finalMessage()) }
      }
      const direct = await read(upstream.url, 'some-model')
      const through = await read(gateway.url, 'anthropic/some-model')
      expect(through.content).toEqual(direct.content)
      expect([through.stop_reason, through.stop_sequence]).toEqual([direct.stop_reason, direct.stop_sequence])
      expect(through.usage).toMatchObject(Object(direct.usage))
    },
  )

  it.runIf(streams.length > 0)(
    'a stream that a proxy began anew in the middle ends with an error: its first half is no answer',
    async () => {
      play(must(streams.find(({ file }) => file === broken)))
      const { events } = await streamed(anthropicRequest)
      expect(events.filter(({ type }) => type === 'message_start')).toHaveLength(1)
      expect(events.at(-1)).toMatchObject({ type: 'error', error: { type: 'provider_error', code: 'provider_protocol' } })
    },
  )

  it.each([
    ['advisor', 'end_turn', 145],
    ['code-execution', 'end_turn', 304],
    ['mcp-connector', 'end_turn', 354],
    ['pause-turn', 'pause_turn', 943],
    ['programmatic-tool-calling', 'tool_use', 725],
    ['refusal', 'refusal', 5],
    ['refusal-mid-tool', 'refusal', 106],
    ['stop-sequence', 'stop_sequence', 28],
    ['thinking-signature', 'end_turn', 282],
    ['tool-call', 'tool_use', 75],
    ['tool-call-no-args', 'tool_use', 41],
    ['web-search', 'end_turn', 637],
  ])('%s stops for %s after %i tokens', async (name, reason, tokens) => {
    const recording = streams.find(({ file }) => file === `llm/anthropic/${name}.sse`)
    if (!recording) return expect(all).toHaveLength(0)
    play(recording, 'bytes')
    const { events } = await streamed(anthropicRequest)
    expect(events.find(({ type }) => type === 'message_delta')).toMatchObject({
      delta: { stop_reason: reason },
      usage: { output_tokens: tokens },
    })
    expect(events.at(-1)).toEqual({ type: 'message_stop' })
  })
})

describe('Anthropic, whole', () => {
  const whole = where(
    ({ provider, api, stream, status }) => provider === 'anthropic' && api === 'anthropic' && !stream && status === 200,
  )

  it.each(whole.map((recording) => [recording.file, recording] as const))(
    '%s arrives as it was sent',
    async (_file, recording) => {
      play(recording)
      const response = await gateway.post(anthropicRequest)
      const { metadata: _, ...message }: Json = { ...(await messageOf(response)) }
      const sent: Json = JSON.parse(new TextDecoder().decode(await recordedBytes(recording)))
      expect(message).toEqual({
        ...sent,
        model: 'anthropic/some-model',
        usage: { ...Object(sent.usage), total_tokens: expect.any(Number) },
      })
    },
  )

  it.each(where(({ api }) => api === 'anthropic-count').map((recording) => [recording.file, recording] as const))(
    '%s',
    async (_file, recording) => {
      play(recording)
      const response = await gateway.post(
        { model: 'anthropic/some-model', messages: request.messages },
        {},
        '/v1/messages/count_tokens',
      )
      expect(await response.json()).toEqual(JSON.parse(new TextDecoder().decode(await recordedBytes(recording))))
    },
  )
})

describe('Chat Completions', () => {
  const chat = where(
    ({ provider, api, status }) =>
      (provider === 'openai' || provider === 'openai-compatible') && api === 'chat' && status === 200,
  )

  it.each(chat.filter(({ stream }) => stream).map((recording) => [recording.file, recording] as const))(
    '%s says what OpenAI’s own SDK reads in it',
    async (_file, recording) => {
      play(recording)
      const client = new OpenAI({ apiKey: 'sk-test-replayed', baseURL: upstream.url, maxRetries: 0 })
      const read = { text: '', calls: new Map<number, { name: string; text: string }>(), finish: '' }
      let usage: OpenAI.CompletionUsage | undefined
      for await (const chunk of await client.chat.completions.create({
        model: 'some-model',
        messages: request.messages,
        stream: true,
      })) {
        usage = chunk.usage ?? usage
        for (const choice of chunk.choices ?? []) {
          read.text += choice.delta?.content ?? ''
          read.finish ||= choice.finish_reason ?? ''
          for (const call of choice.delta?.tool_calls ?? []) {
            const known = read.calls.get(call.index) ?? { name: '', text: '' }
            read.calls.set(call.index, {
              name: known.name || (call.function?.name ?? ''),
              text: known.text + (call.function?.arguments ?? ''),
            })
          }
        }
      }
      const stream = new Anthropic({ apiKey: 'x', baseURL: gateway.url, maxRetries: 0 }).messages.stream(openaiRequest)
      const message = await stream.finalMessage()
      expect(message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')).toBe(read.text)
      expect(message.content.flatMap((block) => (block.type === 'tool_use' ? [[block.name, block.input]] : []))).toEqual(
        [...read.calls.values()].map(({ name, text }) => [name, JSON.parse(text || '{}')]),
      )
      expect(message.stop_reason).toBe(
        { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use', content_filter: 'refusal' }[read.finish],
      )
      if (usage) {
        const cached = usage.prompt_tokens_details?.cached_tokens ?? 0
        expect(message.usage).toMatchObject({
          input_tokens: usage.prompt_tokens - cached,
          output_tokens: usage.completion_tokens,
        })
      }
    },
  )

  it.each(chat.filter(({ stream }) => !stream).map((recording) => [recording.file, recording] as const))(
    '%s',
    async (_file, recording) => {
      play(recording)
      const message = await messageOf(await gateway.post(openaiRequest))
      const sent: OpenAI.ChatCompletion = JSON.parse(new TextDecoder().decode(await recordedBytes(recording)))
      const choice = must(sent.choices[0])
      expect(message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')).toBe(
        choice.message.content ?? '',
      )
      expect(
        message.content.flatMap((block) => (block.type === 'tool_use' ? [[block.id, block.name, block.input]] : [])),
      ).toEqual(
        (choice.message.tool_calls ?? []).map((call) =>
          call.type === 'function' ? [call.id, call.function.name, JSON.parse(call.function.arguments)] : [],
        ),
      )
      expect(message.usage).toMatchObject({
        output_tokens: sent.usage?.completion_tokens,
        total_tokens: sent.usage?.total_tokens,
      })
    },
  )

  it.each([
    ['openai/chat-text', 'end_turn', 300],
    ['openai/chat-tool-call', 'tool_use', 15],
    ['openai/chat-parallel-tools', 'tool_use', 40],
    ['openai/chat-moderation', 'end_turn', 11],
    ['openai/chat-azure-model-router', 'end_turn', 78],
  ])('%s stops for %s after %i tokens, cut at every byte', async (name, reason, tokens) => {
    const recording = chat.find(({ file }) => file === `llm/${name}.sse`)
    if (!recording) return expect(all).toHaveLength(0)
    play(recording, 'bytes')
    const { events } = await streamed(openaiRequest)
    expect(events.find(({ type }) => type === 'message_delta')).toMatchObject({
      delta: { stop_reason: reason },
      usage: { output_tokens: tokens },
    })
    expect(events.at(-1)).toEqual({ type: 'message_stop' })
  })
})

describe('errors', () => {
  const rows: readonly [string, number, string, string][] = [
    ['anthropic/error-401-auth.json', 401, 'authentication_error', 'provider_authentication'],
    ['anthropic/error-400-context-length.json', 400, 'invalid_request_error', 'context_length_exceeded'],
    ['anthropic/error-404-model.json', 404, 'not_found_error', 'provider_not_found'],
    ['openai/chat-error-401.json', 401, 'authentication_error', 'provider_authentication'],
    ['openai/chat-error-404-model.json', 404, 'not_found_error', 'provider_not_found'],
    ['openai/chat-error-400-role.json', 400, 'invalid_request_error', 'provider_rejected'],
    ['openai/responses-error-context-length.json', 400, 'invalid_request_error', 'context_length_exceeded'],
    ['deepseek/error-401.json', 401, 'authentication_error', 'provider_authentication'],
    ['deepseek/error-400-context.json', 400, 'invalid_request_error', 'context_length_exceeded'],
    ['mistral/error-401.json', 401, 'authentication_error', 'provider_authentication'],
    ['xai/error-400-key.json', 401, 'authentication_error', 'provider_authentication'],
    ['openrouter/error-401.json', 401, 'authentication_error', 'provider_authentication'],
    ['openrouter/error-429.json', 429, 'rate_limit_error', 'provider_rate_limit'],
    ['ollama/error-401.json', 401, 'authentication_error', 'provider_authentication'],
    ['groq/error-400-tool-use-failed.json', 400, 'invalid_request_error', 'provider_rejected'],
    ['groq/error-404.json', 404, 'not_found_error', 'provider_not_found'],
    ['gemini/error-400-key.json', 401, 'authentication_error', 'provider_authentication'],
    ['gemini/error-404-model.json', 404, 'not_found_error', 'provider_not_found'],
    ['gemini/error-429-quota.json', 429, 'rate_limit_error', 'provider_rate_limit'],
  ]

  it.each(rows)('%s is a %i %s', async (name, status, type, code) => {
    const recording = all.find(({ file }) => file === `llm/${name}`)
    if (!recording) return expect(all).toHaveLength(0)
    play(recording)
    for (const stream of [false, true]) {
      const response = await gateway.post({ ...(recording.provider === 'anthropic' ? anthropicRequest : openaiRequest), stream })
      expect(response.status).toBe(status)
      const error = await errorOf(response)
      expect(error).toMatchObject({ type, code, provider_error: { status: recording.status } })
      expect(error.provider_error?.body).toEqual(JSON.parse(new TextDecoder().decode(await recordedBytes(recording))))
    }
  })

  it('covers every error that was recorded with its status', () => {
    const covered = new Set(rows.map(([name]) => `llm/${name}`))
    const recorded = where(({ file, status }) => file.startsWith('llm/') && status >= 400).map(({ file }) => file)
    expect(recorded.filter((file) => !covered.has(file))).toEqual([])
  })

  it.runIf(all.length > 0)('Gemini’s hint when to come back is told', async () => {
    play(must(all.find(({ file }) => file === 'llm/gemini/error-429-quota.json')))
    const response = await gateway.post(openaiRequest)
    expect((await errorOf(response)).retry_after).toBe(48)
    expect(response.headers.get('retry-after')).toBe('48')
  })
})

/** An event as it was before the gateway said its own in it. */
function withoutTheGateways(event: Json): Json {
  const { message, usage, metadata: _, ...rest } = event
  if (event.type === 'message_start') {
    const { metadata: __, ...own }: Json = { ...Object(message) }
    return withoutTheModel({ ...rest, message: own })
  }
  if (event.type === 'message_delta') {
    const { total_tokens: __, ...own }: Json = { ...Object(usage) }
    return { ...rest, usage: own }
  }
  return event
}

function withoutTheModel(event: Json): Json {
  return event.type === 'message_start' ? { ...event, message: { ...Object(event.message), model: '' } } : event
}

/** A refusal in the middle of a block leaves it open; the contract closes it before `message_delta`. */
function withStopsForOpenBlocks(events: Json[]): Json[] {
  const open = new Set<unknown>()
  return events.flatMap((event) => {
    if (event.type === 'content_block_start') open.add(event.index)
    if (event.type === 'content_block_stop') open.delete(event.index)
    if (event.type !== 'message_delta') return [event]
    const stops = [...open].map((index): Json => ({ type: 'content_block_stop', index }))
    open.clear()
    return [...stops, event]
  })
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a recording is missing')
  return value
}
