import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import type { Transcript, Word } from '../speech.ts'
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
  if (isTime(duration)) return duration
  if (!isRecord(usage)) return undefined
  // OpenAI rounds what it charges for up to whole seconds.
  return [usage.seconds, usage.prompt_audio_seconds].find(isTime)
}

/** OpenAI has words beside the segments, whisper.cpp within them. */
function wordsOf({ words, segments }: Readonly<Record<string, unknown>>): readonly Word[] {
  const all = Array.isArray(words)
    ? words
    : arrayOf(segments).flatMap((segment) => (isRecord(segment) ? arrayOf(segment.words) : []))
  return all.map(wordOf).filter((word) => word !== undefined)
}

function wordOf(value: unknown): Word | undefined {
  if (!isRecord(value) || !isTime(value.start) || !isTime(value.end)) return undefined
  const text = stringOf(value.word).trim()
  if (text === '') return undefined
  const { probability } = value
  const isLikelihood = typeof probability === 'number' && probability >= 0 && probability <= 1
  const [startMs, endMs] = [Math.round(value.start * 1000), Math.round(value.end * 1000)]
  return { text, startMs, endMs: Math.max(startMs, endMs), ...(isLikelihood && { confidence: probability }) }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
