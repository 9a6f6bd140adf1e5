/** Cuts a stream of bytes into its lines. A line is kept as it came until it is whole, and copied once. */
export class Lines {
  readonly #limit: number
  #kept: Uint8Array[] = []
  #keptBytes = 0

  /** `limit` is the most bytes of one line. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** The lines that are whole now, none of them blank; undefined where one is longer than the limit. */
  push(chunk: Uint8Array): readonly string[] | undefined {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#keep(chunk.subarray(start, end))
      const line = this.end()
      if (line !== '') lines.push(line)
      start = end + 1
    }
    this.#keep(chunk.subarray(start))
    return this.#keptBytes > this.#limit ? undefined : lines
  }

  /** What is left; mostly nothing. */
  end(): string {
    const line = Buffer.concat(this.#kept, this.#keptBytes).toString().trim()
    this.#kept = []
    this.#keptBytes = 0
    return line
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#kept.push(bytes)
    this.#keptBytes += bytes.length
  }
}

const newline = 0x0a
