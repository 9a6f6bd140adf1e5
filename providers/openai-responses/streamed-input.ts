import type { ToolInput } from '../blocks.ts'

/** The input of a call as the API tells it: piece by piece, and then whole; some servers do only the one or the other. */
export interface StreamedInput {
  piece(text: string): void
  /** The whole, of which pieces may have come before. Only the first call counts. */
  whole(text: string): void
  /** Nothing more comes. */
  end(): void
}

/** Input that is JSON already. */
export class JsonInput implements StreamedInput {
  readonly #input: ToolInput
  #length = 0

  constructor(input: ToolInput) {
    this.#input = input
  }

  piece(text: string): void {
    this.#length += text.length
    this.#input.write(text)
  }

  whole(text: string): void {
    if (text.length > this.#length) this.piece(text.slice(this.#length))
  }

  end(): void {
    this.#input.end()
  }
}

/** Input that is plain text: it becomes the one field of an object. */
export class TextInput implements StreamedInput {
  readonly #input: ToolInput
  readonly #field: string
  #length = 0
  #state: 'new' | 'open' | 'closed' = 'new'

  constructor(input: ToolInput, field: string) {
    this.#input = input
    this.#field = field
  }

  piece(text: string): void {
    if (this.#state === 'closed') return
    if (this.#state === 'new') this.#input.write(`{${JSON.stringify(this.#field)}:"`)
    this.#state = 'open'
    this.#length += text.length
    // Halves of a character are written as escapes, which are one character again where they meet.
    this.#input.write(JSON.stringify(text).slice(1, -1))
  }

  whole(text: string): void {
    this.piece(text.slice(this.#length))
    this.#close()
  }

  end(): void {
    this.#close()
    this.#input.end()
  }

  #close(): void {
    if (this.#state === 'open') this.#input.write('"}')
    this.#state = 'closed'
  }
}
