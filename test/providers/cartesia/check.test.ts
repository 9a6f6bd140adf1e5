import { describe, expect, it } from 'vitest'
import { cartesia } from '../../../providers/cartesia/index.ts'
import type { SttOptions, TtsOptions } from '../../../providers/speech.ts'
import { voice } from './stage.ts'

describe('what Sonic cannot do', () => {
  const wrong: readonly (readonly [change: Partial<TtsOptions>, model: string, field: string, code: string, message: string])[] =
    [
      [{ voice: 'katie' }, 'sonic-3.5', 'voice', 'invalid_voice', 'is named by its id'],
      [{ voice: `${voice.voice}/../..` }, 'sonic-3.5', 'voice', 'invalid_voice', 'is named by its id'],
      [{ format: { encoding: 'opus' } }, 'sonic-3.5', 'format', 'unsupported_format', 'Hz, µ-law and MP3, not Opus'],
      [
        { format: { encoding: 'pcm', rate: 11_025 } },
        'sonic-3',
        'format',
        'unsupported_format',
        '44100, 48000 Hz, µ-law and MP3, not PCM at 11025 Hz',
      ],
      [{ language: 'sw-KE' }, 'sonic-3.5', 'language', 'unsupported_language', 'sonic-3.5 has no "sw-KE"'],
      [{ language: 'ta' }, 'sonic-2', 'language', 'unsupported_language', 'sonic-2 has no "ta"'],
      [{ speed: 0.59 }, 'sonic-3', 'speed', 'unsupported_speed', 'from 0.6 to 1.5, where 1 is usual, not 0.59'],
      [{ speed: Number.NaN }, 'sonic-3', 'speed', 'unsupported_speed', 'from 0.6 to 1.5'],
      [{ speed: 1.1 }, 'sonic-turbo', 'speed', 'unsupported_speed', 'has no speed to choose from'],
      [{ volume: 2.1 }, 'sonic-3.5-2026-05-04', 'volume', 'unsupported_volume', 'from 0.5 to 2, where 1 is usual, not 2.1'],
      [{ emotion: 'hangry' }, 'sonic-3', 'emotion', 'unsupported_emotion', 'it has neutral, happy,'],
      [{ emotion: 'happy' }, 'sonic-2-2025-06-11', 'emotion', 'unsupported_emotion', 'has no emotions to choose from'],
    ]
  it.each(wrong)('is told of %o with %s', (change, model, field, code, message) => {
    const issues = cartesia.tts?.check?.({ ...voice, ...change }, model)
    expect(issues).toEqual([{ field, code, message: expect.stringContaining(message) }])
  })

  it.each([
    [{ language: 'ur' }, 'sonic-3.6'],
    [{ language: 'xx' }, 'sonic-latest'],
    [{ language: 'nb-NO', speed: 1.5, volume: 0.5, emotion: 'calm' }, 'sonic-3-2026-01-12'],
    [{ format: { encoding: 'mp3' } as const, speed: 1, volume: 1 }, 'sonic-2'],
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
