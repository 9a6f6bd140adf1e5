/**
 * JSON as it goes over the wire, in UTF-8. A text of 200 kB costs more to decode, to join and to encode again than all that is
 * done with it; whatever has a meaning in JSON is ASCII, and is found in the bytes as well.
 */

/** An object as JSON, written piece by piece: one long text would be built, flattened and copied before its first byte. */
export function jsonBytes(object: object): Buffer {
  const pieces: Buffer[] = []
  let text = ''
  const add = (more: string): void => {
    text += more
    if (text.length < pieceLength) return
    pieces.push(Buffer.from(text))
    text = ''
  }
  let before = '{'
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue
    add(`${before}${JSON.stringify(key)}:`)
    before = ','
    if (!Array.isArray(value)) {
      add(JSON.stringify(value))
      continue
    }
    for (const [index, item] of value.entries()) add(`${index === 0 ? '[' : ','}${JSON.stringify(item) ?? 'null'}`)
    add(value.length === 0 ? '[]' : ']')
  }
  add(before === '{' ? '{}' : '}')
  pieces.push(Buffer.from(text))
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
}

/** Characters; short enough for the cheap part of the heap. */
const pieceLength = 16 * 1024

/**
 * An object's JSON with some of its own members changed, and every other byte of the rest as it was: JSON replaces the value of
 * a member or adds one at the end, undefined leaves a member out. The bytes are a valid JSON object.
 */
export function editMembers(json: Buffer, changes: Readonly<Record<string, string | Buffer | undefined>>): Buffer {
  const parts: Buffer[] = []
  const add = (...member: readonly Buffer[]): void => void parts.push(parts.length === 0 ? openBraceBytes : commaBytes, ...member)
  const seen = new Set<string>()
  for (const { key, start, valueStart, end } of membersOf(json)) {
    if (!Object.hasOwn(changes, key)) {
      add(json.subarray(start, end))
      continue
    }
    seen.add(key)
    const value = changes[key]
    if (value !== undefined) add(json.subarray(start, valueStart), bytesOf(value))
  }
  for (const [key, value] of Object.entries(changes)) {
    if (value !== undefined && !seen.has(key)) add(Buffer.from(`${JSON.stringify(key)}:`), bytesOf(value))
  }
  return Buffer.concat(parts.length === 0 ? [openBraceBytes, closeBraceBytes] : [...parts, closeBraceBytes])
}

function bytesOf(value: string | Buffer): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : value
}

/** The bytes of one of an object's own members; undefined where it has none of this name. */
export function memberOf(json: Buffer, key: string): Buffer | undefined {
  for (const member of membersOf(json)) if (member.key === key) return json.subarray(member.valueStart, member.end)
  return undefined
}

/** An array's JSON with more items at its end, each as JSON. */
export function withItems(array: Buffer, items: readonly string[]): Buffer {
  if (items.length === 0) return array
  const end = array.lastIndexOf(closeBracket)
  const isEmpty = array.subarray(array.indexOf(openBracket) + 1, end).every(isSpace)
  return Buffer.concat([array.subarray(0, end), Buffer.from(`${isEmpty ? '' : ','}${items.join(',')}]`)])
}

/** What becomes of an array's items: at its index the JSON in the place of an item, or undefined to leave it out. */
export type ItemChanges = ReadonlyMap<number, string | Buffer | undefined>

/** An array's JSON with some of its items changed, and every other item byte for byte as it was. The bytes are a valid JSON array. */
export function editItems(array: Buffer, changes: ItemChanges): Buffer {
  const parts: Buffer[] = []
  for (const [index, item] of itemsOf(array)) {
    const change = changes.has(index) ? changes.get(index) : item
    if (change === undefined) continue
    parts.push(parts.length === 0 ? openBracketBytes : commaBytes, bytesOf(change))
  }
  return Buffer.concat(parts.length === 0 ? [openBracketBytes, closeBracketBytes] : [...parts, closeBracketBytes])
}

/** The bytes of an array's item; undefined where it has no such item. */
export function itemOf(array: Buffer, wanted: number): Buffer | undefined {
  for (const [index, item] of itemsOf(array)) if (index === wanted) return item
  return undefined
}

function* itemsOf(array: Buffer): Generator<readonly [index: number, item: Buffer]> {
  let index = 0
  for (let at = array.indexOf(openBracket) + 1; at < array.length; at++) {
    const byte = array[at]
    if (isSpace(byte) || byte === comma || byte === closeBracket) continue
    const end = endOfValue(array, at)
    yield [index++, array.subarray(at, end)]
    at = end - 1
  }
}

interface Member {
  readonly key: string
  /** Where the key, the value and what stands behind the value begin. */
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

/** The members of the outermost object. */
function* membersOf(json: Buffer): Generator<Member> {
  for (let at = json.indexOf(openBrace) + 1; at < json.length; at++) {
    if (json[at] !== quote) continue
    const keyEnd = endOfString(json, at)
    let valueStart = json.indexOf(colon, keyEnd) + 1
    while (isSpace(json[valueStart])) valueStart++
    const end = endOfValue(json, valueStart)
    yield { key: JSON.parse(json.toString('utf8', at, keyEnd)), start: at, valueStart, end }
    at = end
  }
}

/** The offset behind a string's closing quote, or the end of all. */
function endOfString(json: Buffer, start: number): number {
  let at = json.indexOf(quote, start + 1)
  while (at >= 0 && backslashesBefore(json, at) % 2 === 1) at = json.indexOf(quote, at + 1)
  return at < 0 ? json.length : at + 1
}

function backslashesBefore(json: Buffer, offset: number): number {
  let at = offset
  while (json[at - 1] === backslash) at--
  return offset - at
}

/** The offset behind a value, without the spaces that follow it. */
function endOfValue(json: Buffer, start: number): number {
  let depth = 0
  let at = start
  for (; at < json.length; at++) {
    const byte = json[at]
    if (byte === quote) {
      at = endOfString(json, at) - 1
    } else if (byte === openBrace || byte === openBracket) {
      depth++
    } else if (byte === closeBrace || byte === closeBracket) {
      if (depth-- === 0) break
    } else if (byte === comma && depth === 0) {
      break
    }
  }
  while (at > start && isSpace(json[at - 1])) at--
  return at
}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9
}

const quote = 34
const comma = 44
const colon = 58
const openBracket = 91
const backslash = 92
const closeBracket = 93
const openBrace = 123
const closeBrace = 125
const openBraceBytes = Buffer.from('{')
const openBracketBytes = Buffer.from('[')
const closeBracketBytes = Buffer.from(']')
const commaBytes = Buffer.from(',')
const closeBraceBytes = Buffer.from('}')
