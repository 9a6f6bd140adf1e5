/**
 * Parses JSON that may end in the middle, as the arguments of a tool call do when the model ran out of tokens.
 *
 * What is complete is kept, a string that was cut is closed where it ends, and a key, literal or number that was cut is left
 * out. Returns undefined where the text is no beginning of a JSON value.
 */
export function parsePartialJson(text: string): unknown {
  const closers: string[] = []
  // The last place where the text could be cut and closed, and how many closers it needs there.
  let safe = { end: 0, closers: '' }
  let expectsKey = false
  const remember = (end: number): void => {
    safe = { end, closers: [...closers].reverse().join('') }
  }
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at)
    if (character === '{' || character === '[') {
      closers.push(character === '{' ? '}' : ']')
      expectsKey = character === '{'
      remember(++at)
    } else if (character === '}' || character === ']') {
      if (closers.pop() !== character) return undefined
      expectsKey = false
      remember(++at)
    } else if (character === ',') {
      expectsKey = closers.at(-1) === '}'
      at++
    } else if (character === '"') {
      const end = endOfString(text, at)
      const isKey = expectsKey && closers.at(-1) === '}'
      if (end === undefined)
        return isKey ? closed(safe) : parseOrUndefined(`${withoutCutEscape(text)}"${[...closers].reverse().join('')}`)
      at = end
      if (isKey) expectsKey = false
      else remember(at)
    } else if (/[-\w.+]/.test(character)) {
      const start = at
      while (at < text.length && /[-\w.+]/.test(text.charAt(at))) at++
      // A literal that touches the end may go on there: 1 could be 12, tru is nothing yet.
      if (at < text.length || isComplete(text.slice(start))) remember(at)
    } else {
      at++
    }
  }
  return closed(safe)

  function closed(point: { end: number; closers: string }): unknown {
    return parseOrUndefined(text.slice(0, point.end) + point.closers)
  }
}

function isComplete(literal: string): boolean {
  return literal === 'true' || literal === 'false' || literal === 'null'
}

function endOfString(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return undefined
}

/** Drops an escape (`\` or `\u12`) that the end of the text cut in two. */
function withoutCutEscape(text: string): string {
  const cut = /\\(?:u[0-9a-fA-F]{0,3})?$/.exec(text)
  if (!cut) return text
  const backslashes = /\\*$/.exec(text.slice(0, cut.index))?.[0].length ?? 0
  return backslashes % 2 === 0 ? text.slice(0, cut.index) : text
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
