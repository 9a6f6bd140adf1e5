// Generated from text/json-string.ts by `npm run generate`. Do not edit.

/** The offset of the quote that ends the JSON string beginning at `start`; -1 where none does. */
export function closingQuote(text: string, start: number): number {
  let at = text.indexOf('"', start + 1)
  while (at >= 0 && backslashesBefore(text, at) % 2 === 1) at = text.indexOf('"', at + 1)
  return at
}

/** How many backslashes stand directly before an offset. */
export function backslashesBefore(text: string, offset: number): number {
  let at = offset
  while (text.charCodeAt(at - 1) === backslash) at--
  return offset - at
}

const backslash = 92
