import type { Alignment, AudioBlock, AudioChunkEvent, AudioUnavailableEvent } from '@vai/sdk'
import { BrokenStreamError, soundOf } from '@vai/sdk'
import { describe, expect, it } from 'vitest'
import { bytesOfBase64 } from '../../../sdk/typescript/base64.ts'
import { MessageStream } from '../../../sdk/typescript/stream/message-stream.ts'
import { answer, closing, message } from './answers.ts'
import { all, failureOf, Source } from './source.ts'

/** The sound of spoken answers, as it comes and as a whole. */

const alignment: Alignment = { kind: 'word', tokens: ['Hello'], start_ms: [0], dur_ms: [300] }
const unavailable: AudioUnavailableEvent = {
  type: 'audio_unavailable',
  seq: 1,
  error: { type: 'provider_error', code: 'provider_down', message: 'The voice failed.' },
}

function chunk(seq: number, bytes: Uint8Array, fields: Partial<AudioChunkEvent> = {}): AudioChunkEvent {
  const audio = Buffer.from(bytes).toString('base64')
  return { type: 'audio_chunk', format: 'wav', audio, sample_rate_hz: 24000, text: '', seq, is_final: false, ...fields }
}

/** Bytes of every kind. */
function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31) % 256)
}

function spoken(...sounds: readonly (AudioChunkEvent | AudioUnavailableEvent)[]): MessageStream {
  const events = answer('Hello').slice(0, -closing.length)
  return new MessageStream(new Source().events(...events, ...sounds, ...closing).end().open)
}

describe('audio()', () => {
  it('gives the sound as bytes, with what belongs to it', async () => {
    const stream = spoken(chunk(0, noise(300), { text: 'Hello', alignment }), chunk(1, new Uint8Array(0), { is_final: true }))
    expect(await all(stream.audio())).toEqual([
      {
        type: 'audio_chunk',
        format: 'wav',
        bytes: noise(300),
        sample_rate_hz: 24000,
        text: 'Hello',
        seq: 0,
        is_final: false,
        alignment,
      },
      { type: 'audio_chunk', format: 'wav', bytes: new Uint8Array(0), sample_rate_hz: 24000, text: '', seq: 1, is_final: true },
    ])
    expect(await stream.finalText()).toBe('Hello')
  })

  it('tells that the voice has failed, and the message is whole', async () => {
    const stream = spoken(chunk(0, noise(3)), unavailable)
    const told: unknown[] = []
    for await (const sound of stream.audio()) told.push(sound.type === 'audio_chunk' ? sound.bytes : sound.error.message)
    expect(told).toEqual([noise(3), 'The voice failed.'])
    expect(await stream.finalText()).toBe('Hello')
  })

  it('breaks where the sound is not base64', async () => {
    for (const audio of ['no base64!', 7]) {
      const broken = JSON.parse(JSON.stringify({ ...chunk(0, noise(3)), audio }))
      const stream = spoken(broken)
      const failure = await failureOf(all(stream.audio()))
      expect(failure).toBeInstanceOf(BrokenStreamError)
      expect(failure).toMatchObject({ message: expect.stringContaining('its sound is not base64'), request_id: 'req_test' })
    }
  })

  it('leaves the events of a spoken answer as they came', async () => {
    const sound = chunk(0, noise(3))
    expect(await all(spoken(sound, unavailable))).toContainEqual(sound)
    expect(await all(spoken(sound, unavailable))).toContainEqual(unavailable)
  })
})

describe('soundOf', () => {
  const block: AudioBlock = {
    type: 'audio',
    source: { type: 'base64', media_type: 'audio/wav', data: Buffer.from(noise(5)).toString('base64') },
    transcript: 'Hello',
    sample_rate_hz: 24000,
  }

  it('is the file that an answer is spoken in', () => {
    const { content } = message('Hello')
    expect(soundOf({ content: [...content, block] })).toEqual({
      bytes: noise(5),
      format: 'wav',
      media_type: 'audio/wav',
      transcript: 'Hello',
      sample_rate_hz: 24000,
    })
  })

  it('knows the formats of the contract, and leaves others to their media type', () => {
    const formatOf = (media_type: string) => soundOf({ content: [{ ...block, source: { ...block.source, media_type } }] })?.format
    expect(['audio/wav', 'audio/mpeg', 'audio/pcm', 'audio/ogg', 'audio/x-new'].map(formatOf)).toEqual([
      'wav',
      'mp3',
      'pcm',
      'opus',
      undefined,
    ])
  })

  it('is undefined where nothing was spoken', () => {
    expect(soundOf(message('Hello'))).toBeUndefined()
  })
})

describe('bytesOfBase64', () => {
  it('reads what others write, of any length', () => {
    for (const length of [0, 1, 2, 3, 4, 100_000]) {
      expect(bytesOfBase64(Buffer.from(noise(length)).toString('base64'))).toEqual(noise(length))
    }
  })
})
