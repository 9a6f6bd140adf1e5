import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../api/secret.ts'
import { sniffAudio } from '../../../audio/sniff.ts'
import { synthesize } from '../../../providers/elevenlabs/synthesize.ts'
import type { SpeechFormat, TtsOptions } from '../../../providers/speech.ts'
import { collected, type TestCall } from '../../speech-call.ts'
import { type Behaviour, endless, hangUp, htmlPage, json, reply, silence } from '../../upstreams/behaviour.ts'
import type { Chunking } from '../../upstreams/chunks.ts'
import { type ElevenLabsOptions, elevenLabsError, startElevenLabs } from '../../upstreams/elevenlabs.ts'
import { msPerCharacter } from '../../upstreams/elevenlabs-sound.ts'
import type { Upstream } from '../../upstreams/upstream.ts'
import { callTo, failureOf, gatewayErrorOf, pcm, soundIn, timesIn, voice } from './speaking.ts'

const text = 'The quick brown fox jumps over the lazy dog, and then it rests.'
const open: (Upstream | TestCall)[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(
  options: ElevenLabsOptions = {},
  ...rest: Parameters<typeof callTo> extends [string, ...infer R] ? R : never
) {
  const upstream = await startElevenLabs(options)
  const call = callTo(upstream.url, ...rest)
  open.push(upstream, call)
  return { upstream, ...call }
}

describe('a whole text', () => {
  it('is spoken, and its characters are told, of which the vendor counts two as one credit', async () => {
    const { upstream, call } = await start()
    const events = await collected(synthesize(text, { ...pcm, language: 'en-US', speed: 0.9 }, call))
    expect(soundIn(events).length).toBe((text.length * msPerCharacter * 24 * 2) | 0)
    expect(events.at(-1)).toEqual({ type: 'done', characters: text.length })
    const [request] = upstream.requests
    expect(request?.path).toBe(`/v1/text-to-speech/${voice}/stream?output_format=pcm_24000`)
    expect(request?.json).toEqual({ text, model_id: 'eleven_flash_v2_5', language_code: 'en', voice_settings: { speed: 0.9 } })
  })

  it.each<[SpeechFormat, string | undefined]>([
    [{ encoding: 'mulaw', rate: 8000 }, undefined],
    [{ encoding: 'pcm', rate: 16_000 }, undefined],
    [{ encoding: 'mp3' }, 'mp3'],
    [{ encoding: 'opus' }, 'ogg'],
  ])('comes as %j', async (format, kind) => {
    const { call } = await start()
    expect(sniffAudio(soundIn(await collected(synthesize(text, { ...pcm, format }, call))))?.kind).toBe(kind)
  })

  it('is not told a language that the model knows without', async () => {
    const { upstream, call } = await start({}, 'eleven_flash_v2')
    await collected(synthesize(text, { ...pcm, language: 'en' }, call))
    expect(upstream.requests[0]?.json).toEqual({ text, model_id: 'eleven_flash_v2' })
  })

  it('keeps its connection for the next one', async () => {
    const { upstream, call } = await start()
    await collected(synthesize(text, pcm, call))
    // The connection is free in the turn after the one in which the answer has ended.
    await new Promise((resolve) => setImmediate(resolve))
    await collected(synthesize(text, pcm, call))
    expect(upstream.requests.map(({ connection }) => connection)).toEqual([0, 0])
  })

  it('cannot leave its path by the name of a voice', async () => {
    const { upstream, call } = await start()
    const error = await gatewayErrorOf(synthesize(text, { ...pcm, voice: '../../user?x=' }, call))
    expect(error.code).toBe('provider_not_found')
    expect(upstream.requests[0]?.path).toContain('/v1/text-to-speech/..%2F..%2Fuser%3Fx%3D/stream')
  })
})

describe('times', () => {
  const timed: TtsOptions = { ...pcm, alignment: true }
  it.each<[Chunking, 'answer' | 'chunk']>([
    ['whole', 'answer'],
    ['whole', 'chunk'],
    [{ size: 61 }, 'answer'],
    [{ size: 1000 }, 'chunk'],
    [{ seed: 7, max: 900 }, 'answer'],
  ])('stand beside the sound: cut %j, counted from the %s', async (chunks, times) => {
    const { call } = await start({ script: { chunks, times } })
    const events = await collected(synthesize(text, timed, call))
    const stretches = timesIn(events)
    expect(stretches.flatMap(({ tokens }) => tokens).join('')).toBe(text)
    expect(stretches.flatMap(({ startMs }) => startMs)).toEqual([...text].map((_, at) => at * msPerCharacter))
    expect(stretches.flatMap(({ durationMs }) => durationMs).every((ms) => ms === msPerCharacter)).toBe(true)
    expect(soundIn(events).length).toBe(text.length * msPerCharacter * 48)
    expect(events.at(-1)?.type).toBe('done')
  })

  it('are told of compressed sound as well', async () => {
    const { call } = await start({ script: { times: 'chunk' } })
    const stretches = timesIn(await collected(synthesize(text, { ...timed, format: { encoding: 'mp3' } }, call)))
    expect(stretches.flatMap(({ startMs }) => startMs)).toEqual([...text].map((_, at) => at * msPerCharacter))
  })

  const line = (value: object) => [JSON.stringify({ audio_base64: 'AAAA', alignment: null, ...value })]
  it.each<[what: string, lines: readonly string[], code: string]>([
    ['no JSON', ['<html>'], 'provider_protocol'],
    ['bad Base64', line({ audio_base64: '!!!not base64!!!' }), 'provider_protocol'],
    ['sound of another kind', line({ audio_base64: 7 }), 'provider_protocol'],
    ['half a sample', line({ audio_base64: 'AAAA' }), 'provider_protocol'],
    ['no sound', line({ audio_base64: '' }), 'provider_protocol'],
    [
      'more times than characters',
      line({ alignment: { characters: [], character_start_times_seconds: [1] } }),
      'provider_protocol',
    ],
    [
      'times that are none',
      line({ alignment: { characters: ['a'], character_start_times_seconds: ['1'] } }),
      'provider_protocol',
    ],
    ['an error', ['{"detail":{"status":"quota_exceeded","message":"No credits."}}'], 'provider_quota'],
    ['an error without a code', ['{"detail":"Something went wrong."}'], 'provider_error'],
    ['an error in the middle', [...line({ audio_base64: 'AAA=' }), '{"error":"system_busy"}'], 'provider_overloaded'],
  ])('%s is an error', async (_, lines, code) => {
    const { call } = await start({ script: { lines } })
    expect((await gatewayErrorOf(synthesize(text, timed, call))).code).toBe(code)
  })
})

describe('a refusal keeps its meaning', () => {
  it('of a wrong key', async () => {
    const { call } = await start({}, undefined, { apiKey: new Secret('sk-test-wrong') })
    const error = await gatewayErrorOf(synthesize(text, pcm, call))
    expect([error.code, error.message]).toEqual(['provider_authentication', 'ElevenLabs: Invalid API key'])
  })

  it('of a model, of a length', async () => {
    const { upstream, call } = await start({}, 'eleven_v9')
    expect((await gatewayErrorOf(synthesize(text, pcm, call))).code).toBe('provider_not_found')
    const flash = { ...call, model: 'eleven_flash_v2' }
    expect((await gatewayErrorOf(synthesize('x'.repeat(30_001), pcm, flash))).code).toBe('provider_request_too_large')
    expect(upstream.requests).toHaveLength(2)
  })

  it('of credits that are used up, though its status is that of a wrong key', async () => {
    const { call } = await start({ credits: 10 })
    const error = await gatewayErrorOf(synthesize(text, pcm, call))
    expect([error.code, error.status, error.recovery]).toEqual(['provider_quota', 429, 'elsewhere'])
    expect(error.message).toContain('You have 10 credits remaining')
  })

  it('of too many at a time', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { upstream, call } = await start({ concurrency: 1, hold: () => held })
    const first = collected(synthesize(text, pcm, call))
    await upstream.waitForRequest(1)
    const error = await gatewayErrorOf(synthesize(text, pcm, call))
    expect([error.code, error.recovery]).toEqual(['provider_rate_limit', 'again'])
    release()
    expect((await first).at(-1)?.type).toBe('done')
  })

  it.each<[what: string, Behaviour, code: string]>([
    [
      'a permission that is missing',
      elevenLabsError(401, 'missing_permissions', 'The API key is missing the permission text_to_speech.'),
      'provider_permission',
    ],
    ['a plan', elevenLabsError(403, 'only_for_creator+', 'This voice needs the Creator plan.'), 'provider_permission'],
    ['a busy system', elevenLabsError(429, 'system_busy', 'The system is busy.', { 'retry-after': '3' }), 'provider_overloaded'],
    [
      'a language',
      elevenLabsError(400, undefined, "Model 'eleven_flash_v2_5' does not support language_code 'fa'."),
      'provider_rejected',
    ],
    ['a list', json({ detail: [{ loc: ['body'], msg: 'Field required' }] }, { status: 422 }), 'provider_rejected'],
    ['a failure', json({ detail: 'Internal Server Error' }, { status: 500 }), 'provider_error'],
    ['a page', htmlPage(502), 'provider_error'],
    ['a page with 200', htmlPage(200), 'provider_protocol'],
    ['an error with 200', json({ detail: { status: 'quota_exceeded', message: 'No credits.' } }), 'provider_quota'],
    ['JSON with 200', json({ audio: 'AAAA' }), 'provider_protocol'],
    ['JSON that does not say so', reply('{"audio_base64": "AAAAAAAAAAAA"}'), 'provider_protocol'],
    ['nothing', reply(''), 'provider_protocol'],
    ['half a sample', reply(new Uint8Array(1001)), 'provider_protocol'],
    ['compression', reply(new Uint8Array(4_000_000), { gzip: true }), 'provider_protocol'],
    ['a hang-up', hangUp, 'provider_disconnected'],
    [
      'an end in the middle',
      reply(new Uint8Array(5000), { dieAt: 3000, headers: { 'content-length': '5000' } }),
      'provider_disconnected',
    ],
  ])('of %s', async (_, behaviour, code) => {
    const { call } = await start({ script: behaviour })
    expect((await gatewayErrorOf(synthesize(text, pcm, call))).code).toBe(code)
  })

  it.each<[SpeechFormat, string]>([
    [{ encoding: 'mp3' }, 'something else where MP3 was asked for'],
    [{ encoding: 'opus' }, 'something else where Opus in Ogg was asked for'],
  ])('of a sound that is not %j', async (format, message) => {
    const { call } = await start({ script: { sound: new Uint8Array(1000) } })
    expect((await gatewayErrorOf(synthesize(text, { ...pcm, format }, call))).message).toContain(message)
  })
})

describe('nothing goes on for ever', () => {
  it('not a sound without an end', async () => {
    const { upstream, call } = await start({
      script: endless('\u0001'.repeat(60_000), { headers: { 'content-type': 'audio/pcm' } }),
    })
    const error = await gatewayErrorOf(synthesize('Hi.', pcm, call))
    expect(error.message).toContain('more than 63 seconds of sound for 3 characters')
    await upstream.waitForClose()
  })

  it('not a silence', async () => {
    const { call } = await start({ script: silence }, undefined, { timeouts: { firstByteMs: 50, idleMs: 50 } })
    expect((await gatewayErrorOf(synthesize(text, pcm, call))).code).toBe('provider_timeout')
  })

  it('not the sound that nobody hears', async () => {
    const { upstream, call } = await start({ script: { chunks: { size: 1000 }, stallAt: 5000 } })
    for await (const event of synthesize(text, pcm, call)) if (event.type === 'audio') break
    await upstream.waitForClose()
  })

  it('not the call of somebody who leaves', async () => {
    const { upstream, call, abort } = await start({ script: { chunks: { size: 1000 }, stallAt: 5000 } })
    const failure = failureOf(synthesize(text, { ...pcm, alignment: true }, call))
    await upstream.waitForRequest()
    abort()
    expect(await failure).toEqual(new Error('the caller left'))
    await upstream.waitForClose()
  })
})
