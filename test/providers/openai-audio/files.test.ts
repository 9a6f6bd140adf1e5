import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../api/error.ts'
import { Secret } from '../../../api/secret.ts'
import { wavOf } from '../../../audio/wav.ts'
import { openaiAudio } from '../../../providers/openai-audio/index.ts'
import type { AudioFile, SttOptions, Transcript } from '../../../providers/speech.ts'
import { empty, htmlPage, json, reply, silence, sse } from '../../upstreams/behaviour.ts'
import { type OpenAiAudioOptions, sawtooth, textsOf } from '../../upstreams/openai-audio.ts'
import { recordings, replay } from '../../upstreams/replay.ts'
import { started } from './stage.ts'

const file: AudioFile = { bytes: wavOf(sawtooth(24_000), 24_000), kind: 'wav', mediaType: 'audio/wav', seconds: 1 }

async function heard(
  options: OpenAiAudioOptions,
  model = 'gpt-4o-transcribe',
  sttOptions: SttOptions = { hints: [] },
  given = file,
): Promise<{ transcript: Transcript; form: Record<string, string | string[]> }> {
  const { upstream, test } = await started(options, model)
  const transcript = await openaiAudio.stt?.transcribeFile?.(given, sttOptions, test.call)
  if (!transcript) throw new Error('it hears no files')
  const [request] = upstream.requests
  return { transcript, form: request ? textsOf(request) : {} }
}

describe('a file is heard', () => {
  it('as a stream by the models that have one, with what is told beforehand', async () => {
    const options = { language: 'hi-IN', hints: ['Sahil Oberoi', ' VAI\n'] }
    const { transcript, form } = await heard(
      { hears: { text: 'Namaste, Sahil.', chunks: 'bytes' } },
      'gpt-4o-transcribe',
      options,
    )
    expect(transcript).toEqual({ text: 'Namaste, Sahil.' })
    expect(form).toEqual({
      file: 'audio.wav',
      model: 'gpt-4o-transcribe',
      response_format: 'json',
      stream: 'true',
      language: 'hi',
      prompt: 'Sahil Oberoi, VAI',
    })
  })

  it('with words and their times by Whisper', async () => {
    const { transcript, form } = await heard({ hears: { text: 'Good morning' } }, 'whisper-1')
    expect(transcript).toEqual({
      text: 'Good morning',
      language: 'en',
      seconds: 2.5,
      words: [
        { text: 'Good', startMs: 0, endMs: 400 },
        { text: 'morning', startMs: 500, endMs: 900 },
      ],
    })
    expect(form).toMatchObject({ response_format: 'verbose_json', 'timestamp_granularities[]': ['word'] })
  })

  it('in parts that the vendor cuts, where speakers are told apart', async () => {
    const { transcript, form } = await heard({ hears: { text: 'Yes.' } }, 'gpt-4o-transcribe-diarize')
    expect(transcript.text).toBe('Yes.')
    expect(form).toEqual({
      file: 'audio.wav',
      model: 'gpt-4o-transcribe-diarize',
      response_format: 'json',
      chunking_strategy: 'auto',
    })
  })

  it('with lists of languages and words by the models that take them', async () => {
    const { form } = await heard({}, 'gpt-transcribe', { language: 'nb', hints: ['<Oslo>', 'Bergen'] })
    expect(form).toMatchObject({ 'languages[]': ['no'], 'keywords[]': ['Oslo', 'Bergen'] })
  })

  it.each([
    ['mp4', 'audio.m4a'],
    ['webm', 'audio.webm'],
    ['ogg', 'audio.ogg'],
  ] as const)('by the ending of its kind: %s', async (kind, name) => {
    const { form } = await heard({}, 'whisper-1', { hints: [] }, { ...file, kind, mediaType: `audio/${kind}` })
    expect(form.file).toBe(name)
  })

  it('also where a server answers in one piece though a stream was asked for', async () => {
    const { transcript } = await heard({ hears: json({ text: ' One.\n Two.\n', usage: { type: 'duration', seconds: 4 } }) })
    expect(transcript).toEqual({ text: 'One. Two.', seconds: 4 })
  })

  it('with the words of each segment and the language as whisper.cpp tells them', async () => {
    const segments = [{ text: ' Hi', words: [{ word: ' Hi', start: 0.1, end: 0.3, probability: 0.9 }] }]
    const { transcript } = await heard({ hears: json({ text: ' Hi\n', language: 'hindi', duration: 1, segments }) }, 'whisper-1')
    expect(transcript).toEqual({
      text: 'Hi',
      language: 'hi',
      seconds: 1,
      words: [{ text: 'Hi', startMs: 100, endMs: 300, confidence: 0.9 }],
    })
  })

  it('as silence where nothing was said', async () => {
    expect((await heard({ hears: { text: '' } }, 'whisper-1')).transcript.text).toBe('')
  })
})

describe('a file that cannot be heard is told', () => {
  async function failure(options: OpenAiAudioOptions, model = 'gpt-4o-transcribe', changes = {}): Promise<GatewayError> {
    const { test } = await started(options, model, changes)
    try {
      await openaiAudio.stt?.transcribeFile?.(file, { hints: [] }, test.call)
    } catch (error) {
      if (error instanceof GatewayError) return error
      throw error
    }
    throw new Error('it was heard')
  }

  it('in the words of the vendor', async () => {
    const { code, message } = await failure({}, 'whisper-9')
    expect(code).toBe('provider_not_found')
    expect(message).toContain('The model `whisper-9` does not exist')
  })

  it('without the key that was refused', async () => {
    const { test } = await started({}, 'whisper-1', { apiKey: new Secret('sk-test-wrong-0123456789') })
    const refused = openaiAudio.stt?.transcribeFile?.(file, { hints: [] }, test.call)
    await expect(refused).rejects.toMatchObject({ code: 'provider_authentication' })
    await expect(refused).rejects.not.toThrow('sk-test-wrong-0123456789')
  })

  it.each([
    ['a page', htmlPage(200), 'provider_protocol', 'HTML page'],
    ['nothing', empty(), 'provider_protocol', 'empty'],
    ['no JSON', reply('heard: yes', { headers: { 'content-type': 'text/plain' } }), 'provider_protocol', 'no JSON'],
    ['JSON that is none', json({ segments: [] }), 'provider_protocol', 'no transcript'],
    ['a failure in a 200', json({ error: 'failed to read audio data' }), 'provider_error', 'failed to read audio data'],
    ['a stream that breaks off', sse('data: {"type":"transcript.text.delta","delta":"It"}\n\n'), 'provider_disconnected', ''],
    [
      'a stream of an error',
      sse('data: {"type":"error","error":{"message":"out of luck"}}\n\n'),
      'provider_error',
      'out of luck',
    ],
    ['a stream of garbage', sse('data: {{{\n\n'), 'provider_protocol', 'no JSON'],
    ['too much to do', json({ error: { message: 'slow down' } }, { status: 429 }), 'provider_rate_limit', 'slow down'],
  ])('where the answer is %s', async (_, hears, code, words) => {
    const error = await failure({ hears })
    expect(error.code).toBe(code)
    expect(error.message).toContain(words)
  })

  it('where there is no answer in time', async () => {
    const error = await failure({ hears: silence }, 'whisper-1', { timeouts: { firstByteMs: 50, idleMs: 50 } })
    expect(error.code).toBe('provider_timeout')
  })

  it('with the reason of a caller who left, and the connection is closed', async () => {
    const { upstream, test } = await started({ hears: silence }, 'whisper-1')
    const transcript = openaiAudio.stt?.transcribeFile?.(file, { hints: [] }, test.call)
    await upstream.waitForRequest()
    test.abort()
    await expect(transcript).rejects.toThrow('the caller left')
    await upstream.waitForClose()
  })
})

const recorded = await recordings(({ api, provider }) => api === 'transcriptions' && provider !== 'deepgram')

describe.skipIf(recorded.length === 0)('a recorded transcription is read', () => {
  it.each(recorded)('$file', async (recording) => {
    const { transcript } = await heard({ hears: await replay(recording, { chunks: 'bytes' }) })
    expect(transcript.text).toMatch(/^(?:Ruby is a programming language designed for developer happiness\.|Galileo was )/)
    expect(transcript.seconds).toBe(secondsOf[recording.file])
    for (const { startMs, endMs } of transcript.words ?? []) expect(endMs).toBeGreaterThanOrEqual(startMs)
  })

  const secondsOf: Readonly<Record<string, number>> = {
    'audio/openai/transcription-whisper.json': 4,
    'audio/openai/transcription-diarized.json': 3.7,
    'audio/openai/transcription-verbose.json': 36.709999084472656,
    'audio/mistral/transcription-speakers.json': 3,
  }
})
