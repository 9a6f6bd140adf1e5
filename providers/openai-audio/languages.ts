import { languageCodeBy } from '../speech-language.ts'

/** The languages that Whisper's family of models knows, as the API names them in what it hears: by ISO 639-1, and in words. */

const inWords = `
  en english, zh chinese, de german, es spanish, ru russian, ko korean, fr french, ja japanese, pt portuguese, tr turkish, pl polish,
  ca catalan, nl dutch, ar arabic, sv swedish, it italian, id indonesian, hi hindi, fi finnish, vi vietnamese, he hebrew,
  uk ukrainian, el greek, ms malay, cs czech, ro romanian, da danish, hu hungarian, ta tamil, no norwegian, th thai, ur urdu,
  hr croatian, bg bulgarian, lt lithuanian, la latin, mi maori, ml malayalam, cy welsh, sk slovak, te telugu, fa persian,
  lv latvian, bn bengali, sr serbian, az azerbaijani, sl slovenian, kn kannada, et estonian, mk macedonian, br breton, eu basque,
  is icelandic, hy armenian, ne nepali, mn mongolian, bs bosnian, kk kazakh, sq albanian, sw swahili, gl galician, mr marathi,
  pa punjabi, si sinhala, km khmer, sn shona, yo yoruba, so somali, af afrikaans, oc occitan, ka georgian, be belarusian, tg tajik,
  sd sindhi, gu gujarati, am amharic, yi yiddish, lo lao, uz uzbek, fo faroese, ht haitian creole, ps pashto, tk turkmen,
  nn nynorsk, mt maltese, sa sanskrit, lb luxembourgish, my myanmar, bo tibetan, tl tagalog, mg malagasy, as assamese, tt tatar,
  ln lingala, ha hausa, ba bashkir, jv javanese, su sundanese`

const names: ReadonlyMap<string, string> = new Map(
  inWords.split(',').map((pair): [string, string] => [pair.trim().slice(0, 2), pair.trim().slice(3)]),
)

export const whisperLanguages: readonly string[] = [...names.keys()]

/** The code of a language that was told by its code or in words; undefined where it is neither. */
export function languageOf(told: string): string | undefined {
  const word = told.trim().toLowerCase()
  const named = [...names].find(([, name]) => name === word)?.[0]
  if (named !== undefined) return named
  return /^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/.test(word) ? (other.get(word) ?? told.trim()) : undefined
}

/** The ISO 639-1 code for a BCP 47 tag: `hi` for `hi-IN`. */
export function languageCode(tag: string): string {
  return languageCodeBy(other, tag)
}

/** The language in English, as its own models are told it; the code where it has no name here. */
export function languageName(code: string): string {
  const name = names.get(code) ?? code
  return name.slice(0, 1).toUpperCase() + name.slice(1)
}

/** Codes that mean a language which the API knows by another. */
const other: ReadonlyMap<string, string> = new Map([
  ['iw', 'he'],
  ['in', 'id'],
  ['nb', 'no'],
  ['fil', 'tl'],
  ['cmn', 'zh'],
  ['jw', 'jv'],
])
