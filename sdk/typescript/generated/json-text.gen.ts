// Generated from text/json-text.ts by `npm run generate`. Do not edit.

import { closingQuote } from './json-string.gen.ts'

/**
 * What `JSON.parse` does not tell: how large a text will be once parsed, whether a key stands twice in one object, whether a
 * number would be changed by reading it, and where in the text a value stands. One pass each, over text that need not be
 * valid; whether it is valid is JSON.parse's to say.
 */

export interface JsonFacts {
  /** How deep objects and arrays are nested. */
  readonly depth: number
  /** Members of all objects, counting a key that stands twice twice. */
  readonly members: number
  /** About as many values as the text holds. */
  readonly values: number
  /** The first number too large to be a number at all (1e999). */
  readonly infinite: number | undefined
  /** The first integer that would be rounded. */
  readonly inexact: number | undefined
}

/** Counts without building anything; strings are hopped over. Positions are offsets into the text. */
export function scanJson(text: string): JsonFacts {
  let depth = 0
  let deepest = 0
  let members = 0
  let values = 1
  let infinite: number | undefined
  let inexact: number | undefined
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at = endOfString(text, at) - 1
    } else if (code === openBrace || code === openBracket) {
      values++
      if (++depth > deepest) deepest = depth
    } else if (code === closeBrace || code === closeBracket) {
      depth--
    } else if (code === colon) {
      members++
    } else if (code === comma) {
      values++
    } else if (code === minus || (code >= zero && code <= nine)) {
      const end = endOfNumber(text, at)
      const kind = end - at > 1 ? damage(text.slice(at, end)) : undefined
      if (kind === 'infinite') infinite ??= at
      else if (kind === 'inexact') inexact ??= at
      at = end - 1
    }
  }
  return { depth: deepest, members, values, infinite, inexact }
}

/** How many members all objects of a parsed value have; fewer than in its text where a key stood twice. */
export function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += countMembers(item)
    return count
  }
  for (const member of Object.values(value)) {
    count++
    if (typeof member === 'object') count += countMembers(member)
  }
  return count
}

export type Path = readonly (string | number)[]

/** Where the first key stands that its object already has. The text is valid JSON. */
export function findDuplicateKey(text: string): Path | undefined {
  return walk(text, (path, _at, isDuplicate) => isDuplicate && path)
}

/** The path of the value that begins at an offset. The text is valid JSON. */
export function pathAt(text: string, offset: number): Path | undefined {
  return walk(text, (path, at) => at === offset && path)
}

const quote = 34
const comma = 44
const minus = 45
const zero = 48
const nine = 57
const colon = 58
const openBracket = 91
const closeBracket = 93
const openBrace = 123
const closeBrace = 125

/** The offset behind a string's closing quote, or the text's end. */
function endOfString(text: string, start: number): number {
  const quoteAt = closingQuote(text, start)
  return quoteAt < 0 ? text.length : quoteAt + 1
}

function endOfNumber(text: string, start: number): number {
  let at = start + 1
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // Digits, and + - . E e
    if (!((code >= zero && code <= nine) || code === 43 || code === minus || code === 46 || code === 69 || code === 101)) break
  }
  return at
}

function damage(token: string): 'infinite' | 'inexact' | undefined {
  if (token.length < 16 && !token.includes('e') && !token.includes('E')) return undefined
  const value = Number(token)
  if (value === Infinity || value === -Infinity) return 'infinite'
  if (Number.isSafeInteger(value) || !/^-?\d+$/.test(token)) return undefined
  return BigInt(token) === BigInt(value) ? undefined : 'inexact'
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9
}

interface Frame {
  /** The keys of an object so far; undefined for an array. */
  readonly keys: Set<string> | undefined
  /** The key or index that the next value has. */
  at: string | number
  expectsKey: boolean
}

/** Visits every value and key with its path; stops at the first path that the visitor returns. */
function walk(text: string, visit: (path: Path, at: number, isDuplicate: boolean) => Path | false): Path | undefined {
  const frames: Frame[] = []
  const path = (): Path => frames.map((frame) => frame.at)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const frame = frames.at(-1)
    if (isSpace(code) || code === colon) continue
    if (code === comma && frame) {
      if (frame.keys) frame.expectsKey = true
      else if (typeof frame.at === 'number') frame.at++
    } else if (code === closeBrace || code === closeBracket) {
      frames.pop()
    } else if (code === quote && frame?.expectsKey && frame.keys) {
      const end = endOfString(text, at)
      const key: string = JSON.parse(text.slice(at, end))
      const isDuplicate = frame.keys.has(key)
      frame.keys.add(key)
      frame.at = key
      frame.expectsKey = false
      const found = isDuplicate && visit(path(), at, true)
      if (found) return found
      at = end - 1
    } else {
      const found = visit(path(), at, false)
      if (found) return found
      if (code === openBrace) frames.push({ keys: new Set(), at: '', expectsKey: true })
      else if (code === openBracket) frames.push({ keys: undefined, at: 0, expectsKey: false })
      else if (code === quote) at = endOfString(text, at) - 1
      else at = Math.max(endOfNumber(text, at), at + literalLength(text, at)) - 1
    }
  }
  return undefined
}

function literalLength(text: string, at: number): number {
  return /^[a-z]+/.exec(text.slice(at, at + 5))?.[0].length ?? 1
}
