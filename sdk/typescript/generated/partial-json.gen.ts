// Generated from text/partial-json.ts by `npm run generate`. Do not edit.

import { backslashesBefore, closingQuote } from './json-string.gen.ts'

/**
 * Parses JSON that may end in the middle, as the arguments of a tool call do when the model ran out of tokens.
 *
 * What is complete is kept, a string that was cut is closed where it ends, and a key, literal or number that was cut is left
 * out. Returns undefined where the text is no beginning of a JSON value, or of one nested more than 128 levels deep.
 */
export function parsePartialJson(text: string): unknown {
  const closers: string[] = []
  // The last place where the text could be cut and closed. What opens or closes moves it, so that the closers always are those it needs.
  let safe = 0
  let expectsKey = false
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at)
    if (character === '{' || character === '[') {
      if (closers.length === maxDepth) return undefined
      closers.push(character === '{' ? '}' : ']')
      expectsKey = character === '{'
      safe = ++at
    } else if (character === '}' || character === ']') {
      if (closers.pop() !== character) return undefined
      expectsKey = false
      safe = ++at
    } else if (character === ',') {
      expectsKey = closers.at(-1) === '}'
      at++
    } else if (character === '"') {
      const end = closingQuote(text, at)
      const isKey = expectsKey && closers.at(-1) === '}'
      if (end < 0) return closed(isKey ? text.slice(0, safe) : `${withoutCutEscape(text)}"`)
      at = end + 1
      if (isKey) expectsKey = false
      else safe = at
    } else if (/[-\w.+]/.test(character)) {
      const start = at
      while (at < text.length && /[-\w.+]/.test(text.charAt(at))) at++
      // A literal that touches the end may go on there: 1 could be 12, tru is nothing yet.
      if (at < text.length || isComplete(text.slice(start))) safe = at
    } else {
      at++
    }
  }
  return closed(text.slice(0, safe))

  function closed(beginning: string): unknown {
    return parseOrUndefined(beginning + closers.reverse().join(''))
  }
}

/** No tool takes arguments that are nested deeper; whoever reads or writes them again may well recurse. */
const maxDepth = 128

function isComplete(literal: string): boolean {
  return literal === 'true' || literal === 'false' || literal === 'null'
}

/** Drops an escape (`\` or `\u12`) that the end of the text cut in two. */
function withoutCutEscape(text: string): string {
  const cut = /\\(?:u[0-9a-fA-F]{0,3})?$/.exec(text.slice(-5))
  if (!cut) return text
  const start = text.length - cut[0].length
  return backslashesBefore(text, start) % 2 === 0 ? text.slice(0, start) : text
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
