import type { Range, SpeechIssue, SttOptions, TtsCapabilities, TtsOptions } from '../speech.ts'
import { sttCapabilities, ttsCapabilities } from './capabilities.ts'
import { languageCode } from './languages.ts'

export function checkStt({ language, hints }: SttOptions, model: string): readonly SpeechIssue[] {
  const capabilities = sttCapabilities(model)
  return [...languageIssues(language, capabilities.languages, model), ...hintIssues(hints, capabilities.hints, model)]
}

export function checkTts(options: TtsOptions, model: string): readonly SpeechIssue[] {
  const capabilities = ttsCapabilities(model)
  return [
    ...voiceIssues(options.voice),
    ...formatIssues(options, capabilities),
    ...languageIssues(options.language, capabilities.languages, model),
    ...rangeIssues('speed', options.speed, capabilities.speed, model),
    ...rangeIssues('volume', options.volume, capabilities.volume, model),
    ...emotionIssues(options.emotion, capabilities.emotions, model),
  ]
}

/** The most terms that may be hinted at, and the most characters of all of them together. */
const maxHints = 100
const maxHintCharacters = 1200

function hintIssues(hints: readonly string[], takesHints: boolean, model: string): SpeechIssue[] {
  if (hints.length === 0) return []
  if (!takesHints) return [issue('hints', 'unsupported_hints', `${model} takes no hints; ink-2 does.`)]
  if (hints.length > maxHints) {
    return [issue(`hints[${maxHints}]`, 'unsupported_hints', `At most ${maxHints} hints can be given, not ${hints.length}.`)]
  }
  const characters = hints.reduce((sum, hint) => sum + hint.length, 0)
  if (characters <= maxHintCharacters) return []
  const message = `All hints together can have at most ${maxHintCharacters} characters, not ${characters}.`
  return [issue('hints', 'unsupported_hints', message)]
}

function voiceIssues(voice: string): SpeechIssue[] {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(voice)) return []
  const message = `A voice of Cartesia is named by its id, as in f786b574-daa5-4673-aa0c-cbe3e8534c02, not ${shown(voice)}.`
  return [issue('voice', 'invalid_voice', message)]
}

function formatIssues({ format }: TtsOptions, { pcmRates }: TtsCapabilities): SpeechIssue[] {
  if (format.encoding === 'opus')
    return [issue('format', 'unsupported_format', 'Cartesia makes no Opus; it makes PCM, µ-law and MP3.')]
  if (format.encoding !== 'pcm' || pcmRates.includes(format.rate)) return []
  const message = `Cartesia makes PCM at ${listed(pcmRates)} Hz, not at ${format.rate}.`
  return [issue('format.rate', 'unsupported_format', message)]
}

function languageIssues(language: string | undefined, languages: readonly string[] | undefined, model: string): SpeechIssue[] {
  if (language === undefined || !languages || languages.includes(languageCode(language))) return []
  const message = `${model} has no ${shown(language)}; it has ${listed(languages)}.`
  return [issue('language', 'unsupported_language', message)]
}

function rangeIssues(
  field: 'speed' | 'volume',
  value: number | undefined,
  range: Range | undefined,
  model: string,
): SpeechIssue[] {
  if (value === undefined) return []
  if (!range) return [issue(field, `unsupported_${field}`, `The ${field} of ${model} cannot be chosen; that of sonic-3 can.`)]
  if (value >= range.least && value <= range.most) return []
  return [issue(field, `unsupported_${field}`, `The ${field} can be from ${range.least} to ${range.most}, not ${value}.`)]
}

function emotionIssues(emotion: string | undefined, emotions: TtsCapabilities['emotions'], model: string): SpeechIssue[] {
  if (emotion === undefined || emotions === 'any' || emotions?.includes(emotion)) return []
  const message = emotions
    ? `There is no emotion ${shown(emotion)}; there are ${listed(emotions)}.`
    : `The emotion of ${model} cannot be chosen; that of sonic-3 can.`
  return [issue('emotion', 'unsupported_emotion', message)]
}

function issue(field: string, code: string, message: string): SpeechIssue {
  return { field, code, message }
}

function listed(names: readonly (string | number)[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
