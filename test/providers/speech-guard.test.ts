import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../api/error.ts'
import { Secret } from '../../api/secret.ts'
import type { SpeechFormat } from '../../providers/speech.ts'
import { SoundGuard } from '../../providers/speech-guard.ts'

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
  return Buffer.concat([Buffer.from(text), Buffer.alloc(length)])
}

describe('a sound', () => {
  it.each<[string, SpeechFormat, Uint8Array]>([
    ['silence', pcm, new Uint8Array(4800)],
    ['less than can be judged', pcm, new Uint8Array(2)],
    ['one sample that is a bracket', mulaw, Uint8Array.of(0x7b, 0xff)],
    ['PCM that begins with a bracket', pcm, bytes('{"')],
    ['an odd number of bytes of µ-law', mulaw, new Uint8Array(801)],
    ['MP3 with tags', { encoding: 'mp3' }, bytes('ID3')],
    ['MP3 without', { encoding: 'mp3' }, Uint8Array.of(0xff, 0xfb, ...new Uint8Array(100))],
    ['Opus', { encoding: 'opus' }, bytes('OggS')],
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
    ['MP3', { encoding: 'opus' }, bytes('ID3'), 'it sent something else where Opus in Ogg was asked for.'],
    ['more than a minute', pcm, new Uint8Array(48_000 * 66), 'it sent more than 65 seconds of sound for 5 characters.'],
  ])('must not be %s', (_, format, sound, message) => {
    for (const size of [3, 16, 70_000]) expect(verdict(format, sound, size)).toBe(`Demo: ${message}`)
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
