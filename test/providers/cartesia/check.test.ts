import { describe, expect, it } from 'vitest'
import { cartesia } from '../../../providers/cartesia/index.ts'
import type { SttOptions, TtsOptions } from '../../../providers/speech.ts'
import { voice } from './stage.ts'

describe('what Sonic cannot do', () => {
  const wrong: readonly (readonly [change: Partial<TtsOptions>, model: string, field: string, code: string, message: string])[] =
    [
      [{ voice: 'katie' }, 'sonic-3.5', 'voice', 'invalid_voice', 'is named by its id'],
      [{ voice: `${voice.voice}/../..` }, 'sonic-3.5', 'voice', 'invalid_voice', 'is named by its id'],
      [{ format: { encoding: 'opus' } }, 'sonic-3.5', 'format', 'unsupported_format', 'it makes PCM, µ-law and MP3'],
      [
        { format: { encoding: 'pcm', rate: 11_025 } },
        'sonic-3',
        'format.rate',
        'unsupported_format',
        '44100 and 48000 Hz, not at 11025',
      ],
      [{ language: 'sw-KE' }, 'sonic-3.5', 'language', 'unsupported_language', 'sonic-3.5 has no "sw-KE"'],
      [{ language: 'ta' }, 'sonic-2', 'language', 'unsupported_language', 'sonic-2 has no "ta"'],
      [{ speed: 0.59 }, 'sonic-3', 'speed', 'unsupported_speed', 'from 0.6 to 1.5, not 0.59'],
      [{ speed: Number.NaN }, 'sonic-3', 'speed', 'unsupported_speed', 'from 0.6 to 1.5'],
      [{ speed: 1 }, 'sonic-turbo', 'speed', 'unsupported_speed', 'cannot be chosen'],
      [{ volume: 2.1 }, 'sonic-3.5-2026-05-04', 'volume', 'unsupported_volume', 'from 0.5 to 2, not 2.1'],
      [{ emotion: 'hangry' }, 'sonic-3', 'emotion', 'unsupported_emotion', 'there are neutral, happy,'],
      [{ emotion: 'happy' }, 'sonic-2-2025-06-11', 'emotion', 'unsupported_emotion', 'cannot be chosen'],
    ]
  it.each(wrong)('is told of %o with %s', (change, model, field, code, message) => {
    const issues = cartesia.tts?.check?.({ ...voice, ...change }, model)
    expect(issues).toEqual([{ field, code, message: expect.stringContaining(message) }])
  })

  it.each([
    [{ language: 'ur' }, 'sonic-3.6'],
    [{ language: 'xx' }, 'sonic-latest'],
    [{ language: 'nb-NO', speed: 1.5, volume: 0.5, emotion: 'calm' }, 'sonic-3-2026-01-12'],
    [{ format: { encoding: 'mp3' } as const }, 'sonic-2'],
  ])('is not %o with %s', (change, model) => {
    expect(cartesia.tts?.check?.({ ...voice, ...change }, model)).toEqual([])
  })
})

describe('what Ink cannot do', () => {
  const terms = (count: number, length: number): string[] => Array.from({ length: count }, () => 'x'.repeat(length))
  const wrong: readonly (readonly [options: SttOptions, model: string, field: string, code: string])[] = [
    [{ hints: ['Sonic'] }, 'ink-whisper', 'hints', 'unsupported_hints'],
    [{ hints: terms(101, 1) }, 'ink-2', 'hints[100]', 'unsupported_hints'],
    [{ hints: terms(61, 20) }, 'ink-2', 'hints', 'unsupported_hints'],
    [{ hints: [], language: 'es' }, 'ink-2', 'language', 'unsupported_language'],
    [{ hints: [], language: 'tlh' }, 'ink-whisper-2025-06-04', 'language', 'unsupported_language'],
  ]
  it.each(wrong)('is told of %o with %s', (options, model, field, code) => {
    expect(cartesia.stt?.check?.(options, model)).toEqual([{ field, code, message: expect.any(String) }])
  })

  it('is not what it can', () => {
    expect(cartesia.stt?.check?.({ hints: terms(100, 12), language: 'en-IN' }, 'ink-2')).toEqual([])
    expect(cartesia.stt?.check?.({ hints: [], language: 'jv' }, 'ink-whisper')).toEqual([])
  })
})

describe('what each model can do', () => {
  it('is told for files and for streams', () => {
    expect(cartesia.stt?.capabilities('ink-2')).toMatchObject({ stream: { turns: 'semantic', eagerEnd: true }, hints: true })
    expect(cartesia.stt?.capabilities('ink-2').files).toBeUndefined()
    expect(cartesia.stt?.capabilities('ink-whisper')).toMatchObject({
      files: { kinds: expect.arrayContaining(['flac', 'webm']) },
    })
    expect(cartesia.tts?.capabilities('sonic-3.5').languages).toHaveLength(42)
    expect(cartesia.tts?.capabilities('sonic-3.6').languages).toHaveLength(44)
  })
})
