import { onAbort } from '../abort.ts'
import { brokenStream } from '../broken-stream.ts'
import { AbortedError, BrokenStreamError, UsageError } from '../errors.ts'
import type { Message, StreamEvent } from '../generated/types.gen.ts'
import type { OpenStream } from '../transport.ts'
import { Completion, quiet } from './completion.ts'
import { errorOf, eventOf, type TypedEvent } from './event.ts'
import { Reading } from './reading.ts'
import { type Sound, soundIn } from './sound.ts'
import { EventParser } from './sse.ts'

/** Sends the request and resolves with the head of its answer. The signal aborts it where nobody wants it any more. */
export type OpenEvents = (signal: AbortSignal) => Promise<OpenStream>

export interface StreamOptions {
  /** Breaks it off as `abort()` does. */
  readonly signal?: AbortSignal | undefined
  /** Characters of events that may wait for a reader who does not go on while somebody waits for the whole. As many as an answer in one piece may have. */
  readonly mostWaiting?: number
}

/** What the events of a stream are folded into. */
export interface Folding<Event> {
  /** Throws a `BrokenStreamError` where the event cannot follow those before it. */
  add(event: Event): void
  /** Whether what the stream is for has come as a whole. */
  readonly isComplete: boolean
  /** The type of the event that completes it. */
  readonly lastEvent: string
  /** The event of a message that an event is or carries. */
  messageEvent(event: Event): StreamEvent | undefined
  /** The text that the message gained by the event that was added last. */
  textIn(event: StreamEvent): string
  partial(): Message | undefined
}

/**
 * What the streams of messages and of runs have in common. The request leaves at the first use, once. The stream is pulled: no more is
 * read than the piece of the network that the next event came in. Only where somebody asks for the whole, the stream reads on by itself, and what a
 * reader has not had yet waits for him.
 *
 * It can be read once, by one of `for await`, `text()` and `audio()`; a second reading throws a `UsageError`. Leaving the reading
 * closes the connection. What the server tells as an `error` event is thrown as its `APIError`; a stream that ends too early, or whose
 * events cannot follow each other, is a `BrokenStreamError`.
 */
export abstract class EventStream<Event extends TypedEvent> implements AsyncIterable<Event> {
  readonly #open: OpenEvents
  readonly #fold: Folding<Event>
  readonly #signal: AbortSignal | undefined
  /** Leaves the signal alone. */
  #leaveSignal: (() => void) | undefined
  readonly #mostWaiting: number
  readonly #controller = new AbortController()
  /** Reads the connection, a piece of it with each step. */
  readonly #pump = this.#pumping()
  /** The data of the events of the last piece that are still to be folded, the next of them last. */
  #data: string[] = []
  /** The step that is being taken: readers, and those who wait for the whole, wait for the same. */
  #step: Promise<unknown> | undefined
  /** Who reads, or has read. */
  #reader: Reading<Event, unknown> | undefined
  /** Whether that is the stream itself, as it is asked for what comes of it and nobody else reads. */
  #isAlone = false
  #stream: OpenStream | undefined
  /** Why there is no whole answer. */
  #failure: { readonly error: unknown } | undefined
  /** Whether nothing more is read. */
  #isOver = false
  /** Done once the stream has read on by itself, where somebody asked for the whole. */
  #readingOn: Promise<void> | undefined
  /** Resolves once all is there that the stream is for; rejects with the failure. */
  readonly #completion = new Completion()

  constructor(open: OpenEvents, fold: Folding<Event>, { signal, mostWaiting = 256 * 1024 * 1024 }: StreamOptions = {}) {
    this.#open = open
    this.#fold = fold
    this.#signal = signal
    this.#mostWaiting = mostWaiting
  }

  /** Every event as it comes, also those of types that are not known here, but for `error`, which is thrown. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Event> {
    return this.#reading('for await', (event) => event)
  }

  /** The text of the answer as it comes, in pieces; of a run, that of all its steps. */
  text(): AsyncIterableIterator<string> {
    return this.#reading('text()', (event) => {
      const inner = this.#fold.messageEvent(event)
      return (inner && this.#fold.textIn(inner)) || undefined
    })
  }

  /**
   * The sound of a voiced answer as it comes, decoded. Where the voice fails, the last is no chunk but `audio_unavailable`, which
   * says why; the text of the answer goes on, and `finalMessage()` has it.
   */
  audio(): AsyncIterableIterator<Sound> {
    return this.#reading('audio()', (event) => {
      const inner = this.#fold.messageEvent(event)
      return inner && soundIn(inner)
    })
  }

  /** What has come so far of the message, or of a run's last: the blocks that are whole, and text as far as it was said. Undefined before its beginning. */
  partialMessage(): Message | undefined {
    return this.#fold.partial()
  }

  /** The gateway's name for the request; undefined before the head of the answer. */
  get request_id(): string | undefined {
    return this.#stream?.request_id
  }

  /**
   * Breaks it off: the connection is closed, and whoever reads or waits gets an `AbortedError`. Before the first use the request never
   * leaves; once everything has come, and was read as far as somebody reads, this changes nothing.
   */
  abort(): void {
    this.#break('The stream was aborted.')
  }

  /**
   * What can be made of the stream once all has come, for which it reads on by itself. Whoever begins to read in the same turn gets
   * everything from its beginning; later there is no more reading where nobody had begun.
   */
  protected whenComplete<Value>(make: () => Value): Promise<Value> {
    const value = this.#completion.promised(make)
    this.#readingOn ??= Promise.resolve().then(() => this.#readOn())
    return value
  }

  // ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The iterator of one who reads; whether he may shows when he begins. */
  #reading<Item>(name: string, pick: (event: Event) => Item | undefined): AsyncIterableIterator<Item> {
    const reading = new Reading(name, pick, this.#mostWaiting)
    const items = this.#items(reading)
    const iterator: AsyncIterableIterator<Item> = {
      next: () => items.next(),
      // Before the generator, which would first wait for what it is reading.
      return: () => {
        if (this.#reader === reading) this.#break(`${name} was left before everything had come.`)
        return items.return(undefined)
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  async *#items<Item>(reading: Reading<Event, Item>): AsyncGenerator<Item, void, undefined> {
    if (this.#reader) throw readAlready(this.#reader)
    this.#reader = reading
    for (;;) {
      const item = reading.take()
      // What came before a failure comes before it here, too.
      if (item !== undefined) yield item
      else if (this.#isOver) break
      else if (!this.#foldNext()) await this.#advance()
    }
    this.#rest()
    if (this.#failure) throw this.#failure.error
  }

  /** Until all is there, whether or not somebody reads. */
  async #readOn(): Promise<void> {
    this.#isAlone = !this.#reader
    this.#reader ??= new Reading('finalMessage() or its like', () => undefined, 0)
    while (!this.#fold.isComplete && !this.#isOver) if (!this.#foldNext()) await this.#advance()
    if (!this.#isAlone) return
    // As a rule the stream ends here. If it does not, what else it has to say is not waited for.
    if (!this.#foldNext()) await this.#advance()
    this.#break('')
  }

  /** Folds the next event of those that have come; false where there is none. What goes wrong is the failure. */
  #foldNext(): boolean {
    const stream = this.#stream
    const data = this.#data.pop()
    if (!stream || data === undefined) return false
    try {
      this.#reader?.give(this.#taken(data, stream), data.length)
    } catch (error) {
      this.#fail(error)
    }
    return true
  }

  /** More events, or the end. Never rejects: what goes wrong is the failure. */
  #advance(): Promise<unknown> {
    this.#step ??= this.#pump.next().finally(() => {
      this.#step = undefined
    })
    return this.#step
  }

  async *#pumping(): AsyncGenerator<undefined, void, undefined> {
    try {
      const { bytes, mask } = await this.#head()
      const parser = new EventParser(mask)
      try {
        for await (const chunk of bytes) {
          this.#data = parser.feed(chunk).reverse()
          yield
        }
      } catch (error) {
        // What becomes of the connection after the last event is nobody's loss.
        if (this.#fold.isComplete) return
        if (!(error instanceof BrokenStreamError)) throw error
        throw new BrokenStreamError(`${error.message} It ended before ${this.#fold.lastEvent}.`, error)
      }
      if (!this.#fold.isComplete) throw this.#endedEarly(parser)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#isOver = true
      this.#rest()
    }
  }

  #taken(data: string, { mask }: OpenStream): Event {
    const event = eventOf<Event>(data, mask)
    if (event.type === 'error') throw errorOf(event, mask, this.request_id)
    this.#fold.add(event)
    if (this.#fold.isComplete) this.#completion.resolve()
    return event
  }

  /** The head of the answer, unless it is broken off before. */
  async #head(): Promise<OpenStream> {
    const given = this.#signal
    this.#leaveSignal = given && onAbort(given, () => this.#break('The request was aborted.', given.reason))
    if (this.#failure) throw this.#failure.error
    const { signal } = this.#controller
    const stream = await new Promise<OpenStream>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(this.#failure?.error), { once: true })
      this.#open(signal).then((opened) => {
        if (signal.aborted) opened.abort()
        resolve(opened)
      }, reject)
    })
    this.#stream = stream
    return stream
  }

  // ── Its end ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #endedEarly({ stranger }: EventParser): BrokenStreamError {
    const said = stranger === undefined ? '' : ` and held what is no event: ${stranger}`
    return brokenStream(`it ended before ${this.#fold.lastEvent}${said}`)
  }

  /** The caller has had enough. */
  #break(why: string, cause?: unknown): void {
    const error = new AbortedError(why, { request_id: this.request_id, cause })
    this.#reader?.cut(error)
    if (!this.#isOver) {
      if (!this.#fold.isComplete) this.#fail(error, true)
      this.#stop()
      this.#controller.abort()
      this.#stream?.abort()
    }
    this.#rest()
  }

  /** The first failure is the one that all are told; `isKnown` where somebody is, whether or not he waits for what comes of the stream. */
  #fail(error: unknown, isKnown = !this.#isAlone): void {
    this.#failure ??= { error: error instanceof BrokenStreamError ? this.#named(error) : error }
    this.#completion.reject(this.#failure.error, isKnown)
    this.#stop()
  }

  /** Reads nothing more, and leaves the connection. */
  #stop(): void {
    this.#isOver = true
    quiet(this.#pump.return(undefined))
  }

  #named({ message, cause, request_id = this.request_id }: BrokenStreamError): BrokenStreamError {
    return new BrokenStreamError(message, { request_id, cause })
  }

  /** Once there is nothing left to break off, the caller's signal is left alone. */
  #rest(): void {
    if (this.#isOver && !this.#reader?.isBehind) this.#leaveSignal?.()
  }
}

function readAlready({ name }: { readonly name: string }): UsageError {
  return new UsageError(`The stream is read already: by ${name}. Beside that, finalMessage() may be asked for.`)
}
