/**
 * Parts text into words while it is still being written. However the same text is cut into pieces, the words are the same.
 *
 * A word keeps the marks that stand beside it: `Hello,` or `世界。`; a mark that stands alone belongs to the word before it, or to the
 * first one. Where words are written without spaces between them, they are those of the Unicode dictionaries.
 */
export class WordSplitter {
  /** What follows the last boundary, which may still go on. */
  #open = ''
  /** Whether a space stood before that. */
  #afterSpace = false
  /** The last word, to which marks may still come. */
  #word = ''
  /** Marks before the first word. */
  #marks = '';

  /** The words that are certain now. */
  *push(text: string): Generator<string> {
    for (const { 0: part } of text.matchAll(parts)) {
      if (/^\s/.test(part)) {
        yield* this.#close()
        this.#afterSpace = true
      } else {
        this.#open += part
        while (this.#open.length > longestPiece) yield* this.#close(longestPiece)
        if (boundary.test(part)) yield* this.#close()
      }
    }
  }

  /** The words that are left, where nothing more belongs to them. */
  *end(): Generator<string> {
    yield* this.#close()
    const last = this.#word || this.#marks
    this.#word = ''
    this.#marks = ''
    this.#afterSpace = false
    if (last !== '') yield last
  }

  /** What is open, or so much of it, becomes words, or marks of the word before. */
  *#close(length: number = this.#open.length): Generator<string> {
    const cutsPair = length < this.#open.length && /[\ud800-\udbff]/.test(this.#open.charAt(length - 1))
    const piece = this.#open.slice(0, cutsPair ? length - 1 : length)
    this.#open = this.#open.slice(piece.length)
    if (piece === '') return
    let space = this.#afterSpace ? ' ' : ''
    this.#afterSpace = false
    for (const { text, isWord } of wordsOf(piece)) {
      if (!isWord && this.#word === '') this.#marks += (this.#marks === '' ? '' : space) + text
      else if (!isWord) this.#word += space + text
      else {
        if (this.#word !== '') yield this.#word
        this.#word = this.#marks === '' ? text : this.#marks + space + text
        this.#marks = ''
      }
      space = ''
    }
  }
}

/** All the words of a text. */
export function* wordsIn(text: string): Generator<string> {
  const splitter = new WordSplitter()
  yield* splitter.push(text)
  yield* splitter.end()
}

/** Spaces; or what has none, up to a mark after which a word begins also without one. */
const parts = /\s+|[^\s。！？；，、]*[。！？；，、]|[^\s。！？；，、]+/gu
const boundary = /[。！？；，、]$/u
/** So that what never has a space is spoken before its end, in UTF-16 units. */
const longestPiece = 200

/** Scripts that write no spaces between words. */
const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
const letter = /[\p{L}\p{N}]/u

function* wordsOf(piece: string): Generator<{ readonly text: string; readonly isWord: boolean }> {
  if (!spaceless.test(piece)) {
    yield { text: piece, isWord: letter.test(piece) }
    return
  }
  for (const { segment, isWordLike } of segmenter.segment(piece)) yield { text: segment, isWord: isWordLike === true }
}

/** The dictionaries are the same in every language; one is named, so that the machine's own makes no difference. */
const segmenter = new Intl.Segmenter('en', { granularity: 'word' })
