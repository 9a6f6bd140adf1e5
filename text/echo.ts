/**
 * Whether words are about those that were spoken: all of them, and the last of them too, so that who speaks into an echo is heard. Engines mishear
 * echoes, leave words out and begin within a sentence; so letters are compared and not words. Both are in small letters, without
 * punctuation. Of very much that was spoken only the end is looked at.
 */
export function isEchoOf(words: string, spoken: string): boolean {
  const source = lettersOf(spoken).slice(-mostSpoken)
  const letters = lettersOf(words)
  if (source === '' || letters === '' || letters.length > source.length * 1.2 + 4) return false
  if (letters.length <= 2 * endLength) return isIn(letters, source)
  return isIn(letters.slice(-endLength), source) && isIn(letters, source)
}

function lettersOf(words: string): string {
  return words.replaceAll(' ', '')
}

/** Either in one piece, with one letter in five another; or in pieces, with four threes of letters in five the same. */
function isIn(letters: string, source: string): boolean {
  return source.includes(letters) || editsWithin(letters, source) * 5 <= letters.length || shareOfThrees(letters, source) >= 0.8
}

const endLength = 12
const mostSpoken = 1000
/** Where fewer letters are too easily found in another text. */
const leastForThrees = 16

function shareOfThrees(letters: string, source: string): number {
  if (letters.length < leastForThrees) return 0
  const count = letters.length - 2
  let found = 0
  for (let at = 0; at < count; at++) if (source.includes(letters.slice(at, at + 3))) found++
  return found / count
}

/** The fewest letters that have to be added, removed or replaced to make of the letters some stretch of the source. */
function editsWithin(letters: string, source: string): number {
  // A stretch may begin anywhere, which costs nothing, and end anywhere.
  let previous = new Uint16Array(source.length + 1)
  let current = new Uint16Array(source.length + 1)
  for (let row = 1; row <= letters.length; row++) {
    current[0] = row
    const letter = letters.charCodeAt(row - 1)
    for (let column = 1; column <= source.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (letter === source.charCodeAt(column - 1) ? 0 : 1)
      const other = Math.min(previous[column] ?? 0, current[column - 1] ?? 0) + 1
      current[column] = Math.min(replaced, other)
    }
    const swapped = previous
    previous = current
    current = swapped
  }
  return previous.reduce((least, edits) => Math.min(least, edits), letters.length)
}
