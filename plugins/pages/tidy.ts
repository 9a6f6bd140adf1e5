/** Text as a model should get it: no spaces at the ends of lines, and no more than one empty line at a time. */
export function tidied(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

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
