import { isLetterKind, kind, kindAt, kindBefore } from './sentences-characters.ts'

/** What a full stop after a word does: it ends a sentence, it does not, or the text ends too early to say. */
export type StopMeaning = 'ends' | 'goes-on' | 'unknown'

/**
 * Whether the full stop at `stop`, followed by white space and something that could begin a sentence at `next`, ends a sentence.
 * Looks back to the white space before the word and the word before that, never before `from`, and ahead to the end of the word at
 * `next`, which is `unknown` where the text ends inside it, unless `isWhole`.
 */
export function meaningOfStop(text: string, from: number, stop: number, next: number, isWhole: boolean): StopMeaning {
  const start = wordStart(text, from, stop)
  const word = text.slice(start, stop).toLowerCase()
  if (word === '') return 'ends'
  const nextKind = next < text.length ? kindAt(text, next) : kind.other
  const previous = previousWord(text, from, start)
  // The halves of "z. B." and "p. ex." are one abbreviation.
  const joined = /^\p{L}{1,2}\.$/u.test(previous) ? previous + word : word
  if (neverEnds.has(word) || neverEnds.has(joined) || pairs.has(`${previous.toLowerCase()} ${word}`)) return 'goes-on'
  if (beforeNumbers.has(word) || (word.length > 3 && word.endsWith('str'))) return nextKind === kind.digit ? 'goes-on' : 'ends'
  if (hours.has(joined)) return unlessFollowedBy(afterHours, text, next, isWhole)
  if (endsNow.has(joined) || isUnit(text, from, start, word, previous)) return 'ends'
  if (/^\d{1,3}$/.test(word)) return ordinal(word, previous, text, from, next, isWhole)
  if (word.length === 1 && beforeLetters.has(previous.toLowerCase())) return 'ends'
  if (mayEnd.has(word) || isInitials(text, start, stop)) return onlyIfFollowedByStarter(text, next, isWhole)
  return 'ends'
}

/** Whether the word that ends at `stop` is known to be written with a full stop. Looks at no more than that word. */
export function isAbbreviation(text: string, from: number, stop: number): boolean {
  const word = text.slice(wordStart(text, from, stop), stop).toLowerCase()
  return (
    neverEnds.has(word) ||
    mayEnd.has(word) ||
    beforeNumbers.has(word) ||
    hours.has(word) ||
    endsNow.has(word) ||
    word.includes('.')
  )
}

/** No word of these tables is longer, nor any that would change what a stop means. */
const longestWord = 16

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '))

/** Followed by what they belong to, whatever it begins with. */
const neverEnds = words(
  'dr drs mr mrs ms mx prof rev fr hon st mt gen col lt capt cmdr sgt maj gov sen pres supt messrs mme mmes mlle mlles e.g eg i.e ie ' +
    'vs viz cf approx appx fig figs vol vols nos pp eds resp incl excl esp rs adv smt shri ' +
    // Hindi titles, and the letters of initials that are no words of their own.
    'डॉ श्री सुश्री प्रो पं कृ ए बी सी डी एफ एच जे एल एम एन पी क्यू आर एस टी यू वी डब्ल्यू एक्स वाई ' +
    // German.
    'hr frl nr bzw evtl ggf inkl zzgl bspw sog vgl z.b z.t d.h u.a o.ä i.d.r d.r i.a u.u v.a dipl geb bd tel abb ' +
    // Spanish and Portuguese.
    'sra srta sres dña dª d.ª uds vd núm nº p.ej p.ex dra exmo exma av avda pág págs págª ' +
    // Arabic titles.
    'د أ',
)

/** Part of a number that follows, and words of their own otherwise. */
const beforeNumbers = words('no art sec ch cap kap abs est para str straße')

/** End a sentence only where a word follows that often begins one. */
const mayEnd = words(
  'inc ltd co corp jr sr bros llc plc pvt u.s u.k u.n u.s.a e.u d.c ph.d m.d b.a m.a b.sc m.sc b.tech m.tech b.com al.e ' +
    'ft km pt max min avg dept rep ca str env रु ' +
    'jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri v.chr n.chr a.c ee.uu s.a s.l ltda cia r.i.p',
)

/** Before a single letter, these make it a name of its own and no initial. */
const beforeLetters = words('a an plan vitamin grade option type class group answer')

const pairs: ReadonlySet<string> = new Set(['por ex'])

const endsNow = words('etc usw ff')

/** Units where they follow a number or a degree sign. */
const units = words('km kg ft min pt std h m g l s c f w')

const hours = words('a.m p.m am pm')

const afterHours = words(
  'est edt pst pdt cst cdt mst mdt et pt ct mt gmt utc ist cet cest bst jst aest eastern pacific central ' +
    'monday tuesday wednesday thursday friday saturday sunday today tomorrow',
)

const starters = words(
  'the a an this that these those there here he she it we they i you his her its our their my your who what when where why how ' +
    'but and or so if in on at for from as after before while although however then now no yes not is are was were do does did can ' +
    'could will would should please let maybe perhaps each every all some many most one two both another also just once since ' +
    'der die das ein eine er sie es wir ich und aber dann wenn im am ' +
    'el la los las un una él ella ellos y pero en es no ' +
    'le les il elle ils elles je nous vous et mais puis ce cette ' +
    'o os as um uma ele ela eles e mas em',
)

/** Before a number with a stop, these make it an ordinal in German and its neighbours. */
const beforeOrdinals = words('am der die das dem den des vom zum zur im beim bis ab seit jeden jeder dieser diesem')

const afterOrdinals = words(
  'januar jänner februar märz april mai juni juli august september oktober november dezember jahrhundert jahrhunderts jahrhunderte ' +
    'jahrtausend weltkrieg weltkriegs platz stock klasse kapitel tag runde geburtstag etage und bis oder',
)

function isUnit(text: string, from: number, start: number, word: string, previous: string): boolean {
  if (!units.has(word)) return false
  return /\d$/.test(previous) || (start > from && text.charAt(start - 1) === '°')
}

function ordinal(digits: string, previous: string, text: string, from: number, next: number, isWhole: boolean): StopMeaning {
  const before = previous.toLowerCase()
  if (digits.length < 3 && beforeOrdinals.has(before)) {
    // "I am 30." is English; "am 30." before anything is German.
    const isEnglish =
      before === 'am' && /\bI\s+am\s+\d+$/u.test(text.slice(Math.max(from, next - 24), next).replace(/\.\s*$/u, ''))
    if (!isEnglish) return 'goes-on'
  }
  return unlessFollowedBy(afterOrdinals, text, next, isWhole)
}

function unlessFollowedBy(these: ReadonlySet<string>, text: string, next: number, isWhole: boolean): StopMeaning {
  const word = wordAt(text, next, isWhole)
  return word === undefined ? 'unknown' : these.has(word) ? 'goes-on' : 'ends'
}

function onlyIfFollowedByStarter(text: string, next: number, isWhole: boolean): StopMeaning {
  const word = wordAt(text, next, isWhole)
  if (word === undefined) return 'unknown'
  // An initial may follow an initial: "J. A. Smith" is no "A" that begins a sentence.
  if (word.length === 1 && text.charAt(next + 1) === '.') return 'goes-on'
  return starters.has(word) ? 'ends' : 'goes-on'
}

/** The word that begins at `at`, in lower case; '' where none does or it is long; undefined where the text ends too early to say. */
export function wordAt(text: string, at: number, isWhole: boolean): string | undefined {
  let end = at
  while (end < text.length && end - at < longestWord && isLetterKind(kindAt(text, end))) end++
  if (end - at >= longestWord) return ''
  // What ends the word is read too, since a stop there makes an initial of a single letter.
  if (end >= text.length && !isWhole) return undefined
  return text.slice(at, end).toLowerCase()
}

/** "J", "U.S", "B.A.": single letters with stops between them. "I" is a word. */
function isInitials(text: string, start: number, stop: number): boolean {
  if (stop - start > 12) return false
  const word = text.slice(start, stop)
  return /^(?:(?:\p{Lu}|\p{Ll}|\p{Script=Arabic}|\p{Script=Thai})\.)*(?:\p{Lu}|\p{Ll}|\p{Script=Arabic}|\p{Script=Thai})$/u.test(
    word,
  )
}

function wordStart(text: string, from: number, stop: number): number {
  let at = stop
  const least = Math.max(from, stop - longestWord)
  while (at > least) {
    const before = kindBefore(text, at)
    if (before === kind.space || before === kind.newline || before === kind.open) break
    if (before === kind.quote && !(at - 1 > least && isApostrophe(text, at - 1))) break
    if (before === kind.other || before === kind.emoji || before === kind.full || before === kind.dash) break
    at--
  }
  return at
}

/** The one in "don't", whose "t" is no word. */
function isApostrophe(text: string, at: number): boolean {
  return text.charAt(at) === "'" && isLetterKind(kindBefore(text, at))
}

function previousWord(text: string, from: number, start: number): string {
  let end = start
  const least = Math.max(from, start - longestWord)
  while (end > least && kindBefore(text, end) === kind.space) end--
  let at = end
  while (at > least && kindBefore(text, at) !== kind.space && kindBefore(text, at) !== kind.newline) at--
  return text.slice(at, end)
}
