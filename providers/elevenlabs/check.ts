import type { SpeechFormat, SpeechIssue, SttOptions, TtsOptions } from '../speech.ts'
import { hearingCapabilities, speakingCapabilities } from './capabilities.ts'
import { languageCode } from './language.ts'

/** What a model cannot speak as it is asked to. */
export function checkSpeaking(options: TtsOptions, model: string): readonly SpeechIssue[] {
  const { speed: range, languages } = speakingCapabilities(model)
  const { voice, speed, volume, emotion, language, format } = options
  const issues: (SpeechIssue | undefined)[] = [
    voiceForm.test(voice)
      ? undefined
      : {
          field: 'voice',
          code: 'invalid_voice',
          message: 'A voice of ElevenLabs is named by its id, 20 letters and digits such as 21m00Tcm4TlvDq8ikWAM.',
        },
    formatIssue(format, model),
    languageIssue(language, languages, model),
    speed === undefined || (range && speed >= range.least && speed <= range.most)
      ? undefined
      : {
          field: 'speed',
          code: 'unsupported_speed',
          message: range
            ? `The speed must be from ${range.least} to ${range.most}.`
            : `${model} has no speed; write a tag such as [slowly] into the text.`,
        },
    volume === undefined
      ? undefined
      : { field: 'volume', code: 'unsupported_volume', message: 'ElevenLabs has no volume; leave it out.' },
    emotion === undefined
      ? undefined
      : { field: 'emotion', code: 'unsupported_emotion', message: 'ElevenLabs takes emotion from the text; leave it out.' },
  ]
  return issues.filter((issue) => issue !== undefined)
}

const voiceForm = /^[A-Za-z0-9]{20}$/

function formatIssue(format: SpeechFormat, model: string): SpeechIssue | undefined {
  if (format.encoding !== 'pcm') return undefined
  const { pcmRates } = speakingCapabilities(model)
  if (pcmRates.includes(format.rate)) return undefined
  const rates = pcmRates.toSorted((one, other) => one - other).join(', ')
  return { field: 'format', code: 'unsupported_format', message: `ElevenLabs makes PCM at ${rates} Hz, not ${format.rate}.` }
}

function languageIssue(
  tag: string | undefined,
  languages: readonly string[] | undefined,
  model: string,
): SpeechIssue | undefined {
  if (tag === undefined) return undefined
  const code = languageCode(tag)
  const issue = (message: string): SpeechIssue => ({ field: 'language', code: 'unsupported_language', message })
  if (code === undefined) return issue(`${JSON.stringify(tag)} is not a language tag such as en or pt-BR.`)
  if (languages === undefined || languages.includes(code)) return undefined
  if (languages.length === 0) return issue(`${model} finds the language out from the text and cannot be told; leave it out.`)
  return issue(`${model} does not have ${JSON.stringify(tag)}; it has ${languages.join(', ')}.`)
}

/** What a model cannot listen for as it is asked to. */
export function checkHearing({ language, hints }: SttOptions, model: string): readonly SpeechIssue[] {
  const { languages, hints: takesHints } = hearingCapabilities(model)
  const issue = languageIssue(language, languages, model)
  const issues = issue ? [issue] : []
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
