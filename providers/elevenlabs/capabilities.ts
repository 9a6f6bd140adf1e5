import type { KnownModel } from '../provider.ts'
import type { SttCapabilities, TtsCapabilities } from '../speech.ts'

/** The first is the fastest, and half the price of the others. */
export const speakingModels: readonly [KnownModel, ...KnownModel[]] = [
  { name: 'eleven_flash_v2_5', displayName: 'Eleven Flash v2.5' },
  { name: 'eleven_turbo_v2_5', displayName: 'Eleven Turbo v2.5' },
  { name: 'eleven_multilingual_v2', displayName: 'Eleven Multilingual v2' },
  { name: 'eleven_v3', displayName: 'Eleven v3' },
  { name: 'eleven_flash_v2', displayName: 'Eleven Flash v2' },
  { name: 'eleven_turbo_v2', displayName: 'Eleven Turbo v2' },
]

export function speakingCapabilities(model: string): TtsCapabilities {
  const { languages, maxCharacters, hasSpeed } = familyOf(model)
  return {
    // 44.1 kHz is for the dearer plans alone.
    pcmRates: [24_000, 16_000, 48_000, 22_050, 32_000, 8000, 44_100],
    mulaw: true,
    mp3: true,
    opus: true,
    speed: hasSpeed ? { least: 0.7, most: 1.2 } : undefined,
    volume: undefined,
    emotions: undefined,
    voices: undefined,
    languages,
    alignment: 'char',
    maxCharacters,
  }
}

/** Whether it can speak a text that is still being written. */
export function streamsText(model: string): boolean {
  return familyOf(model).streamsText
}

/** Whether a language is told to it. A model of one language needs no telling, and one that listens to the text ignores it. */
export function takesLanguageCode(model: string): boolean {
  return familyOf(model).takesLanguageCode
}

interface Family {
  /** Those that can be named; none where the model finds it out and heeds nobody. */
  readonly languages: readonly string[] | undefined
  readonly takesLanguageCode: boolean
  readonly maxCharacters: number
  readonly hasSpeed: boolean
  readonly streamsText: boolean
}

function familyOf(model: string): Family {
  const family = families.get(model)
  if (family) return family
  // Newer relatives of v3 have sockets of their own.
  return model.startsWith('eleven_v3') ? v3 : unknown
}

const v2_5Languages = 'ar bg cs da de el en es fi fil fr hi hr hu id it ja ko ms nl no pl pt ro ru sk sv ta tr uk vi zh'.split(
  ' ',
)

const v3Languages = (
  'af ar as az be bg bn bs ca ceb cs cy da de el en es et fa fi fil fr ga gl gu ha he hi hr hu hy id is it ja jv ka kk kn ko ky ' +
  'lb ln lt lv mk ml mr ms ne nl no ny pa pl ps pt ro ru sd sk sl so sr sv sw ta te th tr uk ur vi zh'
).split(' ')

const v2_5: Family = {
  languages: v2_5Languages,
  takesLanguageCode: true,
  maxCharacters: 40_000,
  hasSpeed: true,
  streamsText: true,
}
const english: Family = {
  languages: ['en'],
  takesLanguageCode: false,
  maxCharacters: 30_000,
  hasSpeed: true,
  streamsText: true,
}
const multilingual: Family = {
  languages: [],
  takesLanguageCode: false,
  maxCharacters: 10_000,
  hasSpeed: true,
  streamsText: true,
}
/** Its pace is told by tags in the text; the number of the others has no sure effect on it. */
const v3: Family = {
  languages: v3Languages,
  takesLanguageCode: true,
  maxCharacters: 5000,
  hasSpeed: false,
  streamsText: false,
}
const unknown: Family = { ...v2_5, languages: undefined, maxCharacters: 5000 }

const families: ReadonlyMap<string, Family> = new Map([
  ['eleven_flash_v2_5', v2_5],
  ['eleven_turbo_v2_5', v2_5],
  ['eleven_multilingual_v2', multilingual],
  ['eleven_multilingual_v1', multilingual],
  ['eleven_flash_v2', english],
  ['eleven_turbo_v2', english],
  ['eleven_monolingual_v1', { ...english, maxCharacters: 10_000 }],
  ['eleven_v3', v3],
])

// ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const hearingModels: readonly [KnownModel, ...KnownModel[]] = [
  { name: 'scribe_v2', displayName: 'Scribe v2' },
  { name: 'scribe_v1', displayName: 'Scribe v1' },
]

export function hearingCapabilities(model: string): SttCapabilities {
  return {
    files: { kinds: ['wav', 'mp3', 'flac', 'ogg', 'webm', 'mp4', 'aac', 'aiff'], maxBytes: 3_000_000_000 },
    languages: scribeLanguages,
    hints: !model.startsWith('scribe_v1'),
  }
}

const scribeLanguages = (
  'af am ar as ast az be bg bn bs ca ceb cs cy da de el en es et fa ff fi fil fr ga gl gu ha he hi hr hu hy id ig is it ja jv ka kea ' +
  'kk km kn ko ku ky lb lg ln lo lt luo lv mi mk ml mn mr ms mt my ne nl no nso ny oc or pa pl ps pt ro ru sd sk sl sn so sr sv sw ta ' +
  'te tg th tr uk umb ur uz vi wo xh yue zh zu'
).split(' ')
