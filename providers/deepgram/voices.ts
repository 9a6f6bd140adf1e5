/** What Deepgram speaks with. A voice's own name holds its family and its language: `aura-2-thalia-en`. */
export type VoiceFamily = 'aura-2' | 'flux'

export interface Voice {
  /** As the vendor names it, and as its API takes it for a model. */
  readonly name: string
  readonly family: VoiceFamily
  /** Primary subtag. */
  readonly language: string
}

/** The voice that is meant by its own name, or within a family by the part of it that differs: `thalia`. */
export function voiceOf(name: string, family: VoiceFamily): Voice | undefined {
  return byName.get(name) ?? byShortName[family].get(name)
}

/** The model and the language of a voice that is named in whole; nothing of a short name. */
export function aboutVoice(name: string): { readonly model?: string; readonly language?: string } {
  const voice = byName.get(name)
  return voice ? { model: voice.family === 'flux' ? 'flux-tts' : 'aura-2', language: voice.language } : {}
}

/** Whether it could be a voice of this vendor's, known or not. */
export function hasVoiceForm(name: string): boolean {
  return /^(?:(?:aura|aura-2|flux)-)?[a-z]{2,20}(?:-[a-z]{2}(?:-[a-z]{2})?)?$/.test(name)
}

/** Every voice of a family by its whole name. */
export function voiceNames(family: VoiceFamily): readonly string[] {
  return names[family]
}

/** By language, each in the order of the alphabet. */
const shortNames: Readonly<Record<VoiceFamily, Readonly<Record<string, string>>>> = {
  'aura-2': {
    en:
      'thalia amalthea andromeda apollo arcas aries asteria athena atlas aurora callista cora cordelia delia draco electra harmonia helena ' +
      'hera hermes hyperion iris janus juno jupiter luna mars minerva neptune odysseus ophelia orion orpheus pandora phoebe pluto saturn ' +
      'selene theia vesta zeus',
    es: 'agustina alvaro antonia aquila carina celeste diana estrella gloria javier luciano nestor olivia selena silvia sirio valerio',
    de: 'aurelia elara fabian julius kara lara viktoria',
    fr: 'agathe hector',
    nl: 'beatrix cornelia daphne hestia lars leda rhea roman sander',
    it: 'cesare cinzia demetra dionisio elio flavio livia maia melia perseo',
    ja: 'ama ebisu fujin izanami uzume',
  },
  flux: {
    en:
      'alexis bree brittany brooke bruce cliff cole colin conor donovan drew elise gemma haley hannah heather jack kai kelsey kit maeve ' +
      'marcelo marcus meena meghan miles naveen paige priya rufus sean sharon sienna tanner wade wes',
  },
}

const byName = new Map<string, Voice>()
const byShortName: Readonly<Record<VoiceFamily, Map<string, Voice>>> = { 'aura-2': new Map(), flux: new Map() }
const names: Readonly<Record<VoiceFamily, string[]>> = { 'aura-2': [], flux: [] }

for (const family of ['aura-2', 'flux'] as const) {
  for (const [language, list] of Object.entries(shortNames[family])) {
    for (const shortName of list.split(' ')) {
      const voice = { name: `${family}-${shortName}-${language}`, family, language }
      byName.set(voice.name, voice)
      byShortName[family].set(shortName, voice)
      names[family].push(voice.name)
    }
  }
}
