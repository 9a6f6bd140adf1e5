import { SseError } from '../../api/sse.ts'

/**
 * Cuts a JSON array that arrives in pieces into its objects, each as text. This is how a stream comes where nobody asked for
 * server-sent events, or where a proxy leaves that out. One object that stands alone counts as an array of one.
 */
export class JsonArrayStream {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  readonly #maxLength: number
  // Whether the array has begun and not ended. An object that stands alone has none around it.
  #isOpen = false
  // The beginning of an object that is not complete yet.
  #pending = ''
  #depth = 0
  #inString = false
  #escaped = false

  /** Objects longer than so many characters are refused. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** The objects that these bytes complete. Throws `SseError` where they are not UTF-8, or too long. */
  feed(bytes: Uint8Array): string[] {
    return this.#cut(this.#decode(bytes))
  }

  /** Whether the stream ended where the array did. */
  end(): boolean {
    this.#decode()
    return this.#depth === 0 && !this.#isOpen
  }

  #cut(text: string): string[] {
    const objects: string[] = []
    let start = 0
    for (let at = 0; at < text.length; at++) {
      const character = text.charCodeAt(at)
      if (this.#escaped) this.#escaped = false
      else if (this.#inString) {
        if (character === backslash) this.#escaped = true
        else if (character === quote) this.#inString = false
      } else if (character === quote) this.#inString = this.#depth > 0
      else if (this.#depth === 0 && (character === openBracket || character === closeBracket)) {
        this.#isOpen = character === openBracket
      } else if (character === openBrace) {
        if (this.#depth++ === 0) start = at
      } else if (character === closeBrace && this.#depth > 0 && --this.#depth === 0) {
        objects.push(this.#pending + text.slice(start, at + 1))
        this.#pending = ''
      }
    }
    if (this.#depth > 0) this.#pending += text.slice(start)
    if (this.#pending.length > this.#maxLength) throw new SseError(`an object is longer than ${this.#maxLength} characters`)
    return objects
  }

  #decode(bytes?: Uint8Array): string {
    try {
      return bytes ? this.#decoder.decode(bytes, { stream: true }) : this.#decoder.decode()
    } catch {
      throw new SseError('the stream is not valid UTF-8')
    }
  }
}

const quote = 0x22
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
