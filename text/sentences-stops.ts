import { isAbbreviation, meaningOfStop, type StopMeaning, wordAt } from './sentences-abbreviations.ts'
import { isLetterKind, isThai, kind, kindAt, kindBefore } from './sentences-characters.ts'

/** What is known of a stop and of what stands between it and the next word. */
export interface Stop {
  readonly text: string
  /** Where the piece begins, before which nothing is looked at. */
  readonly from: number
  /** Where the stop begins. */
  readonly at: number
  readonly kind: number
  /** Whether closing marks follow it, white space, and the end of a line. */
  readonly isClosed: boolean
  readonly hasSpace: boolean
  readonly hasLine: boolean
  /** Where the next word or opening mark begins. */
  readonly next: number
  /** Whether the sentence began with a small letter. */
  readonly isLowerStyle: boolean
}

/** Whether a stop ends its sentence; `unknown` where that needs text that is not there yet, unless `isWhole`. */
export function meaningOfGap(stop: Stop, isWhole: boolean): StopMeaning {
  const { text, from } = stop
  const of = kindAt(text, stop.next)
  if (of === kind.clause) return 'goes-on'
  // Japanese quotes what was said with these.
  if (stop.kind === kind.full) return stop.isClosed && 'とっ'.includes(text.charAt(stop.next)) ? 'goes-on' : 'ends'
  if (!stop.hasSpace) return withoutSpace(stop, of)
  let word = stop.next
  while (word < text.length && word - stop.next < mostOpening && isOpening(kindAt(text, word))) word++
  if (word >= text.length && !isWhole) return 'unknown'
  const wordKind = word < text.length ? kindAt(text, word) : kind.other
  if (stop.kind === kind.bang) return wordKind === kind.lower && stop.isClosed ? 'goes-on' : 'ends'
  if (stop.kind === kind.ellipsis) return ofEllipsis(stop, word, wordKind, isWhole)
  if (wordKind === kind.lower) {
    const isWord = stop.at - 1 > from && isLetterKind(kindBefore(text, stop.at - 1))
    const isSentence = stop.isLowerStyle && !stop.isClosed && isWord
    return isSentence && !isAbbreviation(text, from, stop.at) ? 'ends' : 'goes-on'
  }
  if (stop.isClosed) return 'ends'
  const isDash = of === kind.dash || text.charAt(stop.next) === '-'
  if (isDash) return isAbbreviation(text, from, stop.at) ? 'goes-on' : 'ends'
  return meaningOfStop(text, from, stop.at, word, isWhole)
}

/** What several stops in a row mean: the strongest of them, and several full stops an ellipsis. */
export function together(stop: number, more: number): number {
  if (stop === kind.full || more === kind.full) return kind.full
  if (stop === kind.bang || more === kind.bang) return kind.bang
  return kind.ellipsis
}

/** How many opening marks are looked through for the word behind them. */
const mostOpening = 8

function ofEllipsis(stop: Stop, word: number, wordKind: number, isWhole: boolean): StopMeaning {
  if (stop.hasLine) return 'ends'
  if (wordKind === kind.lower || wordKind === kind.letter || wordKind === kind.digit) return 'goes-on'
  if (wordKind !== kind.upper) return 'ends'
  // The capital of "I" says nothing.
  const next = wordAt(stop.text, word, isWhole)
  return next === undefined ? 'unknown' : next === 'i' ? 'goes-on' : 'ends'
}

/** Without white space, a stop ends a sentence where the script has no capitals, and where somebody forgot the space. */
function withoutSpace(stop: Stop, of: number): StopMeaning {
  const { text, from } = stop
  if (stop.kind === kind.ellipsis) return 'goes-on'
  const before = kindBefore(text, stop.at)
  // A full stop between Thai letters is an abbreviation's.
  const mayEnd = stop.kind === kind.bang || !isThai(text, stop.next)
  const isCaseless = (before === kind.letter || before === kind.mark) && of === kind.letter && mayEnd
  if (isCaseless) return stop.kind === kind.dot && isAbbreviation(text, from, stop.at) ? 'goes-on' : 'ends'
  if (stop.kind !== kind.bang) return 'goes-on'
  const opens = text.charAt(stop.next)
  if (opens === '¿' || opens === '¡') return 'ends'
  if (before !== kind.lower || of !== kind.upper) return 'goes-on'
  return isInAddress(text, Math.max(from, stop.at - longestAddress), stop.at) ? 'goes-on' : 'ends'
}

const longestAddress = 48

function isInAddress(text: string, least: number, stop: number): boolean {
  for (let at = stop - 1; at >= least; at--) {
    const character = text.charAt(at)
    if (character === '/' || character === '=') return true
    if (character === ' ' || character === '\n') return false
  }
  return false
}

function isOpening(of: number): boolean {
  return of === kind.open || of === kind.quote
}
