import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { askedOf } from '../../../plugins/voice/asked.ts'

const source = { type: 'base64', media_type: 'audio/wav', data: 'UklGRg==' }
const stt = { type: 'audio_stt', source }
const user = (...content: unknown[]): object => ({ role: 'user', content })

describe('what a body asks of voice', () => {
  it.each([
    [undefined],
    [null],
    ['voice'],
    [[]],
    [{}],
    [{ messages: [user({ type: 'audio', source })] }],
    [{ voice: null, stt_model: '', tts_model: 7 }],
    [{ messages: 'none', voice: 'demo/soft' }],
    [{ messages: [user({ ...stt, source: 'none' })] }],
  ])('is nothing: %j', (body) => {
    expect(askedOf(body)).toBeUndefined()
  })

  it('is read with its defaults', () => {
    expect(askedOf({ voice: { output: { voice: 'demo/soft' } } })).toEqual({
      sttModel: undefined,
      ttsModel: undefined,
      language: undefined,
      hints: [],
      output: {
        voice: 'demo/soft',
        format: 'wav',
        sampleRate: undefined,
        speed: undefined,
        volume: undefined,
        emotion: undefined,
        language: undefined,
        alignment: false,
      },
      blocks: [],
    })
  })

  it('is read in whole', () => {
    const output = {
      voice: 'v',
      format: 'opus',
      sample_rate: 1,
      speed: 2,
      volume: 3,
      emotion: 'e',
      language: 'l',
      alignment: true,
    }
    const block = { ...stt, language: 'fr', sample_rate: 8000, channels: 2 }
    const body = {
      voice: { input: { language: 'de', hints: ['a', 7, 'b'] }, output },
      stt_model: 's',
      tts_model: 't',
      messages: [user(block)],
    }
    expect(askedOf(body)).toMatchObject({
      sttModel: 's',
      ttsModel: 't',
      language: 'de',
      hints: ['a', 'b'],
      output: { voice: 'v', format: 'opus', sampleRate: 1, speed: 2, volume: 3, emotion: 'e', language: 'l', alignment: true },
      blocks: [
        { param: 'messages[0].content[0]', message: 0, type: 'audio_stt', source, language: 'fr', sampleRate: 8000, channels: 2 },
      ],
    })
  })

  it('hears blocks of audio where the input is voice, and of the user alone', () => {
    const messages = [
      user({ type: 'audio', source }),
      { role: 'assistant', content: [{ type: 'audio', source, transcript: 'Hi' }] },
      user('x', stt),
    ]
    const heard = (voice?: object): unknown => askedOf({ messages, ...(voice && { voice }) })?.blocks.map(({ param }) => param)
    expect(heard()).toEqual(['messages[2].content[1]'])
    expect(heard({ input: {} })).toEqual(['messages[0].content[0]', 'messages[2].content[1]'])
  })

  it('is read from anything without a fault', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (voice, messages, output) => {
        askedOf({ voice, messages })
        askedOf({ voice: { output, input: voice }, messages: [user(messages)], stt_model: output })
      }),
    )
  })
})
