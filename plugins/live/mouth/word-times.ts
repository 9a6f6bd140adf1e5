import type { Alignment } from '../../../providers/speech.ts'

interface Token {
  readonly kind: Alignment['kind']
  readonly text: string
  /** Of the turn's sound. */
  readonly startMs: number
  readonly durationMs: number
}

/** When the words of a turn begin, for pieces of its sound. */
export class WordTimes {
  #tokens: Token[] = []
  /** How many of them belong to pieces that were given out. */
  #given = 0

  /** Times from `baseMs` of the turn's sound on. */
  add({ kind, tokens, startMs, durationMs }: Alignment, baseMs: number): void {
    for (const [index, text] of tokens.entries()) {
      this.#tokens.push({ kind, text, startMs: baseMs + (startMs[index] ?? 0), durationMs: durationMs[index] ?? 0 })
    }
  }

  /** Those of a new piece that ends there: what begins in it, and what began before and was told too late for the pieces of then. */
  upTo(endMs: number): Alignment | undefined {
    let end = this.#given
    while ((this.#tokens[end]?.startMs ?? endMs) < endMs) end++
    const own = this.#tokens.slice(this.#given, end)
    this.#given = end
    return alignmentOf(own)
  }

  /** Those of a piece that is given out again. */
  between(fromMs: number, toMs: number): Alignment | undefined {
    return alignmentOf(this.#tokens.slice(0, this.#given).filter(({ startMs }) => startMs >= fromMs && startMs < toMs))
  }

  /** What was told of and not given out will not be. */
  drop(): void {
    this.#tokens.length = this.#given
  }

  forget(beforeMs: number): void {
    let count = 0
    while (count < this.#given && (this.#tokens[count]?.startMs ?? beforeMs) < beforeMs) count++
    if (count === 0) return
    this.#tokens = this.#tokens.slice(count)
    this.#given -= count
  }
}

/** All of one kind: where one voice took over from another, what is of the first's is left out. */
function alignmentOf(tokens: readonly Token[]): Alignment | undefined {
  const kind = tokens.at(-1)?.kind
  const alike = tokens.filter((token) => token.kind === kind)
  if (kind === undefined) return undefined
  return {
    kind,
    tokens: alike.map(({ text }) => text),
    startMs: alike.map(({ startMs }) => startMs),
    durationMs: alike.map(({ durationMs }) => durationMs),
  }
}
