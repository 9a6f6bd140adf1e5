import { createParser, type EventSourceMessage, ParseError } from 'eventsource-parser'

/** An event of any of the contract's streams. */
export interface SseEvent {
  readonly type: string
}

/** One event as it stands in the stream: `event:` equals the payload's `type`. */
export function sseFrame<Event extends SseEvent>(event: Event): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

/** An event whose payload is JSON already. */
export interface WrittenEvent {
  readonly type: 'written'
  readonly name: string
  readonly json: string
}

export function writtenFrame({ name, json }: WrittenEvent): string {
  return `event: ${name}\ndata: ${json}\n\n`
}

export type SseMessage = Pick<EventSourceMessage, 'event' | 'data'>

/** Thrown where the bytes are not a stream of events: not UTF-8, or one event larger than the limit. */
export class SseError extends Error {
  override readonly name = 'SseError'
}

/**
 * Parses server-sent events from chunks of bytes cut anywhere, even inside a character.
 *
 * Returns the messages that each chunk completes. What stands unfinished at the end of the stream is not a message.
 */
export function createSseParser(maxEventBytes: number): { feed(chunk: Uint8Array): readonly SseMessage[]; end(): void } {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let messages: SseMessage[] = []
  const parser = createParser({
    maxBufferSize: maxEventBytes,
    onEvent: (message) => messages.push(message),
    onError: (error) => {
      // Fields that are not of the specification are to be passed over; an event over the limit is not.
      if (error instanceof ParseError && error.type === 'max-buffer-size-exceeded') throw new SseError(error.message)
    },
  })
  return {
    feed(chunk) {
      messages = []
      parser.feed(decode(chunk))
      return messages
    },
    end() {
      decode()
    },
  }

  function decode(chunk?: Uint8Array): string {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode()
    } catch {
      throw new SseError('the stream is not valid UTF-8')
    }
  }
}
