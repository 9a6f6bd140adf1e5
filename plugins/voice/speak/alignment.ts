import type { Alignment as ToldAlignment } from '../../../api/schemas.gen.ts'
import type { Alignment } from '../../../providers/speech.ts'

/** The same times, so many milliseconds later. */
export function shifted(alignment: Alignment, ms: number): Alignment {
  if (ms === 0) return alignment
  const { kind, tokens, startMs, durationMs } = alignment
  return { kind, tokens, startMs: startMs.map((start) => start + ms), durationMs }
}

/** Without the first so many tokens; undefined where none is left. */
export function withoutFirst(alignment: Alignment, count: number): Alignment | undefined {
  const { kind, tokens, startMs, durationMs } = alignment
  if (count === 0) return tokens.length > 0 ? alignment : undefined
  if (count >= tokens.length) return undefined
  return { kind, tokens: tokens.slice(count), startMs: startMs.slice(count), durationMs: durationMs.slice(count) }
}

/** Stretches that follow each other as one; undefined where there is none. Where some tell of characters and some of words, all tell of words. */
export function joined(stretches: readonly Alignment[]): Alignment | undefined {
  const [first] = stretches
  if (!first || stretches.length === 1) return first
  const isMixed = stretches.some(({ kind }) => kind !== first.kind)
  const alike = isMixed ? stretches.map(ofWords) : stretches
  return {
    kind: isMixed ? 'word' : first.kind,
    tokens: alike.flatMap(({ tokens }) => tokens),
    startMs: alike.flatMap(({ startMs }) => startMs),
    durationMs: alike.flatMap(({ durationMs }) => durationMs),
  }
}

/** As the contract writes it; to the microsecond. */
export function told({ kind, tokens, startMs, durationMs }: Alignment): ToldAlignment {
  return { kind, tokens: [...tokens], start_ms: startMs.map(rounded), dur_ms: durationMs.map(rounded) }
}

function rounded(ms: number): number {
  return Math.max(0, Math.round(ms * 1000) / 1000)
}

/** Characters between white space as words. */
function ofWords(alignment: Alignment): Alignment {
  if (alignment.kind === 'word') return alignment
  const tokens: string[] = []
  const startMs: number[] = []
  const durationMs: number[] = []
  let isInWord = false
  for (const [index, token] of alignment.tokens.entries()) {
    const start = alignment.startMs[index] ?? 0
    const end = start + (alignment.durationMs[index] ?? 0)
    const isSpace = token.trim() === ''
    const last = tokens.length - 1
    if (!isSpace && isInWord) {
      tokens[last] += token
      durationMs[last] = end - (startMs[last] ?? 0)
    } else if (!isSpace) {
      tokens.push(token)
      startMs.push(start)
      durationMs.push(end - start)
    }
    isInWord = !isSpace
  }
  return { kind: 'word', tokens, startMs, durationMs }
}
