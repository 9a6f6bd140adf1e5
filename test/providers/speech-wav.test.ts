import { describe, expect, it } from 'vitest'
import { Secret } from '../../api/secret.ts'
import { wavHeader, wavOf } from '../../audio/wav.ts'
import type { RawFormat } from '../../providers/speech.ts'
import { WavUnwrapper } from '../../providers/speech-wav.ts'

const source = { id: 'demo', name: 'Demo', apiKey: new Secret('sk-test-wav') }
const pcm: RawFormat = { encoding: 'pcm', rate: 24_000 }
const sound = Uint8Array.from({ length: 960 }, (_, at) => at % 251)

function unwrapped(file: Uint8Array, size: number, { format = pcm, isRequired = false } = {}): Buffer {
  const wav = new WavUnwrapper(format, source, isRequired)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < file.length; at += size) pieces.push(wav.feed(file.subarray(at, at + size)))
  return Buffer.concat([...pieces, wav.end()])
}

describe('sound within WAV', () => {
  const trailer = Buffer.from('LIST\x04\0\0\0INFO', 'latin1')

  it.each<[string, Uint8Array]>([
    ['whose length is known', wavOf(sound, 24_000)],
    ['that something follows', Buffer.concat([wavOf(sound, 24_000), trailer])],
    ['that was begun before its length was known', Buffer.concat([wavHeader(24_000), sound])],
  ])('is taken out of one %s, however it is cut', (_, file) => {
    for (const size of [1, 5, 43, 44, 45, 4096]) {
      expect(unwrapped(file, size).equals(sound)).toBe(true)
      expect(unwrapped(file, size, { isRequired: true }).equals(sound)).toBe(true)
    }
  })

  it('is given back as it is where there is no WAV, also where it is short', () => {
    for (const size of [1, 11, 4096]) expect(unwrapped(sound, size).equals(sound)).toBe(true)
    expect(unwrapped(sound.subarray(0, 6), 4)).toEqual(Buffer.from(sound.subarray(0, 6)))
  })

  it('is left to the guard of sound where it is text', () => {
    expect(unwrapped(Buffer.from('{"error":"no sound"}'), 4, { isRequired: true }).toString()).toBe('{"error":"no sound"}')
  })

  it.each<[string, Uint8Array, object, string]>([
    ['is none where one was asked for', sound, { isRequired: true }, 'the sound is no WAV'],
    ['has another rate', wavOf(sound, 22_050), {}, 's16le at 22050 Hz with 1 channels, where s16le at 24000 Hz'],
    ['is not µ-law', wavOf(sound, 8000), { format: { encoding: 'mulaw', rate: 8000 } }, 'where mulaw at 8000 Hz'],
    ['ends before its sound', wavOf(sound, 24_000).subarray(0, 40), {}, 'ends before the sound begins'],
    ['is a header without an end', Buffer.concat([wavHeader(24_000).subarray(0, 36), endless()]), {}, 'in the first 65536 bytes'],
  ])('is refused where it %s', (_, file, options, words) => {
    expect(() => unwrapped(file, 4096, options)).toThrow(words)
  })

  /** A chunk that nobody knows, longer than any header. */
  function endless(): Buffer {
    const chunk = Buffer.alloc(80_000)
    chunk.write('JUNK')
    chunk.writeUInt32LE(1_000_000, 4)
    return chunk
  }
})
