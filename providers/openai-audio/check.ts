import { nearest } from '../../text/nearest.ts'
import type { SpeechFormat, SpeechIssue, SttOptions, TtsOptions } from '../speech.ts'
import { ttsCapabilities } from './capabilities.ts'
import type { HearingDialect, SpeakingDialect } from './dialect.ts'
import { hintsOf } from './encode.ts'
import { languageCode } from './languages.ts'

/** What a model cannot hear, told before anything is sent. */
export function sttIssues(options: SttOptions, model: string, { languages, traits }: HearingDialect): readonly SpeechIssue[] {
  const { language, hints } = options
  const issues: SpeechIssue[] = []
  if (language !== undefined && languages && !languages.includes(languageCode(language))) {
    const message = `${model} takes no language ${said(language)}. It takes ${languages.join(', ')}.`
    issues.push({ field: 'language', code: 'unsupported_language', message })
  }
  if (hints.length === 0) return issues
  const problem = traits(model).hints === 'none' ? `${model} takes no hints.` : hintProblem(hints, model)
  if (problem) issues.push({ field: 'hints', code: 'unsupported_hints', message: problem })
  return issues
}

/** Of a prompt the models look at the last 224 tokens, and pass over the rest without a word. */
const mostHintBytes = 3 * 224

function hintProblem(hints: readonly string[], model: string): string | undefined {
  const bytes = new TextEncoder().encode(hintsOf(hints).join(', ')).length
  return bytes <= mostHintBytes
    ? undefined
    : `${model} looks at ${mostHintBytes} bytes of hints at most, their commas among them; these are ${bytes}.`
}

/** What a model cannot speak. */
export function ttsIssues(options: TtsOptions, model: string, dialect: SpeakingDialect): readonly SpeechIssue[] {
  const { voices, speed, instructions } = dialect.traits(model)
  return [
    issue('voice', voiceProblem(options.voice, voices, model)),
    issue('format', formatProblem(options.format, dialect, model)),
    issue('language', languageProblem(options.language, instructions, model, dialect)),
    issue('speed', rangeProblem(options.speed, 'speed', speed, model)),
    issue('volume', rangeProblem(options.volume, 'volume', undefined, model)),
    issue('emotion', emotionProblem(options.emotion, instructions, model)),
  ].filter((found) => found !== undefined)
}

type Problem = string | { readonly code: string; readonly message: string } | undefined

function issue(field: string, problem: Problem): SpeechIssue | undefined {
  if (problem === undefined) return undefined
  return typeof problem === 'string' ? { field, code: `unsupported_${field}`, message: problem } : { field, ...problem }
}

function voiceProblem(voice: string, voices: readonly string[] | undefined, model: string): Problem {
  if (voices?.includes(voice)) return undefined
  if (voices) {
    const near = nearest(voice, voices)
    const hint = near ? ` Did you mean ${near}?` : ''
    return { code: 'unknown_voice', message: `${model} has no voice ${said(voice)}.${hint} It has ${voices.join(', ')}.` }
  }
  if (/^[^\p{Cc}]{1,200}$/u.test(voice) && voice.trim() !== '') return undefined
  return { code: 'invalid_voice', message: 'The name of a voice has 1 to 200 characters, and none that control.' }
}

function formatProblem(format: SpeechFormat, { formats, pcmRate }: SpeakingDialect, model: string): Problem {
  const makes = formats.filter((each) => each === 'mp3' || each === 'opus')
  if (format.encoding === 'pcm' ? format.rate === pcmRate : makes.some((each) => each === format.encoding)) return undefined
  const asked = format.encoding === 'pcm' ? `PCM at ${format.rate} Hz` : format.encoding
  return `${model} does not make ${asked}. It makes ${[`PCM at ${pcmRate} Hz`, ...makes].join(', ')}.`
}

function languageProblem(language: string | undefined, named: boolean, model: string, dialect: SpeakingDialect): Problem {
  if (language === undefined) return undefined
  if (!named) return `${model} reads each text in the language that it is in, and cannot be told one. Leave language out.`
  const { languages = [] } = ttsCapabilities(dialect, model)
  if (languages.includes(languageCode(language))) return undefined
  return `${model} takes no language ${said(language)}. It takes ${languages.join(', ')}.`
}

function rangeProblem(
  value: number | undefined,
  what: string,
  range: { readonly least: number; readonly most: number } | undefined,
  model: string,
): Problem {
  // What is usual anyway takes effect everywhere.
  if (value === undefined || value === 1) return undefined
  if (!range) return `The ${what} of ${model} cannot be chosen. Leave ${what} out.`
  if (value >= range.least && value <= range.most) return undefined
  return `The ${what} of ${model} is from ${range.least} to ${range.most}, not ${value}.`
}

const mostEmotion = 200

function emotionProblem(emotion: string | undefined, taken: boolean, model: string): Problem {
  if (emotion === undefined) return undefined
  if (!taken) return `${model} cannot be told an emotion. Leave emotion out.`
  if (emotion.trim() !== '' && emotion.length <= mostEmotion) return undefined
  return `An emotion is said in 1 to ${mostEmotion} characters.`
}

function said(text: string): string {
  return JSON.stringify(text).slice(0, 100)
}
