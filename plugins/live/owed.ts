import { withoutClosing, wordsIn } from './seam.ts'

/**
 * Words that were taken as they were understood so far, because the engine was not certain of them in time. Most engines say them again until
 * they are certain, and some never do. Only what is the same words is taken for them: a word that comes twice is less bad than one that is lost.
 */
export interface Owed {
  readonly link: number
  /** One list for each time that words were taken, in their order. None is empty. */
  readonly words: readonly (readonly string[])[]
  /** Where in the sound they end. */
  readonly untilMs: number
  /** Where it was when they were taken last: an engine that was reached late says them again late. */
  readonly takenMs: number
  /** Whether the next answer to a flush tells of them, and of nothing that was said later. */
  readonly isAsked: boolean
}

/** What of a text is new, and what may still be said again. */
export interface BeyondOwed {
  readonly text: string
  readonly left: Owed['words']
}

/** The text without the words at its beginning that are those owed, from the first of a list on. */
export function beyondOwed(text: string, owed: Owed['words']): BeyondOwed {
  const words = wordsIn(text)
  if (words.length === 0) return { text, left: owed }
  for (let list = 0; list < owed.length; list++) {
    const all = owed.slice(list).flat()
    const same = Math.min(all.length, words.length)
    if (!words.slice(0, same).every(({ word }, index) => word === all[index])) continue
    const rest = all.slice(same)
    return { text: after(text, words[same - 1]?.end), left: rest.length > 0 ? [rest] : [] }
  }
  return { text, left: [] }
}

/**
 * The same for a text that tells of the same sound, in which the engine may have changed its mind: the words up to the last that is one of those
 * owed are theirs, unless most are others.
 */
export function beyondRevised(text: string, owed: Owed['words']): string {
  const words = wordsIn(text)
  const all = owed.flat()
  if (words.length === 0 || words.length > mostCompared || all.length > mostCompared) return beyondOwed(text, owed).text
  const { count, changes } = leastChanged(
    words.map(({ word }) => word),
    all,
  )
  return changes * 2 > all.length ? text : after(text, words[count - 1]?.end)
}

/** How many of the first words are those owed with the fewest changes, and how many these are. */
function leastChanged(words: readonly string[], owed: readonly string[]): { readonly count: number; readonly changes: number } {
  // For so many of the words, the fewest changes that make them the first, the first two, … of those owed.
  let row = Array.from({ length: owed.length + 1 }, (_, index) => index)
  let best = { count: 0, changes: owed.length }
  for (const [index, word] of words.entries()) {
    const next = [index + 1]
    for (const [place, each] of owed.entries()) {
      const replaced = (row[place] ?? 0) + (word === each ? 0 : 1)
      next.push(Math.min(replaced, (row[place + 1] ?? 0) + 1, (next[place] ?? 0) + 1))
    }
    row = next
    const changes = row[owed.length] ?? 0
    if (changes < best.changes) best = { count: index + 1, changes }
  }
  return best
}

function after(text: string, end = 0): string {
  return withoutClosing(text.slice(end))
}

/** More than anybody says in a breath. */
const mostCompared = 200
