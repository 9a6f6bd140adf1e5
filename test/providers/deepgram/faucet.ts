/** What a test gives piece by piece, and can break; tells whether its reader has let go of it. */
export class Faucet<Item> implements AsyncIterableIterator<Item> {
  readonly #items: Item[] = []
  #end: { readonly error?: unknown } | undefined
  #waiting: (() => void) | undefined
  #isLeft = false

  get isLeft(): boolean {
    return this.#isLeft
  }

  give(...items: readonly Item[]): void {
    this.#items.push(...items)
    this.#wake()
  }

  end(): void {
    this.#end = {}
    this.#wake()
  }

  fail(error: unknown): void {
    this.#end = { error }
    this.#wake()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Item>> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) return { done: false, value: item }
      if (this.#end && 'error' in this.#end) throw this.#end.error
      if (this.#end || this.#isLeft) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    }
  }

  return(): Promise<IteratorResult<Item>> {
    this.#isLeft = true
    this.#wake()
    return Promise.resolve({ done: true, value: undefined })
  }

  #wake(): void {
    this.#waiting?.()
    this.#waiting = undefined
  }
}

/** So much sound at 16 kHz. */
export function pcm(ms: number): Uint8Array {
  return new Uint8Array(ms * 32)
}

/** So much sound at 16 kHz, in pieces of 20 ms. */
export function frames(ms: number): Uint8Array[] {
  return Array.from({ length: ms / 20 }, () => pcm(20))
}
