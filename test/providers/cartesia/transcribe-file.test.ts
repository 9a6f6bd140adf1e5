import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cartesia } from '../../../providers/cartesia/index.ts'
import type { AudioFile, SpeechCall, SttOptions, Transcript } from '../../../providers/speech.ts'
import { htmlPage, json, reply, silence, sse } from '../../upstreams/behaviour.ts'
import { formOf } from '../../upstreams/cartesia.ts'
import { fixturesDir } from '../../upstreams/replay.ts'
import { staged } from './stage.ts'

const file: AudioFile = { bytes: Buffer.from('RIFF\r\n--x\0\xff', 'latin1'), kind: 'wav', mediaType: 'audio/wav', seconds: 1 }

describe('a whole file', () => {
  it('is heard with the times of its words', async () => {
    const { call, upstream } = await staged('ink-whisper')
    expect(await transcribeFile(file, { language: 'fr-CA', hints: [] }, call)).toEqual({
      text: 'Hello there.',
      language: 'fr',
      seconds: 1.25,
      words: [
        { text: 'Hello', startMs: 100, endMs: 500 },
        { text: 'there.', startMs: 550, endMs: 1100 },
      ],
    })
    const request = await upstream.waitForRequest()
    expect(request.headers['content-length']).toBe(String(request.bytes.length))
    expect(Object.fromEntries(formOf(request) ?? [])).toEqual({
      model: 'ink-whisper',
      language: 'fr',
      'timestamp_granularities[]': 'word',
      file: 'RIFF\r\n--x\0\xff',
    })
  })

  it('may hold nothing that was said', async () => {
    const { call } = await staged('ink-whisper', { transcript: { type: 'transcript', text: '' } })
    expect(await transcribeFile(file, { hints: [] }, call)).toEqual({ text: '' })
  })

  it.skipIf(fixturesDir() === undefined)('is understood as it was recorded (where the recordings are)', async () => {
    const path = resolve(fixturesDir() ?? '', 'audio/cartesia/transcription.json')
    const { call } = await staged('ink-whisper', { transcript: JSON.parse(await readFile(path, 'utf8')) })
    const { words, ...heard } = await transcribeFile(file, { hints: [] }, call)
    expect(heard).toEqual({ text: 'Hello from the Vercel AI SDK.', language: 'en', seconds: 2.479 })
    expect(words).toHaveLength(6)
    expect(words?.[3]).toEqual({ text: 'Vercel', startMs: 759, endMs: 1120 })
  })

  it.each([
    ['a page', htmlPage(200), { code: 'provider_protocol' }],
    ['events', sse('data: {}\n\n'), { code: 'provider_protocol' }],
    ['no transcript', json({ words: [] }), { code: 'provider_protocol', message: 'Cartesia: the answer holds no transcript.' }],
    ['no JSON', reply('{"text"', { headers: { 'content-type': 'application/json' } }), { code: 'provider_protocol' }],
    ['nothing', reply('', { headers: { 'content-type': 'application/json' } }), { transient: true }],
    ['silence', silence, { code: 'provider_timeout' }],
    ['a file that is too large', reply('', { status: 413 }), { code: 'provider_request_too_large' }],
  ])('that is answered with %s fails as what that is', async (_, answer, expected) => {
    const { call } = await staged('ink-whisper', { http: () => answer }, { timeouts: { firstByteMs: 150, idleMs: 150 } })
    await expect(transcribeFile(file, { hints: [] }, call)).rejects.toMatchObject(expected)
  })

  it('is given up with the reason of the caller', async () => {
    const { call, upstream, abort } = await staged('ink-whisper', { http: () => silence })
    const heard = transcribeFile(file, { hints: [] }, call)
    void upstream.waitForRequest().then(abort)
    await expect(heard).rejects.toEqual(new Error('the caller left'))
    await upstream.waitForClose()
  })
})

async function transcribeFile(audio: AudioFile, options: SttOptions, call: SpeechCall): Promise<Transcript> {
  const heard = await cartesia.stt?.transcribeFile?.(audio, options, call)
  if (!heard) throw new Error('it takes no files')
  return heard
}
