import { advance, sayNext } from './spoken-inline.ts'
import { readCodeLine, readLine } from './spoken-lines.ts'
import { awaiting, isUnknown, type SpokenSource, type Taken, wordsAt } from './spoken-source.ts'
import { readHead, sayHead, sayRow } from './spoken-table.ts'
import { wordsOf } from './spoken-words.ts'
import { SpokenWriter } from './spoken-writer.ts'

/** Turns written text into spoken text as it comes. */
export interface Spoken {
  /** Takes more of the written text, gives what is certain to be said. */
  push(text: string): string
  /** Gives the rest. Nothing may be pushed after it. */
  end(): string
}

/**
 * What a person would say of a model's Markdown: plain text for a voice, the same for any chunking, in linear time, and given as
 * soon as no later text can change it.
 *
 * - Headings, list items, rows of tables and paragraphs become sentences, one a line, with a stop where they have none. The last
 *   words of all stay as they are if they are a paragraph's.
 * - A row of a table is said with its head, "Name: Ada, Age: 36."; a table's lines begin with a bar. Numbers of lists stay.
 * - Marks of emphasis, tags, footnotes, rules, emoji, struck-out text and blocks of code are left out. So is a block of code that
 *   nothing closes, for it is one to the end. Code in a line is its text.
 * - A link is its text, an image its alternative text, a bare address its host ("example.com", which voices read well).
 * - Simple formulas are said in words, others left out.
 * - Symbols that voices stumble over are words of the locale's language (en, de, fr, es, pt, hi) and stay as they are in any other.
 *   Without a locale the nearest letters tell: English among Latin ones, Hindi among Devanagari, none among others. Numbers, dates, prices, percent, ranges and telephone numbers are the voice's own business.
 * - What looks like the beginning of a link, of code in a line, of a tag, a formula or a table, and does not end within a bound of
 *   some hundred characters, is text.
 */
export function createSpoken({ locale }: { readonly locale?: string | undefined } = {}): Spoken {
  const reader = new SpokenReader(locale)
  return { push: (text) => reader.push(text), end: () => reader.end() }
}

class SpokenReader {
  readonly #writer = new SpokenWriter()
  readonly #source: SpokenSource
  #isLineStart = true
  #block: 'none' | 'paragraph' | 'item' | 'heading' = 'none'
  #isLineQuoted = false
  #isBlockQuoted = false
  #isItemStart = false
  /** The line began with bold type; if it ends with it too, it is a heading of a kind. */
  #isBold = false
  #spaces = 0
  #isBroken = false
  #fence: string | undefined
  #labels: readonly string[] | undefined
  #hasRows = false
  #isLineSkipped = false
  /** The number of a list's item, said before its first word. */
  #number = ''

  constructor(locale: string | undefined) {
    this.#source = {
      text: '',
      at: 0,
      previous: '',
      solid: '',
      isEnded: false,
      isLiteral: false,
      depth: 0,
      isSkipping: false,
      writer: this.#writer,
      words: locale === undefined ? 'by script' : wordsOf(locale),
    }
  }

  push(text: string): string {
    const source = this.#source
    source.text = source.text.slice(source.at) + (text.includes('\r') ? text.replaceAll('\r', '') : text)
    source.at = 0
    this.#read()
    return this.#writer.take()
  }

  end(): string {
    this.#source.isEnded = true
    this.#read()
    this.#closeTable()
    if (this.#block !== 'paragraph') this.#writer.stop()
    return this.#writer.take()
  }

  #read(): void {
    const source = this.#source
    while (source.at < source.text.length) {
      const before = source.at
      const isMoving = this.#step()
      if (!isMoving && source.at === before) return
    }
  }

  /** Whether anything changed; if not, more text is needed. */
  #step(): boolean {
    if (this.#isLineSkipped) return this.#skipLine()
    if (this.#fence !== undefined) return this.#readCode(this.#fence)
    return this.#isLineStart ? this.#startLine() : this.#readInline()
  }

  #take(length: number): boolean {
    advance(this.#source, length)
    return length > 0
  }

  #skipLine(): boolean {
    const { text, at } = this.#source
    const end = text.indexOf('\n', at)
    if (end >= 0) {
      this.#isLineSkipped = false
      this.#writer.newLine()
    }
    return this.#take((end < 0 ? text.length : end + 1) - at)
  }

  #readCode(fence: string): boolean {
    const line = readCodeLine(this.#source, fence)
    if (!line) return false
    if (line.isClosing) this.#fence = undefined
    this.#isLineSkipped = true
    this.#take(line.length)
    return true
  }

  // ── The beginning of a line ───────────────────────────────────────────────────────────────────────────────────────────

  #startLine(): boolean {
    const source = this.#source
    const character = source.text[source.at] ?? ''
    if (character === ' ' || character === '\t') return this.#take(1)
    if (character === '\n') {
      this.#closeTable()
      this.#closeBlock()
      this.#isLineQuoted = false
      return this.#take(1)
    }
    if (character === '>') {
      this.#isLineQuoted = true
      return this.#take(1)
    }
    if (character === '|') return this.#startRow()
    this.#closeTable()
    if (character === '[' && this.#isItemStart) {
      const task = isUnknown(source, source.at + 3) ? awaiting : this.#readTask()
      if (task === awaiting) return false
      if (task) return this.#take(task)
    }
    return this.#startOther()
  }

  #startOther(): boolean {
    const line = readLine(this.#source)
    if (!line) return false
    switch (line.kind) {
      case 'text':
        return this.#startText()
      case 'number':
        // Only a list's first number may break into a paragraph: others are years and amounts that came to stand here.
        if (this.#block === 'paragraph' && line.number !== '1') return this.#startText()
        this.#open('item')
        this.#number = line.number
        break
      case 'item':
        this.#open('item')
        break
      case 'heading':
        this.#open('heading')
        this.#isLineStart = false
        break
      case 'fence':
        this.#closeBlock()
        this.#fence = line.fence
        this.#isLineSkipped = true
        break
      case 'definition':
      case 'rule':
        this.#closeBlock()
        this.#isLineSkipped = true
    }
    this.#take(line.length)
    return true
  }

  #open(block: 'item' | 'heading' | 'paragraph'): void {
    this.#closeBlock()
    this.#block = block
    this.#isBlockQuoted = this.#isLineQuoted
    this.#isItemStart = block === 'item'
  }

  #readTask(): Taken {
    const { text, at } = this.#source
    const box = /^\[([ xX])\][ \t\n]/.exec(text.slice(at, at + 4))
    const words = box && box[1] !== ' ' ? wordsAt(this.#source, at + 3) : undefined
    if (words === awaiting) return awaiting
    this.#isItemStart = false
    if (!box) return undefined
    if (words) {
      this.#sayNumber()
      this.#writer.text(words.done)
      this.#writer.mark(':')
      this.#writer.space()
    }
    return 3
  }

  #startText(): boolean {
    const { text, at } = this.#source
    if (text[at] === '*' && isUnknown(this.#source, at + 1)) return false
    this.#isBold = text.startsWith('**', at)
    const goesOn = this.#block !== 'none' && (this.#isBlockQuoted || !this.#isLineQuoted)
    if (!goesOn) this.#open('paragraph')
    else if (this.#isBroken) this.#writer.pause()
    else this.#writer.lineBreak()
    this.#sayNumber()
    this.#isLineStart = false
    this.#isItemStart = false
    this.#isBroken = false
    this.#spaces = 0
    this.#source.previous = ''
    this.#source.solid = ''
    return true
  }

  #sayNumber(): void {
    if (this.#number === '') return
    this.#writer.text(this.#number)
    this.#writer.mark('.')
    this.#writer.space()
    this.#number = ''
  }

  #startRow(): boolean {
    const source = this.#source
    if (this.#labels) {
      const taken = sayRow(source, this.#labels)
      if (taken === awaiting) return false
      this.#hasRows = true
      if (taken === undefined) return this.#startText()
      this.#isLineSkipped = true
      this.#take(taken)
      return true
    }
    const head = readHead(source)
    if (head === awaiting) return false
    if (head === undefined) return this.#startText()
    this.#closeBlock()
    this.#labels = head.labels
    this.#hasRows = false
    return this.#take(head.length)
  }

  #closeTable(): void {
    if (this.#labels && !this.#hasRows) sayHead(this.#source, this.#labels)
    this.#labels = undefined
  }

  #closeBlock(): void {
    this.#writer.endBlock()
    this.#block = 'none'
    this.#number = ''
    this.#isBroken = false
    this.#source.isSkipping = false
  }

  // ── Within a line ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #readInline(): boolean {
    const source = this.#source
    const character = source.text[source.at]
    if (character === '\n') return this.#endLine()
    if (character === '\\') {
      if (isUnknown(source, source.at + 1)) return false
      if (source.text[source.at + 1] === '\n') {
        this.#isBroken = true
        return this.#take(1)
      }
    }
    this.#spaces = character === ' ' ? this.#spaces + 1 : 0
    const taken = sayNext(source)
    if (taken === 0 && character === ' ') this.#spaces--
    return this.#take(taken)
  }

  #endLine(): boolean {
    const source = this.#source
    if (this.#spaces >= 2) this.#isBroken = true
    const isTitle = this.#block === 'heading' || (this.#isBold && source.previous === '*')
    if (isTitle) this.#closeBlock()
    this.#isLineStart = true
    this.#isLineQuoted = false
    this.#isBold = false
    source.isSkipping = false
    this.#writer.newLine()
    return this.#take(1)
  }
}
