import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../api/error.ts'
import { wavOf } from '../../../audio/wav.ts'
import { openaiAudioDialect } from '../../../providers/openai-audio/capabilities.ts'
import { createOpenAiAudio, openaiAudio } from '../../../providers/openai-audio/index.ts'
import type { SpeechProvider, TtsEvent, TtsOptions } from '../../../providers/speech.ts'
import type { TestCall } from '../../speech-call.ts'
import { type Behaviour, endless, htmlPage, json, reply, silence } from '../../upstreams/behaviour.ts'
import { mp3Of, opusOf } from '../../upstreams/compressed.ts'
import { sawtooth } from '../../upstreams/openai-audio.ts'
import { recordings, replay } from '../../upstreams/replay.ts'
import { started } from './stage.ts'

const pcm: TtsOptions = { voice: 'alloy', format: { encoding: 'pcm', rate: 24_000 } }

function said(provider: SpeechProvider, text: string, options: TtsOptions, { call }: TestCall): AsyncIterable<TtsEvent> {
  if (!provider.tts) throw new Error('it does not speak')
  return provider.tts.synthesize(text, options, call)
}

async function sound(events: AsyncIterable<TtsEvent>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let last: TtsEvent | undefined
  for await (const event of events) {
    if (event.type === 'audio') pieces.push(event.bytes)
    last = event
  }
  expect(last).toEqual({ type: 'done' })
  return Buffer.concat(pieces)
}

describe('a text is spoken', () => {
  it('as raw sound, byte for byte, however it is cut', async () => {
    const { upstream, test } = await started({ speaks: { sound: sawtooth(3000), chunks: { size: 7 } } }, 'gpt-4o-mini-tts')
    expect(await sound(said(openaiAudio, 'Good morning.', pcm, test))).toEqual(sawtooth(3000))
    expect(upstream.requests[0]?.json).toEqual({
      model: 'gpt-4o-mini-tts',
      input: 'Good morning.',
      voice: 'alloy',
      response_format: 'pcm',
    })
  })

  it('with an emotion and in a language, where a model can be told', async () => {
    const { upstream, test } = await started({}, 'gpt-4o-mini-tts')
    await sound(said(openaiAudio, 'नमस्ते', { ...pcm, voice: 'marin', emotion: 'excited', language: 'hi-IN' }, test))
    expect(upstream.requests[0]?.json).toMatchObject({ instructions: 'Speak Hindi. Speak in an excited tone.' })
  })

  it('faster, where a model can', async () => {
    const { upstream, test } = await started({}, 'tts-1')
    await sound(said(openaiAudio, 'Quick.', { ...pcm, speed: 1.5 }, test))
    expect(upstream.requests[0]?.json).toMatchObject({ speed: 1.5 })
  })

  it.each(['mp3', 'opus'] as const)('as %s', async (encoding) => {
    const { test } = await started({}, 'tts-1-hd')
    expect((await sound(said(openaiAudio, 'Hello.', { ...pcm, format: { encoding } }, test))).length).toBeGreaterThan(1000)
  })

  it('several at a time over connections that are kept', async () => {
    const { upstream, test } = await started({}, 'tts-1')
    await Promise.all(['One.', 'Two.', 'Three.'].map((text) => sound(said(openaiAudio, text, pcm, test))))
    const connections = upstream.connections
    await Promise.all(['Four.', 'Five.'].map((text) => sound(said(openaiAudio, text, pcm, test))))
    expect(upstream.connections).toBe(connections)
  })

  it('with the first sound as soon as it is there', async () => {
    const { upstream, test } = await started({ speaks: { sound: sawtooth(3000), chunks: { size: 600 }, stallAt: 1200 } }, 'tts-1')
    const events = said(openaiAudio, 'Well.', pcm, test)[Symbol.asyncIterator]()
    expect(await events.next()).toMatchObject({ value: { type: 'audio' } })
    await events.return?.()
    await upstream.waitForClose()
  })
})

describe('WAV is stripped to its sound', () => {
  const { speaking } = openaiAudioDialect
  if (!speaking) throw new Error('it does not speak')
  const wavOnly = createOpenAiAudio({ ...openaiAudioDialect, speaking: { ...speaking, formats: ['wav'] } })
  const file = Buffer.from(wavOf(sawtooth(2000), 24_000))

  it.each([
    ['with its length', file],
    ['whose length was not known yet', Buffer.concat([openEnded(file), sawtooth(2000)])],
    ['with more after the sound', Buffer.concat([file, Buffer.from('LIST\u0004\u0000\u0000\u0000abcd', 'latin1')])],
  ])('%s', async (_, sent) => {
    const { upstream, test } = await started({ speaks: { sound: sent, chunks: { size: 5 } } }, 'tts-1')
    expect(await sound(said(wavOnly, 'Hello.', pcm, test))).toEqual(sawtooth(2000))
    expect(upstream.requests[0]?.json).toMatchObject({ response_format: 'wav' })
  })

  it('also where raw sound was asked for', async () => {
    const { test } = await started({ speaks: { sound: file } }, 'tts-1')
    expect(await sound(said(openaiAudio, 'Hello.', pcm, test))).toEqual(sawtooth(2000))
  })

  it.each([
    ['another rate', Buffer.from(wavOf(sawtooth(2000), 22_050)), 's16le at 22050 Hz'],
    ['no WAV', sawtooth(2000), 'no WAV'],
    ['a header alone', file.subarray(0, 40), 'ends before the sound begins'],
  ])('but refused where it is %s', async (_, sent, words) => {
    const { test } = await started({ speaks: { sound: sent } }, 'tts-1')
    await expect(sound(said(wavOnly, 'Hello.', pcm, test))).rejects.toThrow(words)
  })

  function openEnded(whole: Buffer): Buffer {
    const header = Buffer.from(whole.subarray(0, 44))
    header.writeUInt32LE(0xffffffff, 4)
    header.writeUInt32LE(0xffffffff, 40)
    return header
  }
})

describe('a text that cannot be spoken is told', () => {
  async function failure(speaks: Behaviour | { sound: Uint8Array }, options = pcm, changes = {}): Promise<GatewayError> {
    const { test } = await started({ speaks }, 'tts-1', changes)
    try {
      await sound(said(openaiAudio, 'Hello.', options, test))
    } catch (error) {
      if (error instanceof GatewayError) return error
      throw error
    }
    throw new Error('it was spoken')
  }
  const audio = { 'content-type': 'audio/pcm' }
  const octets = { 'content-type': 'application/octet-stream' }

  it.each([
    ['nothing', { sound: new Uint8Array(0) }, 'provider_protocol', 'the answer is empty'],
    ['half a sample', { sound: sawtooth(50).subarray(1) }, 'provider_protocol', 'middle of a sample'],
    ['JSON', json({ audio_data: 'SUQz' }), 'provider_protocol', 'application/json where sound was asked for'],
    ['JSON that is called sound', reply('{"audio":"SUQz"}', { headers: audio }), 'provider_protocol', 'text where sound'],
    ['little JSON that is called sound', reply('{}', { headers: audio }), 'provider_protocol', 'text where sound'],
    ['a failure in a 200', json({ error: { message: 'no such voice' } }), 'provider_error', 'no such voice'],
    ['a page', htmlPage(200), 'provider_protocol', 'an HTML page'],
    ['a page that is called sound', reply('<!DOCTYPE html><p>', { headers: audio }), 'provider_protocol', 'text where sound'],
    [
      'MP3 that is called MP3',
      reply(mp3Of('', 500), { headers: { 'content-type': 'audio/mpeg' } }),
      'provider_protocol',
      'sent MP3',
    ],
    ['MP3 that is called bytes', reply(mp3Of('', 500), { headers: octets }), 'provider_protocol', 'sent MP3 where PCM'],
    [
      'MP3 in small pieces',
      reply(mp3Of('', 500).subarray(10), { headers: octets, chunks: { size: 7 } }),
      'provider_protocol',
      'sent MP3 where PCM',
    ],
    ['Opus', reply(opusOf('', 500), { headers: octets }), 'provider_protocol', 'sent Ogg where PCM'],
    ['far too much', endless('0123456789abcdef'.repeat(4096), { headers: audio }), 'provider_protocol', 'more than 66 seconds'],
    ['a broken connection', reply(sawtooth(5000), { headers: audio, dieAt: 4000 }), 'provider_disconnected', ''],
    ['a refusal', json({ error: { message: 'busy' } }, { status: 503 }), 'provider_overloaded', 'busy'],
  ])('where the answer is %s', async (_, speaks, code, words) => {
    const error = await failure(speaks)
    expect(error.code).toBe(code)
    expect(error.message).toContain(words)
  })

  it.each(['mp3', 'opus'] as const)('where what comes is no %s', async (encoding) => {
    const error = await failure({ sound: sawtooth(500) }, { ...pcm, format: { encoding } })
    expect(error.message).toContain(`something else where ${encoding === 'mp3' ? 'MP3' : 'Opus in Ogg'} was asked for`)
  })

  it('where it stops in the middle', async () => {
    const stalled = reply(sawtooth(5000), { headers: audio, stallAt: 4000 })
    expect((await failure(stalled, pcm, { timeouts: { firstByteMs: 1000, idleMs: 50 } })).code).toBe('provider_timeout')
  })

  it('in the words of the vendor', async () => {
    const { test } = await started({}, 'tts-1')
    const refused = sound(said(openaiAudio, 'Hello.', { ...pcm, voice: 'marin' }, test))
    await expect(refused).rejects.toMatchObject({ code: 'provider_rejected' })
    await expect(refused).rejects.toThrow("Invalid value: 'marin'")
  })

  it('with the reason of a caller who left, and the connection is closed', async () => {
    const { upstream, test } = await started({ speaks: silence }, 'tts-1')
    const spoken = sound(said(openaiAudio, 'Hello.', pcm, test))
    await upstream.waitForRequest()
    test.abort()
    await expect(spoken).rejects.toThrow('the caller left')
    await upstream.waitForClose()
  })

  const spokenElsewhere = recordings(({ file }) => file === 'audio/mistral/speech.json')
  it('where sound is written in JSON, as another vendor has it', async ({ skip }) => {
    const [recording] = await spokenElsewhere
    if (!recording) return skip('the recorded traffic is not there')
    expect((await failure(await replay(recording))).message).toContain('application/json where sound was asked for')
  })
})
