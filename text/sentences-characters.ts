/**
 * What a character is to the segmentation of sentences. Numbers and not names, since every character of every answer is asked.
 * Classes are worked out once for a character and kept in a table of 64 KiB.
 */
export const kind = {
  other: 1,
  space: 2,
  newline: 3,
  lower: 4,
  upper: 5,
  /** A letter of a script without cases. */
  letter: 6,
  digit: 7,
  /** A full stop that may be a point as well. */
  dot: 8,
  /** An ASCII exclamation or question mark. */
  bang: 9,
  /** A mark that ends a sentence and does nothing else, such as the danda and 。 */
  full: 10,
  ellipsis: 11,
  close: 12,
  open: 13,
  /** Opens after white space, closes after anything else: straight quotes, emphasis, and marks that languages use both ways. */
  quote: 14,
  /** Comma, semicolon, colon. */
  clause: 15,
  dash: 16,
  tick: 17,
  emoji: 18,
  /** Has no look of its own: combining marks, joiners, variation selectors. */
  mark: 19,
} as const

/** The class of the character at `at`, which may be the first half of a surrogate pair. */
export function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code >= 0xd800 && code <= 0xdbff) return kindOfPair(text.codePointAt(at) ?? code)
  const known = table[code]
  if (known !== undefined && known !== 0) return known
  const found = classify(String.fromCharCode(code))
  table[code] = found
  return found
}

/** The class of the character that ends before `at`, or `space` at the very beginning. */
export function kindBefore(text: string, at: number): number {
  if (at <= 0) return kind.space
  return kindAt(text, isSecondHalf(text, at - 1) ? at - 2 : at - 1)
}

/** Whether the second half of a surrogate pair stands at `at`, behind the first. */
function isSecondHalf(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  if (code < 0xdc00 || code > 0xdfff) return false
  const first = text.charCodeAt(at - 1)
  return first >= 0xd800 && first <= 0xdbff
}

export function isLetterKind(of: number): boolean {
  return of === kind.lower || of === kind.upper || of === kind.letter || of === kind.mark
}

export function isThai(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 0x0e00 && code <= 0x0eff
}

const table = new Uint8Array(0x10000)

const marks: readonly (readonly [string, number])[] = [
  ['.', kind.dot],
  ['!?', kind.bang],
  ['。．！？｡؟।॥‼⁇⁈⁉', kind.full],
  ['…⋯', kind.ellipsis],
  [')]}”’」』】）〉》〕］｝', kind.close],
  ['([{¿¡「『【（〈《〔［｛„‚', kind.open],
  ['"\'*_~“‘«»‹›', kind.quote],
  [',;:،؛、，；：､', kind.clause],
  ['—–―', kind.dash],
  ['`', kind.tick],
  ['\n\u2028\u2029', kind.newline],
]

function classify(character: string): number {
  for (const [characters, found] of marks) if (characters.includes(character)) return found
  if (/\s/u.test(character)) return kind.space
  if (/\p{Lowercase}/u.test(character)) return kind.lower
  if (/\p{Uppercase}|\p{Lt}/u.test(character)) return kind.upper
  if (/\p{Nd}/u.test(character)) return kind.digit
  if (/\p{L}|\p{N}/u.test(character)) return kind.letter
  if (/\p{M}|\u200d|\u200c|\ufe0f|\ufe0e/u.test(character)) return kind.mark
  if (/\p{Sentence_Terminal}/u.test(character)) return kind.full
  if (/\p{Extended_Pictographic}/u.test(character)) return kind.emoji
  return kind.other
}

function kindOfPair(point: number): number {
  // Flags, faces, skin tones and the tags that follow them.
  if (point >= 0x1f000 && point <= 0x1faff) return kind.emoji
  if (point >= 0xe0000 && point <= 0xe01ef) return kind.mark
  return classify(String.fromCodePoint(point))
}
