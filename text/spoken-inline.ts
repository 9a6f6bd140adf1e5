import { hostOf, sayAddress, sayBracket, saySourceMark } from './spoken-links.ts'
import { isMath, mathBound, sayMath } from './spoken-math.ts'
import {
  awaiting,
  endOfRun,
  find,
  isDigit,
  isSpace,
  isUnknown,
  isWordly,
  type SpokenSource,
  type Taken,
  within,
  wordsAt,
} from './spoken-source.ts'
import { saySymbol } from './spoken-symbols.ts'

/** Says what is next in a line; `awaiting` while that depends on what has not come. */
export function sayNext(source: SpokenSource): number {
  if (source.isSkipping) return skip(source)
  const plain = plainRun(source)
  if (plain > 0) {
    source.writer.text(source.text.slice(source.at, source.at + plain))
    return plain
  }
  const character = source.text[source.at] ?? ''
  if (character === ' ' || character === '\t' || character === '\n') {
    source.writer.space()
    return 1
  }
  const taken = source.isLiteral ? undefined : markdown[character]?.(source)
  if (taken !== undefined) return taken
  const said = saySymbol(source)
  if (said !== undefined) return said
  source.writer.text(character)
  return 1
}

/** Says a text that is complete. */
export function sayAll(source: SpokenSource): void {
  while (source.at < source.text.length) advance(source, sayNext(source))
}

export function advance(source: SpokenSource, taken: number): void {
  if (taken === 0) return
  const from = source.at
  source.at += taken
  source.previous = source.text[source.at - 1] ?? ''
  let last = source.at - 1
  while (last >= from && isSpace(source.text[last])) last--
  if (last >= from) source.solid = source.text[last] ?? ''
}

/** How many letters, digits and the like stand here that mean only themselves. */
function plainRun({ text, at, previous, isLiteral }: SpokenSource): number {
  let end = at
  let isInWord = isWordly(previous)
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end)
    const isPlain = code < 0x80 ? plainAscii[code] === 1 : isPlainWide(code)
    if (!isPlain) break
    // An address may begin here.
    const isStart = (code | 0x20) === 0x68 || (code | 0x20) === 0x77
    if (isStart && !isInWord && !isLiteral && (end > at || mayBeAddress(text, end))) break
    isInWord = code !== 0x2f && code !== 0x25
  }
  return end - at
}

/** False as soon as the second letter tells; the rule for addresses does the rest. */
function mayBeAddress(text: string, at: number): boolean {
  const next = text.charCodeAt(at + 1) | 0x20
  const isH = (text.charCodeAt(at) | 0x20) === 0x68
  return at + 1 >= text.length || next === (isH ? 0x74 : 0x77)
}

const plainAscii = Uint8Array.from({ length: 0x80 }, (_, code) => (/[A-Za-z0-9/%]/.test(String.fromCharCode(code)) ? 1 : 0))

/** Letters of every script; the blocks of symbols, and single ones among the letters, are looked at. */
function isPlainWide(code: number): boolean {
  if (code < 0xc0) return false
  if (code === 0xd7 || code === 0xf7 || code === 0x34f || code === 0x60c || code === 0x61b || code === 0x61c) return false
  if (code === 0x61f || code === 0x6d4 || code === 0x964 || code === 0x965 || code === 0x1680 || code === 0x180e) return false
  if (code < 0x2000) return true
  return (code > 0x303d && code < 0xd800 && code !== 0x3297 && code !== 0x3299) || (code > 0xff20 && code < 0xfff0)
}

/** The rest of an address that was too long to wait for. */
function skip(source: SpokenSource): number {
  const { text, at } = source
  let end = at
  while (end < text.length && !/[\s)]/.test(text[end] ?? '')) end++
  if (end === text.length) return end - at
  source.isSkipping = false
  if (text[end] === ')') return end + 1 - at
  return end > at ? end - at : sayNext(source)
}

const markdown: Readonly<Partial<Record<string, (source: SpokenSource) => Taken>>> = {
  '\\': sayEscaped,
  '`': sayCode,
  '[': (source) => (source.depth > 3 ? undefined : sayBracket(source, sayAll)),
  '!': sayImage,
  '【': saySourceMark,
  '~': sayStruck,
  '=': sayMarked,
  '<': sayTag,
  '&': sayEntity,
  $: sayDollar,
  h: sayAddress,
  H: sayAddress,
  w: sayAddress,
  W: sayAddress,
}

function sayImage(source: SpokenSource): Taken {
  if (isUnknown(source, source.at + 1)) return awaiting
  return source.text[source.at + 1] === '[' && source.depth <= 3 ? sayBracket(source, sayAll) : undefined
}

function sayEscaped(source: SpokenSource): Taken {
  const { text, at, writer } = source
  if (isUnknown(source, at + 1) || isUnknown(source, at + 2)) return awaiting
  const next = text[at + 1]
  if (next === '(') return sayFormula(source, at + 2, '\\)', mathBound)
  if (next === '[') return sayFormula(source, at + 2, '\\]', displayBound)
  if (next === '\\') {
    writer.space()
    return 2
  }
  if (next === undefined || !/[!-/:-@[-`{-~]/.test(next)) {
    if (isSpace(next)) writer.space()
    else writer.text('\\')
    return 1
  }
  const literal = { ...within(source, text.slice(at + 1, at + 3), true), previous: source.previous, solid: source.solid }
  return 1 + (saySymbol(literal) ?? 1)
}

/** Code in a line is its text. A mark that nothing closes on its line is left out. */
function sayCode(source: SpokenSource): Taken {
  const { text, at } = source
  const start = endOfRun(source)
  if (start === undefined) return awaiting
  const length = start - at
  const limit = start + codeBound
  for (let end = start; end < limit; end++) {
    if (isUnknown(source, end)) return awaiting
    if (end >= text.length || text[end] === '\n') break
    if (text[end] !== '`') continue
    let close = end
    while (text[close] === '`' && close < limit) close++
    if (close < limit && isUnknown(source, close)) return awaiting
    if (close - end === length) {
      sayAll(within(source, text.slice(start, end), true))
      return close - at
    }
    end = close - 1
  }
  return length
}

/** What is struck out is what the writer no longer says. */
function sayStruck(source: SpokenSource): Taken {
  const { text, at, writer } = source
  if (isUnknown(source, at + 1) || isUnknown(source, at + 2)) return awaiting
  if (text[at + 1] !== '~' || isSpace(text[at + 2]) || text[at + 2] === '~') return undefined
  const end = find(source, '~~', at + 2, 256)
  if (end === 'unknown') return awaiting
  if (end === 'none') return 2
  writer.dropped()
  return end + 2 - at
}

/** What is marked as with a pen is itself; two signs between other things are the operator. */
function sayMarked(source: SpokenSource): Taken {
  const { text, at, previous, depth } = source
  if (isUnknown(source, at + 1) || isUnknown(source, at + 2)) return awaiting
  const isOpening = isSpace(previous) || '([{"\'*_“‘'.includes(previous)
  if (!isOpening || text[at + 1] !== '=' || isSpace(text[at + 2]) || text[at + 2] === '=' || depth > 3) return undefined
  const end = find(source, '==', at + 2, codeBound)
  if (end === 'unknown' || (end !== 'none' && isUnknown(source, end + 2))) return awaiting
  if (end === 'none' || isSpace(text[end - 1]) || isWordly(text[end + 2]) || text[end + 2] === '=') return undefined
  sayAll(within(source, text.slice(at + 2, end), false))
  return end + 2 - at
}

function sayTag(source: SpokenSource): Taken {
  const { text, at, writer } = source
  if (isUnknown(source, at + 1)) return awaiting
  if (!/^[A-Za-z/!]/.test(text[at + 1] ?? '')) return undefined
  if (text[at + 1] === '!') return skipComment(source)
  const end = find(source, '>', at + 1, tagBound)
  if (end === 'unknown') return awaiting
  if (end === 'none') return undefined
  const inside = text.slice(at + 1, end)
  if (/^(?:script|style)(?:\s[^<]*)?$/i.test(inside)) return skipProgram(source, end + 1)
  if (/^https?:\/\//i.test(inside)) writer.text(hostOf(inside.slice(inside.indexOf('//') + 2)))
  else if (/^[^\s@/]+@[^\s@/]+$/.test(inside)) writer.text(inside)
  else if (!/^\/?[A-Za-z][\w:-]*(?:\s[^<]*)?\/?$/.test(inside)) return undefined
  else if (/^(?:br|\/?(?:td|th|dt))\b/i.test(inside)) writer.pause()
  else if (/^\/?(?:p|div|li|ul|ol|tr|table|h[1-6]|blockquote|summary|details|dd|hr)\b/i.test(inside)) writer.endBlock()
  else writer.dropped()
  return end + 1 - at
}

function skipComment(source: SpokenSource): Taken {
  const { text, at, writer } = source
  if (at + 4 > text.length && !source.isEnded) return awaiting
  if (!text.startsWith('<!--', at)) return undefined
  const window = text.slice(at, at + displayBound)
  const end = window.indexOf('-->', 4)
  if (end < 0) return window.length < displayBound && !source.isEnded ? awaiting : 4
  writer.dropped()
  return end + 3
}

/** A script or a style with what is in it. One that does not end within a bound is only named in the text. */
function skipProgram(source: SpokenSource, from: number): Taken {
  const { text, at, writer } = source
  const name = text[at + 2]?.toLowerCase() === 'c' ? 'script' : 'style'
  const window = text.slice(from, from + programBound)
  const end = window.toLowerCase().indexOf(`</${name}>`)
  if (end < 0 && window.length < programBound && !source.isEnded) return awaiting
  writer.dropped()
  return (end < 0 ? from : from + end + name.length + 3) - at
}

function sayEntity(source: SpokenSource): Taken {
  const { text, at, writer } = source
  const window = text.slice(at, at + 10)
  const found = /^&(?:#\d{1,6}|#[xX][\da-fA-F]{1,5}|[A-Za-z]{2,8});/.exec(window)?.[0]
  if (!found)
    return !source.isEnded && window.length < 10 && /^&(?:#[xX]?[\da-fA-F]*|[A-Za-z]*)$/.test(window) ? awaiting : undefined
  const character = entityOf(found.slice(1, -1))
  if (character === undefined) return undefined
  if (character === ' ') writer.space()
  else sayAll({ ...within(source, character, true), previous: source.previous, solid: source.solid })
  return found.length
}

function entityOf(name: string): string | undefined {
  if (!name.startsWith('#')) return entities[name]
  const isHex = name[1] === 'x' || name[1] === 'X'
  const code = isHex ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10)
  return code > 0x20 && code <= 0x10ffff ? String.fromCodePoint(code) : ' '
}

const entities: Readonly<Partial<Record<string, string>>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  mdash: '—',
  ndash: '–',
  hellip: '…',
  times: '×',
  deg: '°',
  euro: '€',
  pound: '£',
  copy: '©',
  rarr: '→',
}

/** A price stays a price; a formula is one only if its dollar signs embrace it and it looks like mathematics. */
function sayDollar(source: SpokenSource): Taken {
  const { text, at, writer } = source
  if (isUnknown(source, at + 1)) return awaiting
  if (text[at + 1] === '$') return sayFormula(source, at + 2, '$$', displayBound)
  if (isSpace(text[at + 1])) return undefined
  const end = find(source, '$', at + 1, mathBound)
  if (end === 'unknown' || (end !== 'none' && isUnknown(source, end + 1))) return awaiting
  if (end === 'none' || isSpace(text[end - 1]) || isDigit(text[end + 1])) return undefined
  const inside = text.slice(at + 1, end)
  if (!isMath(inside)) return undefined
  const words = wordsAt(source, end + 1)
  if (words === awaiting) return awaiting
  const said = sayMath(inside, words)
  if (said === undefined) writer.dropped()
  else writer.stand(said)
  return end + 1 - at
}

/** A formula between marks of its own, which may go over several lines. */
function sayFormula(source: SpokenSource, start: number, close: string, bound: number): Taken {
  const { text, at, writer } = source
  const window = text.slice(start, start + bound)
  const end = window.indexOf(close)
  if (end < 0) {
    if (window.length < bound && !source.isEnded) return awaiting
    return start - at
  }
  const words = wordsAt(source, start + end + close.length)
  if (words === awaiting) return awaiting
  const said = sayMath(window.slice(0, end).replaceAll('\n', ' '), words)
  if (said === undefined) writer.dropped()
  else writer.stand(said)
  return start + end + close.length - at
}

const codeBound = 256
const tagBound = 512
const displayBound = 1000
const programBound = 2000
