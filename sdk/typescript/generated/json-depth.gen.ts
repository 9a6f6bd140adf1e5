// Generated from text/json-depth.ts by `npm run generate`. Do not edit.

import { closingQuote } from './json-string.gen.ts'

/** Deeper than anything that anybody answers, and far from where recursion over a value would run out of stack. */
export const maxJsonDepth = 512

/** Whether JSON is nested deeper than `maxJsonDepth`. The text need not be valid. */
export function isTooDeep(text: string): boolean {
  // Each level takes a character at the least, and nearly all texts are short.
  if (text.length <= maxJsonDepth) return false
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      const end = closingQuote(text, at)
      if (end < 0) return false
      at = end
    } else if (code === openBrace || code === openBracket) {
      if (++depth > maxJsonDepth) return true
    } else if (code === closeBrace || code === closeBracket) {
      depth--
    }
  }
  return false
}

const quote = 34
const openBracket = 91
const closeBracket = 93
const openBrace = 123
const closeBrace = 125
