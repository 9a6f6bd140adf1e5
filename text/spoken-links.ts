import { awaiting, find, isSpace, isUnknown, isWordly, type SpokenSource, type Taken, within } from './spoken-source.ts'

/** Says a text that is complete: a link's, an image's. */
export type SayWithin = (source: SpokenSource) => void

/**
 * What begins with a bracket: links and images are their text, footnotes and numbers of sources are left out. The bracket stays
 * where it is none of these.
 */
export function sayBracket(source: SpokenSource, sayWithin: SayWithin): Taken {
  const { text, at, writer, previous } = source
  const open = text[at] === '!' ? at + 1 : at
  if (isUnknown(source, open + 1)) return awaiting
  if (text[open + 1] === '^') return sayFootnote(source)
  const close = closingBracket(source, open)
  if (close === 'unknown' || (close !== 'none' && isUnknown(source, close + 1))) return awaiting
  if (close === 'none') return undefined
  const label = text.slice(open + 1, close)
  if (text[close + 1] === '(') {
    const end = endOfDestination(source, close + 2)
    if (end === 'unknown') return awaiting
    if (end !== 'none') {
      sayWithin(within(source, label, false))
      source.isSkipping = end.isSkipping
      return end.offset - at
    }
  }
  if (text[close + 1] === '[') {
    const end = find(source, ']', close + 2, 100)
    if (end === 'unknown') return awaiting
    if (end !== 'none' && !/^\d+(?:,\s?\d+)*$/.test(label)) {
      sayWithin(within(source, label, false))
      return end + 1 - at
    }
  }
  if (!isSpace(previous) && /^\d{1,3}(?:[,–-]\s?\d{1,3})*$/.test(label)) {
    writer.dropped()
    return close + 1 - at
  }
  return undefined
}

function sayFootnote(source: SpokenSource): Taken {
  const end = find(source, ']', source.at + 1, 64)
  if (end === 'unknown') return awaiting
  if (end === 'none') return undefined
  source.writer.dropped()
  return end + 1 - source.at
}

/** A mark of a source as some models write it, 【4†source】; undefined for other brackets of this kind. */
export function saySourceMark(source: SpokenSource): Taken {
  const end = find(source, '】', source.at + 1, 64)
  if (end === 'unknown') return awaiting
  if (end === 'none' || !source.text.slice(source.at, end).includes('†')) return undefined
  source.writer.dropped()
  return end + 1 - source.at
}

function closingBracket(source: SpokenSource, open: number): number | 'none' | 'unknown' {
  const { text } = source
  const limit = open + labelBound
  const window = text.slice(open, limit)
  if (!window.includes(']')) return window.length < labelBound && !source.isEnded && !window.includes('\n') ? 'unknown' : 'none'
  let depth = 0
  for (let at = open; at < limit; at++) {
    if (at >= text.length) return source.isEnded ? 'none' : 'unknown'
    const code = text.charCodeAt(at)
    if (code === newline) return 'none'
    if (code === backslash) at++
    else if (code === openBracket) depth++
    else if (code === closeBracket && --depth === 0) return at
  }
  return 'none'
}

/** A link's address is not said. One that is very long is believed to be one, and left out as far as it goes. */
function endOfDestination(source: SpokenSource, from: number): { offset: number; isSkipping: boolean } | 'none' | 'unknown' {
  const { text } = source
  const limit = from + addressBound
  let depth = 0
  let hasSpace = false
  for (let at = from; at < limit; at++) {
    if (at >= text.length) return source.isEnded ? 'none' : 'unknown'
    const code = text.charCodeAt(at)
    if (code === newline) return 'none'
    if (code === openParenthesis) depth++
    else if (code === closeParenthesis && depth-- === 0) return { offset: at + 1, isSkipping: false }
    hasSpace ||= code === 0x20
  }
  return hasSpace ? 'none' : { offset: limit, isSkipping: true }
}

/** A bare address is said by its host, which voices read well: "example.com". */
export function sayAddress(source: SpokenSource): Taken {
  const { text, at, previous, writer } = source
  if (isWordly(previous)) return undefined
  const start = text.slice(at, at + 8).toLowerCase()
  const scheme = schemes.find((each) => start.startsWith(each))
  if (!scheme) return !source.isEnded && schemes.some((each) => each.startsWith(start)) ? awaiting : undefined
  let end = at + scheme.length
  const limit = at + addressBound
  while (end < limit && end < text.length && !addressEnd.test(text[end] ?? '')) end++
  if (end === text.length && end < limit && !source.isEnded) return awaiting
  if (end < limit) end = withoutPunctuation(text, at, end)
  const host = hostOf(text.slice(at + scheme.length, end))
  if (host === '') return undefined
  writer.text(host)
  source.isSkipping = end === limit
  return end - at
}

/** An address's host without "www." and port. */
export function hostOf(address: string): string {
  return /^(?:[^/?#]*@)?(?:www\.)?([^/?#:]*)/i.exec(address)?.[1] ?? ''
}

/** Punctuation at the end belongs to the sentence, and so does a parenthesis that the address did not open. */
function withoutPunctuation(text: string, start: number, from: number): number {
  const isBalanced = text.slice(start, from).includes('(')
  let end = from
  while (end > start) {
    const last = text[end - 1] ?? ''
    if (!(isBalanced ? '.,;:!?*_~\'"]' : '.,;:!?*_~\'"])').includes(last)) break
    end--
  }
  return end
}

const schemes = ['https://', 'http://', 'www.']
const addressEnd = /[\s<>"`|[\]{}。、，；：！？）】」“”«»।]/
const labelBound = 300
const addressBound = 1024
const newline = 0x0a
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openParenthesis = 0x28
const closeParenthesis = 0x29
