import { isUtf8 } from 'node:buffer'
import { GatewayError } from '../../api/error.ts'
import type { StreamItem } from '../../api/events.ts'
import { parseJson } from '../../api/json.ts'
import { createSseParser, SseError } from '../../api/sse.ts'
import { isTooDeep, maxJsonDepth } from '../../text/json-depth.ts'
import { maxEventBytes } from '../http.ts'
import { ping } from '../ping.ts'
import { protocolError } from './error.ts'
import { type Asked, StreamGrammar } from './grammar.ts'

/**
 * Decodes Anthropic's stream, which already is the contract's.
 *
 * Nearly all of a stream is deltas of the block that is open. A frame that begins and ends exactly as such a delta does is not
 * parsed: it is forwarded as the bytes it came in, together with its neighbours from the same read. Every other frame is parsed, checked
 * against the grammar, and changed where the contract says so; what is not changed is forwarded as it was written all the same. Whatever has another framing than Anthropic's own (CRLF, a
 * comment, two data lines) is left to the general parser; only speed depends on the difference.
 */
export function decodeStream(open: () => Promise<StreamBody>, asked: Asked): AsyncGenerator<StreamItem> {
  // A stream may live for an hour: nothing of it keeps what was only needed to open it, which is the whole request.
  return decoded(forgottenOnceCalled(open), asked)
}

/** An answer as it comes; `release` says that nothing more of it will be read. */
export type StreamBody = AsyncIterable<Uint8Array> & { release(): void }

async function* decoded(open: () => Promise<StreamBody>, asked: Asked): AsyncGenerator<StreamItem> {
  const grammar = new StreamGrammar(asked)
  const parser = createSseParser(maxEventBytes)
  const rest = new Rest()
  // A carriage return was seen: frames end in other ways than "\n\n", and the parser reads the whole stream from there on.
  let general = false
  let begun = false
  try {
    const body = await open()
    for await (const chunk of body) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      general ||= bytes.includes(carriageReturn)
      if (general) {
        for (const item of parsed(rest.joined(bytes))) yield item
      } else {
        const end = endOfFrames(bytes, rest.endsLine)
        if (end > 0) {
          for (const item of frames(rest.joined(bytes.subarray(0, end)))) {
            begun = true
            yield item
          }
          if (!begun) yield ping
          begun = true
        }
        rest.append(bytes.subarray(end))
        if (rest.length > maxEventBytes) throw new SseError(`an event is larger than ${maxEventBytes} bytes`)
      }
      if (!grammar.isComplete) continue
      body.release()
      return
    }
  } catch (error) {
    if (!(error instanceof SseError)) throw error
    throw protocolError(`its stream cannot be read: ${error.message}`)
  }
  throw new GatewayError('provider_disconnected', { providerError: { provider: 'anthropic' } })

  /** The items of a buffer that holds nothing but whole frames. */
  function* frames(buffer: Buffer): Generator<StreamItem> {
    let runStart = 0
    for (let start = 0; start < buffer.length; ) {
      const plainEnd = endOfPlainDelta(buffer, start)
      if (plainEnd > 0) {
        start = plainEnd
        continue
      }
      const found = buffer.indexOf(frameEnd, start)
      // A third "\n" in a row belongs to no frame.
      const end = found < 0 ? buffer.length : found + frameEnd.length
      const frame = buffer.subarray(start, end)
      const before = buffer.subarray(runStart, start)
      let items: StreamItem[]
      try {
        items = [...parsed(frame)]
      } catch (error) {
        // What stood before the fault was right.
        if (before.length > 0) yield wire(before)
        throw error
      }
      const [item] = items
      if (!item || items.length > 1 || !isSaidBy(frame, item)) {
        if (before.length > 0) yield wire(before)
        yield* items
        runStart = end
      }
      if (grammar.isComplete) return
      start = end
    }
    if (runStart < buffer.length) yield wire(buffer.subarray(runStart))
  }

  /** Where the frame that begins here ends, if it is a delta that need not be parsed; else 0. */
  function endOfPlainDelta(buffer: Buffer, start: number): number {
    const prefix = grammar.plainDeltaPrefix
    if (!prefix) return 0
    const textStart = start + prefix.length
    if (textStart > buffer.length || buffer.compare(prefix, 0, prefix.length, start, textStart) !== 0) return 0
    const lineEnd = buffer.indexOf(lineFeed, textStart)
    if (lineEnd < 0 || buffer[lineEnd + 1] !== lineFeed || !endsLikeDelta(buffer, textStart, lineEnd)) return 0
    return lineEnd + frameEnd.length
  }

  function* parsed(bytes: Uint8Array): Generator<StreamItem> {
    for (const { data } of parser.feed(bytes)) {
      if (isTooDeep(data)) throw protocolError(`an event is nested deeper than ${maxJsonDepth} levels`)
      const event = parseJson(data)
      if (typeof event !== 'object' || event === null) throw protocolError('an event is not a JSON object')
      yield* grammar.accept(event)
      if (grammar.isComplete) return
    }
  }
}

/**
 * Whether a frame says an event of a block, unchanged and in the contract's own framing: then it is forwarded as it was written,
 * down to the spelling of its numbers.
 */
function isSaidBy(frame: Buffer, item: StreamItem): boolean {
  if (!item.type.startsWith('content_block_')) return false
  const head = `event: ${item.type}\ndata: `
  return frame.toString('latin1', 0, head.length) === head && frame.indexOf(lineFeed, head.length) === frame.length - 2
}

function forgottenOnceCalled<T>(open: () => Promise<T>): () => Promise<T> {
  let pending: (() => Promise<T>) | undefined = open
  return async () => {
    const opening = pending?.()
    pending = undefined
    if (!opening) throw new Error('a stream is opened once')
    return opening
  }
}

/** Whether a line ends with its text and two braces, between which Anthropic puts spaces. */
function endsLikeDelta(buffer: Buffer, textStart: number, lineEnd: number): boolean {
  let brace = lineEnd - 1
  if (buffer[brace--] !== closeBrace) return false
  while (buffer[brace] === space) brace--
  const textEnd = brace - 1
  if (buffer[brace] !== closeBrace || textEnd < textStart) return false
  // A quote behind a backslash may be of the text itself, which then was cut.
  return buffer[textEnd] === quote && buffer[textEnd - 1] !== backslash
}

function wire(bytes: Buffer): StreamItem {
  if (!isUtf8(bytes)) throw new SseError('the stream is not valid UTF-8')
  return { type: 'wire', bytes }
}

/** Where the last frame ends that a read completes, or 0; `endsLine` says whether a line feed stands directly before the read. */
function endOfFrames(bytes: Buffer, endsLine: boolean): number {
  const found = bytes.lastIndexOf(frameEnd)
  if (found >= 0) return found + frameEnd.length
  return endsLine && bytes[0] === lineFeed ? 1 : 0
}

/**
 * The beginning of a frame whose end is still to come. Room for it doubles, so that a long frame is copied a few times and not
 * with every read; and the bytes that were handed out are never written again.
 */
class Rest {
  #bytes: Buffer = nothing
  length = 0

  /** Whether the last byte is a line feed. */
  get endsLine(): boolean {
    return this.length > 0 && this.#bytes[this.length - 1] === lineFeed
  }

  append(bytes: Buffer): void {
    const length = this.length + bytes.length
    if (this.length === 0) {
      // Not ours to write to: it has no room behind it, so that the next bytes are put elsewhere.
      this.#bytes = bytes
    } else {
      if (length > this.#bytes.length) {
        const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.length))
        this.#bytes.copy(larger, 0, 0, this.length)
        this.#bytes = larger
      }
      bytes.copy(this.#bytes, this.length)
    }
    this.length = length
  }

  /** Takes everything out, with these bytes behind it. */
  joined(bytes: Buffer): Buffer {
    if (this.length === 0) return bytes
    this.append(bytes)
    const all = this.#bytes.subarray(0, this.length)
    this.#bytes = nothing
    this.length = 0
    return all
  }
}

const nothing = Buffer.alloc(0)
const frameEnd = Buffer.from('\n\n')
const lineFeed = 10
const carriageReturn = 13
const space = 32
const quote = 34
const backslash = 92
const closeBrace = 125
