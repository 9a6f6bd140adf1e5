import type { SpokenSource } from './spoken-source.ts'

/** What a line turns out to be, and how many characters of it say so. */
export type LineKind =
  | { readonly kind: 'heading' | 'item' | 'rule' | 'definition' | 'text'; readonly length: number }
  | { readonly kind: 'number'; readonly length: number; readonly number: string }
  | { readonly kind: 'fence'; readonly length: number; readonly fence: string }

/**
 * What the line that begins here is, white space and marks of quotes before it left aside; undefined until enough of it has come.
 * A line's first characters settle it, never more than `lineBound` of them.
 */
export function readLine(source: SpokenSource): LineKind | undefined {
  const { text, at, isEnded } = source
  const first = text[at] ?? ''
  if (!'#-*_=+•:0123456789`~['.includes(first)) return plainText
  const window = text.slice(at, at + lineBound)
  const end = window.indexOf('\n')
  const line = end < 0 ? window : window.slice(0, end)
  const isPartial = end < 0 && window.length < lineBound && !isEnded
  if (first === '#') return readHeading(line, isPartial)
  if (first === '[') return readDefinition(line, isPartial)
  if (first === '`' || first === '~') return readFence(line, isPartial)
  if (first >= '0' && first <= '9') return readNumber(line, isPartial)
  return readMark(line, isPartial)
}

/** Whether a line of a block of code closes it, and how much of the line can be left; undefined until that is known. */
export function readCodeLine(source: SpokenSource, fence: string): { isClosing: boolean; length: number } | undefined {
  const { text, at, isEnded } = source
  const window = text.slice(at, at + lineBound)
  const end = window.indexOf('\n')
  if (end < 0 && window.length < lineBound && !isEnded) return undefined
  const line = end < 0 ? window : window.slice(0, end)
  const closing = /^[ \t>]*(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1]
  const isClosing = closing?.startsWith(fence) === true
  return { isClosing, length: line.length }
}

function readHeading(line: string, isPartial: boolean): LineKind | undefined {
  const marks = /^#+/.exec(line)?.[0].length ?? 0
  if (marks === line.length && isPartial) return undefined
  return marks <= 6 && /^(?:\s|$)/.test(line.slice(marks)) ? { kind: 'heading', length: marks } : plainText
}

/** Definitions of links and of footnotes, which nobody reads out. */
function readDefinition(line: string, isPartial: boolean): LineKind | undefined {
  const close = line.indexOf(']')
  if (close < 0) return isPartial ? undefined : plainText
  if (close + 1 >= line.length) return isPartial ? undefined : plainText
  if (line[close + 1] !== ':') return plainText
  if (line[1] === '^') return { kind: 'definition', length: line.length }
  const address = line.slice(close + 2).trimStart()
  if (address.length < 7 && isPartial) return undefined
  return /^(?:https?:|www\.|mailto:|[</#.])/i.test(address) ? { kind: 'definition', length: line.length } : plainText
}

function readFence(line: string, isPartial: boolean): LineKind | undefined {
  const fence = /^(?:`+|~+)/.exec(line)?.[0] ?? ''
  if (isPartial && (fence.length === line.length || fence.length >= 3)) return undefined
  if (fence.length < 3 || line.length === lineBound || line.includes('`', fence.length)) return plainText
  return { kind: 'fence', length: line.length, fence }
}

function readNumber(line: string, isPartial: boolean): LineKind | undefined {
  const found = /^(\d{1,9})[.)][ \t]+(?=\S)/.exec(line)
  if (found?.[1]) return { kind: 'number', length: found[0].length, number: found[1] }
  return isPartial && /^\d{1,9}(?:[.)][ \t]*)?$/.test(line) ? undefined : plainText
}

function readMark(line: string, isPartial: boolean): LineKind | undefined {
  const marks = /^[-*_=:| \t]*/.exec(line)?.[0].length ?? 0
  if (marks === line.length) {
    if (isPartial) return undefined
    if (line.length === lineBound || rule.test(line)) return { kind: 'rule', length: line.length }
  }
  const isMarker = /^[-*+•]/.test(line)
  if (isMarker && line.length === 1) return isPartial ? undefined : { kind: 'item', length: 1 }
  return isMarker && /^\s/.test(line.slice(1)) ? { kind: 'item', length: 1 } : plainText
}

const rule = /^(?:([-*_])(?:[ \t]*\1){2,}[ \t]*|=+[ \t]*|[-:| \t]*--[-:| \t]*)$/
const plainText: LineKind = { kind: 'text', length: 0 }
const lineBound = 128
