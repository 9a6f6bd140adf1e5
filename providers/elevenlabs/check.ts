import type { SpeechIssue, SttOptions, TtsOptions } from '../speech.ts'
import { emotionIssues, formatIssues, languageIssues, quoted, rangeIssues, unsupported } from '../speech-issues.ts'
import { hearingCapabilities, speakingCapabilities } from './capabilities.ts'
import { languageCode } from './language.ts'

/** What a model cannot speak as it is asked to. */
export function checkSpeaking(options: TtsOptions, model: string): readonly SpeechIssue[] {
  const capabilities = speakingCapabilities(model)
  const { voice, format, language, speed, volume, emotion } = options
  return [
    ...voiceIssues(voice),
    ...formatIssues('ElevenLabs', format, capabilities),
    ...tagIssues(language, capabilities.languages, model),
    ...rangeIssues(model, 'speed', speed, capabilities.speed),
    ...rangeIssues('ElevenLabs', 'volume', volume, capabilities.volume),
    // Models take it from the text.
    ...emotionIssues('ElevenLabs', emotion, capabilities.emotions),
  ]
}

function voiceIssues(voice: string): SpeechIssue[] {
  if (/^[A-Za-z0-9]{20}$/.test(voice)) return []
  const message = 'A voice of ElevenLabs is named by its id, 20 letters and digits such as 21m00Tcm4TlvDq8ikWAM.'
  return [{ field: 'voice', code: 'invalid_voice', message }]
}

function tagIssues(tag: string | undefined, languages: readonly string[] | undefined, model: string): SpeechIssue[] {
  if (tag === undefined) return []
  const code = languageCode(tag)
  if (code !== undefined) return languageIssues(model, tag, languages, code)
  return [unsupported('language', `${quoted(tag)} is not a language tag such as en or pt-BR.`)]
}

/** What a model cannot listen for as it is asked to. */
export function checkHearing({ language, hints }: SttOptions, model: string): readonly SpeechIssue[] {
  const { languages, hints: takesHints } = hearingCapabilities(model)
  const issues = tagIssues(language, languages, model)
  if (hints.length === 0) return issues
  const refuse = (field: string, message: string): SpeechIssue => ({ field, code: 'unsupported_hints', message })
  if (!takesHints) return [...issues, refuse('hints', `${model} takes no hints; take scribe_v2, or leave them out.`)]
  if (hints.length > mostHints) return [...issues, refuse('hints', `There may be ${mostHints} hints, not ${hints.length}.`)]
  const wrong = hints.flatMap((hint, index) => {
    const why = hintProblem(hint)
    return why === undefined ? [] : [refuse(`hints[${index}]`, why)]
  })
  return [...issues, ...wrong]
}

const mostHints = 1000

function hintProblem(hint: string): string | undefined {
  if (hint.trim() === '') return 'A hint must not be empty.'
  if (hint.length >= 50) return `A hint must be shorter than 50 characters, not ${hint.length}.`
  if (hint.trim().split(/\s+/).length > 5) return 'A hint may have five words.'
  return /[<>{}[\]\\]/.test(hint) ? 'A hint must not have any of < > { } [ ] \\.' : undefined
}
