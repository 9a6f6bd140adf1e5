import { afterEach, describe, expect, it } from 'vitest'
import { pcmToMulaw } from '../../audio/g711.ts'
import { wavOf } from '../../audio/wav.ts'
import { type Gateway, messageOf, startGateway } from '../gateway.ts'
import { mp3, wavTone } from '../plugins/voice/sounds.ts'
import { startCartesia } from '../upstreams/cartesia.ts'
import { soundOf } from '../upstreams/cartesia-sound.ts'
import { startDeepgram } from '../upstreams/deepgram.ts'
import type { Upstream } from '../upstreams/upstream.ts'
import { streamed } from './answers.ts'
import { cartesiaEar, deepgramEar, type Ear, ears, stt, toldSeconds } from './ears.ts'
import { type Model, startModel } from './model.ts'

/** Every vendor that hears, from outside: what the model reads in the place of sound, and what the caller is told of it. */

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

interface Stage {
  readonly gateway: Gateway
  readonly model: Model
  ask(content: readonly object[], more?: object): Promise<Response>
}

async function stageFor(ear: Ear, upstream: Upstream): Promise<Stage> {
  open.push(upstream)
  const model = await startModel('Well heard.')
  open.push(model.upstream)
  const gateway = await startGateway({
    env: { ...ear.env(upstream.url), ...model.env },
    keys: { ...model.keys, [ear.id]: ear.key },
  })
  open.push(gateway)
  const ask = (content: readonly object[], more: object = {}): Promise<Response> =>
    gateway.post({ model: model.name, max_tokens: 100, stt_model: ear.model, messages: [{ role: 'user', content }], ...more })
  return { gateway, model, ask }
}

/** What the model was sent in the last message, as it was parsed. */
function contentFor({ upstream }: Model): unknown {
  const body: { messages: { content: unknown }[] } = JSON.parse(upstream.requests.at(-1)?.body ?? '{}')
  return body.messages.at(-1)?.content
}

const wave = wavTone(2400)
const raw = wavTone(3200, { rate: 16_000 }).subarray(44)
const lines = pcmToMulaw(wavTone(1600, { rate: 8000 }).subarray(44))

it('tells neither seconds nor a price of sound whose length nobody tells', async () => {
  const ear = ears.find(({ id }) => id === 'openai')
  if (!ear) throw new Error('there is such an ear')
  const { ask } = await stageFor(ear, await ear.start())
  const fragmented = Buffer.concat([Buffer.from([0, 0, 0, 16]), Buffer.from('ftypisom'), Buffer.alloc(2004, 7)])
  const { usage, metadata } = await messageOf(
    await ask([stt(fragmented, 'audio/mp4')], { stt_model: 'openai/gpt-4o-transcribe' }),
  )
  expect(metadata?.transcripts?.[0]).not.toHaveProperty('seconds')
  expect(usage.voice).toEqual({})
  expect(usage).not.toHaveProperty('cost_usd')
})

describe.each(ears.map((ear) => [ear.id, ear] as const))('%s', (_, ear) => {
  it('hears files, raw samples and a telephone line, each in its place', async () => {
    const { model, ask } = await stageFor(ear, await ear.start())
    const content = [
      { type: 'text', text: 'Listen:' },
      stt(wave),
      stt(mp3(40), 'audio/mpeg'),
      { type: 'text', text: 'and then' },
      stt(raw, 'audio/pcm', { sample_rate: 16_000 }),
      stt(lines, 'audio/basic'),
    ]
    const heard = ['A wave of 4800 bytes.', 'A file without samples.', 'A wave of 6400 bytes.', 'A wave of 3200 bytes.']
    const texts = ['Listen:', heard[0], heard[1], 'and then', heard[2], heard[3]].map((text) => ({ type: 'text', text }))

    const message = await messageOf(await ask(content))
    expect(contentFor(model)).toEqual(texts)
    const { user_transcript: said, transcripts = [] } = message.metadata ?? {}
    expect(said).toBe(heard.join('\n'))
    expect(transcripts.map(({ param, text, model: id }) => [param, text, id])).toEqual(
      [1, 2, 4, 5].map((at, index) => [`messages[0].content[${at}]`, heard[index], ear.model]),
    )
    const seconds = ear.tellsSeconds ? [toldSeconds, toldSeconds, toldSeconds, toldSeconds] : [0.1, 2.88, 0.2, 0.2]
    expect(transcripts.map((each) => each.seconds)).toEqual(seconds.map((each) => expect.closeTo(each, 3)))
    const total = seconds.reduce((sum, each) => sum + each, 0)
    const { voice } = message.usage
    expect(voice?.heard_seconds).toBeCloseTo(total, 2)
    if (ear.perMinute === undefined) expect(voice).not.toHaveProperty('cost_usd')
    else expect(voice?.cost_usd).toBeCloseTo((total * ear.perMinute) / 60, 7)

    const answered = await streamed(await ask(content, { stream: true }))
    expect(answered.metadata).toMatchObject({ user_transcript: said, transcripts })
    expect(answered.usage.voice).toEqual(voice)
    expect(answered.text).toBe('Well heard.')
    expect(answered.chunks).toEqual([])
  })

  it('hears blocks of audio too where the input is voice, and those of earlier turns', async () => {
    const { model, ask } = await stageFor(ear, await ear.start())
    const audio = { type: 'audio', source: { type: 'base64', media_type: 'audio/wav', data: wave.toString('base64') } }
    const messages = [
      { role: 'user', content: [stt(raw, 'audio/pcm', { sample_rate: 16_000 })] },
      { role: 'assistant', content: 'Yes?' },
      { role: 'user', content: [audio] },
    ]
    const message = await messageOf(await ask([], { messages, voice: { input: {} } }))
    expect(message.metadata?.user_transcript).toBe('A wave of 4800 bytes.')
    expect(message.metadata?.transcripts?.map(({ param }) => param)).toEqual(['messages[0].content[0]', 'messages[2].content[0]'])
    expect(contentFor(model)).toEqual([{ type: 'text', text: 'A wave of 4800 bytes.' }])
  })

  it('is asked with a key that the caller brings, and not at all without one', async () => {
    const upstream = await ear.start()
    open.push(upstream)
    const gateway = await startGateway({ env: ear.env(upstream.url) })
    open.push(gateway)
    const body = { model: 'demo/echo', max_tokens: 100, stt_model: ear.model, messages: [{ role: 'user', content: [stt(wave)] }] }
    const without = await gateway.post(body)
    expect(without.status).toBe(401)
    expect(await without.text()).toContain('missing_provider_key')
    expect(upstream.requests).toEqual([])
    const { metadata } = await messageOf(await gateway.post(body, { [ear.keyHeader]: ear.key }))
    expect(metadata?.user_transcript).toBe('A wave of 4800 bytes.')
    const wrong = await gateway.post(body, { [ear.keyHeader]: `${ear.key}-not` })
    expect(wrong.status).toBe(401)
    expect(JSON.parse(await wrong.text()).error).toMatchObject({ param: 'messages[0].content[0]' })
  })
})

describe('what hears nothing but streams', () => {
  it('is given the sound of a file: Flux of Deepgram', async () => {
    const upstream = await startDeepgram({ listen: { speech: [{ text: 'What time is it?', fromMs: 100, toMs: 400 }] } })
    const { model, ask } = await stageFor({ ...deepgramEar, model: 'deepgram/flux-general-en' }, upstream)
    const message = await messageOf(await ask([stt(wavTone(48_000, { rate: 48_000 }))]))
    expect(message.metadata?.user_transcript).toBe('What time is it?')
    expect(contentFor(model)).toEqual([{ type: 'text', text: 'What time is it?' }])
    // As far as its last word of it.
    expect(message.usage.voice?.heard_seconds).toBeGreaterThan(0.8)
  })

  it('is given the sound of a file, to the last sample: Ink 2 of Cartesia', async () => {
    const upstream = await startCartesia()
    const { ask } = await stageFor({ ...cartesiaEar, model: 'cartesia/ink-2' }, upstream)
    const said = 'What time is it where you are, and is it raining?'
    const file = wavOf(soundOf(said, { encoding: 'pcm', rate: 16_000 }), 16_000)
    const message = await messageOf(await ask([stt(file)]))
    expect(message.metadata?.user_transcript).toBe(said)
  })

  it('refuses what cannot be decoded here, and says what it takes', async () => {
    const upstream = await startCartesia()
    const { model, ask } = await stageFor({ ...cartesiaEar, model: 'cartesia/ink-2' }, upstream)
    const response = await ask([stt(wave), stt(mp3(40), 'audio/mpeg')])
    expect(response.status).toBe(400)
    const { error } = JSON.parse(await response.text())
    expect(error).toMatchObject({ param: 'messages[0].content[1]', code: 'unsupported_audio' })
    expect(upstream.sockets).toEqual([])
    expect(model.upstream.requests).toEqual([])
  })
})
