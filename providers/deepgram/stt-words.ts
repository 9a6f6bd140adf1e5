import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import type { Word } from '../speech.ts'
import { wordOf } from '../speech-messages.ts'

/** The words that have both their times. `laterMs` is what is taken off of them. */
export function wordsOf(list: unknown, laterMs: (atMs: number) => number = () => 0): Word[] {
  return arrayOf(list).flatMap((each): Word[] => {
    if (!isRecord(each)) return []
    const word = wordOf(stringOf(each.punctuated_word) || stringOf(each.word), each.start, each.end, each.confidence)
    if (!word) return []
    const { startMs, endMs } = word
    return [{ ...word, startMs: Math.round(startMs - laterMs(startMs)), endMs: Math.round(endMs - laterMs(endMs)) }]
  })
}
