/** Code between backticks: where it ends, or, where nothing closes it, how far there is nothing that does. */
export interface InlineCode {
  readonly isClosed: boolean
  readonly end: number
}

/**
 * Reads the code that the backtick at `at` opens, to as many backticks as open it, or the end of the line, or `limit`.
 * Undefined where the text ends before any of them, unless `isWhole`.
 */
export function codeAt(text: string, at: number, limit: number, isWhole: boolean): InlineCode | undefined {
  const inside = endOfTicks(text, at, limit)
  if (inside >= text.length && inside < limit && !isWhole) return undefined
  let seen = inside
  while (seen < limit && seen < text.length && text.charAt(seen) !== '\n') {
    if (text.charAt(seen) !== '`') {
      seen++
      continue
    }
    const end = endOfTicks(text, seen, limit)
    if (end >= text.length && end < limit && !isWhole) return undefined
    if (end - seen === inside - at && end < limit) return { isClosed: true, end }
    seen = end
  }
  return seen >= text.length && seen < limit && !isWhole ? undefined : { isClosed: false, end: seen }
}

function endOfTicks(text: string, from: number, limit: number): number {
  let at = from
  while (at < limit && text.charAt(at) === '`') at++
  return at
}
