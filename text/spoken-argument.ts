/** Reads one member of a call's arguments out of JSON that is still being written. */
export interface SpokenArgument {
  /** Takes more of the JSON and returns what is certain by now of the member's text, without what was returned before. */
  push(json: string): string
  /**
   * `reading` until the member is whole; `whole` from its closing quote on; `absent` once there can be none: the object is over, the member is no
   * string, or the text is no JSON object.
   */
  readonly state: 'reading' | 'whole' | 'absent'
}

/**
 * Reads the text that a model wants spoken while it writes the call: the string member `name` of the outermost object, wherever in it that
 * stands and whatever stands around it. For any chunking the pieces, put together, are the text; where the JSON is cut, they are its beginning.
 *
 * Of a name that stands there twice the first is read, since it may be spoken already. Line breaks and other control characters that a model
 * forgot to escape are taken as they are. Half a surrogate pair becomes U+FFFD. What is broken is not read on, and nothing throws.
 */
export function createSpokenArgument(name = 'text'): SpokenArgument {
  const reader = new ArgumentReader(name)
  return {
    push: (json) => reader.push(json),
    get state() {
      return reader.state
    },
  }
}

/** What is expected next in the outermost object. */
type Expected =
  | 'object'
  | 'key or end'
  | 'key'
  | 'colon'
  | 'value'
  /** Within a number, a word, or anything nested. */
  | 'rest of value'
  | 'comma or end'
  | 'nothing'

/** A string that is being read: a key, the text itself, or one that is passed over. */
type StringRead = 'none' | 'key' | 'text' | 'other'

class ArgumentReader {
  readonly #name: string
  state: SpokenArgument['state'] = 'reading'
  #expected: Expected = 'object'
  #string: StringRead = 'none'
  /** An escape as far as it came, without its backslash: `u00`; undefined outside of one. */
  #escape: string | undefined
  #key = ''
  /** How many objects and lists are open within the outermost object. */
  #depth = 0
  /** The first half of a surrogate pair, which waits for the other. */
  #half = ''
  #pieces: string[] = []

  constructor(name: string) {
    this.#name = name
  }

  push(json: string): string {
    for (let at = 0; at < json.length && this.state === 'reading'; ) {
      at = this.#string === 'none' ? this.#structure(json, at) : this.#inString(json, at)
    }
    const text = this.#pieces.join('')
    this.#pieces = []
    return text
  }

  // ── Between strings ───────────────────────────────────────────────────────────────────────────────────────────────────

  #structure(json: string, at: number): number {
    const character = json.charAt(at)
    if (!isJsonSpace(character)) this.#expect(this.#after(character))
    return at + 1
  }

  #expect(expected: Expected): void {
    this.#expected = expected
    if (expected === 'nothing') this.state = 'absent'
  }

  /** What is expected behind a character; where that begins a string, behind the string. */
  #after(character: string): Expected {
    switch (this.#expected) {
      case 'object':
        return character === '{' ? 'key or end' : 'nothing'
      case 'key or end':
      case 'key':
        if (character !== '"') return 'nothing'
        this.#key = ''
        this.#string = 'key'
        return 'colon'
      case 'colon':
        return character === ':' ? 'value' : 'nothing'
      case 'value':
        return this.#afterValue(character)
      case 'rest of value':
        return this.#depth > 0 ? this.#afterNested(character) : afterLiteral(character)
      case 'comma or end':
        return character === ',' ? 'key' : 'nothing'
      case 'nothing':
        return 'nothing'
    }
  }

  #afterValue(character: string): Expected {
    const isText = this.#key === this.#name
    if (character === '"') {
      this.#string = isText ? 'text' : 'other'
      return 'comma or end'
    }
    if (isText || !/[-\d[{tfn]/.test(character)) return 'nothing'
    if (character === '{' || character === '[') this.#depth = 1
    return 'rest of value'
  }

  /** Whatever is nested is only counted: what it means is others' business. */
  #afterNested(character: string): Expected {
    if (character === '"') this.#string = 'other'
    else if (character === '{' || character === '[') this.#depth++
    else if (character === '}' || character === ']') this.#depth--
    return this.#depth > 0 ? 'rest of value' : 'comma or end'
  }

  // ── In a string ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #inString(json: string, from: number): number {
    if (this.#escape !== undefined) return this.#inEscape(json, from)
    let at = from
    for (let code = json.charCodeAt(at); at < json.length && code !== quote && code !== backslash; ) code = json.charCodeAt(++at)
    this.#take(json, from, at)
    if (at === json.length) return at
    if (json.charCodeAt(at) === backslash) this.#escape = ''
    else this.#end()
    return at + 1
  }

  #end(): void {
    if (this.#string === 'text') {
      if (this.#half !== '') this.#pieces.push(replacement)
      this.state = 'whole'
    }
    this.#string = 'none'
  }

  #inEscape(json: string, at: number): number {
    const sequence = (this.#escape ?? '') + json.charAt(at)
    const character = sequence.length === 1 ? shortEscapes.get(sequence) : undefined
    if (character !== undefined) this.#unescaped(character)
    else if (/^u[\da-f]{4}$/i.test(sequence)) this.#unescaped(String.fromCharCode(Number.parseInt(sequence.slice(1), 16)))
    else if (/^u[\da-f]{0,3}$/i.test(sequence)) this.#escape = sequence
    else this.#expect('nothing')
    return at + 1
  }

  #unescaped(character: string): void {
    this.#escape = undefined
    this.#take(character, 0, 1)
  }

  #take(source: string, from: number, to: number): void {
    if (from === to || this.#string === 'other') return
    // A key that is longer than the name is another one, however long it becomes.
    if (this.#string === 'key') {
      if (this.#key.length <= this.#name.length) this.#key += source.slice(from, Math.min(to, from + this.#name.length + 1))
    } else this.#give(this.#half + source.slice(from, to))
  }

  /** Whole characters only. */
  #give(text: string): void {
    const last = text.charCodeAt(text.length - 1)
    this.#half = last >= 0xd800 && last <= 0xdbff ? text.slice(-1) : ''
    this.#pieces.push(wellFormed(this.#half === '' ? text : text.slice(0, -1)))
  }
}

/** Within a number or a word, of which the first letter was right. */
function afterLiteral(character: string): Expected {
  if (character === ',') return 'key'
  return /[-+.\w]/.test(character) ? 'rest of value' : 'nothing'
}

function isJsonSpace(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t'
}

function wellFormed(text: string): string {
  return loneSurrogate.test(text) ? text.replaceAll(new RegExp(loneSurrogate, 'gu'), replacement) : text
}

const quote = 34
const backslash = 92
const replacement = '\ufffd'
/** With the flag `u` a pair is one character, so that only halves are found. */
const loneSurrogate = /\p{Surrogate}/u
const shortEscapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])
