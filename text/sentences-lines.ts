/** What stands at the beginning of a line: how long it is, and whether more text is needed to say. */
export type LineStart = {
  readonly is: 'text' | 'unknown' | 'item' | 'heading' | 'row' | 'rule' | 'fence'
  readonly length: number
}

/**
 * Reads what a line begins with, from its first character that is no white space. Looks at no more than eight characters, and says
 * `unknown` where the text ends before they are there, unless `isWhole`.
 */
export function lineStartAt(text: string, at: number, isWhole: boolean): LineStart {
  const first = text.charAt(at)
  if (first === '|') return row
  if (!/[-+*•·‣#`~_\d(a-zA-Z१-९]/.test(first)) return plain
  const seen = text.slice(at, at + longest)
  const isShort = seen.length < longest && !isWhole
  const found = marker.exec(seen)
  if (found === null) return isShort && beginning.test(seen) ? unknown : plain
  const length = found[0].length
  if (first === '`' || first === '~') return { is: 'fence', length }
  if (first === '#') return { is: 'heading', length }
  return /^(?:---|\*\*\*|___)$/.test(found[0]) ? { is: 'rule', length } : { is: 'item', length }
}

const longest = 8
const plain: LineStart = { is: 'text', length: 0 }
const unknown: LineStart = { is: 'unknown', length: 0 }
const row: LineStart = { is: 'row', length: 1 }

// Bounded by `longest`, as all that is tried against them.
const marker =
  /^(?:```|~~~|---|\*\*\*|___|#{1,6}(?=\s)|[-+*•·‣](?=[ \t])|\(?[\d१-९]{1,3}[.)](?=[ \t])|\(?[a-zA-Z]\)(?=[ \t])|[a-hA-H]\.(?=[ \t]))/
const beginning = /^(?:`{1,2}|~{1,2}|-{1,2}|\*{1,2}|_{1,2}|#{1,6}|[+•·‣]|\(?[\d१-९]{0,3}[.)]?|\(?[a-zA-Z]\)?|[a-hA-H]\.)$/
