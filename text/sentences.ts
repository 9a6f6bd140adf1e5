import { wordAt } from './sentences-abbreviations.ts'
import { isLetterKind, kind, kindAt, kindBefore } from './sentences-characters.ts'
import { endsClause, isConjunction, isWideClauseMark, isWithinDate, lastWord } from './sentences-clauses.ts'
import { codeAt } from './sentences-code.ts'
import { lineStartAt } from './sentences-lines.ts'
import { meaningOfGap, type Stop, together } from './sentences-stops.ts'

export interface SentenceOptions {
  /** The first piece of all may be a clause, so that speech begins early. Off by default. */
  readonly firstClause?: boolean
  /** A sentence shorter than this, in UTF-16 units, stays with the next one of its paragraph. 0 by default. */
  readonly minCharacters?: number
  /** No piece is longer than this, in UTF-16 units: a longer sentence is parted. 300 by default, at least 20. */
  readonly maxCharacters?: number
  /** BCP 47. Tells how words are found where a stretch without spaces has to be parted. */
  readonly locale?: string
}

export interface Sentences {
  /** Takes more text and returns the sentences that are certain now. */
  push(text: string): readonly string[]
  /** Returns what is left. Nothing may be pushed after it. */
  end(): readonly string[]
}

/**
 * Parts text that is still being written into sentences for a voice. Whatever the chunks, the same text gives the same pieces, and
 * the pieces put together are the text: white space, closing quotes and emoji belong to the sentence before them.
 *
 * A piece is given out with the first character that makes it certain, which is
 *   - after 。 ? ! । and full stops: the first character of the next sentence, behind white space and opening marks;
 *   - after a full stop behind a number, an initial or an abbreviation that may end a sentence: the end of the next word, at most 16;
 *   - at the beginning of a line: enough to tell a list, heading, table or fence from text, at most 8;
 *   - at an open backtick: the closing one, or the end of the line.
 *
 * At most `maxCharacters` and what was pushed last are held, and a character is read a small number of times.
 * Throws RangeError where `maxCharacters` is below 20 or `minCharacters` is above it.
 */
export function createSentences(options: SentenceOptions = {}): Sentences {
  const most = options.maxCharacters ?? 300
  const least = options.minCharacters ?? 0
  if (!(most >= 20) || !(least <= most)) throw new RangeError('maxCharacters is at least 20 and no less than minCharacters')
  const scanner = new Scanner(least, most, options.firstClause ?? false, options.locale)
  return {
    push: (text) => (text === '' ? none : scanner.read(text, false)),
    end: () => scanner.read('', true),
  }
}

const none: readonly string[] = []

/** How long a first sentence is, at least, before it is parted: at a mark, or before a conjunction. And how long a clause is. */
const firstAtMark = 40
const firstAtConjunction = 72
const leastClause = 16

/** How far back a word is looked for where a stretch without spaces has to be parted. */
const unspaced = 48

class Scanner {
  private readonly least: number
  private readonly most: number
  private readonly locale: string | undefined
  private words: Intl.Segmenter | undefined
  private pieces: string[] = []
  private text = ''
  /** The first half of a surrogate pair, which waits for the other. */
  private half = ''
  private start = 0
  private at = 0
  /** Whether a clause is enough for the piece that is being read. */
  private isFirst: boolean

  // Of the piece: whether there is anything to say, and where it could be parted, -1 for nowhere.
  private hasContent = false
  private markCut = -1
  private conjunctionCut = -1
  private spaceCut = -1

  /** Whether the sentence, of which a piece may be a part, began with a small letter, as all of its writer's may. */
  private isLowerStyle: boolean | undefined

  private isLineStart = true
  private lineFrom = 0
  private endsWithLine = false
  private fence = ''
  /** Backticks before this place are known to close nothing. */
  private plainTicksBefore = 0

  // The gap after a word: stops, closing marks, emoji and white space, of which some may be missing. `gap` is -1 outside of one.
  private gap = -1
  private stop = -1
  private stopKind = 0
  private isClosed = false
  private hasSpace = false
  private lines = 0

  constructor(least: number, most: number, isFirst: boolean, locale: string | undefined) {
    this.least = least
    this.most = most
    this.isFirst = isFirst
    this.locale = locale
  }

  read(more: string, isWhole: boolean): readonly string[] {
    this.pieces = []
    this.forget()
    this.text += this.half + more
    this.half = ''
    const last = this.text.charCodeAt(this.text.length - 1)
    if (!isWhole && last >= 0xd800 && last <= 0xdbff) {
      this.half = this.text.slice(-1)
      this.text = this.text.slice(0, -1)
    }
    while (this.at < this.text.length) {
      if (this.at - this.start >= this.most) this.partLong()
      else if (!this.step(isWhole)) break
    }
    if (isWhole) {
      if (this.text.length - this.start > this.most) this.partLong()
      if (this.start < this.text.length) this.give(this.text.length)
    }
    return this.pieces
  }

  /** Lets go of the text that was given out. */
  private forget(): void {
    const by = this.start
    if (by === 0) return
    this.text = this.text.slice(by)
    this.start = 0
    this.at -= by
    this.markCut = Math.max(-1, this.markCut - by)
    this.conjunctionCut = Math.max(-1, this.conjunctionCut - by)
    this.spaceCut = Math.max(-1, this.spaceCut - by)
    this.lineFrom = Math.max(-1, this.lineFrom - by)
    this.plainTicksBefore = Math.max(0, this.plainTicksBefore - by)
    if (this.gap >= 0) this.gap -= by
    if (this.stop >= 0) this.stop -= by
  }

  /** Reads on by a character or so. False where that needs text that is not there yet. */
  private step(isWhole: boolean): boolean {
    const of = kindAt(this.text, this.at)
    if (this.gap >= 0) return this.stepInGap(of, isWhole)
    if (this.fence !== '') return this.stepInFence(isWhole)
    if (of === kind.space || of === kind.newline) {
      this.openGap()
      return true
    }
    if (this.isLineStart) return this.beginLine(isWhole)
    if (of === kind.tick && this.at >= this.plainTicksBefore) return this.skipCode(isWhole)
    if (this.hasContent && of >= kind.dot && of <= kind.ellipsis) {
      this.openGap()
      this.stop = this.at
      this.stopKind = of
      this.advance()
      return true
    }
    if (isWideClauseMark(this.text, this.at - 1) && this.at - this.start >= leastClause / 2 && of !== kind.close) {
      if (!isWithinDate(this.text, this.start, this.at, this.at)) this.markCut = this.at
    }
    if (this.isFirst && this.partFirst()) return true
    if (isLetterKind(of) || of === kind.digit || of === kind.emoji) {
      this.hasContent = true
      if (of !== kind.digit) this.isLowerStyle ??= of === kind.lower
    }
    this.advance()
    return true
  }

  private advance(): void {
    // Half of a pair may stand alone in what a model writes.
    this.at += (this.text.codePointAt(this.at) ?? 0) > 0xffff ? 2 : 1
  }

  private beginLine(isWhole: boolean): boolean {
    const found = lineStartAt(this.text, this.at, isWhole)
    if (found.is === 'unknown') return false
    this.isLineStart = false
    this.lineFrom = this.at
    this.endsWithLine = found.is === 'heading' || found.is === 'row' || found.is === 'rule'
    if (found.is === 'fence') this.fence = this.text.slice(this.at, this.at + found.length)
    if (found.is === 'fence' || found.is === 'rule' || found.is === 'row') this.hasContent = true
    this.at += found.length
    return true
  }

  /** To the end of the line, or through the fence that closes. Lines are where a long fence is parted. */
  private stepInFence(isWhole: boolean): boolean {
    if (this.isLineStart) {
      const of = kindAt(this.text, this.at)
      if (of === kind.space) {
        this.at++
        return true
      }
      const seen = this.text.slice(this.at, this.at + 3)
      if (seen.length < 3 && !isWhole && this.fence.startsWith(seen)) return false
      this.isLineStart = false
      if (seen === this.fence) {
        this.fence = ''
        this.endsWithLine = true
        this.hasContent = true
        this.at += 3
        return true
      }
    }
    if (this.text.charAt(this.at) === '\n') {
      this.isLineStart = true
      this.spaceCut = this.at + 1
    }
    this.at++
    return true
  }

  /** Over code between backticks, in which nothing ends. What no backtick of its line closes is no code. */
  private skipCode(isWhole: boolean): boolean {
    const code = codeAt(this.text, this.at, this.start + this.most, isWhole)
    if (code === undefined) return false
    if (code.isClosed) {
      this.at = code.end
      this.hasContent = true
    } else this.plainTicksBefore = code.end
    return true
  }

  private openGap(): void {
    this.gap = this.at
    this.stop = -1
    this.isClosed = false
    this.hasSpace = false
    this.lines = 0
  }

  private stepInGap(of: number, isWhole: boolean): boolean {
    if (of === kind.newline || of === kind.space) {
      this.hasSpace = true
      if (of === kind.newline) this.lines++
      this.at++
      return true
    }
    if (this.stop < 0 || this.lines > 0) return this.endGap(isWhole)
    if (of === kind.emoji) {
      // What follows an emoji is seen as what follows the stop.
      this.hasSpace = false
      this.isClosed = false
      this.advance()
      return true
    }
    if (this.hasSpace) return this.stepBehindSpace(of, isWhole)
    if (of >= kind.dot && of <= kind.ellipsis) {
      this.stopKind = together(this.stopKind, of)
      this.at++
    } else if (of === kind.close || of === kind.quote) {
      this.isClosed = true
      this.at++
    } else if (of === kind.mark) {
      this.advance()
    } else return this.endGap(isWhole)
    return true
  }

  /** Marks that some write behind a space: "Quoi ? !", ". . .", "« Oui. »". One character more tells them from an opening one. */
  private stepBehindSpace(of: number, isWhole: boolean): boolean {
    const isStop = of >= kind.dot && of <= kind.ellipsis
    const isGuillemet = this.text.charAt(this.at) === '»'
    if (!isStop && !isGuillemet) return this.endGap(isWhole)
    if (this.at + 1 >= this.text.length && !isWhole) return false
    const next = this.at + 1 < this.text.length ? kindAt(this.text, this.at + 1) : kind.space
    const standsAlone = next === kind.space || next === kind.newline || (isStop && next >= kind.dot && next <= kind.ellipsis)
    if (!standsAlone) return this.endGap(isWhole)
    if (isStop) this.stopKind = together(this.stopKind, of)
    else this.isClosed = true
    this.hasSpace = false
    this.at++
    return true
  }

  private endGap(isWhole: boolean): boolean {
    if (this.lines > 0 && this.hasContent) {
      const isBreak = this.lines > 1 || this.endsWithLine || this.isTitleLine()
      const next = isBreak ? 'rule' : lineStartAt(this.text, this.at, isWhole).is
      if (next === 'unknown') return false
      if (next !== 'text') {
        this.endSentence()
        return true
      }
    }
    if (this.stop >= 0) {
      const meaning = meaningOfGap(this.stopped(), isWhole)
      if (meaning === 'unknown') return false
      if (meaning === 'ends' && this.at - this.start >= this.least) {
        this.endSentence()
        return true
      }
    }
    if (this.hasSpace && this.at > this.start && !this.notePlace(isWhole)) return false
    this.gap = -1
    this.isLineStart = this.lines > 0
    if (this.isLineStart) this.endsWithLine = false
    if (this.isFirst) this.partFirst()
    return true
  }

  /** A line that is bold from end to end, or ends in a colon. */
  private isTitleLine(): boolean {
    const last = this.text.charAt(this.gap - 1)
    if (last === ':' || last === '：') return true
    return (
      this.lineFrom >= this.start &&
      last === '*' &&
      this.text.startsWith('**', this.lineFrom) &&
      this.text.endsWith('**', this.gap)
    )
  }

  /** Notes that a long piece may be parted here. False where the word that follows is not there yet. */
  private notePlace(isWhole: boolean): boolean {
    const length = this.at - this.start
    if (length < leastClause || !this.hasContent) return true
    if (this.isFirst || length >= this.most / 3) {
      const word = wordAt(this.text, this.at, isWhole)
      if (word === undefined) return false
      if (isConjunction(word)) this.conjunctionCut = this.at
    }
    this.spaceCut = this.at
    if (endsClause(this.text, this.gap) && !isWithinDate(this.text, this.start, this.gap, this.at)) this.markCut = this.at
    return true
  }

  private stopped(): Stop {
    return {
      text: this.text,
      from: this.start,
      at: this.stop,
      kind: this.stopKind,
      isClosed: this.isClosed,
      hasSpace: this.hasSpace,
      hasLine: this.lines > 0,
      next: this.at,
      isLowerStyle: this.isLowerStyle === true,
    }
  }

  private partFirst(): boolean {
    const length = this.at - this.start
    const isWide = isWideClauseMark(this.text, this.markCut - 1)
    if (this.markCut > this.start && length >= (isWide ? firstAtMark / 2 : firstAtMark)) this.give(this.markCut)
    else if (this.conjunctionCut > this.start && length >= firstAtConjunction) this.give(this.conjunctionCut)
    else return false
    return true
  }

  /** Gives out a part of a sentence that is too long: to its last clause, else word, else as far as it may go. */
  private partLong(): void {
    const third = this.start + this.most / 3
    const isBlank = this.gap >= 0 && this.hasSpace && (this.stop >= 0 || !this.hasContent)
    if (isBlank) this.give(Math.min(this.at, this.start + this.most))
    else if (this.fence === '' && this.markCut >= third) this.give(this.markCut)
    else if (this.fence === '' && this.conjunctionCut >= third) this.give(this.conjunctionCut)
    else if (this.gap >= 0 && this.hasSpace) this.give(Math.min(this.at, this.start + this.most))
    else if (this.spaceCut >= this.start + this.most / 4) this.give(this.spaceCut)
    else this.give(this.lastWordBefore(this.start + this.most))
  }

  private lastWordBefore(limit: number): number {
    this.words ??= new Intl.Segmenter(this.locale, { granularity: 'word' })
    const found = lastWord(this.words, this.text, Math.max(this.start, limit - unspaced), limit)
    if (found > this.start + this.most / 4) return found
    const code = this.text.charCodeAt(limit)
    return code >= 0xdc00 && code <= 0xdfff ? limit - 1 : limit
  }

  private endSentence(): void {
    this.isLowerStyle = undefined
    this.give(this.at)
  }

  /** Gives out the text to `cut` and reads on from there. */
  private give(cut: number): void {
    let word = cut
    while (word > this.start && kindBefore(this.text, word) === kind.space) word--
    const isAfterLine = word > this.start && kindBefore(this.text, word) === kind.newline
    this.isLineStart = this.fence === '' ? isAfterLine : this.text.charAt(cut - 1) === '\n'
    if (isAfterLine) this.endsWithLine = false
    this.pieces.push(this.text.slice(this.start, cut))
    this.start = cut
    this.at = cut
    this.isFirst = false
    this.hasContent = false
    this.markCut = -1
    this.conjunctionCut = -1
    this.spaceCut = -1
    this.gap = -1
  }
}
