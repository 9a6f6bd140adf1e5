import type { KnownModel } from '../provider.ts'
import type { SttCapabilities, TtsCapabilities } from '../speech.ts'
import { olderSonicLanguages, sonic3Languages, sonic36Languages, whisperLanguages } from './languages.ts'

/** Ink Whisper stands first because it takes files and knows many languages; Ink 2 is for conversations in English. */
export const sttModels: readonly [KnownModel, ...KnownModel[]] = [
  { name: 'ink-whisper', displayName: 'Ink Whisper', released: '2025-06-04' },
  { name: 'ink-2', displayName: 'Ink 2', released: '2026-06-15' },
]

export const ttsModels: readonly [KnownModel, ...KnownModel[]] = [
  { name: 'sonic-3.5', displayName: 'Sonic 3.5', released: '2026-05-04' },
  { name: 'sonic-3', displayName: 'Sonic 3', released: '2025-10-27' },
]

export function sttCapabilities(model: string): SttCapabilities {
  if (isInk2(model)) return ink2
  return model.startsWith('ink-whisper') ? inkWhisper : otherInk
}

export function ttsCapabilities(model: string): TtsCapabilities {
  if (/^sonic-(?:2|turbo)(?:-|$)|^sonic(?:-preview)?$/.test(model)) return olderSonic
  if (/^sonic-3(?:\.5)?(?:-\d|$)/.test(model)) return sonic3
  return /^sonic-3\.6(?:-|$)/.test(model) ? sonic36 : otherSonic
}

/** Whether a model tells turns by what is said, takes hints, and hears nothing but English. */
export function isInk2(model: string): boolean {
  return /^ink-2(?:-|$)/.test(model)
}

/** The rates of PCM that Sonic makes. */
const speechRates = [24_000, 16_000, 8000, 22_050, 44_100, 48_000] as const

/** What may be asked of Sonic 3 and those after it, by the vendor's own names. */
const emotions: readonly string[] =
  `neutral happy excited enthusiastic elated euphoric triumphant amazed surprised flirtatious curious content peaceful serene calm grateful
  affectionate trust sympathetic anticipation mysterious angry mad outraged frustrated agitated threatened disgusted contempt envious
  sarcastic ironic sad dejected melancholic disappointed hurt guilty bored tired rejected nostalgic wistful apologetic hesitant insecure
  confused resigned anxious panicked alarmed scared proud confident distant skeptical contemplative determined`.split(/\s+/)

const otherSonic: TtsCapabilities = {
  pcmRates: speechRates,
  mulaw: true,
  mp3: true,
  opus: false,
  speed: { least: 0.6, most: 1.5 },
  volume: { least: 0.5, most: 2 },
  emotions,
  voices: undefined,
  languages: undefined,
  alignment: 'word',
  // The vendor names no limit. Whole texts are sentences, and longer ones are better given as a stream.
  maxCharacters: 5000,
}

const sonic3: TtsCapabilities = { ...otherSonic, languages: sonic3Languages }
const sonic36: TtsCapabilities = { ...otherSonic, languages: sonic36Languages }
const olderSonic: TtsCapabilities = {
  ...otherSonic,
  speed: undefined,
  volume: undefined,
  emotions: undefined,
  languages: olderSonicLanguages,
}

const stream = { pcmRates: [16_000, 24_000, 48_000, 44_100, 22_050, 8000], mulaw: true }

const otherInk: SttCapabilities = {
  files: { kinds: ['wav', 'mp3', 'flac', 'ogg', 'webm', 'mp4'], maxBytes: 2 * 1024 ** 3 },
  stream: { ...stream, turns: 'none', eagerEnd: false },
  languages: undefined,
  hints: false,
}

const inkWhisper: SttCapabilities = { ...otherInk, languages: whisperLanguages }

const ink2: SttCapabilities = {
  stream: { ...stream, turns: 'semantic', eagerEnd: true },
  languages: ['en'],
  hints: true,
}
