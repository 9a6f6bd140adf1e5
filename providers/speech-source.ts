/** Reading texts that are still being written and sound that is still being made, whose next piece may be long in coming. */

/** Reads a source to its end, unless somebody stops it: then it is told that no more is wanted, and not waited for. */
export class SourceReader<Item> {
  readonly #items: AsyncIterator<Item>
  #isOver = false

  constructor(source: AsyncIterable<Item>) {
    this.#items = source[Symbol.asyncIterator]()
  }

  /** Calls `each` with one item after the other. Resolves with whether the source's end was reached. Rejects with what either throws. */
  async read(each: (item: Item) => Promise<void> | void): Promise<boolean> {
    while (!this.#isOver) {
      const next = await this.#items.next()
      if (this.#isOver) break
      if (next.done) {
        this.#isOver = true
        return true
      }
      await each(next.value)
    }
    return false
  }

  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    leave(this.#items)
  }
}

/**
 * The items of a source for as long as the signal has not aborted; once it has, its reason is thrown, also while the source is being waited
 * for.
 */
export async function* heeding<Item>(source: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const items = source[Symbol.asyncIterator]()
  let isOver = false
  try {
    for (;;) {
      const next = await unlessAborted(items, signal)
      if (next.done) {
        isOver = true
        return
      }
      yield next.value
    }
  } finally {
    if (!isOver) leave(items)
  }
}

/** Not waited for: a source that waits for something itself answers only afterwards. What it says then is no news. */
function leave(items: AsyncIterator<unknown>): void {
  items.return?.().catch(() => undefined)
}

/** The listener lives no longer than the item: a long-lived promise to race against would retain every one. */
function unlessAborted<Item>(items: AsyncIterator<Item>, signal: AbortSignal): Promise<IteratorResult<Item>> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    items
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}
