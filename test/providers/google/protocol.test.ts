import protos from '@google-cloud/text-to-speech/build/protos/protos.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { configOf, inputOf, oneShotOf } from '../../../providers/google/encode.ts'
import { type AnswerKind, protocol } from '../../../providers/google/protocol.ts'
import type { Voice } from '../../../providers/google/voice.ts'
import type { SpeechFormat } from '../../../providers/speech.ts'

/** What is spoken of Google's protocol is what Google's own compiled package speaks, to the byte. */

const { Status } = protos.google.rpc
const { AudioEncoding, StreamingSynthesizeRequest, SynthesizeSpeechRequest, ...v1 } = protos.google.cloud.texttospeech.v1

const voice: Voice = { name: 'de-DE-Chirp3-HD-Kore', locale: 'de-DE', family: 'Chirp3-HD' }
const formats: readonly (readonly [SpeechFormat, number])[] = [
  [{ encoding: 'pcm', rate: 24_000 }, AudioEncoding.PCM],
  [{ encoding: 'mulaw', rate: 8000 }, AudioEncoding.MULAW],
  [{ encoding: 'mp3' }, AudioEncoding.MP3],
  [{ encoding: 'opus' }, AudioEncoding.OGG_OPUS],
]

describe('a message to Google', () => {
  it.each(formats)('asks for %o with every option', (format, audioEncoding) => {
    const sampleRateHertz = 'rate' in format ? { sampleRateHertz: format.rate } : {}
    const options = { voice: 'Kore', format, speed: 1.5, volume: 0.5 }
    const named = { languageCode: 'de-DE', name: voice.name }

    const config = configOf(voice, options)
    const streamed = { audioEncoding, ...sampleRateHertz, speakingRate: 1.5 }
    const whole = StreamingSynthesizeRequest.decode(protocol.streamingRequest(config))
    expect(StreamingSynthesizeRequest.toObject(whole)).toEqual({
      streamingConfig: { voice: named, streamingAudioConfig: streamed },
    })
    expect(hex(protocol.streamingRequest(config))).toBe(hex(StreamingSynthesizeRequest.encode(whole).finish()))

    const request = oneShotOf('Schöne Welt 🌍', voice, options)
    const read = SynthesizeSpeechRequest.decode(protocol.oneShotRequest(request))
    expect(SynthesizeSpeechRequest.toObject(read)).toEqual({
      input: { text: 'Schöne Welt 🌍' },
      voice: named,
      audioConfig: { audioEncoding, ...sampleRateHertz, speakingRate: 1.5, volumeGainDb: expect.closeTo(-6.02, 2) },
    })
    expect(hex(protocol.oneShotRequest(request))).toBe(hex(SynthesizeSpeechRequest.encode(read).finish()))
  })

  it('has nothing in it that was not asked for', () => {
    const options = { voice: 'Kore', format: { encoding: 'opus' } } as const
    const config = StreamingSynthesizeRequest.decode(protocol.streamingRequest(configOf(voice, options)))
    expect(StreamingSynthesizeRequest.toObject(config).streamingConfig.streamingAudioConfig).toEqual({
      audioEncoding: AudioEncoding.OGG_OPUS,
    })
    const request = SynthesizeSpeechRequest.decode(protocol.oneShotRequest(oneShotOf('Hello.', voice, options)))
    expect(SynthesizeSpeechRequest.toObject(request).audioConfig).toEqual({ audioEncoding: AudioEncoding.OGG_OPUS })
  })

  it('has the text as it is, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 3000 }), (text) => {
        const theirs = StreamingSynthesizeRequest.encode({ input: { text } }).finish()
        expect(hex(protocol.streamingRequest(inputOf(text)))).toBe(hex(theirs))
      }),
    )
  })
})

describe.each<AnswerKind>(['StreamingSynthesizeResponse', 'SynthesizeSpeechResponse'])('the sound in a %s', (kind) => {
  it('is what Google put there, or none', () => {
    const sound = Buffer.from([1, 2, 3, 0, 255])
    expect(Buffer.from(protocol.soundIn(kind, v1[kind].encode({ audioContent: sound }).finish()))).toEqual(sound)
    expect(protocol.soundIn(kind, Buffer.alloc(0))).toEqual(new Uint8Array())
  })

  it('is not copied', () => {
    const message = Buffer.from(v1[kind].encode({ audioContent: Buffer.alloc(10_000, 7) }).finish())
    expect(protocol.soundIn(kind, message).buffer).toBe(message.buffer)
  })

  it('is read from any bytes as Google’s own package reads it, fields that nobody knows yet among them', () => {
    const field = fc
      .tuple(fc.constantFrom(0x0a, 0x12, 0xfa), fc.uint8Array({ maxLength: 100 }))
      .map(([tag, bytes]) => Buffer.concat([Buffer.from(tag === 0xfa ? [0xfa, 0x01, bytes.length] : [tag, bytes.length]), bytes]))
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc.array(field, { maxLength: 4 }).map((fields) => Buffer.concat(fields)),
    )
    fc.assert(
      fc.property(message, (bytes) => {
        const ours = outcomeOf(() => protocol.soundIn(kind, bytes))
        expect(ours).toBe(outcomeOf(() => v1[kind].decode(bytes).audioContent))
      }),
      { numRuns: 500 },
    )
  })
})

describe('the details of a failure', () => {
  it('are what Google put there', () => {
    const details = [
      { type_url: 'type.googleapis.com/google.rpc.ErrorInfo', value: Buffer.from('reason') },
      { type_url: 'type.googleapis.com/google.rpc.RetryInfo', value: Buffer.alloc(0) },
    ]
    const bytes = Status.encode({ code: 3, message: 'No.', details: [...details, {}] }).finish()
    const read = protocol.detailsIn(bytes).map(({ type, value }) => ({ type_url: type, value: Buffer.from(value) }))
    expect(read).toEqual([...details, { type_url: '', value: Buffer.alloc(0) }])
    expect(protocol.detailsIn(Status.encode({ code: 3 }).finish())).toEqual([])
    expect(() => protocol.detailsIn(Buffer.from([0x1a, 0x7f]))).toThrow()
  })
})

/** The bytes that are read, in hexadecimal, or that none can be. */
function outcomeOf(read: () => Uint8Array | string): string {
  try {
    return hex(read())
  } catch {
    return 'cannot be read'
  }
}

function hex(bytes: Uint8Array | string): string {
  return Buffer.from(bytes).toString('hex')
}
