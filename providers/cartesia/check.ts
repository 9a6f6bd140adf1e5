import type { SpeechIssue, SttOptions, TtsOptions } from '../speech.ts'
import { emotionIssues, formatIssues, languageIssues, quoted, rangeIssues } from '../speech-issues.ts'
import { sttCapabilities, ttsCapabilities } from './capabilities.ts'
import { languageCode } from './languages.ts'

export function checkStt({ language, hints }: SttOptions, model: string): readonly SpeechIssue[] {
  const capabilities = sttCapabilities(model)
  return [
    ...languageIssues(model, language, capabilities.languages, language && languageCode(language)),
    ...hintIssues(hints, capabilities.hints, model),
  ]
}

export function checkTts(options: TtsOptions, model: string): readonly SpeechIssue[] {
  const capabilities = ttsCapabilities(model)
  const { voice, format, language, speed, volume, emotion } = options
  return [
    ...voiceIssues(voice),
    ...formatIssues('Cartesia', format, capabilities),
    ...languageIssues(model, language, capabilities.languages, language && languageCode(language)),
    ...rangeIssues(model, 'speed', speed, capabilities.speed),
    ...rangeIssues(model, 'volume', volume, capabilities.volume),
    ...emotionIssues(model, emotion, capabilities.emotions),
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
  const message = `A voice of Cartesia is named by its id, as in f786b574-daa5-4673-aa0c-cbe3e8534c02, not ${quoted(voice)}.`
  return [issue('voice', 'invalid_voice', message)]
}

function issue(field: string, code: string, message: string): SpeechIssue {
  return { field, code, message }
}
