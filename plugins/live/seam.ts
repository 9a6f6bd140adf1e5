/**
 * Where one engine that hears was lost and another goes on, the sound is heard twice for a moment, since an engine tells of words later than
 * they are said. What the second one says then begins with words that are known, or with a part of one.
 */
export interface Beyond {
  /** What of the text is new. */
  readonly text: string
  /** What of the known words may still be said again. */
  readonly tail: readonly string[]
}

/** The words of a text that may be said again: its last. */
export function tailOf(text: string): readonly string[] {
  return wordsIn(text)
    .slice(-mostWords)
    .map(({ word }) => word)
}

/** The text without the words at its beginning that are the end of those known, or that may still become so. */
export function beyondTail(text: string, tail: readonly string[]): Beyond {
  const words = wordsIn(text)
  if (words.length === 0 || tail.length === 0) return { text, tail }
  // A word that was cut where the sound begins is understood as another; it stays, for it may be one.
  for (const from of [0, 1]) {
    const length = words.length - from
    if (length < 1) break
    for (let start = 0; start < tail.length; start++) {
      const same = Math.min(tail.length - start, length)
      if (same <= from) break
      if (!words.slice(from, from + same).every(({ word }, index) => word === tail[start + index])) continue
      const end = words[from + same - 1]?.end ?? 0
      const first = text.slice(0, from === 0 ? 0 : words[0]?.end)
      return { text: first + withoutClosing(text.slice(end)), tail: tail.slice(start + same) }
    }
  }
  return { text, tail: [] }
}

const mostWords = 50

/** The text without what closes a word before it that is left out. */
export function withoutClosing(text: string): string {
  return text.replace(closing, '')
}

const closing = /^[^\p{L}\p{N}\p{M}\s\p{Ps}\p{Pi}]+/u

/** The words of a text as they are compared, and where each ends. */
export function wordsIn(text: string): { readonly word: string; readonly end: number }[] {
  return [...segmenter.segment(text)].flatMap(({ segment, index, isWordLike }) =>
    isWordLike ? [{ word: segment.normalize('NFKC').toLowerCase(), end: index + segment.length }] : [],
  )
}

const segmenter = new Intl.Segmenter('en', { granularity: 'word' })
