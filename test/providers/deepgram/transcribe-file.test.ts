import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { transcribeFile } from '../../../providers/deepgram/stt-file.ts'
import type { AudioFile, SttOptions } from '../../../providers/speech.ts'
import { speechCall, type TestCall } from '../../speech-call.ts'
import { type Behaviour, htmlPage, json, reply, silence } from '../../upstreams/behaviour.ts'
import { deepgramKey, startDeepgram } from '../../upstreams/deepgram.ts'
import { fixturesDir } from '../../upstreams/replay.ts'
import type { Upstream } from '../../upstreams/upstream.ts'

const started: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of started.splice(0)) await each.close()
})

const wav: AudioFile = { bytes: Buffer.from('RIFF....WAVEfmt data'), kind: 'wav', mediaType: 'audio/wav', seconds: 1 }

async function setUp(
  transcript?: Behaviour,
  model = 'nova-3',
  key = deepgramKey,
): Promise<{ upstream: Upstream; test: TestCall }> {
  const upstream = await startDeepgram({ ...(transcript && { transcript }) })
  const test = speechCall(upstream.url, key, model)
  started.push(test, upstream)
  return { upstream, test }
}

async function asked(options: SttOptions, model?: string): Promise<URLSearchParams> {
  const { upstream, test } = await setUp(undefined, model)
  await transcribeFile(wav, options, test.call)
  return new URL(upstream.requests[0]?.path ?? '', upstream.url).searchParams
}

describe('a file for Deepgram', () => {
  it('is sent as it is, and its transcript comes back', async () => {
    const { upstream, test } = await setUp()
    // A view into something larger: only what is meant is sent.
    const all = Buffer.concat([Buffer.from('xx'), wav.bytes, Buffer.from('yy')])
    const transcript = await transcribeFile({ ...wav, bytes: all.subarray(2, -2) }, { hints: [] }, test.call)
    expect(transcript).toEqual({
      text: 'Hello there.',
      seconds: 1.25,
      confidence: 0.99,
      words: [
        { text: 'Hello', startMs: 100, endMs: 400, confidence: 0.98 },
        { text: 'there.', startMs: 400, endMs: 800, confidence: 0.99 },
      ],
    })
    expect(upstream.requests[0]?.headers['content-type']).toBe('audio/wav')
    expect(upstream.requests[0]?.bytes.equals(wav.bytes)).toBe(true)
  })

  it('has its language found out where none is named', async () => {
    expect((await asked({ hints: [] })).get('detect_language')).toBe('true')
  })

  it('is heard in the language that is named', async () => {
    const query = await asked({ language: 'de-AT', hints: [] })
    expect([query.get('language'), query.get('detect_language')]).toEqual(['de', null])
  })

  it('is heard by the model of many languages where the language is only known there', async () => {
    const query = await asked({ language: 'gu-IN', hints: [] })
    expect([query.get('language'), query.get('language_hint')]).toEqual(['multi', 'gu'])
  })

  it('is heard with the words that may come, in the way of its model', async () => {
    expect((await asked({ hints: ['Mahesh Iyer', 'C++ & more'] })).getAll('keyterm')).toEqual(['Mahesh Iyer', 'C++ & more'])
    expect((await asked({ hints: ['Mahesh'] }, 'nova-2')).getAll('keywords')).toEqual(['Mahesh'])
  })

  it('that is silent has an empty transcript', async () => {
    const silent = {
      metadata: { duration: 3 },
      results: { channels: [{ alternatives: [{ transcript: '', confidence: 0, words: [] }] }] },
    }
    const { test } = await setUp(json(silent))
    expect(await transcribeFile(wav, { hints: [] }, test.call)).toEqual({ text: '', seconds: 3 })
  })
})

describe('a file that Deepgram does not hear', () => {
  it.each<[string, () => ReturnType<typeof setUp>, AudioFile, object]>([
    [
      'a wrong key',
      () => setUp(undefined, 'nova-3', 'sk-test-wrong'),
      wav,
      { code: 'provider_authentication', message: 'Deepgram: Invalid credentials.' },
    ],
    ['an unknown model', () => setUp(undefined, 'supernova'), wav, { code: 'provider_rejected', message: /No such model/ }],
    [
      'a file that is no sound',
      () => setUp(),
      { ...wav, bytes: Buffer.from('GIF89a') },
      { code: 'provider_rejected', message: /corrupt or unsupported/ },
    ],
    ['a page', () => setUp(htmlPage(200)), wav, { code: 'provider_protocol', message: /no JSON/ }],
    ['JSON of another kind', () => setUp(json({ request_id: 'later' })), wav, { code: 'provider_protocol' }],
    [
      'too many at once',
      () =>
        setUp(
          reply('{"err_code":"TOO_MANY_REQUESTS","err_msg":"Too many requests."}', {
            status: 429,
            headers: { 'retry-after': '3' },
          }),
        ),
      wav,
      { code: 'provider_rate_limit', retryAfter: 3 },
    ],
  ])('because of %s', async (_, prepare, file, error) => {
    const { test } = await prepare()
    const { message, ...others } = { message: /./, ...error }
    const failure = transcribeFile(file, { hints: [] }, test.call)
    await expect(failure).rejects.toMatchObject(others)
    await expect(failure).rejects.toThrow(message)
  })

  it('because Flux hears streams alone, is refused before it is sent', async () => {
    const { upstream, test } = await setUp(undefined, 'flux-general-en')
    await expect(transcribeFile(wav, { hints: [] }, test.call)).rejects.toMatchObject({ code: 'unsupported_parameter' })
    expect(upstream.requests).toHaveLength(0)
  })

  it('because the caller left', async () => {
    const { upstream, test } = await setUp(silence)
    const failure = expect(transcribeFile(wav, { hints: [] }, test.call)).rejects.toThrow('the caller left')
    await upstream.waitForRequest()
    test.abort()
    await failure
    await upstream.waitForClose()
  })
})

const folder = fixturesDir() ?? ''
const files = ['listen-rest-utterances.json', 'listen-rest-diarized.json'].map((file) => resolve(folder, 'audio/deepgram', file))

describe.skipIf(!files.every((file) => existsSync(file)))(
  'a recorded transcript (skipped where the recordings are not there)',
  () => {
    it.each(files)('is read: %s', async (file) => {
      const recorded = readFileSync(file)
      const { test } = await setUp(
        reply(recorded, { headers: { 'content-type': 'application/json' }, chunks: { seed: 7, max: 900 } }),
      )
      const transcript = await transcribeFile(wav, { hints: [] }, test.call)
      const written = JSON.parse(recorded.toString())
      const [{ transcript: text, words }] = written.results.channels[0].alternatives
      expect(transcript.text).toBe(text)
      expect(transcript.seconds).toBe(written.metadata.duration)
      expect(transcript.words).toHaveLength(words.length)
      expect(transcript.words?.map((word) => word.text).join(' ')).toBe(text)
    })
  },
)
