import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../api/error.ts'
import { isIssueCode } from '../../../api/issue-codes.ts'
import { pcmToAlaw, pcmToMulaw } from '../../../audio/g711.ts'
import { atOnce, stepBytes } from '../../../audio/steps.ts'
import { parseWav, pcmOfWav, wavOf } from '../../../audio/wav.ts'
import type { SoundBlock } from '../../../plugins/voice/plan.ts'
import { soundOf } from '../../../plugins/voice/sound.ts'
import type { AudioFile } from '../../../providers/speech.ts'
import { tone } from '../../audio/tone.ts'
import { chunk, fmt, riff } from '../../audio/wav-file.ts'
import { blockOf, flac, mp3, ogg, urlBlock, wavTone } from './sounds.ts'

function heardIn(bytes: Uint8Array, mediaType?: string, changes?: Partial<SoundBlock>): AudioFile {
  return atOnce(soundOf(blockOf(bytes, mediaType, changes), bytes))
}

/** The code and the message of what is wrong with it; throws where nothing is, or where it is told in another way. */
function problemIn(bytes: Uint8Array, mediaType?: string, changes?: Partial<SoundBlock>): string {
  return problemOf(() => heardIn(bytes, mediaType, changes))
}

function problemOf(run: () => AudioFile): string {
  try {
    run()
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const [issue] = error.issues ?? []
    expect(error.status).toBe(400)
    expect(error.param).toBe('messages[0].content[0]')
    expect(error.message).toBe(`messages[0].content[0]: ${issue?.message}`)
    expect(error.code).toBe(issue?.code)
    expect(isIssueCode(error.code)).toBe(true)
    return `${issue?.code}: ${issue?.message}`
  }
  throw new Error('nothing is wrong with it')
}

const speech = tone(440, 16_000, 16_000)

describe('a file of sound', () => {
  it.each<[string, Buffer | Uint8Array, AudioFile['kind'], string, number]>([
    ['WAV', wavOf(speech, 16_000), 'wav', 'audio/wav', 1],
    ['MP3', mp3(50), 'mp3', 'audio/mpeg', 3.6],
    ['FLAC', flac(2), 'flac', 'audio/flac', 2],
    ['Ogg', ogg(3), 'ogg', 'audio/ogg', 3],
  ])('is %s by its bytes, whatever it was declared to be', (_, bytes, kind, mediaType, seconds) => {
    for (const declared of ['audio/wav', 'audio/mpeg', 'audio/flac', 'audio/ogg', 'audio/webm']) {
      expect(heardIn(bytes, declared)).toEqual({ bytes, kind, mediaType, seconds: expect.closeTo(seconds, 3) })
    }
    expect(atOnce(soundOf(urlBlock('https://example.com/a'), bytes)).kind).toBe(kind)
  })

  it('of any width, rate and number of channels is taken as it is', () => {
    for (const shape of [
      { rate: 96_000, channels: 2, bits: 24 },
      { bits: 32, float: true },
      { bits: 8, rate: 8000 },
    ]) {
      const bytes = wavTone(4800, shape)
      expect(heardIn(bytes).bytes).toBe(bytes)
    }
  })

  it('that was cut short is what there is of it', () => {
    const whole = wavOf(speech, 16_000)
    expect(heardIn(whole.subarray(0, 44 + 8001)).seconds).toBe(0.25)
    expect(heardIn(mp3(50).subarray(0, 1000)).seconds).toBeCloseTo(1, 1)
  })

  it('that claims an hour and holds a second lasts a second', () => {
    const bytes = Buffer.from(wavOf(speech, 16_000))
    bytes.writeUInt32LE(3600 * 32_000, 40)
    bytes.writeUInt32LE(3600 * 32_000 + 36, 4)
    expect(heardIn(bytes).seconds).toBe(1)
  })

  it('of an hour lasts an hour', () => {
    expect(heardIn(mp3(50_000)).seconds).toBeCloseTo(3600)
    expect(heardIn(ogg(3600)).seconds).toBeCloseTo(3600)
    expect(heardIn(flac(3600)).seconds).toBeCloseTo(3600)
  })
})

describe('no good are', () => {
  it('no bytes', () => expect(problemIn(new Uint8Array())).toBe('empty: holds no sound: it has no bytes'))

  it.each<[string, string | Buffer]>([
    ['an HTML page', '\n<!DOCTYPE html><html><body>Not found</body></html>'],
    ['JSON', ' {"error": "not found"}'],
    ['XML', '<?xml version="1.0"?><Error/>'],
    ['a PNG picture', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1')],
    ['a JPEG picture', Buffer.from('\xff\xd8\xff\xe0\0\x10JFIF', 'latin1')],
    ['a PDF document', '%PDF-1.7\n'],
    ['a data URL; send what follows its comma', 'data:audio/wav;base64,UklGRg=='],
    ['text', 'Ein Satz mit Umlauten: äöü.'],
    ['text', 'R'],
    ['nothing that is known', Buffer.from([0, 1, 2, 3, 4, 5, 6, 7])],
  ])('%s', (name, content) => {
    expect(problemIn(Buffer.from(content))).toBe(`not_audio: is no file of sound; it looks like ${name}`)
  })

  it.each<[string, Buffer]>([
    ['a WAV file without data', riff(fmt({}))],
    ['a WAV file of no frames', riff(fmt({}), chunk('data', Buffer.alloc(0)))],
    ['a WAV file of half a frame', riff(fmt({}), chunk('data', Buffer.alloc(1)))],
    ['a WAV file of what is not read', riff(fmt({ tag: 0x11, bits: 4, frameBytes: 1 }), chunk('data', Buffer.alloc(100)))],
    ['the beginning of a WAV file', Buffer.from('RIFF\0\0\0\0WA')],
    ['a FLAC file without a frame', flac(1).subarray(0, 42)],
    ['the beginning of a FLAC file', Buffer.from('fLa')],
    ['an MP3 file of tags alone', Buffer.from('ID3\x04\0\0\0\0\0\x0a0123456789', 'latin1')],
    ['part of a frame of MP3', mp3(1).subarray(0, 50)],
    ['the beginning of an Ogg file', ogg(1).subarray(0, 20)],
  ])('%s', (_, bytes) => {
    expect(problemIn(bytes)).toMatch(/^invalid_audio: /)
  })

  it('silence', () => {
    const quiet = Buffer.alloc(32_000)
    for (let at = 0; at < quiet.length; at += 2) quiet.writeInt16LE((at % 14) / 2 - 3, at)
    const code = pcmToAlaw(quiet.subarray(0, 2))[0] ?? 0
    expect(problemIn(wavOf(quiet, 16_000))).toMatch(/^no_speech: /)
    expect(problemIn(quiet, 'audio/pcm', { sampleRate: 16_000 })).toMatch(/^no_speech: /)
    expect(problemIn(Buffer.alloc(8000, 0xff), 'audio/basic')).toMatch(/^no_speech: /)
    expect(problemIn(riff(fmt({ bits: 8 }), chunk('data', Buffer.alloc(8000, 128))))).toMatch(/^no_speech: /)
    expect(problemIn(riff(fmt({ tag: 6, bits: 8 }), chunk('data', Buffer.alloc(8000, code))))).toMatch(/^no_speech: /)
    expect(problemIn(riff(fmt({ tag: 3, bits: 32 }), chunk('data', Buffer.alloc(8000))))).toMatch(/^no_speech: /)
  })

  it('silence, which is looked at in steps, however much there is of it', () => {
    const bytes = riff(fmt({ bits: 8 }), chunk('data', Buffer.alloc(10 * stepBytes, 128)))
    for (const block of [blockOf(bytes), blockOf(bytes, 'audio/basic')]) {
      const steps = soundOf(
        block,
        bytes.subarray(block.source.type === 'base64' && block.source.mediaType === 'audio/wav' ? 0 : 44),
      )
      for (let count = 0; count < 10; count++) expect(steps.next().done).toBe(false)
    }
  })

  it('not one loud sample, be it the last, or in a channel that another cancels', () => {
    const loud = Buffer.alloc(32_000)
    loud.writeInt16LE(4, loud.length - 2)
    expect(heardIn(wavOf(loud, 16_000)).seconds).toBe(1)
    const opposed = Buffer.alloc(16_000)
    for (let at = 0; at < opposed.length; at += 2) opposed.writeInt16LE(at % 4 === 0 ? 1000 : -1000, at)
    expect(heardIn(riff(fmt({ channels: 2 }), chunk('data', opposed))).kind).toBe('wav')
  })
})

describe('sound without a container', () => {
  it('is PCM at the rate that was said', () => {
    const file = heardIn(speech, 'audio/pcm', { sampleRate: 16_000 })
    expect(file).toEqual({ bytes: wavOf(speech, 16_000), kind: 'wav', mediaType: 'audio/wav', seconds: 1 })
  })

  it('is µ-law at 8 kHz where nothing else was said', () => {
    const codes = pcmToMulaw(tone(440, 8000, 4000))
    const file = heardIn(codes, 'audio/basic')
    expect(file.seconds).toBe(0.5)
    expect(parseWav(file.bytes)).toMatchObject({ format: 's16le', rate: 8000, channels: 1, frames: 4000 })
    expect(heardIn(codes, 'audio/basic', { sampleRate: 16_000 }).seconds).toBe(0.25)
  })

  it('becomes one channel', () => {
    const both = Buffer.alloc(speech.length * 2)
    const samples = Buffer.from(speech)
    for (let at = 0; at < speech.length; at += 2) {
      samples.copy(both, at * 2, at, at + 2)
      samples.copy(both, at * 2 + 2, at, at + 2)
    }
    const file = heardIn(both, 'audio/pcm', { sampleRate: 16_000, channels: 2 })
    expect(file.seconds).toBe(1)
    expect(Buffer.compare(pcmOfWav(parseWav(file.bytes)), speech)).toBe(0)
  })

  it('needs a rate, and whole samples', () => {
    expect(problemIn(speech, 'audio/pcm')).toMatch(/^required: needs a sample_rate/)
    const odd = { sampleRate: 16_000 }
    expect(problemIn(speech.subarray(1), 'audio/pcm', odd)).toBe(
      'invalid_audio: its 31999 bytes are no whole samples of 16 bits in one channel',
    )
    expect(problemIn(speech.subarray(2), 'audio/pcm', { ...odd, channels: 2 })).toContain('16 bits in 2 channels')
    expect(problemIn(speech.subarray(1), 'audio/basic', { channels: 2 })).toContain('8 bits in 2 channels')
  })

  it.each<[string, Buffer | Uint8Array]>([
    ['a file of the kind WAV', wavOf(speech, 16_000)],
    ['a file of the kind MP3', mp3(10)],
    ['an MP3 file', Buffer.from('ID3\x04\0\0\0\0\x7f\x7f', 'latin1')],
    ['a file of the kind Ogg', ogg(1)],
    ['a file of the kind FLAC', flac(1)],
    ['an AU file', Buffer.from('.snd\0\0\0\x18')],
    ['a RIFF file', Buffer.from('RIFF\0\0\0\0AVI ')],
  ])('is not %s', (name, bytes) => {
    expect(problemIn(bytes, 'audio/pcm', { sampleRate: 8000 })).toBe(
      `invalid_audio: is declared as audio/pcm, but its bytes begin like ${name}`,
    )
    expect(problemIn(bytes, 'audio/basic')).toContain(`begin like ${name}`)
  })

  it('may begin like a frame of MP3 by chance', () => {
    const quiet = Buffer.alloc(4000)
    quiet.writeUInt32BE(0xffe31800)
    expect(heardIn(quiet, 'audio/pcm', { sampleRate: 8000 }).seconds).toBe(0.25)
    expect(heardIn(Buffer.from([0xff, 0xfb, 0x7e, 0xff, 0x00]), 'audio/basic').kind).toBe('wav')
  })
})

describe('whatever the bytes are, they are sound or it is told why not:', () => {
  const mediaTypes = ['audio/wav', 'audio/pcm', 'audio/basic']
  const eitherWay = (bytes: Uint8Array): void => {
    for (const mediaType of mediaTypes) {
      try {
        heardIn(bytes, mediaType, { sampleRate: 8000 })
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
      }
    }
  }

  it('any', () => {
    const beginning = fc.constantFrom(
      '',
      'RIFF\0\0\0\0WAVE',
      'fLaC',
      'OggS',
      'ID3',
      '\x1a\x45\xdf\xa3',
      '\0\0\0\0ftyp',
      '\xff\xfb',
    )
    fc.assert(
      fc.property(beginning, fc.uint8Array({ maxLength: 200 }), (begin, rest) =>
        eitherWay(Buffer.concat([Buffer.from(begin, 'latin1'), rest])),
      ),
    )
  })

  it('files that end anywhere', () => {
    const wav = wavTone(20, { channels: 2, bits: 24 })
    for (const file of [wav, mp3(3), ogg(1), flac(1)]) {
      for (let end = 0; end <= file.length; end++) eitherWay(file.subarray(0, end))
    }
  })
})
