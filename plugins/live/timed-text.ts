import type { Alignment } from '../../providers/speech.ts'

/** That the text up to `end`, in UTF-16 units, is over at a time, in milliseconds of its sound. */
export interface TimedEnd {
  readonly end: number
  readonly atMs: number
}

/**
 * What a vendor's times say of a text, in its order; ends may lie within words, where times are told of characters. Vendors may leave out
 * punctuation and space, or tell of the text as they read it ("five dollars" for "$5"); then only the words that both have are
 * found. Undefined where they are of another text.
 */
export function timedEnds(text: string, alignment: Alignment): readonly TimedEnd[] | undefined {
  if (alignment.tokens.length === 0) return undefined
  return endsByLetters(text, alignment) ?? endsByWords(text, alignment)
}

// ── The same letters ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Undefined at the first letter that the text does not have there. */
function endsByLetters(text: string, alignment: Alignment): readonly TimedEnd[] | undefined {
  const ends: TimedEnd[] = []
  let at = 0
  for (const [index, token] of alignment.tokens.entries()) {
    for (const letter of token) {
      if (!isLetter(letter)) continue
      at = nextLetter(text, at)
      const own = characterAt(text, at)
      if (own.toLowerCase() !== letter.toLowerCase()) return undefined
      at += own.length
    }
    ends.push({ end: withMarksAfter(text, at), atMs: endOf(alignment, index) })
  }
  return ends
}

function nextLetter(text: string, from: number): number {
  let at = from
  while (at < text.length && !isLetter(characterAt(text, at))) at += characterAt(text, at).length
  return at
}

/** A word's end with the marks that close it. */
function withMarksAfter(text: string, from: number): number {
  if (from === 0) return 0
  let at = from
  for (let next = characterAt(text, at); next !== '' && isClosing(next); next = characterAt(text, at)) at += next.length
  return at
}

function characterAt(text: string, at: number): string {
  const point = text.codePointAt(at)
  return point === undefined ? '' : String.fromCodePoint(point)
}

function isLetter(character: string): boolean {
  return /[\p{L}\p{N}\p{M}]/u.test(character)
}

function isClosing(character: string): boolean {
  return !/[\p{L}\p{N}\p{M}\s\p{Ps}\p{Pi}]/u.test(character)
}

function endOf({ startMs, durationMs }: Alignment, index: number): number {
  return (startMs[index] ?? Number.NaN) + (durationMs[index] ?? Number.NaN)
}

// ── The same words ──────────────────────────────────────────────────────────────────────────────────────────────────────

interface Said {
  readonly word: string
  /** Where it ends: in the text, or in time. */
  readonly end: number
}

/** Undefined where fewer than half of the vendor's words are in the text. */
function endsByWords(text: string, alignment: Alignment): readonly TimedEnd[] | undefined {
  const written = wordsIn(text).map(({ word, end }) => ({ word, end: withMarksAfter(text, end) }))
  const said = wordsSaid(alignment)
  if (said.length === 0 || written.length * said.length > mostPairs) return undefined
  const ends = inBoth(written, said)
  return ends.length * 2 < said.length ? undefined : ends
}

/** Sentences have some dozens of words; the time that more would take is not worth the exactness. */
const mostPairs = 250_000

function wordsIn(text: string): readonly Said[] {
  return [...words.segment(text)].flatMap(({ segment, index, isWordLike }) =>
    isWordLike ? [{ word: segment.normalize('NFKC').toLowerCase(), end: index + segment.length }] : [],
  )
}

/** The vendor's words with the times at which they are over. */
function wordsSaid(alignment: Alignment): readonly Said[] {
  const { kind, tokens } = alignment
  const between = kind === 'word' ? ' ' : ''
  const lasts: number[] = []
  let length = 0
  for (const token of tokens) {
    length += token.length + between.length
    lasts.push(length)
  }
  let index = 0
  return wordsIn(tokens.join(between)).map(({ word, end }) => {
    while ((lasts[index] ?? Number.POSITIVE_INFINITY) < end) index++
    return { word, end: endOf(alignment, index) }
  })
}

/** The longest run of words, with others between them, that both have, each as early in the text as can be. */
function inBoth(written: readonly Said[], said: readonly Said[]): readonly TimedEnd[] {
  const width = said.length + 1
  const common = new Uint16Array((written.length + 1) * width)
  for (let row = written.length - 1; row >= 0; row--) {
    for (let column = said.length - 1; column >= 0; column--) {
      const at = row * width + column
      const isSame = written[row]?.word === said[column]?.word
      common[at] = isSame ? (common[at + width + 1] ?? 0) + 1 : Math.max(common[at + width] ?? 0, common[at + 1] ?? 0)
    }
  }
  const ends: TimedEnd[] = []
  for (let row = 0, column = 0; row < written.length && column < said.length; ) {
    const [own, other] = [written[row], said[column]]
    if (!own || !other) break
    const at = row * width + column
    if (own.word === other.word) {
      ends.push({ end: own.end, atMs: other.end })
      row++
      column++
    } else if (common[at + 1] === common[at]) column++
    else row++
  }
  return ends
}

const words = new Intl.Segmenter('en', { granularity: 'word' })
