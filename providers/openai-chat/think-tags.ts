/** Where the two kinds of text go. */
export interface ThinkTagsSink {
  thinking(text: string): void
  text(text: string): void
}

/**
 * Tells reasoning that a server left in the text, as `<think>…</think>`, from the answer behind it. The text comes in pieces that
 * are cut anywhere.
 *
 * Only a section at the very beginning counts: further behind, the model writes about such tags. White space after a tag belongs
 * to the tag.
 */
export class ThinkTags {
  readonly #sink: ThinkTagsSink
  #state: 'start' | 'opened' | 'inside' | 'closed' | 'done' = 'start'
  // What may be the beginning of a tag.
  #held = ''

  constructor(sink: ThinkTagsSink) {
    this.#sink = sink
  }

  /** Whether all that follows is the answer. */
  get done(): boolean {
    return this.#state === 'done'
  }

  write(piece: string): void {
    this.#held += piece
    if (this.#state === 'start') this.#begin()
    if (this.#state === 'opened') this.#skipSpace('inside')
    if (this.#state === 'inside') this.#think()
    if (this.#state === 'closed') this.#skipSpace('done')
    if (this.#state === 'done') this.#release((text) => this.#sink.text(text))
  }

  /** Gives out what was held back: nothing more of the text comes before something else begins. */
  end(): void {
    if (this.#state === 'inside') this.#release((text) => this.#sink.thinking(text))
    else if (this.#state === 'start' || this.#state === 'done') this.#release((text) => this.#sink.text(text))
    this.#held = ''
    this.#state = 'done'
  }

  #begin(): void {
    const start = this.#held.trimStart()
    if (start.startsWith(open)) {
      this.#held = start.slice(open.length)
      this.#state = 'opened'
    } else if (!open.startsWith(start) || this.#held.length > maxSpace) {
      this.#state = 'done'
    }
  }

  #skipSpace(next: 'inside' | 'done'): void {
    this.#held = this.#held.trimStart()
    if (this.#held !== '') this.#state = next
  }

  #think(): void {
    const end = this.#held.indexOf(close)
    if (end >= 0) {
      const thought = this.#held.slice(0, end)
      this.#held = this.#held.slice(end + close.length)
      this.#state = 'closed'
      if (thought !== '') this.#sink.thinking(thought)
      return
    }
    const kept = tailOf(this.#held)
    const thought = this.#held.slice(0, this.#held.length - kept)
    this.#held = this.#held.slice(thought.length)
    if (thought !== '') this.#sink.thinking(thought)
  }

  #release(give: (text: string) => void): void {
    const text = this.#held
    this.#held = ''
    if (text !== '') give(text)
  }
}

/** How many characters at the end may be the beginning of the closing tag. */
function tailOf(text: string): number {
  for (let length = Math.min(close.length - 1, text.length); length > 0; length--) {
    if (close.startsWith(text.slice(text.length - length))) return length
  }
  return 0
}

const open = '<think>'
const close = '</think>'
/** White space before the section, beyond which there is none. */
const maxSpace = 256
