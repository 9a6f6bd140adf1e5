import { languageCodeBy } from '../speech-language.ts'

/** What Cartesia calls a language, where its code is not the one of BCP 47 that is mostly written. */
const ownCodes: ReadonlyMap<string, string> = new Map([
  ['nb', 'no'],
  ['fil', 'tl'],
  ['jv', 'jw'],
  ['iw', 'he'],
])

/** The vendor's code of a tag's language: `en` of `en-GB`. */
export function languageCode(tag: string): string {
  return languageCodeBy(ownCodes, tag)
}

/** Sonic 3 and 3.5. */
export const sonic3Languages: readonly string[] =
  'en fr de es pt zh ja hi it ko nl pl ru sv tr tl bg ro ar cs el fi hr ms sk da ta uk hu no vi bn th he ka id te gu kn ml mr pa'.split(
    ' ',
  )

/** Sonic 3.6. */
export const sonic36Languages: readonly string[] = [...sonic3Languages, 'or', 'ur']

/** Sonic 2 and those before it. */
export const olderSonicLanguages: readonly string[] = 'en fr de es pt zh ja hi it ko nl pl ru sv tr'.split(' ')

/** Ink Whisper. */
export const whisperLanguages: readonly string[] =
  `en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv bn
  sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo
  tl mg as tt haw ln ha ba jw su yue`.split(/\s+/)
