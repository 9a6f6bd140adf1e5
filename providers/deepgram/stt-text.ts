import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import type { Word } from '../speech.ts'

/** What stands between a text and the one that follows it: the vendor leaves the edges bare. */
export function gap(before: string, after: string): '' | ' ' {
  if (before === '' || after === '') return ''
  return unspaced.test(before.slice(-1)) && unspaced.test(after.slice(0, 1)) ? '' : ' '
}

/** Writings without spaces between words, and their marks. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\u3000-\u303f\uff00-\uffef]/u

/** The words that have both their times, in seconds. `laterMs` is what is taken off of them. */
export function wordsOf(list: unknown, laterMs: (atMs: number) => number = () => 0): Word[] {
  const words: Word[] = []
  for (const word of arrayOf(list)) {
    if (!isRecord(word) || typeof word.start !== 'number' || typeof word.end !== 'number') continue
    const text = stringOf(word.punctuated_word) || stringOf(word.word)
    const [start, end] = [word.start * 1000, word.end * 1000]
    words.push({
      text,
      startMs: Math.round(start - laterMs(start)),
      endMs: Math.round(end - laterMs(end)),
      ...(typeof word.confidence === 'number' && { confidence: word.confidence }),
    })
  }
  return words
}

export function secondsToMs(seconds: unknown): number | undefined {
  return typeof seconds === 'number' && Number.isFinite(seconds) ? Math.round(seconds * 1000) : undefined
}
