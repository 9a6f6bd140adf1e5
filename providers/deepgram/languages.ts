import { primarySubtag } from '../speech-language.ts'

/** How a language is asked for: as the one that is spoken, or as one to be expected among others. */
export type LanguageChoice = { readonly type: 'only'; readonly code: string } | { readonly type: 'hint'; readonly code: string }

/** The languages of a model: primary subtags, and whole tags where they stand for something else; undefined where nothing is known. */
export function languagesOf(model: string): readonly string[] | undefined {
  switch (model) {
    case 'nova-3':
    case 'nova-3-general':
      return nova3All
    case 'nova-3-medical':
    case 'flux-general-en':
      return english
    case 'nova-2':
    case 'nova-2-general':
      return nova2
    case 'flux-general-multi':
      return fluxMulti
    default:
      // The models of one trade: phone calls, meetings, voicemail.
      return /^nova-2-[a-z]+$/.test(model) ? english : undefined
  }
}

/** How a model is asked for a language; undefined where it does not know it. A region that is not known of itself gives way to its language. */
export function languageChoice(model: string, language: string): LanguageChoice | undefined {
  const known = languagesOf(model)
  if (known === undefined) return { type: 'only', code: language }
  const code = nearest(known, language)
  if (code === undefined) return undefined
  const isHint = model === 'flux-general-multi' || (known === nova3All && nova3Multi.includes(code))
  return { type: isHint ? 'hint' : 'only', code }
}

function nearest(known: readonly string[], language: string): string | undefined {
  const tag = language.toLowerCase()
  // Script and region both tell which of the two writings of Chinese is meant.
  const candidates = [
    tag,
    tag
      .replace(/^zh-hans.*$/, 'zh-cn')
      .replace(/^zh-hant-hk$/, 'zh-hk')
      .replace(/^zh-hant.*$/, 'zh-tw'),
    primarySubtag(tag),
  ]
  for (const candidate of candidates) {
    const found = known.find((each) => each.toLowerCase() === candidate)
    if (found !== undefined) return found
  }
  return undefined
}

const english: readonly string[] = ['en']

/** Models of one language each. */
const nova3: readonly string[] = (
  'en be bg bn bs ca cs da de de-CH el es et fi fr hi hr hu id it ja kn ko lt lv mk mr ms nl nl-BE no pl pt ro ru sk sl sr sv ta te th tl tr ' +
  'uk vi zh zh-CN zh-HK zh-TW'
).split(' ')

/** Those that only the model of many languages knows. */
const nova3Multi: readonly string[] = 'af ar fa gl gu he xh zu'.split(' ')

const nova3All: readonly string[] = [...nova3, ...nova3Multi]

const nova2: readonly string[] =
  'en bg ca cs da de de-CH el es et fi fr hi hu id it ja ko lt lv ms nl nl-BE no pl pt ro ru sk sv th tr uk vi zh zh-CN zh-HK zh-TW'.split(
    ' ',
  )

const fluxMulti: readonly string[] = 'en de es fr hi it ja nl pt ru'.split(' ')
