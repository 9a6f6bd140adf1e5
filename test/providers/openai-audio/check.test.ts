import { describe, expect, it } from 'vitest'
import { openaiAudio } from '../../../providers/openai-audio/index.ts'
import type { SpeechIssue, SttOptions, TtsOptions } from '../../../providers/speech.ts'

const { stt, tts } = openaiAudio

function sttIssues(options: Partial<SttOptions>, model: string): readonly SpeechIssue[] {
  return stt?.check?.({ hints: [], ...options }, model) ?? []
}

function ttsIssues(options: Partial<TtsOptions>, model: string): readonly SpeechIssue[] {
  return tts?.check?.({ voice: 'alloy', format: { encoding: 'pcm', rate: 24_000 }, ...options }, model) ?? []
}

describe('what OpenAI can do is data', () => {
  it.each([
    ['gpt-4o-transcribe', true, 'semantic', true],
    ['whisper-1', true, 'semantic', true],
    ['gpt-4o-transcribe-diarize', true, 'semantic', false],
    ['gpt-live-transcribe', false, 'none', true],
    ['gpt-realtime-whisper', false, 'none', false],
    ['of-tomorrow', true, 'semantic', true],
  ])('%s', (model, files, turns, hints) => {
    const { files: file, stream, hints: takes } = stt?.capabilities(model) ?? {}
    expect([file !== undefined, stream?.turns, takes]).toEqual([files, turns, hints])
    expect(stream).toMatchObject({ pcmRates: [24_000], mulaw: false, eagerEnd: false })
  })

  it('of voices, too', () => {
    expect(tts?.capabilities('gpt-4o-mini-tts')).toMatchObject({
      pcmRates: [24_000],
      mulaw: false,
      mp3: true,
      opus: true,
      speed: undefined,
      volume: undefined,
      emotions: 'any',
      alignment: undefined,
      maxCharacters: 4096,
    })
    expect(tts?.capabilities('gpt-4o-mini-tts').voices).toHaveLength(13)
    expect(tts?.capabilities('tts-1-hd')).toMatchObject({ speed: { least: 0.25, most: 4 }, emotions: undefined, languages: [] })
    expect(tts?.capabilities('tts-1').voices).not.toContain('marin')
    expect(tts?.capabilities('of-tomorrow').voices).toBeUndefined()
  })

  it('and the first model is the one to take', () => {
    expect([stt?.models[0].name, tts?.models[0].name]).toEqual(['gpt-4o-transcribe', 'gpt-4o-mini-tts'])
  })
})

describe('what cannot be heard is told before', () => {
  it.each<[string, Partial<SttOptions>, string, string[]]>([
    ['a language', { language: 'tlh' }, 'whisper-1', ['unsupported_language']],
    ['words for who takes none', { hints: ['Pune'] }, 'gpt-4o-transcribe-diarize', ['unsupported_hints']],
    ['too many words', { hints: Array.from({ length: 200 }, () => 'Pune') }, 'whisper-1', ['unsupported_hints']],
    ['nothing', { language: 'hi-Latn-IN', hints: ['Pune', 'Sahil'] }, 'whisper-1', []],
    ['nothing of a language by its other name', { language: 'nb-NO' }, 'gpt-4o-transcribe', []],
  ])('%s', (_, options, model, codes) => {
    expect(sttIssues(options, model).map(({ code }) => code)).toEqual(codes)
  })
})

describe('what cannot be spoken is told before', () => {
  it.each<[string, Partial<TtsOptions>, string, string[]]>([
    ['a voice', { voice: 'aloy' }, 'tts-1', ['voice unknown_voice']],
    ['a voice of another model', { voice: 'cedar' }, 'tts-1-hd', ['voice unknown_voice']],
    ['what is no voice', { voice: 'a\nb' }, 'of-tomorrow', ['voice invalid_voice']],
    ['a rate', { format: { encoding: 'pcm', rate: 16_000 } }, 'tts-1', ['format unsupported_format']],
    ['µ-law', { format: { encoding: 'mulaw', rate: 8000 } }, 'tts-1', ['format unsupported_format']],
    ['a language for who cannot be told one', { language: 'en' }, 'tts-1', ['language unsupported_language']],
    ['a language nobody knows', { language: 'tlh' }, 'gpt-4o-mini-tts', ['language unsupported_language']],
    ['too fast', { speed: 4.1 }, 'tts-1', ['speed unsupported_speed']],
    ['a speed for who has one', { speed: 1.2 }, 'gpt-4o-mini-tts', ['speed unsupported_speed']],
    ['a volume', { volume: 0.5 }, 'tts-1', ['volume unsupported_volume']],
    ['an emotion', { emotion: 'sad' }, 'tts-1', ['emotion unsupported_emotion']],
    ['too much of an emotion', { emotion: 'very '.repeat(50) }, 'gpt-4o-mini-tts', ['emotion unsupported_emotion']],
    [
      'everything at once',
      { voice: 'x', speed: 9, volume: 2 },
      'tts-1',
      ['voice unknown_voice', 'speed unsupported_speed', 'volume unsupported_volume'],
    ],
    ['nothing', { voice: 'cedar', emotion: 'sad', language: 'hi-IN', speed: 1, volume: 1 }, 'gpt-4o-mini-tts', []],
  ])('%s', (_, options, model, issues) => {
    expect(ttsIssues(options, model).map(({ field, code }) => `${field} ${code}`)).toEqual(issues)
  })

  it('with what was meant, and what would be right', () => {
    const [issue] = ttsIssues({ voice: 'aloy' }, 'tts-1')
    expect(issue?.message).toBe(
      'tts-1 has no voice "aloy". Did you mean alloy? It has alloy, ash, coral, echo, fable, nova, onyx, sage, shimmer.',
    )
  })
})
