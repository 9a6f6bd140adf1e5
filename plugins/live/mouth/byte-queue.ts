/** Sound that waits: taken from the front in any lengths, copied only where a length spans the pieces that it came in. */
export class ByteQueue {
  #pieces: Uint8Array[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#pieces.push(bytes)
    this.#length += bytes.length
  }

  /** The first so many bytes, or all where there are fewer. */
  take(length: number): Uint8Array {
    const [first] = this.#pieces
    const count = Math.min(length, this.#length)
    if (!first || count === 0) return new Uint8Array(0)
    this.#length -= count
    if (first.length === count) return this.#pieces.shift() ?? first
    if (first.length > count) {
      this.#pieces[0] = first.subarray(count)
      return first.subarray(0, count)
    }
    const taken = new Uint8Array(count)
    for (let at = 0; at < count; ) at = this.#move(taken, at)
    return taken
  }

  clear(): void {
    this.#pieces = []
    this.#length = 0
  }

  /** Fills up as far as the first piece goes. */
  #move(to: Uint8Array, at: number): number {
    const piece = this.#pieces.shift() ?? new Uint8Array(0)
    const part = piece.subarray(0, to.length - at)
    to.set(part, at)
    if (part.length < piece.length) this.#pieces.unshift(piece.subarray(part.length))
    return at + part.length
  }
}
