import { createParser, type ParseError } from 'eventsource-parser'
import { brokenStream } from '../broken-stream.ts'
import type { Mask } from '../mask.ts'
import { excerptOf } from './excerpt.ts'

/** Reads server-sent events from bytes that may be cut anywhere, also inside a character. Only their data counts: it says what each is. */
export class EventParser {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  readonly #parser = createParser({
    maxBufferSize: maxEventCharacters,
    onEvent: ({ data }) => this.#events.push(data),
    onError: (error) => this.#note(error),
  })
  readonly #mask: Mask
  #events: string[] = []
  #stranger: string | undefined

  constructor(mask: Mask) {
    this.#mask = mask
  }

  /** The data of the events that these bytes complete, for the caller to keep. Throws a `BrokenStreamError` where the bytes are no text, or one event is too large. */
  feed(bytes: Uint8Array): string[] {
    this.#events = []
    this.#parser.feed(this.#decode(bytes))
    return this.#events
  }

  /** The first line that belongs to no event, which tells what else it is that was sent; undefined where there was none. */
  get stranger(): string | undefined {
    return this.#stranger
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes, { stream: true })
    } catch {
      throw brokenStream('it is not valid UTF-8')
    }
  }

  #note(error: ParseError): void {
    if (error.type === 'max-buffer-size-exceeded') throw brokenStream(`an event is larger than ${maxEventCharacters} characters`)
    if (error.type === 'unknown-field') this.#stranger ??= excerptOf(error.line ?? '', this.#mask)
  }
}

/** More than any request may hold, and far more than any event of an answer does. */
const maxEventCharacters = 64 * 1024 * 1024
