import { GatewayError } from '../../../api/error.ts'
import { invalidRequestDetails } from '../../../api/issues.ts'
import type { Issue, LiveHello, LiveSessionUpdate, LiveTurnOptions, MessageParam } from '../../../api/schemas.gen.ts'
import type { RawFormat } from '../../../providers/speech.ts'
import type { Principal } from '../../auth/principal.ts'
import type { Allotment } from '../../limits/allotment.ts'
import type { Models } from '../../models/index.ts'
import type { Voice } from '../../voice/index.ts'
import type { AskedSession, SessionVoices } from '../../voice/session-planning.ts'
import type { LiveAsking, LiveHearing, LivePlan, LiveTerms } from '../plan.ts'
import { missedInHello } from './missing-key.ts'
import { formatOf, isFormat } from './plan-formats.ts'
import { energyOf, featuresOf, type RuleSettings, rulesOf, turnIssues } from './plan-rules.ts'
import { type AskingSettings, askingOf, toolIssues } from './plan-tools.ts'

/** Who wants to talk. */
export interface LiveAsker {
  readonly principal: Principal
  /** With the keys of providers that `hello` brought. */
  readonly headers: Parameters<Voice['session']>[1]['headers']
  readonly allotment: Allotment
  /** Whether messages are MessagePack. */
  readonly isMsgpack: boolean
}

/** What has to be known to plan a session. */
export interface PlanParts {
  readonly voice: Pick<Voice, 'session'>
  readonly models: Pick<Models, 'registry'>
  readonly settings: RuleSettings & AskingSettings
  /** Finds out whether the model can be asked that: throws a `GatewayError` with every issue, by the fields of `hello`, or with the refusal. */
  checkAsking(asking: LiveAsking, messages: readonly MessageParam[], asker: LiveAsker): Promise<void>
}

/**
 * Everything that can be known of a session before anybody is asked. Throws one `GatewayError` with every issue, by the fields of `hello`;
 * or, where nothing is wrong, the reason why it may not be, such as a key that is missing. `hello` does not resume.
 */
export async function planSession(hello: LiveHello, asker: LiveAsker, parts: PlanParts): Promise<LivePlan> {
  checkVersion(hello)
  const { messages = [], auth: _, byok: __, resume: ___, ...terms } = hello
  const plan = await planOf(terms, messages, asker, parts)
  return { ...plan, messages, greeting: hello.greeting }
}

/**
 * The plan with what a client changes of it, from the next turn on; throws as `planSession` does, by the fields of the update. Of `tools` and
 * `turn` the members that are not named stay, and those of `stt` where it names no other model. What stays the same is the same object.
 */
export async function planUpdate(
  update: LiveSessionUpdate,
  plan: LivePlan,
  asker: LiveAsker,
  parts: PlanParts,
): Promise<LivePlan> {
  const next = await planOf(changed(plan.terms, update), [], asker, parts)
  const { messages, greeting, hearing, speaking } = plan
  return {
    ...next,
    hearing: kept(hearing, next.hearing),
    speaking: kept(speaking, next.speaking) ?? next.speaking,
    messages,
    greeting,
  }
}

/** Throws `unsupported_version`: what a version says that is not known here means nothing. */
export function checkVersion({ protocol_version: version }: Pick<LiveHello, 'protocol_version'>): void {
  if (version === '1') return
  const message = `this gateway speaks version 1 of the protocol, not ${JSON.stringify(version)}`
  throw refused([{ param: 'protocol_version', code: 'unsupported_version', message }])
}

async function planOf(
  terms: LiveTerms,
  messages: readonly MessageParam[],
  asker: LiveAsker,
  parts: PlanParts,
): Promise<Omit<LivePlan, 'messages' | 'greeting'>> {
  const { settings } = parts
  const formats = formatsOf(terms)
  const voices = parts.voice.session(askedOf(terms, heardAs(terms, formats.audioIn), parts), asker)
  const asking = askingOf(terms, settings)
  const asked = await obstaclesOf(() => parts.checkAsking(asking, messages, asker))
  const ofTools = toolIssues(terms.tools, settings)
  const issues = [
    ...requiredIssues(terms),
    ...formats.issues,
    ...transportIssues(terms, asker),
    ...turnIssues(terms),
    ...ofTools,
    ...voices.issues,
    // Names that collide are told of by whoever gives them, not by what they collide with.
    ...asked.issues.filter(({ code }) => code !== 'duplicate' || ofTools.length === 0),
  ]
  const refusal = asked.refusal ?? voices.refusal
  if (issues.length > 0) throw refused(firstOfEach([...issues, ...unknownIn(refusal)]))
  if (refusal) throw missedInHello(refusal)
  const { speaking, hearing } = voices
  if (!speaking) throw new GatewayError('internal_error')
  const features = featuresOf(terms.features)
  return {
    terms,
    rules: { ...rulesOf(terms, features, settings), hasFallbackVoice: speaking.fallbacks.length > 0 },
    features,
    warnings: warningsOf(features.want_alignment, speaking),
    audioIn: formats.audioIn,
    audioOut: formats.audioOut,
    hearing: hearing && { ...hearing, energy: energyOf(terms.turn) },
    speaking,
    asking: { ...asking, model: resolved(asking.model, parts)?.id ?? asking.model, script: scriptOf(speaking) },
  }
}

// ── What is asked ───────────────────────────────────────────────────────────────────────────────────────────────────────

function askedOf(terms: LiveTerms, audioIn: RawFormat | undefined, parts: PlanParts): AskedSession {
  const { model = '', stt = {}, tts, turn = {} } = terms
  const isSemantic = turn.mode === 'semantic'
  const foretells = isSemantic && turn.speculation === true
  const { hints = [], end_threshold: end = usualEnd, eager_threshold: eager = usualEager } = stt.options ?? {}
  return {
    hearing: audioIn && {
      model: stt.model,
      format: audioIn,
      language: stt.language,
      hints,
      isSemantic,
      foretells,
      turn: isSemantic ? { endThreshold: end, ...(foretells && { eagerThreshold: eager }), ...silenceOf(turn) } : {},
      isDemo: resolved(model, parts)?.provider.demo === true,
    },
    speaking: tts && {
      voice: tts.voice,
      model: tts.model,
      language: tts.language,
      speed: tts.speed,
      volume: tts.volume,
      emotion: tts.options?.emotion,
    },
  }
}

/** Who is to hear is looked at also where what is heard is wrong, or is missing: all is told at once. */
function heardAs({ audio_in: given, stt }: LiveTerms, audioIn: RawFormat | undefined): RawFormat | undefined {
  return audioIn ?? (given || stt?.model !== undefined ? pcm24 : undefined)
}

/** Engines end turns by what is said only where they are told how certain they have to be. Neither hasty nor slow for any of them. */
const usualEnd = 0.65
const usualEager = 0.5

/** After so much silence an engine ends a turn whatever was said. Else it knows best itself; the rules have a bound of their own. */
function silenceOf({ silence_ms: silenceMs }: LiveTurnOptions): { readonly silenceMs?: number } {
  return silenceMs === undefined ? {} : { silenceMs }
}

function resolved(model: string, { models }: Pick<PlanParts, 'models'>) {
  const found = models.registry.resolve(model)
  return 'provider' in found ? found : undefined
}

function formatsOf({ audio_in: given, audio_out: wanted = usualOut }: LiveTerms) {
  const audioIn = given && formatOf('audio_in', given)
  const audioOut = formatOf('audio_out', wanted)
  const issues = [audioIn, audioOut].flatMap((each) => (!each || isFormat(each) ? [] : each))
  return {
    audioIn: audioIn && isFormat(audioIn) ? audioIn : undefined,
    audioOut: isFormat(audioOut) ? audioOut : pcm24,
    issues,
  }
}

const usualOut = { encoding: 'pcm_s16le', sample_rate_hz: 24_000 } as const
const pcm24: RawFormat = { encoding: 'pcm', rate: 24_000 }

/** What is said is parted into what each of the voices takes. */
function scriptOf({ voice, fallbacks, textLanguage }: LivePlan['speaking']): NonNullable<LiveAsking['script']> {
  const longest = [voice, ...fallbacks].map(({ tts, name }) => tts.capabilities(name).maxCharacters)
  return { language: textLanguage, maxCharacters: Math.min(...longest) }
}

// ── What is wrong ───────────────────────────────────────────────────────────────────────────────────────────────────────

function requiredIssues({ model, tts }: LiveTerms): Issue[] {
  const missing = [...(model === undefined ? ['model'] : []), ...(tts === undefined ? ['tts'] : [])]
  return missing.map((param) => ({ param, code: 'required', message: 'the field is required, unless a session is resumed' }))
}

function transportIssues({ features }: LiveTerms, { isMsgpack }: LiveAsker): Issue[] {
  if (!isMsgpack || features?.audio_transport !== 'base64_json') return []
  const message = 'within MessagePack sound is bytes, not base64; leave it out, or take the subprotocol vai.live.v1'
  return [{ param: 'features.audio_transport', code: 'conflict', message }]
}

/** What somebody threw who was asked: issues, or a refusal. */
async function obstaclesOf(
  check: () => Promise<void>,
): Promise<{ readonly issues: readonly Issue[]; readonly refusal: GatewayError | undefined }> {
  try {
    await check()
    return { issues: [], refusal: undefined }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const isOfFields = error.issues !== undefined && error.type === 'invalid_request_error'
    return isOfFields ? { issues: error.issues ?? [], refusal: undefined } : { issues: [], refusal: error }
  }
}

/** A model that there is not is told of beside what else is wrong; alone, it keeps its own status. */
function unknownIn(refusal: GatewayError | undefined): readonly Issue[] {
  return refusal?.type === 'not_found_error' ? (refusal.issues ?? []) : []
}

/** What is asked for goes on without, where the vendor has no such thing. */
function warningsOf(wantsAlignment: boolean, { voice }: NonNullable<SessionVoices['speaking']>): LivePlan['warnings'] {
  if (!wantsAlignment || voice.tts.capabilities(voice.name).alignment !== undefined) return []
  const message = `${voice.id} tells no times of its words: its sound comes without alignment.`
  return [{ code: 'alignment_unavailable', message }]
}

function refused(issues: readonly Issue[]): GatewayError {
  return new GatewayError('invalid_request', invalidRequestDetails(issues))
}

/** One issue of each field. */
function firstOfEach(issues: readonly Issue[]): Issue[] {
  return issues.filter(({ param }, index) => issues.findIndex((each) => each.param === param) === index)
}

// ── What changes ────────────────────────────────────────────────────────────────────────────────────────────────────────

function changed(terms: LiveTerms, { system, tools, stt, tts, turn }: LiveSessionUpdate): LiveTerms {
  const thresholds = { ...terms.turn?.thresholds, ...turn?.thresholds }
  const options = { ...terms.stt?.options, ...stt?.options }
  return {
    ...terms,
    ...(system !== undefined && { system }),
    ...(tools && { tools: { ...terms.tools, ...tools } }),
    // Options of one model are not those of another.
    ...(stt && { stt: stt.model === undefined ? { ...terms.stt, ...stt, options } : stt }),
    ...(tts && { tts }),
    ...(turn && { turn: { ...terms.turn, ...turn, thresholds } }),
  }
}

/** The one from before, where the new one is the same. */
function kept<Part extends LiveHearing | LivePlan['speaking']>(
  before: Part | undefined,
  next: Part | undefined,
): Part | undefined {
  return JSON.stringify(facts(before)) === JSON.stringify(facts(next)) ? before : next
}

/** Models and voices are told apart by their names. */
function facts(part: LiveHearing | LivePlan['speaking'] | undefined): unknown {
  if (!part || 'options' in part) return part && { ...part, model: part.model.id }
  return { ...part, voice: [part.voice.id, part.voice.voice], fallbacks: part.fallbacks.map(({ id, voice }) => [id, voice]) }
}
