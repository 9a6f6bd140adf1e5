import {
  awaiting,
  endOfRun,
  isDigit,
  isSpace,
  isUnknown,
  isWordly,
  type SpokenSource,
  type Taken,
  wordsAt,
} from './spoken-source.ts'
import type { SpokenWords } from './spoken-words.ts'

/**
 * One symbol, or a run of them. What voices say well is kept: percent, currencies, degrees, slashes, telephone numbers, ranges,
 * times. What they spell out or pass over is a word where the language has one, and stays as it is where it has none.
 */
export function saySymbol(source: SpokenSource): Taken {
  const character = source.text[source.at] ?? ''
  const code = character.charCodeAt(0)
  if (code >= 0x80) return sayWide(source, character, code)
  const rule = rules[character]
  if (rule) return rule(source)
  if (marks.includes(character)) {
    source.writer.mark(character)
    return 1
  }
  if (code < 0x20 || code === 0x7f) return 1
  source.writer.text(character)
  return 1
}

const marks = '.,;:!?"\')]}'

const rules: Readonly<Partial<Record<string, (source: SpokenSource) => Taken>>> = {
  '&': sayAmpersand,
  '@': sayAt,
  '#': sayHash,
  '+': sayPlus,
  '=': sayEquals,
  '-': sayDash,
  '<': sayComparison,
  '>': sayComparison,
  '*': sayStar,
  _: sayUnderscore,
  '~': sayTilde,
  '^': sayCaret,
  '!': sayExclamation,
  '|': sayBar,
  '(': (source) => {
    const next = source.text[source.at + 1]
    if (isUnknown(source, source.at + 1)) return awaiting
    if (next === ')') return 2
    source.writer.text('(')
    return 1
  },
}

/** A word for characters, which stay where the language has no word for them. */
function say(source: SpokenSource, key: keyof SpokenWords, length: number, isWord = true): Taken {
  const { writer, text, at } = source
  const words = isWord ? wordsAt(source, at + length) : undefined
  if (words === awaiting) return awaiting
  if (words) writer.word(words[key])
  else writer.text(text.slice(at, at + length))
  return length
}

function leaveOut(source: SpokenSource, length: number): Taken {
  source.writer.dropped()
  return length
}

function sayAmpersand(source: SpokenSource): Taken {
  const end = endOfRun(source)
  return end === undefined ? awaiting : say(source, 'and', end - source.at)
}

function sayAt(source: SpokenSource): Taken {
  const { text, at, previous } = source
  if (isUnknown(source, at + 1)) return awaiting
  const isAddress = isWordly(previous) && isWordly(text[at + 1])
  return say(source, 'at', 1, !isAddress)
}

function sayHash(source: SpokenSource): Taken {
  const { text, at, previous, isLiteral, writer } = source
  const end = endOfRun(source)
  if (end === undefined || isUnknown(source, end)) return awaiting
  const next = text[end]
  if (end - at === 1 && /^[CFJ]$/.test(previous) && !isWordly(next)) {
    writer.word('sharp')
    return 1
  }
  if (end - at > 1 || isSpace(next)) return leaveOut(source, end - at)
  if (isDigit(next)) return say(source, 'number', 1, !isLiteral)
  return say(source, 'hashtag', 1, !isLiteral && isWordly(next))
}

function sayPlus(source: SpokenSource): Taken {
  const { text, at, previous } = source
  if (isUnknown(source, at + 1)) return awaiting
  const isSign = isDigit(text[at + 1]) && !isWordly(previous) && previous !== ')'
  return say(source, 'plus', 1, !isSign)
}

function sayEquals(source: SpokenSource): Taken {
  const end = endOfRun(source)
  if (end === undefined || isUnknown(source, end)) return awaiting
  const length = end - source.at
  if (length === 1 && source.text[end] === '>') return say(source, 'to', 2)
  return length > 3 ? leaveOut(source, length) : say(source, 'equals', length)
}

function sayDash(source: SpokenSource): Taken {
  const { text, at, previous, writer } = source
  const end = endOfRun(source)
  if (end === undefined || isUnknown(source, end)) return awaiting
  const length = end - at
  if (text[end] === '>' && length < 4) return say(source, 'to', length + 1)
  if (length > 3) return leaveOut(source, length)
  const isOption = isSpace(previous) && !isSpace(text[end])
  if (length === 1 || isOption) writer.text(text.slice(at, end))
  else writer.mark('—')
  return length
}

function sayComparison(source: SpokenSource): Taken {
  const { text, at, writer } = source
  if (isUnknown(source, at + 1)) return awaiting
  const isLess = text[at] === '<'
  const next = text[at + 1]
  if (next === '=') return say(source, isLess ? 'atMost' : 'atLeast', 2)
  if (isLess && next === '-') {
    writer.pause()
    return 2
  }
  if (isLess) return say(source, 'lessThan', 1)
  if (next === ' ' && (isUnknown(source, at + 2) || isUnknown(source, at + 3))) return awaiting
  // From menu to menu: "File > Save".
  if (/^ \p{Lu}\p{L}/u.test(text.slice(at + 1, at + 4))) {
    writer.pause()
    return 1
  }
  return say(source, 'greaterThan', 1)
}

/** Before a sign of equality it says "not", unless something cried out is marked: "==Stop!==". */
function sayExclamation(source: SpokenSource): Taken {
  const { text, at, previous, writer } = source
  const isOperator = text[at + 1] === '=' && (text[at + 2] !== '=' || text[at + 3] !== '=')
  const end = text[at + 2] === '=' ? at + 3 : at + 2
  if (isUnknown(source, at + 1) || (text[at + 1] === '=' && (isUnknown(source, at + 2) || isUnknown(source, end))))
    return awaiting
  const next = text[end]
  const isBefore = isSpace(next) || isWordly(next) || (next !== undefined && '"\'`([{-'.includes(next))
  const isBetween = end === at + 2 || isSpace(previous) || !isSpace(next)
  if (isOperator && isBefore && isBetween) return say(source, 'notEqual', end - at)
  writer.mark('!')
  return 1
}

/** Two between other things are the operator; else it parts columns. */
function sayBar(source: SpokenSource): Taken {
  const { at, text, previous, writer } = source
  const end = endOfRun(source)
  if (end === undefined || isUnknown(source, end)) return awaiting
  if (end - at === 2 && previous !== '' && isSpace(previous) === isSpace(text[end])) return say(source, 'or', 2)
  writer.pause()
  return end - at
}

/** A star between numbers or words is a sign of multiplication, any other is emphasis. */
function sayStar(source: SpokenSource): Taken {
  const { text, at, previous } = source
  const end = endOfRun(source)
  if (end === undefined || isUnknown(source, end)) return awaiting
  const next = text[end]
  const length = end - at
  const isBetween = previous !== '' && isSpace(previous) && (next === ' ' || next === '\t')
  if (length === 2) {
    if (isBetween && (isUnknown(source, end + 1) || isUnknown(source, end + 2))) return awaiting
    return isPower(source, end, isBetween) ? say(source, 'power', 2) : 2
  }
  if (length === 1 && (isBetween || (isDigit(previous) && isWordly(next)))) return say(source, 'times', 1)
  return length
}

/** Two stars between numbers, or anything in code; loosely set emphasis looks much like it. */
function isPower({ text, previous, solid, isLiteral }: SpokenSource, end: number, isBetween: boolean): boolean {
  const next = text[end]
  if (!isBetween) return isLiteral ? isWordly(previous) && isWordly(next) : isDigit(previous) && isDigit(next)
  if (isLiteral || (isDigit(text[end + 1]) && (isWordly(solid) || solid === ')'))) return true
  return isDigit(solid) && isWordly(text[end + 1]) && !isWordly(text[end + 2])
}

/** Inside a name it is a space, a long run is a gap to be filled in, any other is emphasis. */
function sayUnderscore(source: SpokenSource): Taken {
  const { text, at, previous, writer } = source
  const end = endOfRun(source)
  if (end === undefined || isUnknown(source, end)) return awaiting
  const [isAfterWord, isBeforeWord] = [isWordly(previous), isWordly(text[end])]
  if (isAfterWord && isBeforeWord) writer.space()
  else if (end - at >= 3 && !isAfterWord && !isBeforeWord && previous !== '_') return say(source, 'blank', end - at)
  return end - at
}

function sayTilde(source: SpokenSource): Taken {
  const { text, at, previous, writer } = source
  const end = endOfRun(source)
  if (end === undefined || isUnknown(source, end)) return awaiting
  const next = text[end]
  if (end - at > 1) return end - at
  if (!isWordly(previous) && next !== undefined && /[\d$€£₹¥]/.test(next)) return say(source, 'about', 1)
  if (next === '/') writer.text('~')
  return 1
}

function sayCaret(source: SpokenSource): Taken {
  const { text, at, previous } = source
  if (isUnknown(source, at + 1) || isUnknown(source, at + 2)) return awaiting
  if (!isWordly(previous) && previous !== ')') return leaveOut(source, 1)
  const [next, afterNext] = [text[at + 1], text[at + 2]]
  if (next === '2' && !isWordly(afterNext)) return say(source, 'squared', 2)
  if (next === '3' && !isWordly(afterNext)) return say(source, 'cubed', 2)
  return isWordly(next) || next === '-' ? say(source, 'power', 1) : leaveOut(source, 1)
}

// ── Beyond ASCII ────────────────────────────────────────────────────────────────────────────────────────────────────────

function sayWide(source: SpokenSource, character: string, code: number): Taken {
  const { writer, text, at } = source
  const key = wideWords[character]
  if (key) return say(source, key, 1)
  if (wideMarks.includes(character)) writer.mark(character)
  else if (wideSpaces.test(character)) writer.space()
  else if (bullets.includes(character)) writer.pause()
  else if (character === '°') return sayDegree(source)
  else if (character === '\u200c' || character === '\u200d') return sayJoiner(source, character)
  else if (unheard.some(([first, last]) => code >= first && code <= last)) return 1
  else if (code >= 0xd800 && code <= 0xdfff) {
    if (code <= 0xdbff && isUnknown(source, at + 1)) return awaiting
    return sayPair(source, text.slice(at, at + 2))
  } else if (pictures.test(character)) return leaveOut(source, 1)
  else writer.text(character)
  return 1
}

function sayDegree(source: SpokenSource): Taken {
  const { text, at } = source
  if (isUnknown(source, at + 1) || isUnknown(source, at + 2)) return awaiting
  const isScale = !isWordly(text[at + 2])
  if (isScale && text[at + 1] === 'C') return say(source, 'celsius', 2)
  if (isScale && text[at + 1] === 'F') return say(source, 'fahrenheit', 2)
  source.writer.text('°')
  return 1
}

/** Joiners belong to the spelling of Indic and Arabic scripts; elsewhere they hold emoji together. */
function sayJoiner({ previous, writer }: SpokenSource, joiner: string): Taken {
  if (/[\p{Script=Arabic}\p{M}]/u.test(previous) && previous !== '\ufe0f') writer.text(joiner)
  return 1
}

function sayPair(source: SpokenSource, pair: string): Taken {
  if (!/^[\ud800-\udbff][\udc00-\udfff]$/.test(pair)) return 1
  if (widePictures.test(pair)) return leaveOut(source, 2)
  source.writer.text(pair)
  return 2
}

const wideWords: Readonly<Partial<Record<string, keyof SpokenWords>>> = {
  '×': 'times',
  '÷': 'dividedBy',
  '±': 'plusMinus',
  '−': 'minus',
  '≤': 'atMost',
  '≥': 'atLeast',
  '≠': 'notEqual',
  '≈': 'about',
  '√': 'root',
  '∞': 'infinity',
  '→': 'to',
  '⇒': 'to',
  '➡': 'to',
  '➜': 'to',
  '⟶': 'to',
  '＆': 'and',
  '＋': 'plus',
  '＝': 'equals',
}

const wideMarks = '…।॥。！？：；，、؟،؛۔—–”’»」』）】›'
const wideSpaces = /[\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/
const bullets = '•▪◦●■‣←↔'
/** Controls, soft hyphens, directions, keycaps, variation selectors, private use, trade marks: first and last of each range. */
const unheard: readonly (readonly [number, number])[] = [
  [0x80, 0x9f],
  [0xad, 0xae],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x20e3, 0x20e3],
  [0x2122, 0x2122],
  [0xe000, 0xf8ff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xfffc, 0xfffc],
]
const pictures = /[\u2190-\u21ff\u2300-\u23ff\u2500-\u2775\u2794-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299]/
const widePictures =
  /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u{e0000}-\u{e007f}]|[\u{f0000}-\u{10ffff}]/u
