/**
 * A text as far as its last whole word, and the rest. The vendor takes what it is sent for whole words, and may speak the halves of
 * one apart. Scripts that put no spaces between words can be cut anywhere; a word without an end is cut as well.
 */
export function speakable(text: string): readonly [whole: string, rest: string] {
  const end = lastEnd.exec(text)?.[0].length ?? 0
  return text.length - end > longestWord ? [text, ''] : [text.slice(0, end), text.slice(end)]
}

const lastEnd =
  /^[\s\S]*[\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u3001\u3002\uff01\uff0c\uff1f]/u
const longestWord = 64
