import { afterEach, describe, expect, it } from 'vitest'
import { readerOf } from '../gate.ts'
import { errorOf, type Gateway, messageOf, startGateway } from '../gateway.ts'
import { envWith, gatewayKey } from '../gateway-keys.ts'
import { itemsOf } from '../plugins/limits/fields.ts'
import { wavTone } from '../plugins/voice/sounds.ts'
import { until } from '../until.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { anthropicError } from '../upstreams/anthropic-answer.ts'
import { type Behaviour, json, reply, silence } from '../upstreams/behaviour.ts'
import type { RecordedRequest, Upstream } from '../upstreams/upstream.ts'
import { cartesiaEar, deepgramEar, heardIn, stt } from './ears.ts'
import { hold } from './hold.ts'
import { startModel } from './model.ts'
import { cartesia, deepgram, type Instead } from './vendors.ts'

/** What is heard and spoken counts toward what a key may spend in a day: reserved before, and settled however the request ends. */

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

interface Spender {
  readonly gateway: Gateway
  ask(body: object, signal?: AbortSignal): Promise<Response>
  /** What is left of the key's day, in millionths of a dollar, by a request that costs nothing. */
  left(): Promise<number>
}

/** A gateway whose one key may spend so much in a day. */
async function spender(dollars: number, env: Record<string, string>, keys: Record<string, string>): Promise<Spender> {
  const { key, record } = gatewayKey('spender', { limits: { cost_per_day_usd: dollars } })
  const gateway = await startGateway({
    env: { ...envWith([{ key, record }]), VAI_RETRY_ATTEMPTS: '0', VAI_BREAKER_FAILURE_PERCENT: '0', ...env },
    keys: { anthropic: anthropicKey, deepgram: deepgram.key, cartesia: cartesia.key, ...keys },
  })
  open.push(gateway)
  const ask = (body: object, signal?: AbortSignal): Promise<Response> =>
    fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: JSON.stringify({ model: 'demo/echo', max_tokens: 100, ...body }),
      ...(signal && { signal }),
    })
  return {
    gateway,
    ask,
    async left() {
      const response = await ask({ messages: [{ role: 'user', content: 'Hi' }] })
      await response.text()
      return Number(itemsOf(response.headers.get('ratelimit')).cost?.r)
    },
  }
}

/** A minute, which costs 7,700 millionths of a dollar to hear. */
const minute = stt(wavTone(480_000, { rate: 8000, bits: 8 }))
const minuteCost = 7700
const question = (...content: object[]): object => ({ stt_model: deepgramEar.model, messages: [{ role: 'user', content }] })

function heardFor(seconds: number, transcript: string): Behaviour {
  const alternatives = [{ transcript, confidence: 0.99, words: [] }]
  return json({ metadata: { request_id: 'r', duration: seconds, channels: 1 }, results: { channels: [{ alternatives }] } })
}

async function ear(instead: (request: RecordedRequest) => Behaviour | undefined): Promise<Upstream> {
  const upstream = await deepgramEar.start(instead)
  open.push(upstream)
  return upstream
}

describe('what was heard counts', () => {
  it('where the model then fails', async () => {
    const upstream = await ear((request) => heardFor(60, heardIn(request)))
    const model = await startAnthropic({ script: anthropicError('invalid_request_error', 'No.') })
    open.push(model)
    const { ask, left } = await spender(
      (5 * minuteCost) / 1e6,
      { ...deepgramEar.env(upstream.url), VAI_ANTHROPIC_BASE_URL: model.url },
      {},
    )
    const failing = { ...question(minute), model: 'anthropic/claude-sonnet-4-5', max_tokens: 10 }
    for (let index = 1; index < 5; index++) {
      expect((await ask(failing)).status).toBe(400)
      expect(await left()).toBe((5 - index) * minuteCost)
    }
    // What the model may need besides has no room.
    expect((await errorOf(await ask(failing))).code).toBe('daily_cost_limit')
    expect((await ask(question(minute))).status).toBe(200)
    expect(await left()).toBe(0)
    expect((await ask(question(minute))).status).toBe(429)
    expect(upstream.requests).toHaveLength(5)
  })

  it('where another block fails, and where nobody spoke', async () => {
    let asked = 0
    const upstream = await ear((request) => (++asked === 2 ? json({}, { status: 400 }) : heardFor(60, heardIn(request))))
    const { ask, left } = await spender(1, { ...deepgramEar.env(upstream.url), VAI_STT_PARALLEL: '1' }, {})
    expect((await ask(question(minute, minute, minute))).status).toBe(400)
    expect([asked, await left()]).toEqual([2, 1e6 - minuteCost])
    const deaf = await ear(() => heardFor(60, ''))
    const silent = await spender(1, deepgramEar.env(deaf.url), {})
    expect((await errorOf(await silent.ask(question(minute)))).issues?.[0]?.code).toBe('no_speech')
    expect(await silent.left()).toBe(1e6 - minuteCost)
  })

  it('where the caller leaves: what was sent by then', async () => {
    const upstream = await ear(() => silence)
    const { ask, left } = await spender(1, { ...deepgramEar.env(upstream.url), VAI_STT_PARALLEL: '2' }, {})
    const leaving = new AbortController()
    ask(question(minute, minute, minute), leaving.signal).catch(() => undefined)
    await upstream.waitForRequest(2)
    expect(await left()).toBe(1e6 - 3 * minuteCost)
    leaving.abort()
    await upstream.waitForClose(2)
    await until(async () => (await left()) === 1e6 - 2 * minuteCost)
  })

  it('as long as the vendor says, and once', async () => {
    const upstream = await ear((request) => heardFor(30, heardIn(request)))
    const { ask, left } = await spender(1, deepgramEar.env(upstream.url), {})
    const message = await messageOf(await ask(question(minute)))
    expect(message.usage.voice?.cost_usd).toBeCloseTo(minuteCost / 2e6, 9)
    expect(await left()).toBe(1e6 - minuteCost / 2)
    await (await ask({ ...question(minute), stream: true })).text()
    expect(await left()).toBe(1e6 - minuteCost)
  })
})

describe('sound that is not heard', () => {
  it.each([
    ['cannot be fetched', { type: 'audio_stt', source: { type: 'url', url: 'http://127.0.0.1:9/a.wav' } }],
    ['is none', stt(Buffer.from('<!doctype html><p>No sound'))],
  ])('because it %s costs nothing', async (_, block) => {
    const { ask, left } = await spender(1, {}, {})
    const { status } = await ask(question(block))
    expect(status).toBeGreaterThanOrEqual(400)
    expect(await left()).toBe(1e6)
  })
})

describe('many at once', () => {
  it('are heard as far as there is room for all of them', async () => {
    const waiting = hold()
    const upstream = await ear((request) => async () => {
      await waiting.released
      return heardFor(60, heardIn(request))
    })
    const { ask, left } = await spender((1.5 * minuteCost) / 1e6, deepgramEar.env(upstream.url), {})
    const answers = Array.from({ length: 10 }, () => ask(question(minute)))
    let refused = 0
    for (const each of answers) void each.then(({ status }) => status === 429 && refused++)
    await until(async () => refused === 9)
    waiting.release()
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(upstream.requests).toHaveLength(1)
    expect(await left()).toBe(minuteCost / 2)
  })

  it('are spoken likewise', async () => {
    const waiting = hold()
    const vendor = await deepgram.start((text) => async () => {
      await waiting.released
      return reply(deepgram.sound(text, 24_000), { headers: { 'content-type': 'audio/l16' } })
    })
    open.push(vendor)
    // A thousand tokens are four thousand characters, of 30 dollars a million.
    const { ask, left } = await spender(0.2, deepgram.env(vendor.url), {})
    const body = {
      max_tokens: 1000,
      voice: { output: { voice: deepgram.voice } },
      messages: [{ role: 'user', content: 'Well.' }],
    }
    const first = ask(body)
    await vendor.upstream?.waitForRequest()
    expect(await left()).toBe(200_000 - 120_000)
    const second = await ask(body)
    expect((await errorOf(second)).code).toBe('daily_cost_limit')
    waiting.release()
    const message = await messageOf(await first)
    const cost = (message.usage.voice?.cost_usd ?? 0) * 1e6
    expect(cost).toBe(5 * 30)
    expect(await left()).toBe(200_000 - cost)
  })

  it('cost nothing where there is no price', async () => {
    const [upstream, vendor] = [await cartesiaEar.start(), await cartesia.start()]
    open.push(upstream, vendor)
    const heard = await spender(0.0001, cartesiaEar.env(upstream.url), {})
    const body = { ...question(minute), stt_model: cartesiaEar.model }
    const answers = await Promise.all([heard.ask(body), heard.ask(body), heard.ask(body)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(await heard.left()).toBe(100)
    const spoken = await spender(0.0001, cartesia.env(vendor.url), {})
    const voice = { output: { voice: cartesia.voice } }
    expect((await spoken.ask({ voice, messages: [{ role: 'user', content: 'Well.' }] })).status).toBe(200)
    expect(await spoken.left()).toBe(100)
  })
})

describe('what was spoken counts', () => {
  const [first, second] = ['The first sentence is here.', 'The second one follows it.']
  const cost = (first.length + second.length) * 30

  it.each([true, false])('where the caller leaves in the middle of it (stream: %s)', async (stream) => {
    const stalls: Instead = (text) => (text === second ? silence : undefined)
    const [vendor, model] = [await deepgram.start(stalls), await startModel(`${first} ${second}`)]
    open.push(vendor, model.upstream)
    const { ask, left } = await spender(1, { ...deepgram.env(vendor.url), ...model.env }, {})
    const leaving = new AbortController()
    const voice = { output: { voice: deepgram.voice, format: 'pcm' } }
    const messages = [{ role: 'user', content: 'Speak.' }]
    const before = { model: model.name, max_tokens: 100, stream, messages }
    await (await ask(before)).text()
    const textCost = 1e6 - (await left())
    const answer = ask({ ...before, voice }, leaving.signal)
    answer.catch(() => undefined)
    if (stream) await readerOf(await answer).until('audio_chunk')
    await vendor.upstream?.waitForRequest(2)
    leaving.abort()
    await vendor.upstream?.waitForClose()
    // What was reserved for 100 tokens is more than 12,000. What was sent to be spoken counts, also where its sound had not come.
    const spent = await until(async () => {
      const gone = 1e6 - textCost - (await left())
      return gone < 12_000 && gone
    })
    // Of a stream that broke off, the text is estimated.
    expect(spent - cost).toBeGreaterThanOrEqual(textCost / 2)
    expect(spent - cost).toBeLessThanOrEqual(stream ? 2 * textCost : textCost)
  })
})
