/**
 * The last place at or before `at`, in UTF-16 units, where a text can end without a word cut in two; no white space stands before it. 0 where
 * there is none.
 *
 * Between spaces a text ends only behind a dash or an ellipsis, so that neither "well-known" nor "3.14" is parted; in scripts that
 * do not write spaces, behind any of their words. It never ends within what is read as one character, nor behind what opens a quotation.
 */
export function wordCut(text: string, at: number): number {
  const wordsOf = words.segment(text)
  const charactersOf = characters.segment(text)
  for (let end = Math.min(text.length, Math.floor(at)); end > 0; end--) {
    if (endsWord(text, end, wordsOf) && (end === text.length || charactersOf.containing(end)?.index === end)) return end
  }
  return 0
}

function endsWord(text: string, end: number, wordsOf: Intl.Segments): boolean {
  const [before, after] = [text.charAt(end - 1), text.charAt(end)]
  if (space.test(before)) return false
  if (after === '' || space.test(after) || breaks.test(before)) return true
  return !opening.test(before) && unspaced.test(around(text, end)) && wordsOf.containing(end)?.index === end
}

/** The characters on both sides, of which one at least is of a script without spaces: "打电话|给", "GPT|是". */
function around(text: string, end: number): string {
  return text.slice(Math.max(0, end - 2), end + 2)
}

const space = /\s/
const breaks = /[—–…]/
const opening = /[\p{Ps}\p{Pi}]/u
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u
// Where they find words in these scripts does not depend on the locale; a fixed one keeps it the same on every machine.
const words = new Intl.Segmenter('en', { granularity: 'word' })
const characters = new Intl.Segmenter('en', { granularity: 'grapheme' })
