import { sayAll } from './spoken-inline.ts'
import { awaiting, type SpokenSource, type Taken, within, wordsAt } from './spoken-source.ts'

/** A table's head, once the line below it has shown that it is one. */
export interface TableHead {
  readonly labels: readonly string[]
  /** Characters, both lines and their ends. */
  readonly length: number
}

/** Reads a line that begins with a bar as the head of a table; undefined if it is none. */
export function readHead(source: SpokenSource): TableHead | typeof awaiting | undefined {
  const { text, at, isEnded } = source
  const window = text.slice(at, at + lineBound)
  const end = window.indexOf('\n')
  if (end < 0) return window.length < lineBound && !isEnded ? awaiting : undefined
  const below = text.slice(at + end + 1, at + end + 1 + lineBound)
  const ruled = /^[-:| \t>]*/.exec(below)?.[0] ?? ''
  if (ruled.length === below.length && below.length < lineBound && !isEnded) return awaiting
  const isComplete = ruled.length === below.length || below[ruled.length] === '\n'
  if (!isComplete || !ruled.includes('-') || !ruled.includes('|')) return undefined
  const length = end + 1 + Math.min(ruled.length + 1, below.length)
  return { labels: cellsOf(window.slice(0, end)), length }
}

/** Says one row: "Name: Ada, Age: 36."; undefined for a row too long to be one. */
export function sayRow(source: SpokenSource, labels: readonly string[]): Taken {
  const { text, at, isEnded, writer } = source
  const window = text.slice(at, at + lineBound)
  const found = window.indexOf('\n')
  if (found < 0 && (window.length === lineBound || !isEnded)) return window.length === lineBound ? undefined : awaiting
  const end = found < 0 ? window.length : found
  for (const [index, cell] of cellsOf(window.slice(0, end)).entries()) {
    if (cell === '') continue
    writer.pause()
    const label = labels[index] ?? ''
    if (label !== '') {
      sayAll(within(source, label, false))
      writer.mark(':')
      writer.space()
    }
    sayAll(within(source, answerIn(source, cell) ?? cell, false))
  }
  writer.endBlock()
  return end
}

/** What a tick or a cross says, in the language of its label. */
function answerIn(source: SpokenSource, cell: string): string | undefined {
  const isYes = /^[✅☑✓✔]\ufe0f?$/u.test(cell)
  if (!isYes && !/^[❌✗✘✖]\ufe0f?$/u.test(cell)) return undefined
  const words = wordsAt(within(source, '', false), 0)
  return words ? words[isYes ? 'yes' : 'no'] : undefined
}

/** Says the head alone, for a table without rows. */
export function sayHead(source: SpokenSource, labels: readonly string[]): void {
  for (const label of labels) {
    source.writer.pause()
    sayAll(within(source, label, false))
  }
  source.writer.endBlock()
}

function cellsOf(line: string): string[] {
  const cells = line.trim().split(/(?<!\\)\|/)
  if (cells[0] === '') cells.shift()
  if (cells.at(-1) === '') cells.pop()
  return cells.map((cell) => cell.replaceAll('\\|', '|').trim())
}

/** Characters of one line; a longer one is read as text. */
const lineBound = 2000
