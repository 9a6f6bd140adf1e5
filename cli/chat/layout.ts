import type { Piece } from './pieces.ts'

/** Puts the pieces of an answer one after the other on a terminal, so that lines begin where they should. */
export class Layout {
  readonly #hasColours: boolean
  #kind: Piece['kind'] = 'told'
  #isAtStart = true

  constructor(hasColours: boolean) {
    this.#hasColours = hasColours
  }

  /** What is to be written for a piece. */
  put({ kind, text }: Piece): string {
    const before = this.#kind === kind ? '' : this.end()
    this.#kind = kind
    if (kind === 'told') return `${before}${indented(text)}\n`
    if (text === '') return before
    this.#isAtStart = text.endsWith('\n')
    return before + (kind === 'thought' ? this.#dimmed(text) : text)
  }

  /** What is to be written so that a line begins. */
  end(): string {
    if (this.#isAtStart) return ''
    this.#isAtStart = true
    return '\n'
  }

  #dimmed(text: string): string {
    return this.#hasColours ? `\u001b[2m${text}\u001b[22m` : text
  }
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
