import { AbortedError, type Message, OverloadedError, ProviderError, type RunEvent, soundOf, VAI } from '@vai/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../gateway.ts'
import { until } from '../until.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { type AnthropicAnswer, echo } from '../upstreams/anthropic-answer.ts'
import type { Upstream } from '../upstreams/upstream.ts'
import { all, failureOf } from './stream/source.ts'

/** Streams of the gateway itself, with its own models and before a simulated provider. */

let anthropic: Upstream
let gateway: Gateway
let vai: VAI
let answer: AnthropicAnswer | undefined

beforeAll(async () => {
  anthropic = await startAnthropic({ script: (request) => answer ?? echo(request) })
  const env = { VAI_ANTHROPIC_BASE_URL: anthropic.url, VAI_RETRY_ATTEMPTS: '0' }
  gateway = await startGateway({ env, keys: { anthropic: anthropicKey } })
  vai = new VAI({ baseURL: gateway.url, defaultModel: 'demo/echo', maxRetries: 0 })
})

beforeEach(() => {
  answer = undefined
})

afterAll(async () => {
  await gateway.close()
  await anthropic.close()
})

const claude = 'anthropic/claude-sonnet-4-5'

function asks(content: string): { messages: { role: 'user'; content: string }[] } {
  return { messages: [{ role: 'user', content }] }
}

/** A message without what is new each time. */
function lasting({ content, stop_reason, model, usage }: Message) {
  return { content, stop_reason, model, output: usage.output_tokens }
}

describe('a message', () => {
  const greeting = asks('Grüße, 世界 🌍! It is nine.')

  it('is the same as a stream and as a whole', async () => {
    const stream = vai.messages.stream(greeting, { requestId: 'req-of-a-stream' })
    const text = await all(stream.text())
    const final = await stream.finalMessage()
    expect(text.join('')).toBe('Grüße, 世界 🌍! It is nine.')
    expect(text.length).toBeGreaterThan(3)
    expect(final.request_id).toBe('req-of-a-stream')
    expect(lasting(final)).toEqual(lasting(await vai.messages.create(greeting)))
  })

  it('may call a tool', async () => {
    const input_schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } as const
    const params = { ...asks('Weather?'), model: 'demo/tools', tools: [{ name: 'weather', input_schema }] }
    const final = await vai.messages.stream(params).finalMessage()
    expect(final).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'tool_use', name: 'weather' }] })
    const { content } = await vai.messages.create(params)
    expect(final.content.map((block) => ({ ...block, id: '' }))).toEqual(content.map((block) => ({ ...block, id: '' })))
  })

  it('may be spoken: its sound comes in pieces of the file that it is as a whole', async () => {
    const voiced = { ...asks('Good morning! It is nine.'), voice: { output: { voice: 'demo/soft', format: 'pcm' as const } } }
    const stream = vai.messages.stream(voiced)
    const chunks = (await all(stream.audio())).map((sound) => {
      if (sound.type === 'audio_unavailable') throw new Error(sound.error.message)
      return sound
    })
    expect(chunks.length).toBeGreaterThan(2)
    expect(chunks.at(-1)).toMatchObject({ is_final: true, format: 'pcm', sample_rate_hz: 24000 })
    expect(chunks.map(({ text }) => text).join('')).toBe('Good morning! It is nine.')
    expect(await stream.finalText()).toBe('Good morning! It is nine.')
    const sound = soundOf(await vai.messages.create(voiced))
    expect(sound).toMatchObject({
      format: 'pcm',
      media_type: 'audio/pcm',
      sample_rate_hz: 24000,
      transcript: 'Good morning! It is nine.',
    })
    expect(sound?.bytes.length).toBeGreaterThan(24000)
    expect(Buffer.concat(chunks.map(({ bytes }) => bytes)).equals(sound?.bytes ?? new Uint8Array())).toBe(true)
  })

  it('of a provider comes with its thinking and its calls', async () => {
    answer = {
      content: [
        { type: 'thinking', thinking: ['Hm', '.'], signature: 'c2ln' },
        { type: 'text', text: ['So', ': '] },
        { type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: 1, b: [2, 3] } },
      ],
    }
    const stream = vai.messages.stream({
      ...asks('Add.'),
      model: claude,
      max_tokens: 100,
      tools: [{ name: 'add', input_schema: { type: 'object' } }],
    })
    expect(await all(stream.text())).toEqual(['So', ': '])
    expect((await stream.finalMessage()).content).toEqual([
      { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
      { type: 'text', text: 'So: ' },
      { type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: 1, b: [2, 3] } },
    ])
  })

  it('that the provider breaks off is its error, with what came before', async () => {
    answer = {
      content: [{ type: 'text', text: ['Hel', 'lo'] }],
      errorAfter: { events: 4, type: 'overloaded_error', message: 'Busy' },
    }
    const stream = vai.messages.stream({ ...asks('Hi'), model: claude, max_tokens: 100 })
    const failure = await failureOf(all(stream))
    expect(failure).toBeInstanceOf(OverloadedError)
    expect(failure).toMatchObject({ request_id: stream.request_id, status: undefined })
    expect(stream.partialMessage()?.content).toEqual([{ type: 'text', text: 'Hel' }])
  })

  it('that the provider loses is a provider’s error', async () => {
    answer = { content: [{ type: 'text', text: ['Hel', 'lo'] }], dieAt: { event: 4 } }
    const stream = vai.messages.stream({ ...asks('Hi'), model: claude, max_tokens: 100 })
    expect(await failureOf(stream.finalMessage())).toBeInstanceOf(ProviderError)
  })

  it('that is left or broken off is broken off at the provider, too', async () => {
    answer = { content: [{ type: 'text', text: ['Hel', 'lo'] }], stallAt: { event: 4 } }
    const closed = anthropic.closedByClient.length
    const params = { ...asks('Hi'), model: claude, max_tokens: 100 }
    for await (const text of vai.messages.stream(params).text()) if (text) break
    await anthropic.waitForClose(closed + 1)
    const stream = vai.messages.stream(params)
    const final = stream.finalMessage()
    await until(() => stream.partialMessage()?.content[0])
    stream.abort()
    expect(await failureOf(final)).toBeInstanceOf(AbortedError)
    await anthropic.waitForClose(closed + 2)
  })
})

describe('a run', () => {
  const asked = { builtins: ['vai_web_fetch'] }
  const request = () => ({ ...asks(`What does ${gateway.url}/demo/page say?`), model: 'demo/tools' })

  it('is the same as a stream and as a whole', async () => {
    const stream = vai.runs.stream({ ...asked, request: request() })
    const types: RunEvent['type'][] = []
    for await (const { type } of stream) if (!types.includes(type)) types.push(type)
    expect(types).toEqual(
      expect.arrayContaining(['run_start', 'tool_call_start', 'tool_result', 'history_delta', 'run_complete']),
    )
    const result = await stream.finalResult()
    const whole = await vai.runs.create({ ...asked, request: request() })
    expect(result).toMatchObject({ stop_reason: 'end_turn', turn_count: 2, tool_call_count: 1, request_id: stream.request_id })
    expect(result.messages.map(({ role }) => role)).toEqual(whole.messages.map(({ role }) => role))
    expect(await stream.finalText()).toBe(
      whole.response?.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    )
  })

  it('says its text as it comes, and has its last message', async () => {
    const stream = vai.runs.stream({ ...asked, request: request() })
    const text = await all(stream.text())
    const message = await stream.finalMessage()
    expect(text.join('')).toBe(await stream.finalText())
    expect(message).toMatchObject({ stop_reason: 'end_turn', request_id: stream.request_id })
    expect(stream.partialMessage()?.content).toEqual(message.content)
  })

  it('that is broken off is broken off at the provider, too', async () => {
    answer = { content: [{ type: 'text', text: ['Hel', 'lo'] }], stallAt: { event: 4 } }
    const closed = anthropic.closedByClient.length
    const params = { request: { ...asks('Hi'), model: claude, max_tokens: 100 } }
    const stream = vai.runs.stream(params)
    const reading = all(stream.text())
    await until(() => stream.partialMessage()?.content[0])
    stream.abort()
    expect(await failureOf(reading)).toBeInstanceOf(AbortedError)
    expect(await failureOf(stream.finalResult())).toBeInstanceOf(AbortedError)
    await anthropic.waitForClose(closed + 1)
  })
})
