import type { Alignment } from '../../providers/speech.ts'
import { wordCut } from '../../text/word-cut.ts'
import { type SaidSentence, supposedMs } from './pace.ts'
import { type TimedEnd, timedEnds } from './timed-text.ts'

/** What the assistant says in one go; the texts of its sentences, put together, are what is spoken. */
export interface SpokenSegment {
  /** In the order in which they sound. */
  readonly sentences: readonly SpokenSentence[]
}

export interface SpokenSentence {
  /** As it is spoken, with the white space around it. */
  readonly text: string
  /** When it begins in the segment's sound, in milliseconds. */
  readonly startMs: number
  /** How long its sound is, in milliseconds; undefined while it still comes. 0 for one that nobody can say. */
  readonly lengthMs: number | undefined
  /** Where the vendor tells of times: from the beginning of the sentence's sound, as far as they came. */
  readonly alignment: Alignment | undefined
}

/**
 * What somebody has heard of a segment of whose sound the first `playedMs` were played: a beginning of what is spoken, which grows
 * with what was played and ends with a whole word. Nothing is counted as heard of which that is not certain.
 *
 *   1. A sentence whose sound is over was heard. Whoever plays it counts whole milliseconds.
 *   2. Of the one that was playing, the words were heard that were over by its alignment.
 *   3. Without one, or where it tells of another text, as much of the text as of the sound, down to a whole word. While its length is not
 *      known, it is supposed to be rather too long, and most of it still to come.
 *   4. Where nobody tells what was played (`marks` is false), `playedMs` is an estimate, and only whole sentences count.
 *   5. A sentence without sound was heard with the one before it; those before the first sound, with that.
 */
export function heardText({ sentences }: SpokenSegment, playedMs: number, { marks }: { readonly marks: boolean }): string {
  if (!(playedMs > 0)) return ''
  let heard = ''
  let unheard = ''
  const before: SaidSentence[] = []
  for (const sentence of sentences) {
    const { text, startMs, lengthMs } = sentence
    const isWhole = lengthMs !== undefined && isOver(startMs + lengthMs, playedMs)
    if (isWhole && lengthMs > 0) before.push({ text, lengthMs })
    const end = isWhole ? text.length : marks ? heardWithin(sentence, playedMs - startMs, before) : 0
    unheard += text.slice(0, end)
    if (heard !== '' || (lengthMs !== 0 && end > 0)) {
      heard += unheard
      unheard = ''
    }
    if (!isWhole) return heard.trimEnd()
  }
  return heard
}

function isOver(endMs: number, playedMs: number): boolean {
  return playedMs >= Math.floor(endMs)
}

/** Up to where in its text the sentence was heard. */
function heardWithin({ text, lengthMs, alignment }: SpokenSentence, ms: number, before: readonly SaidSentence[]): number {
  if (ms <= 0) return 0
  const ends = alignment && timedEnds(text, alignment)
  if (ends) return wordCut(text, lastBefore(ends, ms))
  const wholeMs = lengthMs ?? Math.max(supposedMs(text, before), ms / mostSupposed)
  return wordCut(text, (ms / wholeMs) * text.length)
}

/** Of a sentence whose length is not known no more than this is supposed to have been heard. */
const mostSupposed = 0.8

/** Where the last word ends before which every other was over as well: a vendor's times may go backward. */
function lastBefore(ends: readonly TimedEnd[], ms: number): number {
  const next = ends.findIndex(({ atMs }) => !(atMs <= ms))
  return ends[(next < 0 ? ends.length : next) - 1]?.end ?? 0
}
