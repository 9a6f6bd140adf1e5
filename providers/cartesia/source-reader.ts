/** Reads a source to its end, unless somebody stops it: then it is told that no more is wanted, and not waited for. */
export class SourceReader<Item> {
  readonly #items: AsyncIterator<Item>
  #isStopped = false

  constructor(source: AsyncIterable<Item>) {
    this.#items = source[Symbol.asyncIterator]()
  }

  /** Calls `each` with one item after the other. Resolves with whether the source's end was reached. Rejects with what either throws. */
  async read(each: (item: Item) => Promise<void>): Promise<boolean> {
    while (!this.#isStopped) {
      const next = await this.#items.next()
      if (this.#isStopped) break
      if (next.done) {
        this.#isStopped = true
        return true
      }
      await each(next.value)
    }
    return false
  }

  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    // A source that fails while it is closed has nobody left to tell.
    this.#items.return?.().catch(() => undefined)
  }
}
