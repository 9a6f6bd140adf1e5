import type { Message, StreamEvent } from '../generated/types.gen.ts'
import type { WithRequestId } from '../transport.ts'
import { EventStream, type OpenEvents, type StreamOptions } from './event-stream.ts'
import { MessageFold } from './message-fold.ts'
import { textOf } from './text.ts'

/**
 * An answer as it comes: its events (`for await`), its text (`text()`) or its sound (`audio()`), and the message they make.
 *
 * ```ts
 * const stream = vai.messages.stream({ model: 'demo/echo', messages: [{ role: 'user', content: 'Hello!' }] })
 * for await (const text of stream.text()) write(text)
 * const { usage } = await stream.finalMessage()
 * ```
 */
export class MessageStream extends EventStream<StreamEvent> {
  readonly #fold: MessageFold
  #message: Promise<WithRequestId<Message>> | undefined
  #text: Promise<string> | undefined

  /** @internal `messages.stream()` makes them. */
  constructor(open: OpenEvents, options?: StreamOptions) {
    const fold = new MessageFold()
    super(open, fold, options)
    this.#fold = fold
  }

  /**
   * The whole message, as soon as `message_stop` has come; the same each time. May be asked for before, beside and after reading, also in the
   * body of a `for await`: the stream then reads on by itself, and what its reader has not had yet waits for him, up to 256 Mi characters of events.
   * Rejects with what the reading throws, and with an `AbortedError` where it was left or broken off.
   */
  finalMessage(): Promise<WithRequestId<Message>> {
    this.#message ??= this.whenComplete(() => ({ ...this.#fold.message(), request_id: this.request_id ?? '' }))
    return this.#message
  }

  /** The text of the whole message. */
  finalText(): Promise<string> {
    this.#text ??= this.whenComplete(() => textOf(this.#fold.message()))
    return this.#text
  }
}
