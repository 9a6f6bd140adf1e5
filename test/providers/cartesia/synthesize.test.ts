import { describe, expect, it } from 'vitest'
import { cartesia } from '../../../providers/cartesia/index.ts'
import type { RawFormat, SpeechCall, TtsEvent, TtsOptions } from '../../../providers/speech.ts'
import { collected } from '../../speech-call.ts'
import { endless, hangUp, htmlPage, json, redirect, reply, silence, sse } from '../../upstreams/behaviour.ts'
import type { CartesiaScript } from '../../upstreams/cartesia.ts'
import { concurrencyLimited, refusal } from '../../upstreams/cartesia-rules.ts'
import { saidInMp3 } from '../../upstreams/compressed.ts'
import { failureOf, pcm, soundIn, spokenIn, staged, voice } from './stage.ts'

const text = 'Good evening. It is half past nine, and raining.'

describe('a whole text', () => {
  const formats: readonly RawFormat[] = [pcm, { encoding: 'pcm', rate: 44_100 }, { encoding: 'mulaw', rate: 8000 }]
  it.each(formats)('is spoken in $encoding at $rate Hz, however the sound is cut', async (format) => {
    const { call, upstream } = await staged('sonic-3.5', { delivery: { chunks: { size: 777 } } })
    const events = await collected(synthesize(text, { ...voice, format }, call))
    expect(spokenIn(events, format)).toBe(text)
    expect(events.at(-1)).toEqual({ type: 'done' })
    const { path, headers } = await upstream.waitForRequest()
    expect({ path, version: headers['cartesia-version'] }).toEqual({ path: '/tts/bytes', version: '2026-08-14' })
  })

  it('is spoken in MP3', async () => {
    const { call, upstream } = await staged('sonic-3.5')
    const events = await collected(synthesize(text, { ...voice, format: { encoding: 'mp3' }, alignment: true }, call))
    expect(saidInMp3(soundIn(events))).toBe(text)
    const { json: body } = await upstream.waitForRequest()
    expect(body).toMatchObject({ output_format: { container: 'mp3', sample_rate: 44_100, bit_rate: 128_000 } })
  })

  it('takes its options with it', async () => {
    const { call, upstream } = await staged('sonic-3')
    await collected(synthesize(text, { ...voice, language: 'nb', speed: 0.6, volume: 2, emotion: 'excited' }, call))
    expect((await upstream.waitForRequest()).json).toEqual({
      model_id: 'sonic-3',
      transcript: text,
      voice: { mode: 'id', id: voice.voice },
      output_format: { container: 'raw', encoding: 'pcm_s16le', sample_rate: 24_000 },
      language: 'no',
      generation_config: { speed: 0.6, volume: 2, emotion: 'excited' },
    })
  })

  it('comes with the times of its words where they are wanted', async () => {
    const { call } = await staged('sonic-3.5')
    const events = await collected(synthesize('One two.', { ...voice, alignment: true }, call))
    expect(spokenIn(events)).toBe('One two.')
    expect(events.filter(({ type }) => type === 'alignment')).toEqual([
      { type: 'alignment', kind: 'word', tokens: ['One', 'two.'], startMs: [0, 40], durationMs: [30, 40] },
    ])
  })

  it('leaves its connection to the next', async () => {
    const { call, upstream } = await staged('sonic-3.5')
    for (const alignment of [false, true, false, true, false, true]) {
      await collected(synthesize(text, { ...voice, alignment }, call))
    }
    // One that was used a moment ago may not be free yet.
    expect(new Set(upstream.requests.map(({ connection }) => connection)).size).toBeLessThanOrEqual(2)
  })

  it('is not read on where nobody listens', async () => {
    const { call, upstream } = await staged('sonic-3.5', { delivery: { chunks: { size: 1000 }, stallAt: 3000 } })
    for await (const _ of synthesize(text, voice, call)) break
    await upstream.waitForClose()
  })

  it('is given up with the reason of the caller', async () => {
    const { call, upstream, abort } = await staged('sonic-3.5', { delivery: { chunks: { size: 1000 }, stallAt: 3000 } })
    const failure = failureOf(synthesize(text, { ...voice, alignment: false }, call))
    await upstream.waitForRequest()
    abort()
    expect((await failure).error).toEqual(new Error('the caller left'))
    await upstream.waitForClose()
  })
})

describe('a vendor that fails', () => {
  const quick = { firstByteMs: 150, idleMs: 150 }
  const bytes: readonly (readonly [name: string, script: CartesiaScript, expected: Record<string, unknown>])[] = [
    ['nothing', { http: () => reply('', { headers: octets }) }, { message: 'Cartesia: the answer is empty.', transient: true }],
    ['JSON', { http: () => json({ audio: '' }) }, { code: 'provider_protocol', message: /application\/json where sound/ }],
    ['a page', { http: () => htmlPage(200) }, { code: 'provider_protocol', message: /HTML page/ }],
    ['half a sample', { http: () => reply(Buffer.alloc(1001), { headers: octets }) }, { message: /middle of a sample/ }],
    [
      'sound without end',
      { http: () => endless('\0'.repeat(65_536), { headers: octets }) },
      { message: /more than \d+ seconds of sound for \d+ characters/ },
    ],
    ['silence', { http: () => silence }, { code: 'provider_timeout' }],
    ['a stall', { delivery: { stallAt: 4000 } }, { code: 'provider_timeout' }],
    ['a break', { delivery: { dieAt: 4000 } }, { code: 'provider_disconnected' }],
    ['no answer', { http: () => hangUp }, { code: 'provider_disconnected' }],
    ['a redirect', { http: () => redirect('http://127.0.0.1:1/') }, { code: 'provider_protocol', message: /redirect/ }],
    [
      'its limit',
      { http: () => refusal(concurrencyLimited, { 'retry-after': '3' }) },
      { code: 'provider_rate_limit', retryAfter: 3 },
    ],
    ['an error', { http: () => reply('Bad Gateway', { status: 502 }) }, { code: 'provider_error' }],
  ]
  it.each(bytes)('by %s is told as what it is', async (_, script, expected) => {
    const { call } = await staged('sonic-3.5', script, { timeouts: quick })
    expectFailure((await failureOf(synthesize(text, voice, call))).error, expected)
  })

  const events: readonly (readonly [name: string, body: string, expected: Record<string, unknown>])[] = [
    ['no end', frame({ type: 'chunk', data: 'AAAA' }), { code: 'provider_disconnected' }],
    ['no sound', frame({ type: 'done', done: true }), { message: 'Cartesia: the answer is empty.' }],
    ['no base64', frame({ type: 'chunk', data: 'AA?A' }), { message: 'Cartesia: a piece of sound is not base64.' }],
    ['a cut base64', frame({ type: 'chunk', data: 'AAAAA' }), { message: 'Cartesia: a piece of sound is not base64.' }],
    ['no JSON', 'data: {"type": \n\n', { message: 'Cartesia: a message is no JSON object.' }],
    ['half a sample', frame({ type: 'chunk', data: 'AA==' }, { type: 'done' }), { message: /middle of a sample/ }],
    [
      'an error',
      frame({ type: 'error', status_code: 429, error_code: 'concurrency_limited', title: 'Too many', message: 'Wait.' }),
      { code: 'provider_rate_limit', message: 'Cartesia: Wait.' },
    ],
  ]
  it.each(events)('within its events by %s is told as what it is', async (_, body, expected) => {
    const { call } = await staged('sonic-3.5', { http: () => sse(body) })
    expectFailure((await failureOf(synthesize(text, { ...voice, alignment: true }, call))).error, expected)
  })

  it('and knows neither the key nor the voice says so', async () => {
    const unknown = await staged('sonic-3.5')
    const options = { ...voice, voice: '00000000-0000-4000-8000-000000000000' }
    expectFailure((await failureOf(synthesize(text, options, unknown.call))).error, {
      code: 'provider_not_found',
      message: 'Cartesia: There is no voice 00000000-0000-4000-8000-000000000000.',
    })
  })
})

const octets = { 'content-type': 'application/octet-stream' }

function frame(...messages: readonly object[]): string {
  return messages.map((message) => `data: ${JSON.stringify(message)}\n\n`).join('')
}

function expectFailure(error: unknown, expected: Record<string, unknown>): void {
  const { message, ...rest } = expected
  expect(error).toMatchObject(rest)
  if (message !== undefined)
    expect(error).toMatchObject({ message: expect.stringMatching(message instanceof RegExp ? message : literally(message)) })
}

function literally(text: unknown): RegExp {
  return new RegExp(`^${String(text).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)
}

function synthesize(words: string, options: TtsOptions, call: SpeechCall): AsyncIterable<TtsEvent> {
  const events = cartesia.tts?.synthesize(words, options, call)
  if (!events) throw new Error('it does not speak')
  return events
}
