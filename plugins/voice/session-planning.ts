import { GatewayError, isErrorCode } from '../../api/error.ts'
import type { IssueCode } from '../../api/issue-codes.ts'
import type { Issue } from '../../api/schemas.gen.ts'
import { rateFor } from '../../audio/rate.ts'
import type { RawFormat, SttOptions, SttStreamCapabilities, TurnOptions } from '../../providers/speech.ts'
import { hearingOf, speakingOf } from './check.ts'
import { Obstacles, type PlanAsker } from './obstacles.ts'
import type { HearingModel, SpeakingVoice } from './plan.ts'
import type { PlanRules } from './planning.ts'
import type { VoicePlan } from './turn.ts'
import { isProblem } from './vendors.ts'

/** What a session in which people talk with a model asks of voice. */
export interface AskedSession {
  /** Undefined where there is no microphone. */
  readonly hearing: AskedHearing | undefined
  /** Undefined where that is not to be planned. */
  readonly speaking: AskedSpeaking | undefined
}

export interface AskedHearing {
  /** `provider/model`, or the provider alone. */
  readonly model: string | undefined
  /** What the microphone gives. */
  readonly format: RawFormat
  readonly language: string | undefined
  readonly hints: readonly string[]
  /** Whether the model that hears ends turns, by what is said. */
  readonly isSemantic: boolean
  /** Whether it is to foretell that. */
  readonly foretells: boolean
  readonly turn: TurnOptions
  /** Whether the demo hears where nobody is named and the operator has no usual model. */
  readonly isDemo: boolean
}

export interface AskedSpeaking {
  readonly voice: string
  readonly model: string | undefined
  readonly language: string | undefined
  readonly speed: number | undefined
  readonly volume: number | undefined
  readonly emotion: string | undefined
}

/** Who hears and who speaks in a session, and what stands in the way, by the fields of `hello`. */
export interface SessionVoices extends Pick<VoicePlan, 'issues' | 'refusal'> {
  readonly hearing: SessionHearing | undefined
  readonly speaking: SessionSpeaking | undefined
}

export interface SessionHearing {
  readonly model: HearingModel
  /** What the model is sent. */
  readonly format: RawFormat
  readonly options: SttOptions & TurnOptions
}

export interface SessionSpeaking extends Omit<AskedSpeaking, 'voice' | 'model'> {
  readonly voice: SpeakingVoice
  /** Each can do what is asked, may be used and has a key. */
  readonly fallbacks: readonly SpeakingVoice[]
  readonly textLanguage: string | undefined
}

export function sessionVoicesOf(asked: AskedSession, asker: PlanAsker, rules: PlanRules): SessionVoices {
  const obstacles = new Obstacles(asker, rules)
  const hearing = asked.hearing && planHearing(asked.hearing, rules, obstacles)
  const speaking = asked.speaking && planSpeaking(asked.speaking, rules, obstacles)
  return { hearing, speaking, issues: obstacles.issues, refusal: refusalOf(obstacles) }
}

// ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function planHearing(asked: AskedHearing, rules: PlanRules, obstacles: Obstacles): SessionHearing | undefined {
  const model = modelFor(asked, rules, obstacles)
  if (!model) return undefined
  const stream = streamOf(model)
  obstacles.issues.push(...problemsOf(asked, model, rules))
  if (!stream) return undefined
  obstacles.admit(model, 'stt.model')
  const { language, hints, turn } = asked
  return { model, format: formatFor(asked.format, stream), options: { language, hints, ...turn } }
}

/** The model that is named; else the operator's usual one, or one of the same provider; else one whose key is there. Of several, one that can do all that is asked. */
function modelFor(asked: AskedHearing, rules: PlanRules, obstacles: Obstacles): HearingModel | undefined {
  const { vendors, usualModel } = rules
  const best = (models: readonly HearingModel[]): HearingModel | undefined =>
    models.find((model) => problemsOf(asked, model, rules).length === 0) ?? models.find(streamOf)
  if (asked.model !== undefined) {
    const named = vendors.hearingAny(asked.model)
    if (!isProblem(named)) return best(named) ?? named[0]
    obstacles.issues.push(issue('stt.model', named.code, named.message))
    return undefined
  }
  const all = vendors.allHearing
  const usual = usualModel && best([usualModel, ...all.filter(({ provider }) => provider === usualModel.provider)])
  if (usual) return usual
  if (asked.isDemo) {
    const shown = best(all.filter(({ provider }) => provider.demo))
    if (shown) return shown
  }
  const others = all.filter(({ provider }) => !provider.demo)
  const able = others.filter((model) => problemsOf(asked, model, rules).length === 0)
  const found = obstacles.firstWithKey(able.length > 0 ? able : others.filter(streamOf), 'stt.model')
  if (found) return found
  const message = 'no provider that hears streams is there but the demo; name one, such as demo/meter'
  obstacles.issues.push(issue('stt.model', 'required', message))
  return undefined
}

/** What a model cannot do of what is asked. */
function problemsOf(asked: AskedHearing, model: HearingModel, { vendors }: PlanRules): Issue[] {
  const stream = streamOf(model)
  const others = (can: (stream: SttStreamCapabilities) => boolean): string => {
    const able = vendors.allHearing.filter((each) => {
      const own = streamOf(each)
      return own && can(own)
    })
    return able.map(({ id }) => id).join(', ')
  }
  if (!stream) {
    const message = `${model.id} hears no streams; those that do: ${others(() => true)}`
    return [issue('stt.model', 'unsupported_audio', message)]
  }
  const issues: Issue[] = []
  const isSemantic = stream.turns === 'semantic'
  if (asked.isSemantic && !isSemantic) {
    const able = others(({ turns }) => turns === 'semantic')
    const message = `${model.id} does not tell by what is said that a turn is over; those that do: ${able}`
    issues.push(issue('turn.mode', 'unsupported_parameter', message))
  }
  if (asked.foretells && !stream.eagerEnd) {
    const able = others(({ eagerEnd }) => eagerEnd)
    const message = `${model.id} does not foretell the end of a turn; those that do: ${able}`
    issues.push(issue('turn.speculation', 'unsupported_parameter', message))
  }
  const { language, hints } = asked
  const heard = hearingOf({ ...nothingAsked, language, hints }, model, 0)
  return [...issues, ...heard.issues.map(placed)]
}

const nothingAsked = { sttModel: undefined, ttsModel: undefined, output: undefined, blocks: [] }

/** How a model hears sound while it comes; undefined where it does not. */
function streamOf({ stt, name }: HearingModel): SttStreamCapabilities | undefined {
  return stt.transcribe ? stt.capabilities(name).stream : undefined
}

/** As it comes where the model takes that; else the rate from which nothing is lost, or the best of those that it takes. */
function formatFor(given: RawFormat, { pcmRates: [first, ...others], mulaw }: SttStreamCapabilities): RawFormat {
  if ((given.encoding === 'mulaw' && mulaw) || first === undefined) return { encoding: 'mulaw', rate: 8000 }
  return { encoding: 'pcm', rate: rateFor(given.rate, [first, ...others]) }
}

// ── Speaking ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function planSpeaking(asked: AskedSpeaking, rules: PlanRules, obstacles: Obstacles): SessionSpeaking | undefined {
  const found = rules.vendors.speaking(asked.voice, asked.model)
  if (isProblem(found)) {
    obstacles.issues.push(issue(found.field === 'voice' ? 'tts.voice' : 'tts.model', found.code, found.message))
    return undefined
  }
  obstacles.admit(found, asked.model === undefined ? 'tts.voice' : 'tts.model')
  const usable = rules.fallbacks.filter((each) => obstacles.mayUse(each.id) && obstacles.hasKey(each))
  // Sound is asked for as the voice makes it best, and converted.
  const output = { ...asked, format: 'pcm', sampleRate: undefined, alignment: false } as const
  const { plan, issues } = speakingOf(output, found, usable)
  obstacles.issues.push(...issues.map(placed))
  const { voice, fallbacks, language, textLanguage, speed, volume, emotion } = plan
  return { voice, fallbacks, language, textLanguage, speed, volume, emotion }
}

// ── Issues ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A key that is missing is told of by its header, of which a client that came through a browser knows nothing: by the field that needs it. */
function refusalOf({ refusal, refusedAt: param }: Obstacles): GatewayError | undefined {
  if (!refusal || param === undefined || refusal.param === param || !isErrorCode(refusal.code)) return refusal
  return new GatewayError(refusal.code, { param, message: `${param}: ${refusal.message}`, cause: refusal })
}

/** What is told of a request's fields, told of those of `hello`. */
function placed(told: Issue): Issue {
  const param = told.param
    ?.replace(/^voice\.input\.hints/, 'stt.options.hints')
    .replace(/^voice\.input\./, 'stt.')
    .replace(/^voice\.output\.emotion/, 'tts.options.emotion')
    .replace(/^voice\.output\./, 'tts.')
  return { ...told, ...(param !== undefined && { param }) }
}

function issue(param: string, code: IssueCode, message: string): Issue {
  return { param, code, message }
}
