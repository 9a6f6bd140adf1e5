import { nearest } from '../../text/nearest.ts'
import type { SpeechIssue, SttOptions, TtsOptions } from '../speech.ts'
import { emotionIssues, formatIssues, languageIssues, quoted, rangeIssues, unsupported } from '../speech-issues.ts'
import { ttsCapabilities } from './capabilities.ts'
import type { HearingDialect, SpeakingDialect } from './dialect.ts'
import { hintsOf } from './encode.ts'
import { languageCode } from './languages.ts'

/** What a model cannot hear, told before anything is sent. */
export function sttIssues(options: SttOptions, model: string, { languages, traits }: HearingDialect): readonly SpeechIssue[] {
  const { language, hints } = options
  const issues = languageIssues(model, language, languages, language && languageCode(language))
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
  const can = ttsCapabilities(dialect, model)
  const { voice, format, language, speed, volume, emotion } = options
  return [
    ...voiceIssues(voice, can.voices, model),
    ...formatIssues(model, format, can),
    ...languageIssues(model, language, can.languages, language && languageCode(language)),
    ...rangeIssues(model, 'speed', speed, can.speed),
    ...rangeIssues(model, 'volume', volume, can.volume),
    ...emotionIssues(model, emotion, can.emotions),
    ...(can.emotions === 'any' ? wordingIssues(emotion) : []),
  ]
}

function voiceIssues(voice: string, voices: readonly string[] | undefined, model: string): SpeechIssue[] {
  if (voices?.includes(voice)) return []
  if (voices) {
    const near = nearest(voice, voices)
    const hint = near ? ` Did you mean ${near}?` : ''
    const message = `${model} has no voice ${quoted(voice)}.${hint} It has ${voices.join(', ')}.`
    return [{ field: 'voice', code: 'unknown_voice', message }]
  }
  if (/^[^\p{Cc}]{1,200}$/u.test(voice) && voice.trim() !== '') return []
  return [
    { field: 'voice', code: 'invalid_voice', message: 'The name of a voice has 1 to 200 characters, and none that control.' },
  ]
}

const mostEmotion = 200

/** An emotion is part of a sentence that the model is told. */
function wordingIssues(emotion: string | undefined): SpeechIssue[] {
  if (emotion === undefined || (emotion.trim() !== '' && emotion.length <= mostEmotion)) return []
  return [unsupported('emotion', `An emotion is said in 1 to ${mostEmotion} characters.`)]
}
