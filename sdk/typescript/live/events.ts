import { UsageError, type VAIError } from '../errors.ts'
import type { Logger } from '../options.ts'
import type { LiveEvent, LiveEventMap } from './event.ts'

/**
 * Tells what happens to those who listen and to those who iterate. What happens before there is anybody is kept for the first who comes, and
 * told in the microtask after, so that all who come together have it.
 */
export class LiveEvents {
  readonly #logger: Logger | undefined
  readonly #listeners = new Map<string, Set<Hearer>>()
  readonly #queues = new Set<EventQueue>()
  /** Undefined once there has been somebody. */
  #early: Telling[] | undefined = []
  #isComing = false
  /** Whether there was more than is kept, which none of those who iterate was told yet. */
  #hasForgotten = false
  #end: { readonly error: VAIError | undefined } | undefined

  constructor(logger: Logger | undefined) {
    this.#logger = logger
  }

  /** `isQueued`: whether those who iterate are told as well. */
  tell(event: LiveEvent, isQueued = true): void {
    this.#tell(() => {
      this.#dispatch(event.type, event)
      this.#dispatch('*', event)
      if (isQueued) for (const queue of this.#queues) queue.put(event)
    })
  }

  /** What those who listen for it alone are told. */
  note<Type extends NotedType>(type: Type, event: LiveEventMap[Type]): void {
    this.#tell(() => this.#dispatch(type, event))
  }

  /** Whether there is, or was, anybody to tell. */
  get isHeard(): boolean {
    return this.#early === undefined || this.#isComing
  }

  on<Type extends keyof LiveEventMap>(type: Type, listener: (event: LiveEventMap[Type]) => void): () => void {
    const hearers = this.#listeners.get(type) ?? new Set()
    // Of its own for each call, so that each is taken back alone.
    const hearer: Hearer = { hear: listener }
    this.#listeners.set(type, hearers.add(hearer))
    this.#come()
    return () => void hearers.delete(hearer)
  }

  iterate(): AsyncIterator<LiveEvent, undefined> {
    const queue = new EventQueue(() => this.#queues.delete(queue))
    this.#queues.add(queue)
    this.#come()
    if (!this.#early) {
      this.#tellForgotten()
      if (this.#end) queue.end(this.#end.error)
    }
    return queue
  }

  /** Nothing happens any more; those who iterate are thrown the error, if there is one. */
  end(error: VAIError | undefined): void {
    const telling = (): void => {
      this.#end = { error }
      for (const queue of this.#queues) queue.end(error)
    }
    if (this.#early) this.#early.push(telling)
    else telling()
  }

  #tell(telling: Telling): void {
    if (!this.#early) telling()
    else if (this.#isComing || this.#early.length < mostKept) this.#early.push(telling)
    else if (!this.#hasForgotten) {
      this.#hasForgotten = true
      this.#early.push(() => this.#tellForgotten())
      this.#logger?.warn(tooMany().message)
    }
  }

  /** Those who iterate have had all that was before the gap, and would not know of it. */
  #tellForgotten(): void {
    if (!this.#hasForgotten || this.#queues.size === 0) return
    this.#hasForgotten = false
    for (const queue of this.#queues) queue.end(tooMany())
  }

  #come(): void {
    if (!this.#early || this.#isComing) return
    this.#isComing = true
    queueMicrotask(() => {
      // What is told meanwhile comes behind.
      for (const telling of this.#early ?? []) telling()
      this.#early = undefined
    })
  }

  #dispatch(type: string, event: Hearable): void {
    for (const hearer of [...(this.#listeners.get(type) ?? [])]) {
      const report = (error: unknown): void => this.#report(type, error)
      try {
        const heard = hearer.hear(event)
        if (heard !== undefined) Promise.resolve(heard).catch(report)
      } catch (error) {
        report(error)
      }
    }
  }

  /** As an `EventTarget` does, unless there is a logger: it is told to whoever has to know, and harms nobody here. */
  #report(type: string, error: unknown): void {
    if (this.#logger) this.#logger.error('A listener of a live session has thrown an error.', { type, error })
    else
      queueMicrotask(() => {
        throw error
      })
  }
}

type Telling = () => void
type Hearable = LiveEventMap[keyof LiveEventMap]
/** Is kept under the type of what it hears. */
interface Hearer {
  /** A promise, where it goes on for longer. */
  hear(event: Hearable): unknown
}
type NotedType = Exclude<keyof LiveEventMap, LiveEvent['type'] | '*'>

/** What has happened and was not read. */
class EventQueue implements AsyncIterator<LiveEvent, undefined> {
  readonly #onLeft: () => void
  readonly #events: LiveEvent[] = []
  readonly #readers: Reader[] = []
  #end: { readonly error: VAIError | undefined } | undefined

  constructor(onLeft: () => void) {
    this.#onLeft = onLeft
  }

  put(event: LiveEvent): void {
    if (this.#end) return
    const reader = this.#readers.shift()
    if (reader) reader.resolve({ done: false, value: event })
    else if (this.#events.length < mostKept) this.#events.push(event)
    else this.end(tooMany())
  }

  end(error: VAIError | undefined): void {
    if (this.#end) return
    const readers = this.#readers.splice(0)
    // It is thrown once; then it is over.
    this.#end = { error: readers.length > 0 ? undefined : error }
    this.#onLeft()
    for (const { resolve, reject } of readers) error ? reject(error) : resolve(done)
  }

  next(): Promise<IteratorResult<LiveEvent, undefined>> {
    const event = this.#events.shift()
    if (event) return Promise.resolve({ done: false, value: event })
    if (!this.#end) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
    const { error } = this.#end
    this.#end = { error: undefined }
    return error ? Promise.reject(error) : Promise.resolve(done)
  }

  return(): Promise<IteratorResult<LiveEvent, undefined>> {
    this.#events.length = 0
    this.end(undefined)
    return Promise.resolve(done)
  }
}

interface Reader {
  readonly resolve: (result: IteratorResult<LiveEvent, undefined>) => void
  readonly reject: (error: unknown) => void
}

const mostKept = 10_000
const done = { done: true, value: undefined } as const

function tooMany(): UsageError {
  return new UsageError(`More than ${mostKept} events of the live session wait to be read: read them as they come.`)
}
