import { afterEach, describe, expect, it } from 'vitest'
import { readerOf } from '../gate.ts'
import { errorOf, type Gateway, type GatewayOptions, messageOf, startGateway } from '../gateway.ts'
import { envWith, gatewayKey } from '../gateway-keys.ts'
import { itemsOf } from '../plugins/limits/fields.ts'
import { wavTone } from '../plugins/voice/sounds.ts'
import { reply } from '../upstreams/behaviour.ts'
import { eventsIn, expectOrder, readFrom, soundIn, streamed, textOf } from './answers.ts'
import { stt } from './ears.ts'
import { hold } from './hold.ts'
import { startModel } from './model.ts'
import { deepgram } from './vendors.ts'

/** How much may be heard and spoken, who may have it, and what it is counted as. */

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(options: GatewayOptions): Promise<Gateway> {
  const gateway = await startGateway(options)
  open.push(gateway)
  return gateway
}

const demo = { model: 'demo/echo', max_tokens: 1000 }
const soft = { output: { voice: 'demo/soft', format: 'pcm' } }
const two = 'The first sentence is here, for all to hear. The second one follows it and is as long as that.'
const said = [{ role: 'user', content: two }]

describe('how much is heard', () => {
  it('is limited in blocks', async () => {
    const gateway = await start({ env: { VAI_LIMIT_AUDIO_BLOCKS: '2' } })
    const block = stt(wavTone(2400))
    const ask = (count: number): Promise<Response> =>
      gateway.post({ ...demo, stt_model: 'demo/meter', messages: [{ role: 'user', content: Array(count).fill(block) }] })
    const error = await errorOf(await ask(3))
    expect(error.issues).toMatchObject([{ param: 'messages', code: 'too_large' }])
    expect((await messageOf(await ask(2))).metadata?.transcripts).toHaveLength(2)
  })

  it('is no token: a minute of sound is as long as what was said in it', async () => {
    const gateway = await start({ env: { VAI_LIMIT_TOKENS_PER_MINUTE: '5000' } })
    const messages = [{ role: 'user', content: [stt(wavTone(24_000))] }]
    const response = await gateway.post({ ...demo, stt_model: 'demo/meter', messages })
    expect(response.status, await response.clone().text()).toBe(200)
    expect(Number(itemsOf(response.headers.get('ratelimit')).tokens?.r)).toBeGreaterThan(3800)
    const spoken = {
      type: 'audio',
      source: { type: 'base64', media_type: 'audio/wav', data: wavTone(24_000).toString('base64') },
      transcript: 'Yes.',
    }
    const more = [...said, { role: 'assistant', content: [spoken] }, ...said]
    expect((await gateway.post({ ...demo, messages: more })).status).toBe(200)
  })
})

describe('how much is spoken', () => {
  it('is limited in characters: the rest is text', async () => {
    const gateway = await start({ env: { VAI_LIMIT_SPEECH_CHARACTERS: '60' } })
    const answered = await streamed(await gateway.post({ ...demo, voice: soft, stream: true, messages: said }))
    expectOrder(answered)
    expect(answered.text).toBe(two)
    expect(answered.unavailable?.error).toMatchObject({ code: 'speech_too_long' })
    expect(two.startsWith(answered.transcript)).toBe(true)
    expect(answered.transcript.length).toBeGreaterThan(20)
    const message = await messageOf(await gateway.post({ ...demo, voice: soft, messages: said }))
    expect([textOf(message), soundIn(message)]).toEqual([two, undefined])
    expect(message.metadata?.warnings?.[0]).toMatchObject({ code: 'audio_unavailable', param: 'voice.output' })
    expect(message.metadata?.warnings?.[0]?.message).toContain('speech_too_long')
  })

  it('is limited in bytes where it comes in one piece', async () => {
    const gateway = await start({ env: { VAI_LIMIT_SPEECH_BYTES: '20000' } })
    const message = await messageOf(await gateway.post({ ...demo, voice: soft, messages: said }))
    expect([textOf(message), soundIn(message)]).toEqual([two, undefined])
    const answered = await streamed(await gateway.post({ ...demo, voice: soft, stream: true, messages: said }))
    expect(answered.unavailable).toBeUndefined()
    expect(answered.audio.length).toBeGreaterThan(20_000)
  })
})

describe('what it costs', () => {
  it('counts toward what may be spent in a day', async () => {
    const many = Array.from({ length: 60 }, (_, index) => `The sentence ${index} costs what every other costs.`).join(' ')
    const [vendor, model] = [await deepgram.start(), await startModel(many)]
    open.push(vendor, model.upstream)
    const gateway = await start({
      env: { ...deepgram.env(vendor.url), ...model.env, VAI_LIMIT_COST_PER_DAY_USD: '0.05' },
      keys: { ...model.keys, deepgram: deepgram.key },
    })
    const ask = (voice?: object): Promise<Response> =>
      gateway.post({ model: model.name, max_tokens: 10, ...(voice && { voice }), messages: [{ role: 'user', content: 'Hi' }] })
    // Its text costs less than a cent.
    expect((await ask()).status).toBe(200)
    const message = await messageOf(await ask({ output: { voice: deepgram.voice } }))
    expect(message.usage.voice?.cost_usd).toBeGreaterThan(0.05)
    expect(message.usage.cost_usd).toBeGreaterThan(message.usage.voice?.cost_usd ?? 1)
    const refused = await ask()
    expect(refused.status).toBe(429)
  })
})

describe('a stream that waits for its sound', () => {
  it('still has its place', async () => {
    const silence = hold()
    const vendor = await deepgram.start((text) => async () => {
      await silence.released
      return reply(deepgram.sound(text, 24_000), { headers: { 'content-type': 'audio/l16' } })
    })
    open.push(vendor)
    const gateway = await start({
      env: { ...deepgram.env(vendor.url), VAI_LIMIT_CONCURRENT_STREAMS: '1' },
      keys: { deepgram: deepgram.key },
    })
    const voice = { output: { voice: deepgram.voice, format: 'pcm' } }
    const reader = readerOf(await gateway.post({ ...demo, voice, stream: true, messages: said }))
    await reader.until('content_block_stop')
    expect((await gateway.post({ ...demo, stream: true, messages: said })).status).toBe(429)
    silence.release()
    expectOrder(readFrom(eventsIn(await reader.rest())))
    const next = await gateway.post({ ...demo, stream: true, messages: said })
    expect(next.status).toBe(200)
    await next.text()
  })

  it('is waited for when the gateway is shut down', async () => {
    const silence = hold()
    const vendor = await deepgram.start((text) => async () => {
      await silence.released
      return reply(deepgram.sound(text, 24_000), { headers: { 'content-type': 'audio/l16' } })
    })
    open.push(vendor)
    const gateway = await start({ env: deepgram.env(vendor.url), keys: { deepgram: deepgram.key } })
    const voice = { output: { voice: deepgram.voice, format: 'pcm' } }
    const reader = readerOf(await gateway.post({ ...demo, voice, stream: true, messages: said }))
    await reader.until('content_block_stop')
    const drained = gateway.app.drain.start()
    silence.release()
    const answered = readFrom(eventsIn(await reader.rest()))
    expectOrder(answered)
    expect(answered.transcript).toBe(two)
    await drained
  })
})

describe('who may have it', () => {
  const narrow = gatewayKey('narrow', { allowed_models: ['demo/echo'] })
  const wide = gatewayKey('wide', { allowed_models: ['demo/echo', 'demo/tones', 'demo/meter'] })
  const sound = [{ role: 'user', content: [stt(wavTone(2400))] }]

  it('is said by the models of a key, and by those of the operator', async () => {
    const gateway = await start({ env: envWith([narrow, wide]) })
    const ask = (key: string, more: object): Promise<Response> => gateway.post({ ...demo, ...more }, { 'x-api-key': key })
    const voice = await ask(narrow.key, { voice: soft, messages: said })
    expect([voice.status, (await errorOf(voice)).param]).toEqual([403, 'voice.output.voice'])
    const named = await ask(narrow.key, { voice: soft, tts_model: 'demo/tones', messages: said })
    expect([named.status, (await errorOf(named)).param]).toEqual([403, 'tts_model'])
    const heard = await ask(narrow.key, { stt_model: 'demo/meter', messages: sound })
    expect([heard.status, (await errorOf(heard)).param]).toEqual([403, 'stt_model'])
    expect((await ask(wide.key, { stt_model: 'demo/meter', voice: soft, messages: sound })).status).toBe(200)
    const closed = await start({ env: { VAI_ALLOWED_MODELS: 'demo/echo' } })
    const refused = await closed.post({ ...demo, voice: soft, messages: said })
    expect(refused.status).toBe(403)
    expect((await errorOf(refused)).message).toContain('operator')
  })

  it('is said by where keys may come from', async () => {
    const vendor = await deepgram.start()
    open.push(vendor)
    const managed = await start({
      env: { ...deepgram.env(vendor.url), VAI_CREDENTIALS: 'managed' },
      keys: { deepgram: deepgram.key },
    })
    const body = { ...demo, voice: { output: { voice: deepgram.voice } }, messages: said }
    const own = await managed.post(body, { [deepgram.keyHeader]: deepgram.key })
    expect(own.status).toBe(403)
    expect((await managed.post(body)).status).toBe(200)
    const byok = await start({
      env: { ...deepgram.env(vendor.url), VAI_CREDENTIALS: 'byok' },
      keys: { deepgram: deepgram.key },
    })
    expect((await byok.post(body)).status).toBe(401)
    expect((await byok.post(body, { [deepgram.keyHeader]: deepgram.key })).status).toBe(200)
  })
})
