import { afterEach, describe, expect, it } from 'vitest'
import { type Gateway, messageOf, startGateway } from '../gateway.ts'
import { measured } from '../measured.ts'
import { type Behaviour, empty, endless, hangUp, htmlPage, json, reply, silence } from '../upstreams/behaviour.ts'
import { bytesOf, expectOrder, soundIn, streamed, textOf } from './answers.ts'
import { startModel } from './model.ts'
import { cartesia, deepgram, httpVendors, type Instead, openai, type StartedVendor, type Vendor } from './vendors.ts'

/** Vendors that fail at the first sentence or at a later one: the text is complete whatever becomes of the sound. */

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

const first = 'The first sentence is here.'
const second = 'The second one follows.'
const third = 'A third is said at last.'
const all = `${first} ${second} ${third}`

interface Stage {
  readonly gateway: Gateway
  readonly started: StartedVendor
  readonly other: StartedVendor
  stream(output?: object): Promise<Response>
  whole(output?: object): Promise<Response>
}

async function stageFor(vendor: Vendor, instead: Instead, env: Record<string, string> = {}): Promise<Stage> {
  const spare = vendor.id === 'openai' ? deepgram : openai
  const [started, other, model] = [await vendor.start(instead), await spare.start(), await startModel(all)]
  open.push(started, other, model.upstream)
  const gateway = await startGateway({
    env: {
      ...vendor.env(started.url),
      ...spare.env(other.url),
      ...model.env,
      VAI_TTS_FIRST_AUDIO_MS: '400',
      VAI_TTS_IDLE_MS: '400',
      // Each failure is to be seen, however many there were before.
      VAI_BREAKER_FAILURE_PERCENT: '0',
      ...env,
    },
    keys: { ...model.keys, [vendor.id]: vendor.key, [spare.id]: spare.key },
  })
  open.push(gateway)
  const ask = (stream: boolean, output: object): Promise<Response> =>
    gateway.post({
      model: model.name,
      max_tokens: 100,
      stream,
      voice: { output: { voice: vendor.voice, format: 'pcm', ...output } },
      messages: [{ role: 'user', content: 'Speak.' }],
    })
  return { gateway, started, other, stream: (output = {}) => ask(true, output), whole: (output = {}) => ask(false, output) }
}

/** Fails at a sentence, so many times. */
function failing(sentence: string, behaviour: Behaviour, times = Number.POSITIVE_INFINITY): Instead {
  let left = times
  return (text) => (text === sentence && left-- > 0 ? behaviour : undefined)
}

const ways: readonly (readonly [string, Behaviour])[] = [
  ['401', json({ err_msg: 'Who are you?' }, { status: 401 })],
  ['429 with a long wait', json({ err_msg: 'Too many.' }, { status: 429, headers: { 'retry-after': '60' } })],
  ['500', json({ err_msg: 'Oops.' }, { status: 500 })],
  ['503 as a page', htmlPage(503)],
  ['a broken connection', hangUp],
  ['a sound that breaks off', reply(Buffer.alloc(4000), { chunks: { size: 500 }, dieAt: 1001 })],
  ['nothing', empty()],
  ['no sound', reply('', { headers: { 'content-type': 'audio/pcm' } })],
  ['JSON for sound', json({ message: 'Here is no sound.' })],
  ['a page for sound', htmlPage(200)],
  ['half a sample', reply(Buffer.alloc(4001), { headers: { 'content-type': 'audio/pcm' } })],
]

/** These take as long as patience lasts. */
const slow: typeof ways = [
  ['429', json({ err_msg: 'Too many.' }, { status: 429 })],
  ['silence', silence],
  ['a sound that stalls', reply(Buffer.alloc(4000), { chunks: { size: 500 }, stallAt: 1001 })],
]

describe.each(httpVendors.map((vendor) => [vendor.id, vendor] as const))('%s', (_, vendor) => {
  describe.each(vendor === deepgram ? [...ways, ...slow] : ways)('answers with %s', (what, behaviour) => {
    it.each([
      ['the first', first],
      ['a later', second],
    ])('at %s sentence for good: the text goes on without it', async (_which, sentence) => {
      const { stream, whole } = await stageFor(vendor, failing(sentence, behaviour))
      const answered = await streamed(await stream())
      expectOrder(answered)
      expect(answered.text).toBe(all)
      expect(answered.unavailable?.error.message, what).not.toBe('')
      expect(answered.unavailable?.error.code).not.toBe('internal_error')
      expect(answered.chunks.some(({ is_final: isFinal }) => isFinal)).toBe(false)
      const before = sentence === first ? [] : [first]
      const sound = Buffer.concat(before.map((each) => vendor.sound(each, vendor.rate)))
      expect(answered.audio.subarray(0, sound.length)).toEqual(sound)
      expect(all.startsWith(answered.transcript)).toBe(true)

      const message = await messageOf(await whole())
      expect(textOf(message)).toBe(all)
      expect(soundIn(message)).toBeUndefined()
      expect(message.metadata?.warnings).toMatchObject([{ param: 'voice.output', code: 'audio_unavailable' }])
    })

    it.each([
      ['the first', first],
      ['a later', second],
    ])('at %s sentence once: it is said again, or by another voice, and nothing is missing', async (_which, sentence) => {
      const spare = vendor.id === 'openai' ? deepgram : openai
      const instead = failing(sentence, behaviour, 1)
      const { stream, other } = await stageFor(vendor, instead, { VAI_VOICE_FALLBACKS: spare.voice })
      const answered = await streamed(await stream())
      expectOrder(answered)
      expect(answered.unavailable).toBeUndefined()
      expect([answered.text, answered.transcript]).toEqual([all, all])
      const own = [first, second, third].map((each) => vendor.sound(each, vendor.rate))
      const moved = [first, second, third].map((each) => spare.sound(each, spare.rate))
      const at = [first, second, third].indexOf(sentence)
      const isMoved = other.texts().length > 0
      const sounds = isMoved ? [...own.slice(0, at), ...moved.slice(at)] : own
      // Where a voice broke off after it was heard, it goes on at that sample; another begins the sentence anew.
      if (!/breaks off|stalls|half/.test(what)) expect(answered.audio.equals(Buffer.concat(sounds))).toBe(true)
      else if (!isMoved) expect(answered.audio.length).toBe(Buffer.concat(own).length)
      const last = sounds.at(-1) ?? Buffer.alloc(0)
      expect(answered.audio.subarray(-last.length).equals(last)).toBe(true)
    })

    it.each([
      ['the first', first],
      ['a later', second],
    ])('at %s sentence once of an answer in one piece: each sentence is there once, in whole', async (_which, sentence) => {
      const spare = vendor.id === 'openai' ? deepgram : openai
      const instead = failing(sentence, behaviour, 1)
      const { whole, other } = await stageFor(vendor, instead, { VAI_VOICE_FALLBACKS: spare.voice })
      const sound = bytesOf(soundIn(await messageOf(await whole())))
      const at = other.texts().length > 0 ? [first, second, third].indexOf(sentence) : 3
      const sounds = [first, second, third].map((each, index) =>
        index < at ? vendor.sound(each, vendor.rate) : spare.sound(each, spare.rate),
      )
      expect(sound.equals(Buffer.concat(sounds))).toBe(true)
    })
  })

  it('sends sound without an end, which is cut off', async () => {
    const flood = endless('\u0001\u0001'.repeat(5000), { headers: { 'content-type': 'audio/pcm' } })
    const { stream } = await stageFor(vendor, failing(second, flood))
    const answered = await streamed(await stream())
    expectOrder(answered)
    expect(answered.text).toBe(all)
    expect(answered.unavailable).toBeDefined()
  })
})

describe('voices that go on', () => {
  it('speak the sentence and all after it, and are counted', async () => {
    const { stream, other, gateway } = await stageFor(deepgram, failing(second, json({}, { status: 500 })), {
      VAI_VOICE_FALLBACKS: `${cartesia.voice},${openai.voice}`,
    })
    const answered = await streamed(await stream())
    expect(answered.unavailable).toBeUndefined()
    expect([...other.texts()].sort()).toEqual([third, second].sort())
    const told = answered.events.find(({ type }) => type === 'message_delta')
    expect(told?.metadata).toMatchObject({ warnings: [{ code: 'fallback_voice', param: 'voice.output.voice' }] })
    const sounds = [deepgram.sound(first, 24_000), openai.sound(second, 24_000), openai.sound(third, 24_000)]
    expect(answered.audio).toEqual(Buffer.concat(sounds))
    const { value } = await measured(gateway)
    expect(value('vai_tts_calls_total', { provider: 'deepgram', outcome: 'provider_error' })).toBeGreaterThan(0)
    expect(value('vai_tts_calls_total', { provider: 'openai', outcome: 'ok' })).toBe(2)
  })

  it('are passed over where they cannot do what is asked', async () => {
    const { stream, other } = await stageFor(deepgram, failing(first, json({}, { status: 500 })), {
      VAI_VOICE_FALLBACKS: `${deepgram.voice},demo/soft,${openai.voice}`,
    })
    const answered = await streamed(await stream({ format: 'mp3' }))
    expectOrder(answered)
    expect(answered.unavailable).toBeUndefined()
    expect(answered.transcript).toBe(all)
    expect(other.texts().length).toBe(3)
  })
})
