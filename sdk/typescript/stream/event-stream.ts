import { brokenStream } from '../broken-stream.ts'
import { AbortedError, BrokenStreamError, UsageError } from '../errors.ts'
import type { Message, StreamEvent } from '../generated/types.gen.ts'
import type { OpenStream } from '../transport.ts'
import { errorOf, eventOf, type TypedEvent } from './event.ts'
import { type Sound, soundIn } from './sound.ts'
import { EventParser } from './sse.ts'

/** Sends the request and resolves with the head of its answer. The signal aborts it where nobody wants it any more. */
export type OpenEvents = (signal: AbortSignal) => Promise<OpenStream>

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
 * read than the piece of the network that the next event came in.
 *
 * It can be read once, by one of `for await`, `text()` and `audio()`; a second reading throws a `UsageError`. Leaving the reading
 * closes the connection. What the server tells as an `error` event is thrown as its `APIError`; a stream that ends too early, or whose
 * events cannot follow each other, is a `BrokenStreamError`.
 */
export abstract class EventStream<Event extends TypedEvent> implements AsyncIterable<Event> {
  readonly #open: OpenEvents
  readonly #fold: Folding<Event>
  readonly #controller = new AbortController()
  /** Who reads, or has read. */
  #reader: Reader | undefined
  #stream: OpenStream | undefined
  /** Why there is no whole answer. */
  #failure: { readonly error: unknown } | undefined
  #isOver = false
  /** Resolves once all is there that the stream is for; rejects with the failure. */
  readonly #completion = new Completion()

  constructor(open: OpenEvents, fold: Folding<Event>) {
    this.#open = open
    this.#fold = fold
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
   * leaves; once everything has come this changes nothing.
   */
  abort(): void {
    if (this.#isOver) return
    this.#break('It was broken off by abort().')
  }

  /**
   * What can be made of the stream once all has come. Where nobody reads, the stream reads itself; whoever begins to in the same turn
   * is waited for.
   */
  protected whenComplete<Value>(make: () => Value): Promise<Value> {
    const value = this.#completion.promised(make)
    if (!this.#reader) Promise.resolve().then(() => this.#readAlone())
    return value
  }

  // ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The iterator of one who reads; whether he may shows when he begins. */
  #reading<Item>(name: string, pick: (event: Event) => Item | undefined): AsyncIterableIterator<Item> {
    const reader: Reader = { name }
    const items = this.#read(reader, pick)
    const leave = (): void => {
      if (this.#reader === reader && !this.#isOver) this.#break(`${name} was left before everything had come.`)
    }
    const iterator: AsyncIterableIterator<Item> = {
      next: () => items.next(),
      // Before the generator, which would first wait for what it is reading.
      return() {
        leave()
        return items.return(undefined)
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  async *#read<Item>(reader: Reader, pick: (event: Event) => Item | undefined): AsyncGenerator<Item, void, undefined> {
    if (this.#reader) throw readAlready(this.#reader)
    this.#reader = reader
    try {
      const stream = await this.#head()
      const parser = new EventParser()
      for await (const chunk of this.#chunks(stream)) {
        for (const data of parser.feed(chunk)) {
          if (this.#failure) throw this.#failure.error
          const item = pick(this.#take(data))
          if (item !== undefined) yield item
        }
      }
      if (!this.#fold.isComplete) throw this.#endedEarly(parser)
    } catch (error) {
      throw this.#fail(error, reader !== alone)
    } finally {
      this.#isOver = true
    }
  }

  async #readAlone(): Promise<void> {
    if (this.#reader) return
    const whole = this.#read(alone, () => this.#fold.isComplete || undefined)
    try {
      await whole.next()
      // As a rule the stream ends here. If it does not, what else it has to say is not waited for.
      await whole.next()
      await whole.return()
    } catch {
      // Whoever waits for what comes of the stream is told.
    }
  }

  async *#chunks({ bytes }: OpenStream): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* bytes
    } catch (error) {
      // What becomes of the connection after the last event is nobody's loss.
      if (this.#fold.isComplete) return
      if (!(error instanceof BrokenStreamError)) throw error
      throw new BrokenStreamError(`${error.message} It ended before ${this.#fold.lastEvent}.`, error)
    }
  }

  #take(data: string): Event {
    const event = eventOf<Event>(data)
    if (event.type === 'error') throw errorOf(event, this.request_id)
    this.#fold.add(event)
    if (this.#fold.isComplete) this.#completion.resolve()
    return event
  }

  /** The head of the answer, unless it is broken off before. */
  async #head(): Promise<OpenStream> {
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
  #break(why: string): void {
    if (!this.#fold.isComplete) this.#fail(new AbortedError(why, { request_id: this.request_id }), true)
    this.#controller.abort()
    this.#stream?.abort()
  }

  /** The first failure is the one that all are told; `isKnown` where somebody is, whether or not he waits for what comes of the stream. */
  #fail(error: unknown, isKnown: boolean): unknown {
    this.#failure ??= { error: error instanceof BrokenStreamError ? this.#named(error) : error }
    this.#completion.reject(this.#failure.error, isKnown)
    return this.#failure.error
  }

  #named({ message, cause, request_id = this.request_id }: BrokenStreamError): BrokenStreamError {
    return new BrokenStreamError(message, { request_id, cause })
  }
}

interface Reader {
  readonly name: string
}

/** The stream itself, where it is asked for what comes of it and nobody reads. */
const alone: Reader = { name: 'finalMessage(), or another that needs all of it' }

function readAlready({ name }: Reader): UsageError {
  const how = 'It can be read once, by for await, text() or audio(), and finalMessage() may be called as soon as that has begun.'
  return new UsageError(`The stream is read already: by ${name}. ${how}`)
}

/** A promise that is rejected without anybody having to listen. */
class Completion {
  readonly #promise: Promise<void>
  readonly #asked: Promise<unknown>[] = []
  #resolve = (): void => undefined
  #reject: (error: unknown) => void = () => undefined

  constructor() {
    this.#promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    quiet(this.#promise)
  }

  /** Kept, so that it can be told later whether anybody has to listen to it: to be asked for a few times only. */
  promised<Value>(make: () => Value): Promise<Value> {
    const value = this.#promise.then(make)
    this.#asked.push(value)
    return value
  }

  resolve(): void {
    this.#resolve()
  }

  /** `isKnown` where the error reaches the caller in another way, too: then nobody need listen to what was asked for before. */
  reject(error: unknown, isKnown: boolean): void {
    if (isKnown) for (const value of this.#asked) quiet(value)
    this.#reject(error)
  }
}

/** Keeps a promise that nobody listens to from ending the process; whoever does is told all the same. */
function quiet(promise: Promise<unknown>): void {
  promise.catch(() => undefined)
}
