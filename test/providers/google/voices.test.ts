import { describe, expect, it } from 'vitest'
import { google } from '../../../providers/google/index.ts'
import { readVoice } from '../../../providers/google/voice.ts'
import { chirpLocales, chirpVoices } from '../../../providers/google/voices.ts'
import type { TtsOptions } from '../../../providers/speech.ts'

describe('the voices of Chirp 3: HD', () => {
  it('are thirty that speak fifty-three locales', () => {
    expect(new Set(chirpVoices).size).toBe(30)
    expect(new Set(chirpLocales).size).toBe(53)
    for (const name of chirpVoices) {
      for (const language of chirpLocales) expect(fullName(name, language)).toBe(`${language}-Chirp3-HD-${name}`)
    }
  })

  it.each([
    ['Kore', undefined, 'en-US-Chirp3-HD-Kore'],
    ['kore', 'de', 'de-DE-Chirp3-HD-Kore'],
    ['Kore', 'en', 'en-US-Chirp3-HD-Kore'],
    ['Kore', 'EN-gb', 'en-GB-Chirp3-HD-Kore'],
    ['Kore', 'fr', 'fr-FR-Chirp3-HD-Kore'],
    ['Kore', 'zh', 'cmn-CN-Chirp3-HD-Kore'],
    ['Kore', 'zh-CN', 'cmn-CN-Chirp3-HD-Kore'],
    ['Kore', 'no', 'nb-NO-Chirp3-HD-Kore'],
    ['Kore', 'yue', 'yue-HK-Chirp3-HD-Kore'],
    ['hi-IN-Chirp3-HD-Puck', undefined, 'hi-IN-Chirp3-HD-Puck'],
    ['hi-in-chirp3-hd-puck', 'hi', 'hi-IN-Chirp3-HD-Puck'],
    ['en-US-Neural2-F', undefined, 'en-US-Neural2-F'],
    ['de-de-wavenet-b', 'de-DE', 'de-DE-Wavenet-B'],
  ])('are found: %s in %s', (voice, language, full) => {
    expect(fullName(voice, language)).toBe(full)
  })
})

describe('what cannot be done', () => {
  it.each<[string, Partial<TtsOptions>, string, string, RegExp]>([
    ['a misspelled voice', { voice: 'Koree' }, 'voice', 'unknown_voice', /Did you mean Kore\?/],
    ['a misspelled voice in full', { voice: 'en-US-Chirp3-HD-Zephir' }, 'voice', 'unknown_voice', /Did you mean Zephyr\?/],
    ['a voice of another vendor', { voice: 'EXAVITQu4vr4xnSDxMaL' }, 'voice', 'unknown_voice', /The voices are Achernar/],
    ['a voice of a family that is not known', { voice: 'en-US-Polyglot-1' }, 'voice', 'unknown_voice', /no voice/],
    ['no name at all', { voice: '' }, 'voice', 'invalid_voice', /letters, digits and hyphens/],
    ['a path', { voice: '../../v1/voices' }, 'voice', 'invalid_voice', /letters, digits and hyphens/],
    ['a region that is not spoken', { language: 'en-CA' }, 'language', 'unsupported_language', /en-US, en-AU, en-GB, en-IN\./],
    ['a language that is not spoken', { language: 'la' }, 'language', 'unsupported_language', /ar-XA/],
    ['a locale in a name that is not spoken', { voice: 'en-NZ-Chirp3-HD-Kore' }, 'language', 'unsupported_language', /en-US/],
    [
      'another language than the voice has',
      { voice: 'de-DE-Chirp3-HD-Kore', language: 'fr' },
      'language',
      'unsupported_language',
      /take Kore/,
    ],
    [
      'another region than the voice has',
      { voice: 'en-GB-Neural2-A', language: 'en-US' },
      'language',
      'unsupported_language',
      /en-GB/,
    ],
    ['too much speed', { speed: 2.1 }, 'speed', 'unsupported_speed', /0\.25 to 2/],
    ['no speed', { speed: 0 }, 'speed', 'unsupported_speed', /0\.25 to 2/],
    ['speed that is no number', { speed: Number.NaN }, 'speed', 'unsupported_speed', /0\.25 to 2/],
    ['a volume', { volume: 1.5 }, 'volume', 'unsupported_volume', /HD has no volume to choose/],
    ['too much volume', { voice: 'en-US-Standard-A', volume: 4 }, 'volume', 'unsupported_volume', /0\.1 to 3/],
    ['an emotion', { emotion: 'happy' }, 'emotion', 'unsupported_emotion', /no emotions/],
    ['a rate', { format: { encoding: 'pcm', rate: 11_025 } }, 'format', 'unsupported_format', /24000, 16000/],
  ])('is told of: %s', (_, changes, field, code, message) => {
    expect(issues(changes)).toEqual([{ field, code, message: expect.stringMatching(message) }])
  })

  it('is told of a model that does not fit', () => {
    expect(issues({}, 'chirp-3')).toMatchObject([{ field: 'model', code: 'unknown_model', message: /did you mean chirp-3-hd\?/ }])
    expect(issues({ voice: 'en-US-Wavenet-A' }, 'neural2')).toMatchObject([{ code: 'unknown_voice', message: /model wavenet/ }])
    expect(issues({ voice: 'Kore' }, 'neural2')).toMatchObject([{ code: 'unknown_voice', message: /in full/ }])
    expect(issues({ voice: 'en-US-Wavenet-A' }, 'wavenet')).toEqual([])
  })

  it('is nothing where all is well', () => {
    expect(issues({ speed: 0.25, volume: 1, language: 'en-US', alignment: true })).toEqual([])
    expect(issues({ voice: 'en-US-Studio-O', speed: 2, volume: 0.1 })).toEqual([])
  })
})

it('says what each model can do', () => {
  expect(google.tts?.capabilities('chirp-3-hd')).toMatchObject({
    volume: undefined,
    voices: chirpVoices,
    languages: chirpLocales,
  })
  expect(google.tts?.capabilities('neural2')).toMatchObject({ volume: { least: 0.1, most: 3 }, voices: undefined })
  // Three bytes are the most that a UTF-16 unit takes.
  expect(Buffer.byteLength('語'.repeat(google.tts?.capabilities('chirp-3-hd').maxCharacters ?? 0))).toBeLessThanOrEqual(5000)
})

function fullName(voice: string, language: string | undefined): string | undefined {
  const read = readVoice({ voice, language }, google.tts?.about?.(voice).model ?? 'chirp-3-hd')
  return 'voice' in read ? read.voice.name : read.issue.message
}

function issues(changes: Partial<TtsOptions>, model = google.tts?.about?.(changes.voice ?? '').model ?? 'chirp-3-hd') {
  return google.tts?.check?.({ voice: 'Kore', format: { encoding: 'pcm', rate: 24_000 }, ...changes }, model)
}
