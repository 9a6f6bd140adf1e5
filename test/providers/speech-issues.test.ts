import { describe, expect, it } from 'vitest'
import type { SpeechFormat } from '../../providers/speech.ts'
import { emotionIssues, formatIssues, languageIssues, listed, quoted, rangeIssues } from '../../providers/speech-issues.ts'
import { languageCodeBy, primarySubtag } from '../../providers/speech-language.ts'

describe('what a vendor cannot do', () => {
  const made = { pcmRates: [24_000, 8000], mulaw: true, mp3: true, opus: false } as const

  it.each<[SpeechFormat, string | undefined]>([
    [{ encoding: 'pcm', rate: 8000 }, undefined],
    [{ encoding: 'mulaw', rate: 8000 }, undefined],
    [{ encoding: 'mp3' }, undefined],
    [{ encoding: 'pcm', rate: 11_025 }, 'Echo makes PCM at 24000, 8000 Hz, µ-law and MP3, not PCM at 11025 Hz.'],
    [{ encoding: 'opus' }, 'Echo makes PCM at 24000, 8000 Hz, µ-law and MP3, not Opus.'],
  ])('is to be told of the format %o', (format, message) => {
    expect(formatIssues('Echo', format, made)).toEqual(
      message === undefined ? [] : [{ field: 'format', code: 'unsupported_format', message }],
    )
  })

  const range = { least: 0.5, most: 2 }
  it.each([
    [undefined, range, undefined],
    [0.5, range, undefined],
    [2, range, undefined],
    [2.1, range, 'Echo has a speed from 0.5 to 2, where 1 is usual, not 2.1.'],
    [Number.NaN, range, 'Echo has a speed from 0.5 to 2, where 1 is usual, not NaN.'],
    [1, undefined, undefined],
    [1.1, undefined, 'Echo has no speed to choose from; leave it out.'],
  ])('is to be told of the speed %s within %o', (value, of, message) => {
    expect(rangeIssues('Echo', 'speed', value, of)).toEqual(
      message === undefined ? [] : [{ field: 'speed', code: 'unsupported_speed', message }],
    )
  })

  it.each([
    ['en-GB', ['en', 'de'], 'en', undefined],
    ['xx', undefined, 'xx', undefined],
    [undefined, ['en'], undefined, undefined],
    ['fr', ['en', 'de'], 'fr', 'Echo has no "fr"; it has en and de.'],
    ['!', ['en'], undefined, 'Echo has no "!"; it has en.'],
    ['en', [], 'en', 'Echo goes by the language of the text, and cannot be told one; leave it out.'],
  ])('is to be told of the language %s among %o', (language, known, code, message) => {
    expect(languageIssues('Echo', language, known, code)).toEqual(
      message === undefined ? [] : [{ field: 'language', code: 'unsupported_language', message }],
    )
  })

  it.each([
    [undefined, undefined, undefined],
    ['sad', 'any' as const, undefined],
    ['sad', ['sad'], undefined],
    ['mad', ['sad', 'glad'], 'Echo has no emotion "mad"; it has sad and glad.'],
    ['mad', undefined, 'Echo has no emotions to choose from; leave it out.'],
  ])('is to be told of the emotion %s among %o', (emotion, known, message) => {
    expect(emotionIssues('Echo', emotion, known)).toEqual(
      message === undefined ? [] : [{ field: 'emotion', code: 'unsupported_emotion', message }],
    )
  })

  it('is written in a sentence', () => {
    expect([listed([]), listed(['a']), listed(['a', 'b']), listed([1, 2, 3])]).toEqual(['', 'a', 'a and b', '1, 2 and 3'])
    expect(quoted(`"${'x'.repeat(200)}`)).toBe(`"\\"${'x'.repeat(99)}"`)
  })
})

describe('a language', () => {
  it('is the first part of its tag, by whatever name a vendor has for it', () => {
    expect([primarySubtag('pt-BR'), primarySubtag('ZH-Hant-HK'), primarySubtag('')]).toEqual(['pt', 'zh', ''])
    const own = new Map([['nb', 'no']])
    expect([languageCodeBy(own, 'nb-NO'), languageCodeBy(own, 'en-GB')]).toEqual(['no', 'en'])
  })
})
