/**
 * Text as a model should get it: no spaces at the ends of lines, no more than one empty line at a time, and none of the characters that
 * nobody sees and a model reads all the same.
 */
export function tidied(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(unseen, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

/** Control characters but tabs and line ends, byte order marks, and the invisible copies of ASCII among Unicode's tags. */
const unseen = /(?![\n\t])\p{Cc}|\ufeff|[\u{e0000}-\u{e007f}]/gu

/** The beginning of a text, at most so many UTF-16 units long, cut where a paragraph, a line or a word ends if there is one near. */
export function cutAt(text: string, most: number): string {
  if (text.length <= most) return text
  const beginning = text.slice(0, most)
  const least = Math.floor(most * 0.8)
  for (const boundary of ['\n\n', '\n', ' ']) {
    const at = beginning.lastIndexOf(boundary)
    if (at >= least) return beginning.slice(0, at).trimEnd()
  }
  // Half of a character beyond the basic plane is none.
  return /[\ud800-\udbff]$/.test(beginning) ? beginning.slice(0, -1) : beginning
}
