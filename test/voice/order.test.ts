import { afterEach, describe, expect, it } from 'vitest'
import { readerOf } from '../gate.ts'
import { type Gateway, messageOf, startGateway } from '../gateway.ts'
import type { AnthropicBlock } from '../upstreams/anthropic-answer.ts'
import { reply } from '../upstreams/behaviour.ts'
import { eventsIn, expectOrder, readFrom, soundIn, streamed } from './answers.ts'
import { startHeldModel } from './held-model.ts'
import { type Hold, hold } from './hold.ts'
import { startModel, textBlock } from './model.ts'
import { deepgram, type Instead, type StartedVendor } from './vendors.ts'

/** What comes before what in a voiced stream, from outside; where something is to wait, it is held until it is let go. */

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

interface Speech {
  readonly env: Readonly<Record<string, string>>
  readonly keys: Readonly<Record<string, string>>
}

interface Stage {
  readonly gateway: Gateway
  readonly vendor: StartedVendor
  stream(more?: object): Promise<Response>
}

async function stageFor(model: Speech & { readonly name: string }, instead?: Instead, env = {}): Promise<Stage> {
  const vendor = await deepgram.start(instead)
  open.push(vendor)
  const gateway = await startGateway({
    env: { ...deepgram.env(vendor.url), ...model.env, ...env },
    keys: { ...model.keys, deepgram: deepgram.key },
  })
  open.push(gateway)
  const body = {
    model: model.name,
    max_tokens: 100,
    stream: true,
    voice: { output: { voice: deepgram.voice, format: 'pcm' } },
    messages: [{ role: 'user', content: 'Speak.' }],
  }
  return { gateway, vendor, stream: (more = {}) => gateway.post({ ...body, ...more }) }
}

/** Sound that comes once it is let go. */
function heldSound({ released }: Hold): Instead {
  return (text) => async () => {
    await released
    return reply(deepgram.sound(text, 24_000), { headers: { 'content-type': 'audio/l16' } })
  }
}

const long = 'The first sentence is here. The second one follows. A third is said at last.'

async function modelOf(content: string | readonly AnthropicBlock[]): Promise<Awaited<ReturnType<typeof startModel>>> {
  const model = await startModel(content)
  open.push(model.upstream)
  return model
}

describe('text', () => {
  it('never waits for sound, and the end of the message does', async () => {
    const silence = hold()
    const { stream, vendor } = await stageFor(await modelOf(long), heldSound(silence))
    const reader = readerOf(await stream())
    await reader.until('"type":"content_block_stop"')
    await vendor.upstream?.waitForRequest()
    silence.release()
    const rest = await reader.rest()
    const answered = readFrom(eventsIn(rest))
    expectOrder(answered)
    expect(answered.text).toBe(long)
    expect(answered.transcript).toBe(long)
    const { types } = answered
    expect(types.indexOf('audio_chunk')).toBeGreaterThan(types.lastIndexOf('content_block_stop'))
  })

  it('is still being written when the first sentence is heard', async () => {
    const model = await startHeldModel()
    open.push(model)
    const { stream } = await stageFor(model)
    const response = stream()
    await model.asked()
    model.write('The first sentence is here. And while the sec')
    const reader = readerOf(await response)
    await reader.until('audio_chunk')
    model.write('ond is written, it is heard.')
    await reader.until('is heard.')
    model.finish()
    const answered = readFrom(eventsIn(await reader.rest()))
    expectOrder(answered)
    expect(answered.transcript).toBe('The first sentence is here. And while the second is written, it is heard.')
    expect(answered.types.indexOf('audio_chunk')).toBeLessThan(answered.types.lastIndexOf('content_block_delta'))
  })
})

describe('sentences', () => {
  it('are given out in order, however late the first is made', async () => {
    const first = hold()
    const held = heldSound(first)
    const instead: Instead = (text, request) => (text.startsWith('The first') ? held(text, request) : undefined)
    const { stream, vendor } = await stageFor(await modelOf(long), instead)
    const response = stream()
    await vendor.upstream?.waitForRequest(3)
    first.release()
    const answered = await streamed(await response)
    expectOrder(answered)
    const sentences = answered.chunks.map(({ text }) => text).filter((text) => text !== '')
    expect(sentences.join('')).toBe(long)
    expect(answered.audio).toEqual(Buffer.concat(sentences.map((each) => deepgram.sound(each.trim(), 24_000))))
  })
})

describe('what is not said', () => {
  const mixed: AnthropicBlock[] = [
    { type: 'thinking', thinking: ['I think a secret.', ' Really.'], signature: 'c2ln' },
    textBlock('Let me look **that** up.\n\n```js\nconst secret = 1\n```\n\nSee [the docs](https://example.com/secret).'),
    { type: 'tool_use', name: 'look', input: { query: 'secret' } },
  ]
  const tools = [{ name: 'look', input_schema: { type: 'object' } }]

  it('is thinking, code, addresses and calls of tools', async () => {
    const { stream, vendor } = await stageFor(await modelOf(mixed))
    const answered = await streamed(await stream({ tools, thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 2000 }))
    expectOrder(answered)
    expect(answered.transcript).toMatch(/^Let me look that up\..*the docs/s)
    expect(vendor.texts().join(' ')).not.toMatch(/secret|https|```/)
    const calls = answered.events.filter(({ type }) => type === 'content_block_start')
    expect(JSON.stringify(calls)).toContain('tool_use')
  })

  it('is an answer that only calls a tool: its sound ends at once, and nobody is asked', async () => {
    const { gateway, stream, vendor } = await stageFor(await modelOf(mixed.slice(2)))
    const answered = await streamed(await stream({ tools }))
    expectOrder(answered)
    expect(answered.chunks).toMatchObject([{ is_final: true, audio: '', text: '', seq: 0 }])
    const voice = { output: { voice: deepgram.voice } }
    const whole = {
      model: 'anthropic/claude-sonnet-4-5',
      max_tokens: 100,
      tools,
      voice,
      messages: [{ role: 'user', content: 'Look.' }],
    }
    const message = await messageOf(await gateway.post(whole))
    expect(soundIn(message)).toBeUndefined()
    expect(message.metadata?.warnings).toBeUndefined()
    expect(vendor.texts()).toEqual([])
  })
})

describe('a stream in which only sound is awaited', () => {
  it('shows that it is alive', async () => {
    const silence = hold()
    const { stream } = await stageFor(await modelOf(long), heldSound(silence), { VAI_PING_INTERVAL_MS: '100' })
    const reader = readerOf(await stream())
    await reader.until('"type":"content_block_stop"')
    await reader.until('event: ping')
    silence.release()
    expectOrder(readFrom(eventsIn(await reader.rest())))
  })
})
