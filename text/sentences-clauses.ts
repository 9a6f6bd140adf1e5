import { isThai, kind, kindAt, kindBefore } from './sentences-characters.ts'

/** Words before which a long sentence may be parted when it has no better place. All are in lower case. */
export function isConjunction(word: string): boolean {
  return conjunctions.has(word)
}

/** Whether a clause ends before the white space at `gap`: at a mark, at a dash between spaces, or at any space of Thai. */
export function endsClause(text: string, gap: number): boolean {
  let end = gap
  if (end > 0 && (kindBefore(text, end) === kind.quote || kindBefore(text, end) === kind.close)) end--
  const of = kindBefore(text, end)
  if (of === kind.clause || of === kind.dash) return true
  return (text.charAt(end - 1) === '-' && kindBefore(text, end - 1) === kind.space) || isThai(text, end - 1)
}

/**
 * Whether a comma before `gap` stands within a date or a number: "Jan. 5, 2024", "5 March, 2024", "1, 000". Nothing before `from` is looked
 * at.
 */
export function isWithinDate(text: string, from: number, gap: number, next: number): boolean {
  return (
    kindAt(text, next) === kind.digit &&
    /\p{Nd}\p{L}{0,2}[ .]{0,2}\p{L}{0,10}\.?[,،，]$/u.test(text.slice(Math.max(from, gap - 16), gap))
  )
}

/** A comma or the like of Chinese and Japanese, which no space follows. */
export function isWideClauseMark(text: string, at: number): boolean {
  const code = at < 0 ? 0 : text.charCodeAt(at)
  return code === 0x3001 || code === 0xff0c || code === 0xff1b || code === 0xff1a
}

/**
 * Where the last word between `from` and `limit` begins that is surely one: the very last may be cut, and the one before it be
 * taken for another because of that. `from` where there are no three words.
 */
export function lastWord(words: Intl.Segmenter, text: string, from: number, limit: number): number {
  let last = 0
  let following = 0
  for (const word of words.segment(text.slice(from, limit))) {
    last = following
    following = word.index
  }
  return from + last
}

const conjunctions: ReadonlySet<string> = new Set(
  (
    'and but or because which while although though since whereas unless so ' +
    'aur lekin kyunki magar isliye और लेकिन क्योंकि मगर इसलिए या ' +
    'y pero porque aunque mientras et mais parce car donc und aber weil denn oder sondern e mas porque embora enquanto ' +
    'ولكن لكن لأن 그리고 하지만 그래서'
  ).split(' '),
)
