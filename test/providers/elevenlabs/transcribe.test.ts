import { afterEach, describe, expect, it } from 'vitest'
import { wavOf } from '../../../audio/wav.ts'
import { transcribeFile } from '../../../providers/elevenlabs/transcribe.ts'
import type { AudioFile, SttOptions } from '../../../providers/speech.ts'
import type { TestCall } from '../../speech-call.ts'
import { htmlPage, json, sse } from '../../upstreams/behaviour.ts'
import { type ElevenLabsOptions, startElevenLabs } from '../../upstreams/elevenlabs.ts'
import { formFields } from '../../upstreams/elevenlabs-rules.ts'
import { fixturesDir, recordedBytes } from '../../upstreams/replay.ts'
import type { Upstream } from '../../upstreams/upstream.ts'
import { callTo } from './speaking.ts'

const bytes = wavOf(new Uint8Array(32_000), 16_000)
const file: AudioFile = { bytes, kind: 'wav', mediaType: 'audio/wav', seconds: 1 }
const plain: SttOptions = { hints: [] }

const open: (Upstream | TestCall)[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(options: ElevenLabsOptions = {}, model = 'scribe_v2') {
  const upstream = await startElevenLabs(options)
  const call = callTo(upstream.url, model)
  open.push(upstream, call)
  return { upstream, ...call }
}

describe('a file', () => {
  it('is heard, with its words, their times and how sure they are', async () => {
    const { call } = await start()
    const { words = [], ...transcript } = await transcribeFile(file, plain, call)
    expect(transcript).toEqual({ text: 'Hello there.', language: 'en', seconds: 1.25, confidence: expect.closeTo(0.823, 3) })
    expect(words).toEqual([
      { text: 'Hello', startMs: 100, endMs: 420, confidence: expect.closeTo(0.905, 3) },
      { text: 'there.', startMs: 500, endMs: 900, confidence: expect.closeTo(0.741, 3) },
    ])
  })

  it('is sent with all that was asked for', async () => {
    const { upstream, call } = await start()
    await transcribeFile(file, { language: 'pt-BR', hints: ['Ana', 'São Paulo'] }, call)
    const [request] = upstream.requests
    const { file: sent, ...fields } = (request && formFields(request)) ?? {}
    expect(sent?.[0]).toBe(Buffer.from(bytes).toString('latin1'))
    expect(fields).toEqual({
      model_id: ['scribe_v2'],
      language_code: ['pt'],
      tag_audio_events: ['false'],
      timestamps_granularity: ['word'],
      keyterms: ['Ana', Buffer.from('São Paulo').toString('latin1')],
    })
  })

  it('in which nobody speaks is an empty transcript', async () => {
    const { call } = await start({ script: { transcript: { language_code: 'eng', text: '', words: [] } } })
    expect(await transcribeFile(file, plain, call)).toEqual({ text: '', language: 'en', words: [] })
  })

  it.each([
    ['a page', htmlPage(200), 'provider_protocol'],
    ['events', sse('data: {}\n\n'), 'provider_protocol'],
    ['something else', json({ words: [] }), 'provider_protocol'],
    ['a list', json([]), 'provider_protocol'],
    ['a page of an error', htmlPage(503), 'provider_overloaded'],
  ])('answered with %s is an error', async (_, script, code) => {
    const { call } = await start({ script })
    await expect(transcribeFile(file, plain, call)).rejects.toMatchObject({ code })
  })

  it('for a model that there is not is an error', async () => {
    const { call } = await start({}, 'scribe_v9')
    await expect(transcribeFile(file, plain, call)).rejects.toMatchObject({ code: 'provider_rejected' })
  })

  it('keeps to the signal', async () => {
    const { upstream, call, abort } = await start({ hold: () => new Promise(() => undefined) })
    const heard = transcribeFile(file, plain, call)
    await upstream.waitForRequest()
    abort()
    await expect(heard).rejects.toThrow('the caller left')
  })
})

describe.skipIf(fixturesDir() === undefined)('a recorded transcript', () => {
  it('is read', async () => {
    const recorded: unknown = JSON.parse(
      Buffer.from(await recordedBytes({ file: 'audio/elevenlabs/transcription.json' })).toString(),
    )
    const { call } = await start({ script: { transcript: recorded } })
    const { words = [], ...transcript } = await transcribeFile(file, plain, call)
    expect(transcript).toMatchObject({ text: 'Hello from the Vercel AI SDK.', language: 'en', confidence: 1 })
    expect(words.map(({ text }) => text)).toEqual(['Hello', 'from', 'the', 'Vercel', 'AI', 'SDK.'])
    expect(words[0]).toEqual({ text: 'Hello', startMs: 199, endMs: 479, confidence: 1 })
  })
})
