import type { SpeechCall } from '../speech.ts'

/** What sends and what receives at the same time, and tells what comes of it. */
export interface Conversation {
  /** Called once. Whatever it rejects with is thrown to the listener. */
  run(): Promise<void>
  /** Called once it is over, however that came: lets go of all it holds. Must not throw. */
  leave(): void
}

/** Where a conversation tells what comes of it. */
export interface Listener<Event> {
  /** Aborted when the call is, and when nobody listens any more. */
  readonly signal: AbortSignal
  /** Resolves when there is room for more. */
  tell(event: Event): Promise<void>
  /** There is no more to tell. */
  end(): void
  /** As `end`, with what is thrown once all before it has been taken. */
  fail(reason: unknown): void
}

/**
 * The events of a conversation, which begins with the first that is asked for. Leaving the iteration ends the conversation, and so does
 * the call's signal, whose reason is then thrown at once.
 */
export async function* conversation<Event>(
  { signal }: Pick<SpeechCall, 'signal'>,
  begin: (listener: Listener<Event>) => Conversation,
): AsyncGenerator<Event> {
  signal.throwIfAborted()
  const over = new AbortController()
  const queue = new Queue<Event>(over.signal)
  const onAbort = (): void => {
    over.abort(signal.reason)
    queue.drop(signal.reason)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  const held = begin(queue)
  held.run().catch((reason: unknown) => queue.fail(reason))
  try {
    for (;;) {
      const next = await queue.take()
      if (next === undefined) return
      yield next.event
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    held.leave()
    queue.drop(undefined)
    over.abort(new Error('nobody listens any more'))
  }
}

/** More would only lie here, and what is not taken stays with the vendor. */
const mostWaiting = 8

class Queue<Event> implements Listener<Event> {
  readonly signal: AbortSignal
  #events: { readonly event: Event }[] = []
  #over: { readonly reason: unknown } | undefined
  #taker: (() => void) | undefined
  #tellers: (() => void)[] = []

  constructor(signal: AbortSignal) {
    this.signal = signal
  }

  tell(event: Event): Promise<void> {
    if (this.#over) return Promise.resolve()
    this.#events.push({ event })
    this.#wakeTaker()
    if (this.#events.length < mostWaiting) return Promise.resolve()
    return new Promise((resolve) => this.#tellers.push(resolve))
  }

  end(): void {
    this.#over ??= { reason: undefined }
    this.#wakeTaker()
  }

  fail(reason: unknown): void {
    this.#over ??= { reason }
    this.#wakeTaker()
  }

  /** What was not taken is of no use any more, and nobody waits for that. */
  drop(reason: unknown): void {
    this.#events = []
    this.#over = { reason }
    this.#wakeTaker()
    this.#wakeTellers()
  }

  async take(): Promise<{ readonly event: Event } | undefined> {
    while (this.#events.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#taker = resolve
      })
    }
    const next = this.#events.shift()
    if (next) this.#wakeTellers()
    else if (this.#over?.reason !== undefined) throw this.#over.reason
    return next
  }

  #wakeTaker(): void {
    const taker = this.#taker
    this.#taker = undefined
    taker?.()
  }

  #wakeTellers(): void {
    const tellers = this.#tellers
    this.#tellers = []
    for (const teller of tellers) teller()
  }
}
