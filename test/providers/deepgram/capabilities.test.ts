import { speak } from '@deepgram/sdk'
import { describe, expect, it } from 'vitest'
import { deepgram } from '../../../providers/deepgram/index.ts'
import type { SttOptions, TtsOptions } from '../../../providers/speech.ts'

const voiced: TtsOptions = { voice: 'aura-2-thalia-en', format: { encoding: 'pcm', rate: 24_000 } }

function ttsCodes(changes: Partial<TtsOptions>, model = 'aura-2'): string[] {
  return (deepgram.tts?.check?.({ ...voiced, ...changes }, model) ?? []).map(({ field, code }) => `${field}: ${code}`)
}

function sttCodes(changes: Partial<SttOptions>, model = 'nova-3'): string[] {
  return (deepgram.stt?.check?.({ hints: [], ...changes }, model) ?? []).map(({ field, code }) => `${field}: ${code}`)
}

describe('the voices of Deepgram', () => {
  it('are those that its own SDK knows', () => {
    const known = Object.values(speak.v1.AudioGenerateRequestModel).filter((name) => name.startsWith('aura-2-'))
    expect([...(deepgram.tts?.capabilities('aura-2').voices ?? [])].sort()).toEqual(known.sort())
  })

  it.each<[string, Partial<TtsOptions>, string]>([
    ['its whole name', {}, 'aura-2'],
    ['what is its own of the name', { voice: 'thalia' }, 'aura-2'],
    ['the model it is', {}, 'aura-2-thalia-en'],
    ['a voice of Flux', { voice: 'flux-haley-en' }, 'flux-tts'],
    ['its language', { language: 'en-GB' }, 'aura-2'],
    ['a speed', { speed: 0.7 }, 'aura-2'],
    ['a step of speed', { voice: 'haley', speed: 0.55 }, 'flux-tts'],
    ['the usual speed of one that has no other', { voice: 'fujin', speed: 1, volume: 1 }, 'aura-2'],
    ['44.1 kHz of Flux', { voice: 'haley', format: { encoding: 'pcm', rate: 44_100 } }, 'flux-tts'],
  ])('are taken with %s', (_, changes, model) => {
    expect(ttsCodes(changes, model)).toEqual([])
  })

  it.each<[string, Partial<TtsOptions>, string, string]>([
    ['a name that cannot be one', { voice: '../v1/projects' }, 'aura-2', 'voice: invalid_voice'],
    ['the id of another vendor', { voice: '21m00Tcm4TlvDq8ikWAM' }, 'aura-2', 'voice: invalid_voice'],
    ['a name that is none', { voice: 'aura-2-nobody-en' }, 'aura-2', 'voice: unknown_voice'],
    ['a voice of Flux for Aura', { voice: 'flux-haley-en' }, 'aura-2', 'voice: unknown_voice'],
    ['a voice for another', { voice: 'aura-2-luna-en' }, 'aura-2-thalia-en', 'voice: unknown_voice'],
    ['another language', { language: 'hi-IN' }, 'aura-2', 'language: unsupported_language'],
    ['too fast a speed', { speed: 1.6 }, 'aura-2', 'speed: unsupported_speed'],
    ['no number for a speed', { speed: Number.NaN }, 'aura-2', 'speed: unsupported_speed'],
    ['a speed in German', { voice: 'aura-2-lara-de', speed: 1.2 }, 'aura-2', 'speed: unsupported_speed'],
    ['a speed between the steps', { voice: 'haley', speed: 1.12 }, 'flux-tts', 'speed: unsupported_speed'],
    ['a volume', { volume: 0.5 }, 'aura-2', 'volume: unsupported_volume'],
    ['an emotion', { emotion: 'cheerful' }, 'aura-2', 'emotion: unsupported_emotion'],
    ['a rate that is not made', { format: { encoding: 'pcm', rate: 44_100 } }, 'aura-2', 'format: unsupported_format'],
  ])('are refused with %s', (_, changes, model, issue) => {
    expect(ttsCodes(changes, model)).toEqual([issue])
  })
})

describe('the ears of Deepgram', () => {
  it.each<[string, Partial<SttOptions>, string]>([
    ['a language', { language: 'hi' }, 'nova-3'],
    ['a region that is not known of itself', { language: 'de-AT' }, 'nova-3'],
    ['a language that only the model of many knows', { language: 'gu' }, 'nova-3'],
    ['a script', { language: 'zh-Hant-HK' }, 'nova-3'],
    ['phrases that may come', { hints: ['Mahesh Iyer', 'Q3: results'] }, 'nova-3'],
    ['words that may come', { hints: ['Mahesh'] }, 'nova-2'],
    ['any language where nothing is known of the model', { language: 'tlh' }, 'custom-model'],
  ])('take %s', (_, changes, model) => {
    expect(sttCodes(changes, model)).toEqual([])
  })

  it.each<[string, Partial<SttOptions>, string, string]>([
    ['a language that the model lacks', { language: 'sw' }, 'nova-3', 'language: unsupported_language'],
    ['any but English for the English one', { language: 'hi' }, 'flux-general-en', 'language: unsupported_language'],
    ['an empty hint', { hints: ['a', ' '] }, 'nova-3', 'hints[1]: unsupported_hints'],
    ['a phrase for an older model', { hints: ['two words'] }, 'nova-2', 'hints[0]: unsupported_hints'],
    ['a word with a weight', { hints: ['word:2'] }, 'nova-2', 'hints[0]: unsupported_hints'],
    ['more hints than are taken', { hints: Array(101).fill('word') }, 'nova-3', 'hints[100]: unsupported_hints'],
    ['hints for Whisper', { hints: ['word'] }, 'whisper-large', 'hints: unsupported_hints'],
  ])('do not take %s', (_, changes, model, issue) => {
    expect(sttCodes(changes, model)).toEqual([issue])
  })

  it('tell of Flux that it hears streams alone, and finds turns by what is said', () => {
    const { files, stream } = deepgram.stt?.capabilities('flux-general-en') ?? {}
    expect(files).toBeUndefined()
    expect(stream).toMatchObject({ turns: 'semantic', eagerEnd: true })
  })
})
