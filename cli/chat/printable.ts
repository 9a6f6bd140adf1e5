/**
 * Text that a terminal takes for text alone. What models, tools and gateways say may hold what it would take for an order; each such
 * character is shown as the sign that stands for it. Lines and tabs stay. Works on the parts of a text as on the whole of it.
 */
export function printable(text: string): string {
  return text.replaceAll(/\r(?=\n|$)/g, '').replaceAll(/[^\P{Cc}\n\t]/gu, signOf)
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
  return JSON.stringify(value).replaceAll(/\p{Cc}/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const longestLine = 2000

/** Unicode has pictures of the old control characters; those that came later share one. */
function signOf(character: string): string {
  const code = character.charCodeAt(0)
  if (code === 0x0d) return '\n'
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : '\uFFFD'
}
