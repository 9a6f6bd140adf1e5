import { scriptAfter } from './spoken-script.ts'
import { type SpokenWords, wordsOf } from './spoken-words.ts'
import type { SpokenWriter } from './spoken-writer.ts'

/** Text that is being read, and what is known of the part that was read. */
export interface SpokenSource {
  text: string
  at: number
  /** The character before `at`; empty at the beginning of a line. */
  previous: string
  /** The same without white space. */
  solid: string
  /** No more text will come. */
  isEnded: boolean
  /** Code and escaped characters: their marks are no Markdown. */
  readonly isLiteral: boolean
  /** How many links this text stands in. */
  readonly depth: number
  /** The rest of a very long address is being left out. */
  isSkipping: boolean
  readonly writer: SpokenWriter
  /** The words of the locale that was given, or of the script of the letters nearby where none was. */
  readonly words: SpokenWords | undefined | 'by script'
}

/**
 * What a rule says: how many characters it has dealt with, `awaiting` if it cannot know before more has come, or undefined if they
 * are not its business. A rule may only decide what no later text would have it decide otherwise.
 */
export type Taken = number | undefined

export const awaiting = 0

/** A text that is complete, within one that is being read. */
export function within(source: SpokenSource, text: string, isLiteral: boolean): SpokenSource {
  const { writer, words, depth } = source
  return { text, at: 0, previous: '', solid: '', isEnded: true, isLiteral, depth: depth + 1, isSkipping: false, writer, words }
}

/**
 * What symbols are called here, where what is said next ends at `end`; `awaiting` while no letter tells. Without a locale the letters before
 * tell, else those behind it in its line, at most `letterBound` characters on, else those of the lines before.
 */
export function wordsAt(source: SpokenSource, end: number): SpokenWords | undefined | typeof awaiting {
  const { text, words, writer } = source
  if (words !== 'by script') return words
  const script = writer.lineScript ?? scriptAfter(text, end, end + letterBound)
  if (script !== undefined) return wordsOf(script)
  const isOpen = text.length < end + letterBound && !source.isEnded && !text.includes('\n', end)
  return isOpen ? awaiting : wordsOf(writer.script)
}

const letterBound = 64

/** Whether the character at an offset is not known yet. */
export function isUnknown(source: SpokenSource, offset: number): boolean {
  return offset >= source.text.length && !source.isEnded
}

/** Where the same character stops being repeated, at most 32 of them later; undefined while that is not known. */
export function endOfRun(source: SpokenSource): number | undefined {
  const { text, at } = source
  const limit = at + 32
  let end = at + 1
  while (end < limit && text[end] === text[at]) end++
  return end < limit && isUnknown(source, end) ? undefined : end
}

/** Where a line has `target`, at most `bound` characters on: its offset, 'none', or 'unknown' until more has come. */
export function find(source: SpokenSource, target: string, from: number, bound: number): number | 'none' | 'unknown' {
  const window = source.text.slice(from, from + bound)
  const line = window.indexOf('\n')
  const found = window.indexOf(target)
  if (line >= 0 && (found < 0 || line < found)) return 'none'
  if (found >= 0) return from + found
  return window.length < bound && !source.isEnded ? 'unknown' : 'none'
}

export function isWordly(character: string | undefined): boolean {
  return character !== undefined && /^[\p{L}\p{M}\p{N}]/u.test(character)
}

export function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9' && character.length === 1
}

export function isSpace(character: string | undefined): boolean {
  return character === undefined || character === '' || character === ' ' || character === '\t' || character === '\n'
}
