import { isUtf8 } from 'node:buffer'
import { GatewayError } from '../../api/error.ts'
import type { StreamItem } from '../../api/events.ts'
import { parseJson } from '../../api/json.ts'
import type { MessageRequest } from '../../api/schemas.gen.ts'
import { createSseParser, SseError } from '../../api/sse.ts'
import type { Call } from '../provider.ts'
import { StreamGrammar } from './grammar.ts'

/**
 * Decodes Anthropic's stream, which already is the contract's.
 *
 * Nearly all of a stream is deltas of the block that is open. A frame that begins and ends exactly as such a delta does is not
 * parsed: it is forwarded as the bytes it came in, together with its neighbours from the same read. Every other frame is parsed, checked
 * against the grammar, and changed where the contract says so. Whatever has another framing than Anthropic's own (CRLF, a
 * comment, two data lines) is left to the general parser; only speed depends on the difference.
 */
export async function* decodeStream(
  open: () => Promise<AsyncIterable<Uint8Array> & { release(): void }>,
  request: MessageRequest,
  call: Call,
): AsyncGenerator<StreamItem> {
  const grammar = new StreamGrammar(request, call)
  const parser = createSseParser(maxEventBytes)
  // The beginning of a frame whose end is still to come.
  let rest: Buffer = Buffer.alloc(0)
  // A carriage return was seen: frames end in other ways than "\n\n", and the parser reads the whole stream from there on.
  let general = false
  try {
    const body = await open()
    for await (const chunk of body) {
      general ||= chunk.includes(carriageReturn)
      if (general) {
        for (const item of parsed(joined(rest, chunk))) yield item
        rest = Buffer.alloc(0)
      } else {
        const buffer = joined(rest, chunk)
        const end = buffer.lastIndexOf(frameEnd) + frameEnd.length
        if (end >= frameEnd.length) for (const item of frames(buffer.subarray(0, end))) yield item
        rest = end >= frameEnd.length ? buffer.subarray(end) : buffer
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
      const found = buffer.indexOf(frameEnd, start)
      // A third "\n" in a row belongs to no frame.
      const end = found < 0 ? buffer.length : found + frameEnd.length
      if (!isPlainDelta(buffer, start, end)) {
        if (start > runStart) yield wire(buffer.subarray(runStart, start))
        yield* parsed(buffer.subarray(start, end))
        runStart = end
        if (grammar.isComplete) return
      }
      start = end
    }
    if (runStart < buffer.length) yield wire(buffer.subarray(runStart))
  }

  function isPlainDelta(buffer: Buffer, start: number, end: number): boolean {
    const prefix = grammar.plainDeltaPrefix
    if (!prefix || end - start < prefix.length + frameEnd.length) return false
    if (buffer.compare(prefix, 0, prefix.length, start, start + prefix.length) !== 0) return false
    return endsLikeDelta(buffer, start + prefix.length, end)
  }

  function* parsed(bytes: Uint8Array): Generator<StreamItem> {
    for (const { data } of parser.feed(bytes)) {
      const event = parseJson(data)
      if (typeof event !== 'object' || event === null) throw protocolError('an event is not a JSON object')
      yield* grammar.accept(event)
      if (grammar.isComplete) return
    }
  }
}

/** Whether a frame ends with its text and two braces, between which Anthropic puts spaces, all in the line that it began in. */
function endsLikeDelta(buffer: Buffer, textStart: number, end: number): boolean {
  let brace = end - 3
  if (buffer[brace--] !== closeBrace) return false
  while (buffer[brace] === space) brace--
  const textEnd = brace - 1
  if (buffer[brace] !== closeBrace || textEnd < textStart) return false
  // A quote behind a backslash may be of the text itself, which then was cut.
  return buffer[textEnd] === quote && buffer[textEnd - 1] !== backslash && buffer.indexOf(lineFeed, textStart) === end - 2
}

function wire(bytes: Buffer): StreamItem {
  if (!isUtf8(bytes)) throw new SseError('the stream is not valid UTF-8')
  return { type: 'wire', bytes }
}

function protocolError(what: string): GatewayError {
  return new GatewayError('provider_protocol', {
    message: `Anthropic sent what is not its protocol: ${what}.`,
    providerError: { provider: 'anthropic' },
  })
}

function joined(rest: Buffer, chunk: Uint8Array): Buffer {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  return rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
}

const maxEventBytes = 16 * 1024 * 1024
const frameEnd = Buffer.from('\n\n')
const lineFeed = 10
const carriageReturn = 13
const space = 32
const quote = 34
const backslash = 92
const closeBrace = 125
