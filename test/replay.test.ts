import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSseParser } from '../api/sse.ts'
import { type Gateway, messageOf, startGateway } from './gateway.ts'
import type { Chunking } from './upstreams/chunks.ts'
import { type Recording, recordedBytes, recordings, replay } from './upstreams/replay.ts'
import { startUpstream, type Upstream } from './upstreams/upstream.ts'

/**
 * Recorded answers of Anthropic through the running server arrive as they were sent, to the last field, and are the same to Anthropic's own
 * SDK. What each comes to is known to conformance/, as are the answers of all others.
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
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_RETRY_ATTEMPTS: '0' },
    keys: { anthropic: 'sk-test-replayed' },
  })
})
afterAll(async () => {
  await gateway?.close()
  await upstream?.close()
})

const request = { max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] }
const anthropicRequest = { ...request, model: 'anthropic/some-model' }

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
      const { total_tokens, cost_usd: __, ...usage }: Json = { ...Object(message.usage) }
      expect({ ...message, usage }).toEqual({ ...sent, model: 'anthropic/some-model' })
      expect(total_tokens).toEqual(expect.any(Number))
    },
  )
})

/** An event as it was before the gateway said its own in it. */
function withoutTheGateways(event: Json): Json {
  const { message, usage, metadata: _, ...rest } = event
  if (event.type === 'message_start') {
    const { metadata: __, ...own }: Json = { ...Object(message) }
    return withoutTheModel({ ...rest, message: own })
  }
  if (event.type === 'message_delta') {
    const { total_tokens: __, cost_usd: ___, ...own }: Json = { ...Object(usage) }
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
