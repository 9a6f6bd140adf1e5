import { ElevenLabsClient } from '@elevenlabs/elevenlabs-js'
import { afterEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { sniffAudio } from '../../audio/sniff.ts'
import { wavOf } from '../../audio/wav.ts'
import { ManualClock } from '../manual-clock.ts'
import { type ElevenLabsOptions, elevenLabsKey, knownVoices, startElevenLabs } from './elevenlabs.ts'
import { msPerCharacter } from './elevenlabs-sound.ts'
import type { Upstream } from './upstream.ts'

const [voice = ''] = knownVoices
const text = 'Hello from the other side.'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(options: ElevenLabsOptions = {}): Promise<Upstream> {
  const upstream = await startElevenLabs(options)
  open.push(upstream)
  return upstream
}

describe('the vendor’s own SDK', () => {
  async function client(options: ElevenLabsOptions = {}, apiKey = elevenLabsKey) {
    const upstream = await start(options)
    return { upstream, sdk: new ElevenLabsClient({ apiKey, baseUrl: upstream.url, maxRetries: 0 }) }
  }

  it('streams speech, and is told its cost', async () => {
    const { sdk } = await client()
    const { data, rawResponse } = await sdk.textToSpeech
      .stream(voice, { text, modelId: 'eleven_flash_v2_5', outputFormat: 'pcm_16000', voiceSettings: { speed: 0.8 } })
      .withRawResponse()
    expect((await bytesIn(data)).length).toBe(text.length * msPerCharacter * 32)
    expect(rawResponse.headers.get('character-cost')).toBe(String(text.length / 2))
  })

  it('takes MP3 where it names no format', async () => {
    const { sdk } = await client()
    const sound = await bytesIn(await sdk.textToSpeech.convert(voice, { text, modelId: 'eleven_multilingual_v2' }))
    expect(sniffAudio(sound)).toMatchObject({ kind: 'mp3', seconds: expect.closeTo((text.length * msPerCharacter) / 1000, 1) })
  })

  it('reads times, however the stream is cut', async () => {
    const { sdk } = await client({ script: { chunks: { seed: 3, max: 500 } } })
    const request = { text, modelId: 'eleven_v3', outputFormat: 'ulaw_8000', languageCode: 'fa' } as const
    let spoken = ''
    let length = 0
    for await (const chunk of await sdk.textToSpeech.streamWithTimestamps(voice, request)) {
      spoken += chunk.alignment?.characters.join('') ?? ''
      expect(chunk.alignment?.characterStartTimesSeconds).toHaveLength(chunk.alignment?.characters.length ?? -1)
      length += Buffer.from(chunk.audioBase64, 'base64').length
    }
    expect([spoken, length]).toEqual([text, text.length * msPerCharacter * 8])
  })

  it('reads a transcript', async () => {
    const { sdk, upstream } = await client()
    const file = { data: wavOf(new Uint8Array(3200), 16_000), filename: 'a.wav', contentType: 'audio/wav' }
    const answer = await sdk.speechToText.convert({ modelId: 'scribe_v2', file, languageCode: 'en', keyterms: ['side', 'other'] })
    expect(answer).toMatchObject({ languageCode: 'eng', text: 'Hello there.', audioDurationSecs: 1.25 })
    expect(upstream.requests[0]?.headers['xi-api-key']).toBe(elevenLabsKey)
  })

  it.each<[what: string, options: ElevenLabsOptions, key: string, voice: string, model: string, status: number, code: string]>([
    ['a wrong key', {}, 'sk-test-wrong', voice, 'eleven_v3', 401, 'invalid_api_key'],
    ['a voice that there is not', {}, elevenLabsKey, 'nobody', 'eleven_v3', 404, 'voice_not_found'],
    ['a model that there is not', {}, elevenLabsKey, voice, 'eleven_v9', 400, 'model_not_found'],
    ['credits that are used up', { credits: 1 }, elevenLabsKey, voice, 'eleven_v3', 401, 'quota_exceeded'],
    ['too many at a time', { concurrency: 0 }, elevenLabsKey, voice, 'eleven_v3', 429, 'too_many_concurrent_requests'],
  ])('is refused for %s', async (_, options, key, name, modelId, statusCode, status) => {
    const { sdk } = await client(options, key)
    const refused = sdk.textToSpeech.stream(name, { text, modelId })
    await expect(refused).rejects.toMatchObject({ statusCode, body: { detail: { status } } })
  })

  it.each([
    ['no text', { text: ' ' }, 400],
    ['a speed that there is not', { text, voiceSettings: { speed: 2 } }, 400],
    ['a language that the model lacks', { text, languageCode: 'fa' }, 400],
    ['too long a text', { text: 'x'.repeat(40_001) }, 400],
  ])('is refused for %s', async (_, request, statusCode) => {
    const { sdk } = await client()
    const refused = sdk.textToSpeech.stream(voice, { modelId: 'eleven_flash_v2_5', ...request })
    await expect(refused).rejects.toMatchObject({ statusCode })
  })
})

describe('the socket', () => {
  async function connected(options: ElevenLabsOptions = {}, query = 'model_id=eleven_flash_v2_5&output_format=pcm_8000') {
    const upstream = await start(options)
    const url = `${upstream.url.replace('http', 'ws')}/v1/text-to-speech/${voice}/multi-stream-input?${query}`
    const socket = new WebSocket(url, { headers: { 'xi-api-key': elevenLabsKey } })
    open.push({ close: () => socket.terminate() })
    const messages: Record<string, unknown>[] = []
    const waiting = new Set<() => void>()
    const look = (): void => {
      for (const each of waiting) each()
    }
    let closed: { code: number; reason: string } | undefined
    socket.on('message', (data) => {
      messages.push(JSON.parse(String(data)))
      look()
    })
    socket.on('close', (code, reason) => {
      closed = { code, reason: reason.toString() }
      look()
    })
    const until = (ready: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        const check = (): void => {
          if (ready()) resolve()
        }
        waiting.add(check)
        check()
      })
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
    return {
      messages,
      say: (...all: object[]) => {
        for (const each of all) socket.send(JSON.stringify(each))
      },
      finals: (count: number) => until(() => messages.filter(({ isFinal }) => isFinal === true).length >= count),
      closed: async () => {
        await until(() => closed !== undefined)
        return closed
      },
    }
  }

  const full = 'Maximum simultaneous contexts per WebSocket connection exceeded (5).'

  it('has five contexts, and a flush makes one as well', async () => {
    const { say, messages, closed } = await connected()
    say(...['a', 'b', 'c', 'd'].map((context_id) => ({ text: ' ', context_id })))
    say({ context_id: 'phantom', flush: true }, { text: ' ', context_id: 'f' })
    expect(await closed()).toEqual({ code: 1008, reason: expect.stringContaining(full) })
    expect(messages).toEqual([{ message: expect.stringContaining(full), error: 'max_active_conversations', code: 1008 }])
  })

  it('counts a context until it is said to be over', async () => {
    const { say, finals, closed } = await connected()
    for (const context_id of ['a', 'b', 'c', 'd', 'e']) say({ text: ' ', context_id })
    say({ context_id: 'a', close_context: true })
    await finals(1)
    say({ text: ' ', context_id: 'f' }, { text: ' ', context_id: 'g' })
    expect(await closed()).toMatchObject({ code: 1008 })
  })

  it('says nothing of a context that is closed before it is spoken', async () => {
    const { say, messages, finals } = await connected()
    say(
      { text: ' ', context_id: 'a' },
      { text: 'Hello. ', context_id: 'a', flush: true },
      { context_id: 'a', close_context: true },
    )
    await finals(1)
    expect(messages).toEqual([{ isFinal: true, contextId: 'a' }])
  })

  it.each([
    [
      'settings after the first message',
      [
        { text: '', context_id: 'a' },
        { text: ' ', context_id: 'a', voice_settings: { speed: 1 } },
      ],
    ],
    ['a speed that there is not', [{ text: ' ', context_id: 'a', voice_settings: { speed: 3 } }]],
    ['what it does not know', [{ text: ' ', context_id: 'a', volume: 3 }]],
    ['a text that is none', [{ text: 7, context_id: 'a' }]],
  ])('is closed for %s', async (_, messages) => {
    const { say, closed } = await connected()
    say(...messages)
    expect(await closed()).toMatchObject({ code: 1008 })
  })

  it('is closed where nothing comes for too long', async () => {
    const clock = new ManualClock()
    const query = 'model_id=eleven_flash_v2_5&output_format=pcm_8000&inactivity_timeout=5'
    const { say, messages, closed } = await connected({ socket: { clock } }, query)
    say({ text: ' ', context_id: 'a' }, { text: 'Hello. ', context_id: 'a', flush: true }, { context_id: 'b', text: '' })
    clock.advance(5000)
    expect(await closed()).toMatchObject({ code: 1008 })
    expect(messages.at(-1)).toMatchObject({ error: 'input_timeout_exceeded' })
  })

  it.each([
    ['a model that there is not', 'model_id=eleven_v9&output_format=pcm_8000'],
    ['v3', 'model_id=eleven_v3&output_format=pcm_8000'],
    ['a format that there is not', 'model_id=eleven_flash_v2_5&output_format=wav'],
    ['too much patience', 'model_id=eleven_flash_v2_5&output_format=pcm_8000&inactivity_timeout=181'],
  ])('is closed for %s', async (_, query) => {
    const { closed } = await connected({}, query)
    expect(await closed()).toMatchObject({ code: 1008 })
  })

  it('is not opened with what it does not know', async () => {
    await expect(connected({}, 'model=eleven_v3')).rejects.toThrow('400')
  })
})

async function bytesIn(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
