import { afterEach, describe, expect, it } from 'vitest'
import { synthesize } from '../../../providers/deepgram/tts-file.ts'
import type { TtsEvent, TtsOptions } from '../../../providers/speech.ts'
import { collected, speechCall, type TestCall } from '../../speech-call.ts'
import { type Behaviour, endless, hangUp, htmlPage, json, reply, silence } from '../../upstreams/behaviour.ts'
import { deepgramKey, startDeepgram } from '../../upstreams/deepgram.ts'
import { soundOf } from '../../upstreams/deepgram-speak.ts'
import type { Upstream } from '../../upstreams/upstream.ts'

const started: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of started.splice(0)) await each.close()
})

async function setUp(sound?: Behaviour, model = 'aura-2', key = deepgramKey): Promise<{ upstream: Upstream; test: TestCall }> {
  const upstream = await startDeepgram({ ...(sound && { sound }) })
  const test = speechCall(upstream.url, key, model)
  started.push(test, upstream)
  return { upstream, test }
}

const options: TtsOptions = { voice: 'aura-2-thalia-en', format: { encoding: 'pcm', rate: 24_000 } }

function soundIn(events: readonly TtsEvent[]): Buffer {
  return Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.bytes] : [])))
}

function queryOf({ requests, url }: Upstream): URLSearchParams {
  return new URL(requests[0]?.path ?? '', url).searchParams
}

const audio = { headers: { 'content-type': 'audio/l16' } }

describe('a text for Deepgram', () => {
  it('is spoken, piece by piece, and counted', async () => {
    const { upstream, test } = await setUp()
    const text = 'Good morning. "Quotes" & ümläuts.'
    const events = await collected(synthesize(text, options, test.call))
    expect(soundIn(events).equals(soundOf(text, queryOf(upstream)))).toBe(true)
    expect(events.length).toBeGreaterThan(3)
    expect(events.at(-1)).toEqual({ type: 'done', characters: text.length })
    expect(upstream.requests[0]?.json).toEqual({ text })
  })

  it.each<[string, Partial<TtsOptions>, string, string, object]>([
    [
      'PCM without a header',
      {},
      'aura-2',
      '/v1/speak',
      { model: 'aura-2-thalia-en', encoding: 'linear16', sample_rate: '24000', container: 'none' },
    ],
    [
      'µ-law',
      { format: { encoding: 'mulaw', rate: 8000 } },
      'aura-2',
      '/v1/speak',
      { encoding: 'mulaw', sample_rate: '8000', container: 'none' },
    ],
    ['MP3', { format: { encoding: 'mp3' } }, 'aura-2', '/v1/speak', { model: 'aura-2-thalia-en', encoding: 'mp3' }],
    ['Opus in Ogg', { format: { encoding: 'opus' } }, 'aura-2', '/v1/speak', { encoding: 'opus', container: 'ogg' }],
    ['a speed', { speed: 1.2 }, 'aura-2', '/v1/speak', { speed: '1.2' }],
    ['a short name', { voice: 'lara', speed: 1 }, 'aura-2', '/v1/speak', { model: 'aura-2-lara-de' }],
    ['a voice of Flux', { voice: 'flux-haley-en' }, 'flux-tts', '/v2/speak', { model: 'flux-haley-en' }],
  ])('is asked for as %s', async (_, changes, model, path, parameters) => {
    const { upstream, test } = await setUp(undefined, model)
    const events = await collected(synthesize('Hello.', { ...options, ...changes }, test.call))
    expect(events.at(-1)?.type).toBe('done')
    expect(upstream.requests[0]?.path).toMatch(path)
    expect(Object.fromEntries(queryOf(upstream))).toMatchObject(parameters)
    if ('speed' in changes && changes.speed === 1) expect(queryOf(upstream).has('speed')).toBe(false)
  })

  it('goes over connections that are kept', async () => {
    const { upstream, test } = await setUp()
    for (let count = 0; count < 8; count++) await collected(synthesize('Hello.', options, test.call))
    // A connection is free a moment after its answer has ended: a second one may be opened meanwhile.
    expect(upstream.connections).toBeLessThanOrEqual(2)
  })
})

describe('a text that Deepgram does not speak', () => {
  const html = '<!doctype html><html><body>Down</body></html>'
  it.each<[string, Behaviour, Partial<TtsOptions>, object]>([
    ['nothing comes', reply('', audio), {}, { message: /empty/, recovery: 'again' }],
    ['JSON comes', json({ sound: 'no' }), {}, { message: /application\/json where sound/ }],
    ['a page comes', htmlPage(200), {}, { message: /HTML page/ }],
    ['JSON comes under the name of sound', reply('{"err_code":"X","err_msg":"no"}', audio), {}, { message: /text where sound/ }],
    ['a page comes in small pieces', reply(html, { ...audio, chunks: 'bytes' }), {}, { message: /text where sound/ }],
    ['a short word comes', reply('{"a":1}', audio), {}, { message: /text where sound/ }],
    ['half a sample is left', reply(Buffer.alloc(4801), audio), {}, { message: /middle of a sample/ }],
    ['a header comes', reply(Buffer.concat([Buffer.from('RIFF'), Buffer.alloc(96)]), audio), {}, { message: /WAV/ }],
    ['PCM comes for MP3', reply(Buffer.alloc(480), audio), { format: { encoding: 'mp3' } }, { message: /something else/ }],
    [
      'MP3 comes for Opus',
      reply('ID3............................', audio),
      { format: { encoding: 'opus' } },
      { message: /something else/ },
    ],
    ['far too much comes', endless('\0'.repeat(65_536), audio), {}, { message: /more than 66 seconds/ }],
  ])('because %s', async (_, sound, changes, error) => {
    const { upstream, test } = await setUp(sound)
    const failure = collected(synthesize('Hello.', { ...options, ...changes }, test.call))
    const { message, ...others } = { message: /./, code: 'provider_protocol', ...error }
    await expect(failure).rejects.toMatchObject(others)
    await expect(failure).rejects.toThrow(message)
    await test.close()
    await upstream.waitForConnections(0)
  })

  it.each<[string, Behaviour, string]>([
    ['it is cut off', reply(Buffer.alloc(9000), { ...audio, chunks: { size: 1000 }, dieAt: 5000 }), 'provider_disconnected'],
    ['nobody answers', hangUp, 'provider_disconnected'],
    [
      'there is too much to do',
      reply('{"err_code":"TOO_MANY_REQUESTS","err_msg":"Wait."}', { status: 429 }),
      'provider_rate_limit',
    ],
    ['it is overloaded', htmlPage(503), 'provider_overloaded'],
  ])('because %s', async (_, sound, code) => {
    const { test } = await setUp(sound)
    await expect(collected(synthesize('Hello.', options, test.call))).rejects.toMatchObject({ code })
  })

  it('because of the key, the voice, the length', async () => {
    const wrong = await setUp(undefined, 'aura-2', 'sk-test-wrong')
    await expect(collected(synthesize('Hello.', options, wrong.test.call))).rejects.toMatchObject({
      code: 'provider_authentication',
    })
    const { test } = await setUp()
    const nobody = { ...options, voice: 'aura-2-nobody-en' }
    await expect(collected(synthesize('Hello.', nobody, test.call))).rejects.toThrow(/No such model/)
    await expect(collected(synthesize('a'.repeat(2001), options, test.call))).rejects.toMatchObject({
      code: 'provider_request_too_large',
    })
  })

  it('because the sound stops coming', async () => {
    const stalled = reply(Buffer.alloc(9000), { ...audio, stallAt: 5000 })
    const { upstream, test } = await setUp(stalled)
    const call = { ...test.call, timeouts: { firstByteMs: 5000, idleMs: 50 } }
    await expect(collected(synthesize('Hello.', options, call))).rejects.toMatchObject({ code: 'provider_timeout' })
    await upstream.waitForClose()
  })

  it('because the caller leaves, or aborts', async () => {
    const { upstream, test } = await setUp(reply(Buffer.alloc(9000), { ...audio, stallAt: 5000 }))
    for await (const event of synthesize('Hello.', options, test.call)) {
      expect(event.type).toBe('audio')
      break
    }
    await upstream.waitForClose(1)
    const waiting = await setUp(silence)
    const failure = expect(collected(synthesize('Hello.', options, waiting.test.call))).rejects.toThrow('the caller left')
    await waiting.upstream.waitForRequest()
    waiting.test.abort()
    await failure
    await waiting.upstream.waitForClose()
  })
})
