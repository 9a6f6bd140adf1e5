import { nearest } from '../../text/nearest.ts'
import type { SpeechIssue, TtsOptions } from '../speech.ts'
import { primarySubtag } from '../speech-language.ts'
import { chirpLocale, chirpLocales, chirpVoices } from './voices.ts'

/** A voice as Google knows it. */
export interface Voice {
  readonly name: string
  /** The locale that its name begins with. */
  readonly locale: string
  readonly family: Family
}

export type Family = keyof typeof families

/** How the families of voices are written in a voice's name, and which model each is. */
const families = {
  'Chirp3-HD': 'chirp-3-hd',
  Neural2: 'neural2',
  Studio: 'studio',
  Wavenet: 'wavenet',
  Standard: 'standard',
} as const

/** The voice that is asked for, by its full name or by a short one beside a language, or what is wrong with it. */
export function readVoice(
  { voice: asked, language }: Pick<TtsOptions, 'voice' | 'language'>,
  model: string,
): { readonly voice: Voice } | { readonly issue: SpeechIssue } {
  if (!isModel(model)) return { issue: unknownModel(model) }
  if (!/^[A-Za-z0-9-]{1,64}$/.test(asked)) {
    const message = 'A voice of Google Cloud is named by letters, digits and hyphens: en-US-Chirp3-HD-Kore, or Kore alone.'
    return { issue: { field: 'voice', code: 'invalid_voice', message } }
  }
  const [, locale = '', middle = '', name = ''] = fullName.exec(asked) ?? []
  const family = familyNames.find((each) => each.toLowerCase() === middle.toLowerCase())
  if (family === undefined) return shortName(asked, language, model)
  if (family === 'Chirp3-HD') return chirp(locale, name, language, model)
  return otherFamily(locale, family, name, language, model)
}

/** The model that a full name belongs to, and its locale; nothing of a short one. */
export function aboutVoice(name: string): { readonly model?: string; readonly language?: string } {
  const [, locale = '', middle = ''] = fullName.exec(name) ?? []
  const family = familyNames.find((each) => each.toLowerCase() === middle.toLowerCase())
  return family === undefined ? {} : { model: families[family], language: locale }
}

/** `en-US-Chirp3-HD-Kore`. */
const fullName = /^([a-z]{2,3}-[a-z]{2})-(.+)-([a-z0-9]+)$/i

function shortName(asked: string, language: string | undefined, model: string): ReturnType<typeof readVoice> {
  if (model !== families['Chirp3-HD']) {
    return { issue: unknownVoice(asked, `Name a voice of ${model} in full, such as en-US-Standard-A.`) }
  }
  return chirp(language ?? 'en-US', asked, undefined, model)
}

function chirp(asked: string, name: string, language: string | undefined, model: string): ReturnType<typeof readVoice> {
  const known = chirpVoices.find((each) => each.toLowerCase() === name.toLowerCase())
  if (known === undefined) {
    const near = nearest(name, chirpVoices)
    return { issue: unknownVoice(name, near ? `Did you mean ${near}?` : `The voices are ${chirpVoices.join(', ')}.`) }
  }
  const locale = chirpLocale(asked)
  if (locale === undefined) return { issue: unsupportedLanguage(asked, `Chirp 3: HD speaks ${offers(asked)}.`) }
  const voice = { name: `${locale}-Chirp3-HD-${known}`, locale, family: 'Chirp3-HD' } as const
  const issue = modelIssue(voice, model) ?? languageIssue(voice, language, `take ${known}, which speaks every language`)
  return issue ? { issue } : { voice }
}

function otherFamily(
  asked: string,
  family: Family,
  name: string,
  language: string | undefined,
  model: string,
): ReturnType<typeof readVoice> {
  const [tongue = '', region = ''] = asked.split('-')
  const locale = `${tongue.toLowerCase()}-${region.toUpperCase()}`
  const voice = { name: `${locale}-${family}-${name.toUpperCase()}`, locale, family }
  const issue = modelIssue(voice, model) ?? languageIssue(voice, language, 'take one whose name begins with that language')
  return issue ? { issue } : { voice }
}

const familyNames: readonly Family[] = ['Chirp3-HD', 'Neural2', 'Studio', 'Wavenet', 'Standard']

function isModel(model: string): boolean {
  return Object.values<string>(families).includes(model)
}

/** A model stands for its own voices alone: it is what is allowed, and what is paid for. */
function modelIssue({ family, name }: Voice, model: string): SpeechIssue | undefined {
  if (model === families[family]) return undefined
  return unknownVoice(name, `It belongs to the model ${families[family]}, not to ${model}.`)
}

/** The language has to be the voice's own; a language without a region is that of every region. */
function languageIssue({ name, locale }: Voice, language: string | undefined, way: string): SpeechIssue | undefined {
  if (language === undefined || language.toLowerCase() === primarySubtag(locale)) return undefined
  if ((chirpLocale(language) ?? language).toLowerCase() === locale.toLowerCase()) return undefined
  return unsupportedLanguage(language, `The voice ${name} speaks ${locale}; ${way}.`)
}

/** What is spoken of the same language, or else everything. */
function offers(language: string): string {
  const same = chirpLocales.filter((locale) => primarySubtag(locale) === primarySubtag(language))
  return (same.length > 0 ? same : chirpLocales).join(', ')
}

function unknownVoice(name: string, way: string): SpeechIssue {
  const message = `Google Cloud has no voice ${JSON.stringify(name)} here. ${way}`.trimEnd()
  return { field: 'voice', code: 'unknown_voice', message }
}

function unsupportedLanguage(language: string, way: string): SpeechIssue {
  return {
    field: 'language',
    code: 'unsupported_language',
    message: `${JSON.stringify(language.slice(0, 40))} is not spoken. ${way}`,
  }
}

function unknownModel(model: string): SpeechIssue {
  const known = Object.values<string>(families)
  const near = nearest(model, known)
  const hint = near ? `did you mean ${near}?` : `the models are ${known.join(', ')}.`
  return {
    field: 'model',
    code: 'unknown_model',
    message: `Google Cloud has no model ${JSON.stringify(model.slice(0, 100))}; ${hint}`,
  }
}
