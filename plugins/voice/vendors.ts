import type { KnownModel } from '../../providers/provider.ts'
import type { SpeechProvider } from '../../providers/speech.ts'
import { nearest } from '../../text/nearest.ts'
import type { HearingModel, SpeakingVoice } from './plan.ts'

/** Which vendors of speech there are, and what the names of their models and voices stand for. */
export class Vendors {
  readonly #hearing: ReadonlyMap<string, SpeechProvider>
  readonly #speaking: ReadonlyMap<string, SpeechProvider>

  constructor(providers: readonly SpeechProvider[]) {
    this.#hearing = new Map(providers.filter(({ stt }) => stt).map((provider) => [provider.id, provider]))
    this.#speaking = new Map(providers.filter(({ tts }) => tts).map((provider) => [provider.id, provider]))
  }

  /** Those that hear, with the model that each would take, but for those that only show how it works. */
  get usualHearing(): readonly HearingModel[] {
    return [...this.#hearing.values()].filter(({ demo }) => !demo).flatMap((provider) => hearingModel(provider, undefined) ?? [])
  }

  /** Every model that is known to hear, of each provider in turn, its usual one first. */
  get allHearing(): readonly HearingModel[] {
    return [...this.#hearing.values()].flatMap(modelsOf)
  }

  /** The models that a name may stand for: the one that it names, or, where it is a provider's, all that are known of that. */
  hearingAny(id: string): readonly HearingModel[] | NameProblem {
    const model = this.hearing(id)
    if (isProblem(model) || parted(id).rest !== undefined) return isProblem(model) ? model : [model]
    return modelsOf(model.provider)
  }

  /** The model that `provider/model`, or `provider` alone, names. */
  hearing(id: string): HearingModel | NameProblem {
    const { owner, rest } = parted(id)
    const provider = this.#hearing.get(owner)
    const model = provider && hearingModel(provider, rest)
    if (!model) return unknownProvider(owner, this.#hearing, 'hears')
    return unknownModel(model.provider, model.name, model.stt.models) ?? model
  }

  /**
   * The voice that `provider/voice` names, with the model `provider/model`. Where a model is given, the voice may stand alone; where none is,
   * the provider's usual one speaks.
   */
  speaking(voice: string, model: string | undefined): SpeakingVoice | SpeakingProblem {
    const given = model === undefined ? undefined : parted(model)
    if (given && !this.#speaking.has(given.owner)) {
      return { field: 'tts_model', ...unknownProvider(given.owner, this.#speaking, 'speaks') }
    }
    const named = parted(voice)
    const isNamed = named.rest !== undefined && this.#speaking.has(named.owner)
    const owner = isNamed ? named.owner : given?.owner
    const provider = owner === undefined ? undefined : this.#speaking.get(owner)
    if (!provider?.tts) return { field: 'voice', ...this.#unknownVoice(voice) }
    if (given && given.owner !== provider.id) {
      const message = `${JSON.stringify(voice.slice(0, 200))} is a voice of ${provider.name}, which ${JSON.stringify(model?.slice(0, 200))} cannot speak with`
      return { field: 'voice', code: 'unknown_voice', message }
    }
    const own = isNamed ? (named.rest ?? '') : voice
    const name = given?.rest ?? provider.tts.about?.(own).model ?? provider.tts.models[0].name
    const unknown = unknownModel(provider, name, provider.tts.models)
    if (unknown) return { field: 'tts_model', ...unknown }
    return { provider, tts: provider.tts, name, id: `${provider.id}/${name}`, voice: own }
  }

  #unknownVoice(voice: string): NameProblem {
    const { owner, rest } = parted(voice)
    if (rest !== undefined) return unknownProvider(owner, this.#speaking, 'speaks')
    const known = [...this.#speaking.keys()].join(', ')
    const message = `a voice is written provider/voice, not ${JSON.stringify(voice.slice(0, 200))}; providers that speak: ${known}`
    return { code: 'unknown_voice', message }
  }
}

export interface NameProblem {
  readonly code: 'unknown_provider' | 'unknown_voice' | 'unknown_model'
  readonly message: string
}

export function isProblem<Problem extends NameProblem>(found: unknown): found is Problem {
  return typeof found === 'object' && found !== null && 'code' in found
}

export type SpeakingProblem = NameProblem & { readonly field: 'voice' | 'tts_model' }

function hearingModel(provider: SpeechProvider, given: string | undefined): HearingModel | undefined {
  const { stt } = provider
  if (!stt) return undefined
  const name = given ?? stt.models[0].name
  return { provider, stt, name, id: `${provider.id}/${name}` }
}

function modelsOf(provider: SpeechProvider): HearingModel[] {
  return (provider.stt?.models ?? []).flatMap(({ name }) => hearingModel(provider, name) ?? [])
}

/** A vendor that only shows how it works has the models it has; any other may have some that this version has not heard of. */
function unknownModel({ demo, name }: SpeechProvider, model: string, models: readonly KnownModel[]): NameProblem | undefined {
  if (!demo || models.some((each) => each.name === model)) return undefined
  const known = models.map((each) => each.name).join(', ')
  return { code: 'unknown_model', message: `${name} has no model ${JSON.stringify(model.slice(0, 200))}; there is ${known}` }
}

/** What stands before the first slash and behind it; `rest` is undefined where there is nothing. */
function parted(id: string): { readonly owner: string; readonly rest: string | undefined } {
  const slash = id.indexOf('/')
  if (slash < 0) return { owner: id, rest: undefined }
  return { owner: id.slice(0, slash), rest: id.slice(slash + 1) || undefined }
}

function unknownProvider(owner: string, known: ReadonlyMap<string, SpeechProvider>, verb: string): NameProblem {
  const names = [...known.keys()]
  const near = nearest(owner.slice(0, 200), names)
  const hint = near ? `; did you mean ${near}?` : ';'
  return {
    code: 'unknown_provider',
    message: `there is no provider ${JSON.stringify(owner.slice(0, 200))} that ${verb}${hint} there are: ${names.join(', ')}`,
  }
}
