import { afterEach, describe, expect, it } from 'vitest'
import { type Gateway, messageOf, startGateway } from '../gateway.ts'
import { envWith, gatewayKey } from '../gateway-keys.ts'
import { measured } from '../measured.ts'
import { until } from '../until.ts'
import { bytesOf, soundIn, streamed } from './answers.ts'
import { deepgram, type StartedVendor } from './vendors.ts'

/** Speech that is kept: whose it is, who finds it, and what is ready before anybody asks. */

const acme = gatewayKey('acme-app', { tenant: 'acme' })
const acmeToo = gatewayKey('acme-other', { tenant: 'acme' })
const globex = gatewayKey('globex-app', { tenant: 'globex' })
const free = gatewayKey('free')
const other = gatewayKey('other')
const boss = gatewayKey('boss', { role: 'admin' })

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

interface Stage {
  readonly gateway: Gateway
  readonly vendor: StartedVendor
  say(key: string, text: string, stream?: boolean): Promise<Buffer>
}

async function start(env: Record<string, string> = {}): Promise<Stage> {
  const vendor = await deepgram.start()
  open.push(vendor)
  const gateway = await startGateway({
    env: {
      ...envWith([acme, acmeToo, globex, free, other, boss], { acme: {}, globex: {} }),
      ...deepgram.env(vendor.url),
      ...env,
    },
    keys: { deepgram: deepgram.key },
  })
  open.push(gateway)
  const say = async (key: string, text: string, stream = false): Promise<Buffer> => {
    const voice = { output: { voice: deepgram.voice, format: 'pcm' } }
    const body = { model: 'demo/echo', max_tokens: 200, stream, voice, messages: [{ role: 'user', content: text }] }
    const response = await gateway.post(body, { 'x-api-key': key })
    return stream ? (await streamed(response)).audio : bytesOf(soundIn(await messageOf(response)))
  }
  return { gateway, vendor, say }
}

const text = 'This sentence was said before.'

describe('what was spoken once', () => {
  it('is not asked for again by the same tenant, streamed or not', async () => {
    const { vendor, say, gateway } = await start()
    const first = await say(acme.key, text)
    expect(first).toEqual(deepgram.sound(text, 24_000))
    expect(await say(acmeToo.key, text)).toEqual(first)
    expect(await say(acme.key, text, true)).toEqual(first)
    expect(vendor.texts()).toEqual([text])
    const { value } = await measured(gateway, { 'x-api-key': boss.key })
    expect([value('vai_tts_cache_total', { result: 'hit' }), value('vai_tts_cache_total', { result: 'miss' })]).toEqual([2, 1])
  })

  it('is asked for again by another tenant, and by keys of no tenant each for itself', async () => {
    const { vendor, say } = await start()
    for (const { key } of [acme, globex, free, other]) await say(key, text)
    expect(vendor.texts()).toHaveLength(4)
    for (const { key } of [acme, globex, free, other]) await say(key, text)
    expect(vendor.texts()).toHaveLength(4)
  })

  it('is for nobody who brings another key of the vendor, a wrong one among them', async () => {
    const vendor = await deepgram.start()
    const gateway = await startGateway({ env: deepgram.env(vendor.url) })
    open.push(vendor, gateway)
    const voice = { output: { voice: deepgram.voice, format: 'pcm' } }
    const body = { model: 'demo/echo', voice, messages: [{ role: 'user', content: text }] }
    const say = async (key: string) => await messageOf(await gateway.post(body, { 'x-provider-key-deepgram': key }))
    expect(bytesOf(soundIn(await say(deepgram.key)))).toEqual(deepgram.sound(text, 24_000))
    const refused = await say('sk-test-of-nobody')
    expect(soundIn(refused)).toBeUndefined()
    expect(refused.metadata?.warnings).toMatchObject([{ code: 'audio_unavailable' }])
    await say(deepgram.key)
    // Once for each key, and not again for the first.
    expect(vendor.texts()).toEqual([text, text])
  })

  it('is for all where the operator lets them share', async () => {
    const { vendor, say } = await start({ VAI_TTS_CACHE_SHARED: 'true' })
    for (const { key } of [acme, globex, free]) await say(key, text)
    expect(vendor.texts()).toEqual([text])
  })

  it('costs nothing, and is told as sound that was spoken', async () => {
    const { gateway } = await start()
    const body = {
      model: 'demo/echo',
      max_tokens: 200,
      voice: { output: { voice: deepgram.voice } },
      messages: [{ role: 'user', content: text }],
    }
    const ask = async () => (await messageOf(await gateway.post(body, { 'x-api-key': acme.key }))).usage.voice
    const [first, second] = [await ask(), await ask()]
    expect(first).toMatchObject({ spoken_characters: text.length, cost_usd: expect.closeTo((text.length * 30) / 1e6, 9) })
    expect(second).toMatchObject({ spoken_characters: 0, spoken_seconds: first?.spoken_seconds, cost_usd: 0 })
  })

  it('is forgotten where nothing is to be kept', async () => {
    const { vendor, say } = await start({ VAI_TTS_CACHE_BYTES: '0' })
    await say(acme.key, text)
    await say(acme.key, text)
    expect(vendor.texts()).toHaveLength(2)
  })
})

describe('a greeting', () => {
  const greeting = 'Welcome to our hotel! How may I help you today?'
  const settings = { text: greeting, voice: deepgram.voice, format: 'pcm' }

  it.each([
    ['beside a cache', {}],
    ['without one', { VAI_TTS_CACHE_BYTES: '0' }],
  ])('is there before anybody asks, for all tenants, streamed or not: %s', async (_, env) => {
    const { vendor, say } = await start({ VAI_GREETINGS: JSON.stringify([settings]), ...env })
    const asked = await until(() => (vendor.texts().join(' ').includes('help you today') ? vendor.texts().length : undefined))
    // Whatever else it takes to have it ready has been asked for by then.
    await say(acme.key, greeting)
    const settled = vendor.texts().length
    expect(settled).toBeLessThanOrEqual(asked + 2)
    const sound = await say(acme.key, greeting)
    for (const { key } of [acme, globex, free]) {
      expect(await say(key, greeting)).toEqual(sound)
      expect((await say(key, greeting, true)).length).toBe(sound.length)
    }
    expect(vendor.texts().length).toBe(settled)
  })

  it.each([
    ['no list', '{}', /greetings: a list is expected/],
    ['no text', '[{"voice":"demo/soft"}]', /greetings\[0\]\.text/],
    ['no voice', '[{"text":"Hi"}]', /greetings\[0\]\.voice/],
    [
      'no such voice',
      '[{"text":"Hi","voice":"demo/soft"},{"text":"Hi","voice":"nobody/soft"}]',
      /greetings\[1\]\.voice: there is no provider/,
    ],
    ['what the voice cannot do', '[{"text":"Hi","voice":"demo/soft","format":"mp3"}]', /greetings\[0\]\.format/],
    ['what nobody knows', '[{"text":"Hi","voice":"demo/soft","rate":8000}]', /greetings\[0\]\.rate: is not known here/],
  ])('with %s keeps the gateway from starting', async (_, greetings, message) => {
    await expect(startGateway({ env: { VAI_GREETINGS: greetings } })).rejects.toThrow(message)
  })

  it('that cannot be spoken does not', async () => {
    const gateway = await startGateway({ env: { VAI_GREETINGS: JSON.stringify([settings]) } })
    open.push(gateway)
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
  })
})
