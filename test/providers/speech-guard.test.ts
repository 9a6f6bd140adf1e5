import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../api/error.ts'
import { Secret } from '../../api/secret.ts'
import type { SpeechFormat } from '../../providers/speech.ts'
import { SoundGuard } from '../../providers/speech-guard.ts'
import { mp3Of, opusOf } from '../upstreams/compressed.ts'
import { sawtooth } from '../upstreams/openai-audio.ts'

const source = { id: 'demo', name: 'Demo', apiKey: new Secret('sk-test-guard') }
const pcm: SpeechFormat = { encoding: 'pcm', rate: 24_000 }
const mulaw: SpeechFormat = { encoding: 'mulaw', rate: 8000 }

/** What the guard says of a whole sound, given in pieces of so many bytes; undefined where nothing is wrong. */
function verdict(format: SpeechFormat, sound: Uint8Array, size = sound.length, characters = 5): string | undefined {
  const guard = new SoundGuard(format, source)
  guard.expect(characters)
  try {
    for (let at = 0; at < sound.length; at += size) guard.take(sound.subarray(at, at + size))
    guard.end()
    return undefined
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'provider_protocol') return error.message
    throw error
  }
}

function bytes(text: string, length = 64): Uint8Array {
  return Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(length)])
}

/** The header of a frame, of 144 bytes. */
const frame = Uint8Array.of(0xff, 0xf3, 0x64, 0xc4)
const other = 'it sent something else where MP3 was asked for.'

/** A tag that holds so many bytes. */
function tag(length: number): Uint8Array {
  return bytes(`ID3\u0004\u0000\u0000\u0000\u0000${String.fromCharCode(length >> 7, length & 127)}`, length)
}

describe('a sound', () => {
  it.each<[string, SpeechFormat, Uint8Array]>([
    ['silence', pcm, new Uint8Array(4800)],
    ['less than can be judged', pcm, new Uint8Array(2)],
    ['one sample that is a bracket', mulaw, Uint8Array.of(0x7b, 0xff)],
    ['PCM that begins with a bracket', pcm, bytes('{"')],
    ['an odd number of bytes of µ-law', mulaw, new Uint8Array(801)],
    ['MP3 with tags', { encoding: 'mp3' }, mp3Of('Hello.', 500)],
    ['MP3 without', { encoding: 'mp3' }, mp3Of('Hello.', 500).subarray(10)],
    ['MP3 of one frame', { encoding: 'mp3' }, mp3Of('').subarray(0, 154)],
    ['MP3 behind a picture', { encoding: 'mp3' }, Buffer.concat([tag(4096), mp3Of('Hello.', 500)])],
    ['Opus', { encoding: 'opus' }, opusOf('Hello.', 500)],
    ['PCM that begins as a frame of MP3 does', pcm, Buffer.concat([frame, sawtooth(2000)])],
    ['PCM that begins so, and is silent from then on', pcm, Buffer.concat([frame, new Uint8Array(5000)])],
    ['µ-law that begins so', mulaw, Buffer.concat([frame, new Uint8Array(5000).fill(0xff)])],
    ['µ-law of silence', mulaw, new Uint8Array(5000).fill(0xff)],
  ])('may be %s', (_, format, sound) => {
    for (const size of [1, 7, 16, 1000]) expect(verdict(format, sound, size)).toBeUndefined()
  })

  it.each<[string, SpeechFormat, Uint8Array, string]>([
    ['nothing', pcm, new Uint8Array(0), 'the answer is empty.'],
    ['half a sample', pcm, new Uint8Array(4801), 'the sound ends in the middle of a sample.'],
    ['JSON', pcm, Buffer.from('{"error":{"code":500}}'), 'it sent text where sound was asked for.'],
    ['little JSON', mulaw, Buffer.from('{}'), 'it sent text where sound was asked for.'],
    ['a page', { encoding: 'mp3' }, Buffer.from('\n <!doctype html><html>'), 'it sent text where sound was asked for.'],
    ['a WAV', pcm, bytes('RIFF'), 'it sent WAV where PCM was asked for.'],
    ['Ogg', mulaw, bytes('OggS'), 'it sent Ogg where µ-law was asked for.'],
    ['PCM', { encoding: 'mp3' }, bytes(''), 'it sent something else where MP3 was asked for.'],
    ['MP3', { encoding: 'opus' }, mp3Of(''), 'it sent MP3 where Opus in Ogg was asked for.'],
    ['MP3 with tags', pcm, mp3Of('', 500), 'it sent MP3 where PCM was asked for.'],
    ['MP3 without', pcm, mp3Of('', 500).subarray(10), 'it sent MP3 where PCM was asked for.'],
    ['two frames of MP3', mulaw, mp3Of('').subarray(10), 'it sent MP3 where µ-law was asked for.'],
    ['Opus', pcm, opusOf('', 500), 'it sent Ogg where PCM was asked for.'],
    ['FLAC', pcm, bytes('fLaC'), 'it sent FLAC where PCM was asked for.'],
    ['WebM', pcm, bytes('\u001aE\u00df\u00a3'), 'it sent WebM where PCM was asked for.'],
    ['MP4', pcm, bytes('\u0000\u0000\u0000 ftyp'), 'it sent MP4 where PCM was asked for.'],
    ['Opus', { encoding: 'mp3' }, opusOf(''), 'it sent Ogg where MP3 was asked for.'],
    ['one frame and no other', { encoding: 'mp3' }, Buffer.concat([frame, sawtooth(2000)]), other],
    ['a tag and nothing of MP3', { encoding: 'mp3' }, Buffer.concat([tag(20), sawtooth(2000)]), other],
    ['Ogg of something else', { encoding: 'opus' }, bytes('OggS'), 'it sent Ogg without Opus where Opus in Ogg was asked for.'],
    ['more than a minute', pcm, new Uint8Array(48_000 * 66), 'it sent more than 65 seconds of sound for 5 characters.'],
  ])('must not be %s', (_, format, sound, message) => {
    for (const size of [3, 16, 70_000]) expect(verdict(format, sound, size)).toBe(`Demo: ${message}`)
  })

  it('may be called what it is, or nothing that says much', () => {
    const called = (format: SpeechFormat, type: string) => () => new SoundGuard(format, source).called(type)
    for (const type of [
      '',
      'application/octet-stream',
      'audio/pcm',
      'audio/wav',
      'audio/x-wav',
      'audio/l16',
      'audio/constructor',
    ]) {
      expect(called(pcm, type)).not.toThrow()
    }
    expect(called({ encoding: 'mp3' }, 'audio/mpeg')).not.toThrow()
    expect(called(pcm, 'audio/mpeg')).toThrow('it sent MP3 where PCM was asked for.')
    expect(called(mulaw, 'application/ogg')).toThrow('it sent Ogg where µ-law was asked for.')
    expect(called(pcm, 'audio/x-flac')).toThrow('it sent FLAC where PCM was asked for.')
    expect(called(pcm, 'video/webm')).toThrow('it sent WebM where PCM was asked for.')
  })

  it('may be as long as a slow voice makes a long text', () => {
    expect(verdict(mulaw, new Uint8Array(8000 * 1560), 80_000, 2000)).toBeUndefined()
    expect(verdict(mulaw, new Uint8Array(8000 * 1601), 80_000, 2000)).toContain('more than 1600 seconds')
  })

  it('may come in messages of which some are empty, but not in those alone', () => {
    const guard = new SoundGuard(pcm, source)
    guard.expect(5)
    expect(guard.take(new Uint8Array(0))).toBe(false)
    expect(guard.take(new Uint8Array(480))).toBe(true)
    expect([guard.isEmpty, guard.ms]).toEqual([false, 10])
    const rest = (): void => {
      for (let count = 0; count < 1000; count++) guard.take(new Uint8Array(0))
    }
    expect(rest).toThrow('it sends messages without sound.')
  })

  it('may pause before there is any', () => {
    const guard = new SoundGuard(pcm, source)
    guard.pause()
    expect(() => guard.end()).toThrow('the answer is empty')
  })
})
