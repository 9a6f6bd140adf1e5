import type { KnownModel } from '../provider.ts'
import type { Range, SpeechIssue, SttCapabilities, SttOptions, TtsCapabilities, TtsOptions } from '../speech.ts'
import { emotionIssues, formatIssues, languageIssues, rangeIssues, unsupported } from '../speech-issues.ts'
import { primarySubtag } from '../speech-language.ts'
import { languageChoice, languagesOf } from './languages.ts'
import { hasVoiceForm, type Voice, type VoiceFamily, voiceNames, voiceOf } from './voices.ts'

export const sttModels: readonly [KnownModel, ...KnownModel[]] = [
  { name: 'nova-3', displayName: 'Nova-3' },
  { name: 'nova-3-medical', displayName: 'Nova-3 Medical' },
  { name: 'nova-2', displayName: 'Nova-2' },
  { name: 'flux-general-en', displayName: 'Flux (English)' },
  { name: 'flux-general-multi', displayName: 'Flux (multilingual)' },
]

/** A model names the family; the vendor's own model is the voice. The whole name of a voice is taken for a model as well. */
export const ttsModels: readonly [KnownModel, ...KnownModel[]] = [
  { name: 'aura-2', displayName: 'Aura-2' },
  { name: 'flux-tts', displayName: 'Flux TTS' },
]

// ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Flux hears conversations: streams alone, and it finds the turns itself. */
export function isFluxStt(model: string): boolean {
  return model.startsWith('flux-')
}

/** Which parameter tells of words that may come. */
export function hintParameter(model: string): 'keyterm' | 'keywords' | undefined {
  if (isFluxStt(model) || model.startsWith('nova-3')) return 'keyterm'
  return model.startsWith('whisper') ? undefined : 'keywords'
}

export function sttCapabilities(model: string): SttCapabilities {
  const common = { languages: languagesOf(model), hints: hintParameter(model) !== undefined }
  if (isFluxStt(model)) return { ...common, stream: { pcmRates, mulaw: true, turns: 'semantic', eagerEnd: true } }
  const files = { kinds: ['wav', 'mp3', 'flac', 'ogg', 'webm', 'mp4', 'aac'], maxBytes: 2_000_000_000 } as const
  // Whisper takes files alone.
  if (model.startsWith('whisper')) return { ...common, files }
  return { ...common, files, stream: { pcmRates, mulaw: true, turns: 'silence', eagerEnd: false } }
}

/** Hertz; more than 16 kHz is heard no better. */
const pcmRates: readonly number[] = [16_000, 24_000, 48_000, 44_100, 8000]

export function checkStt({ language, hints }: SttOptions, model: string): readonly SpeechIssue[] {
  const code = language && languageChoice(model, language)?.code
  const issues = languageIssues(model, language, languagesOf(model), code)
  const parameter = hintParameter(model)
  if (hints.length > 0 && parameter === undefined) {
    issues.push({ field: 'hints', code: 'unsupported_hints', message: `${model} takes no hints.` })
  } else if (hints.length > maxHints) {
    const message = `Deepgram takes ${maxHints} hints at most; there are ${hints.length}.`
    issues.push({ field: `hints[${maxHints}]`, code: 'unsupported_hints', message })
  } else {
    hints.forEach((hint, index) => {
      const problem = hintProblem(hint, parameter)
      if (problem !== undefined) issues.push({ field: `hints[${index}]`, code: 'unsupported_hints', message: problem })
    })
  }
  return issues
}

const maxHints = 100

function hintProblem(hint: string, parameter: 'keyterm' | 'keywords' | undefined): string | undefined {
  if (hint.trim() === '') return 'A hint must not be empty.'
  // A colon would begin the weight of the word, and words apart are looked for apart.
  if (parameter === 'keywords' && /[\s:]/.test(hint)) return 'This model takes single words without a colon for hints.'
  return undefined
}

// ── Speaking ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The family of a model, or of a voice that is named in its place; others are tried as the first one. */
export function familyOf(model: string): VoiceFamily {
  return model.startsWith('flux') ? 'flux' : 'aura-2'
}

export function ttsCapabilities(model: string): TtsCapabilities {
  const family = familyOf(model)
  return {
    pcmRates: family === 'flux' ? fluxRates : auraRates,
    mulaw: true,
    mp3: true,
    opus: true,
    speed: speeds[family],
    volume: undefined,
    emotions: undefined,
    voices: voiceNames(family),
    languages: family === 'flux' ? ['en'] : ['en', 'es', 'de', 'fr', 'nl', 'it', 'ja'],
    alignment: undefined,
    maxCharacters: 2000,
  }
}

const auraRates: readonly [number, ...number[]] = [24_000, 48_000, 32_000, 16_000, 8000]
const fluxRates: readonly [number, ...number[]] = [24_000, 48_000, 44_100, 32_000, 16_000, 8000]
const speeds: Readonly<Record<VoiceFamily, Range>> = { 'aura-2': { least: 0.7, most: 1.5 }, flux: { least: 0.5, most: 1.5 } }

export function checkTts(options: TtsOptions, model: string): readonly SpeechIssue[] {
  const capabilities = ttsCapabilities(model)
  const voice = voiceOf(options.voice, familyOf(model))
  const isOurs = voice !== undefined && speaksFor(voice, model)
  return [
    ...(isOurs ? voiceIssues(voice, options) : [voiceIssue(options.voice, model)]),
    ...formatIssues('Deepgram', options.format, capabilities),
    ...rangeIssues('Deepgram', 'volume', options.volume, capabilities.volume),
    ...emotionIssues('Deepgram', options.emotion, capabilities.emotions),
  ]
}

/** Whether a voice is one of this model's: its family's, or the very voice where the model is one. */
function speaksFor({ name, family }: Voice, model: string): boolean {
  return family === familyOf(model) && (voiceOf(model, family)?.name ?? name) === name
}

function voiceIssue(voice: string, model: string): SpeechIssue {
  if (!hasVoiceForm(voice)) {
    return { field: 'voice', code: 'invalid_voice', message: 'A voice of Deepgram looks like aura-2-thalia-en or flux-haley-en.' }
  }
  const examples = voiceNames(familyOf(model)).slice(0, 3).join(', ')
  return { field: 'voice', code: 'unknown_voice', message: `${model} has no such voice. It has ${examples} and others.` }
}

function voiceIssues({ name, language, family }: Voice, options: TtsOptions): SpeechIssue[] {
  const issues: SpeechIssue[] = []
  if (options.language !== undefined && primarySubtag(options.language) !== language) {
    issues.push(unsupported('language', `${name} speaks ${language} alone: choose a voice of the language.`))
  }
  return [...issues, ...speedIssues(name, options.speed, family, language)]
}

/** Only English and Spanish voices take a speed, and those of Flux in steps. */
function speedIssues(voice: string, speed: number | undefined, family: VoiceFamily, language: string): SpeechIssue[] {
  const range = language === 'en' || language === 'es' ? speeds[family] : undefined
  const issues = rangeIssues(voice, 'speed', speed, range)
  if (issues.length > 0 || speed === undefined || family !== 'flux') return issues
  const steps = speed * 20
  if (Math.abs(steps - Math.round(steps)) <= 1e-9) return []
  return [unsupported('speed', `${voice} has a speed in steps of 0.05, not ${speed}.`)]
}
