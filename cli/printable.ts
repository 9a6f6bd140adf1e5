/**
 * Text that a terminal takes for text alone. What models, tools and gateways say may hold what it would take for an order, or what has it show
 * text in another order than it stands; each such character is shown as the sign that stands for it. Lines and tabs stay. Works on the parts of a
 * text as on the whole of it.
 */
export function printable(text: string): string {
  return text
    .replaceAll(/\r(?=\n|$)/g, '')
    .replaceAll(marks, '')
    .replaceAll(/[^\P{Cc}\n\t]/gu, signOf)
    .replaceAll(turns, '\uFFFD')
}

/** The same on one line, of at most so many characters. */
export function line(text: string, most = longestLine): string {
  const whole = printable(text).replaceAll(/\s+/g, ' ').trim()
  if (whole.length <= most) return whole
  // A character of two halves is not cut in the middle.
  return `${whole.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** JSON on one line of which no character is an order either: of those that JSON itself lets through, too. */
export function jsonLine(value: unknown): string {
  return [/\p{Cc}/gu, marks, turns].reduce((text, signs) => text.replaceAll(signs, escaped), JSON.stringify(value))
}

const longestLine = 2000

/** They have a place in texts from right to left, show nothing, and would move what stands beside them. */
const marks = /[\u200E\u200F\u061C]/g
/** From here on in another direction, whatever the letters say. */
const turns = /[\u202A-\u202E\u2066-\u2069]/g

function escaped(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Unicode has pictures of the old control characters; those that came later share one. */
function signOf(character: string): string {
  const code = character.charCodeAt(0)
  if (code === 0x0d) return '\n'
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : '\uFFFD'
}
