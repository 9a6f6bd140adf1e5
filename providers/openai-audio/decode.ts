import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import type { Transcript, Word } from '../speech.ts'
import { secondsOf as plainSecondsOf, wordOf } from '../speech-messages.ts'
import { languageOf } from './languages.ts'

/** What a whole answer says, in any of the forms that servers give it; undefined where it is no transcript. */
export function transcriptOf(answer: unknown): Transcript | undefined {
  if (!isRecord(answer) || typeof answer.text !== 'string') return undefined
  const language = languageOf(stringOf(answer.language) || stringOf(answer.detected_language))
  const seconds = secondsOf(answer)
  const words = wordsOf(answer)
  return {
    text: plain(answer.text),
    ...(language !== undefined && { language }),
    ...(seconds !== undefined && { seconds }),
    ...(words.length > 0 && { words }),
  }
}

/** Some servers put each stretch on a line of its own. */
export function plain(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ')
}

/** How much sound was heard, as an answer or its `usage` tells it. */
export function secondsOf({ duration, usage }: Readonly<Record<string, unknown>>): number | undefined {
  const charged = isRecord(usage) ? usage : {}
  // OpenAI rounds what it charges for up to whole seconds.
  return plainSecondsOf(duration) ?? plainSecondsOf(charged.seconds) ?? plainSecondsOf(charged.prompt_audio_seconds)
}

/** OpenAI has words beside the segments, whisper.cpp within them. */
function wordsOf({ words, segments }: Readonly<Record<string, unknown>>): readonly Word[] {
  const all = Array.isArray(words)
    ? words
    : arrayOf(segments).flatMap((segment) => (isRecord(segment) ? arrayOf(segment.words) : []))
  return all.flatMap((each) =>
    isRecord(each) ? (wordOf(stringOf(each.word), each.start, each.end, each.probability) ?? []) : [],
  )
}
