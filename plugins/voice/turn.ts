import type { GatewayError } from '../../api/error.ts'
import type { AudioBlock, ContentBlock, Issue, VoiceUsage, Warning } from '../../api/schemas.gen.ts'
import type { SpeechUse } from '../../providers/catalogue/speech.ts'
import type { VoiceOfAnswer } from '../messages/answer.ts'
import type { VoiceCount, VoiceNeed, VoiceSpent } from '../messages/need.ts'
import type { OpenedStream } from '../messages/open.ts'
import type { HeardTexts } from '../messages/voiceless.ts'
import type { SpeechTrace } from '../tracing/index.ts'
import type { Heard, Hearing } from './hear.ts'
import { HearingMeter } from './meter.ts'
import { voiceNeed } from './need.ts'
import type { HearingPlan, SpeakingPlan, VoiceCaller } from './plan.ts'
import type { SpeakingParts, SpokenAnswer } from './speak/parts.ts'
import { Speaker } from './speak/speaker.ts'
import { type SpokenUsage, UsageMeter } from './speak/usage.ts'
import { voiced } from './speak/voiced.ts'
import { speakWhole } from './speak/whole.ts'

/** What a request asks of voice, and what was found out before anybody was asked. */
export interface VoicePlan {
  readonly issues: readonly Issue[]
  readonly hearing: HearingPlan | undefined
  readonly speaking: SpeakingPlan | undefined
  /** Why it may not be done though nothing is wrong with it, such as a key that is missing. */
  readonly refusal: GatewayError | undefined
}

/** What a turn needs of the gateway. */
export interface TurnParts {
  readonly hear: Hearing
  readonly speaking: SpeakingParts
  /** Whose sentences of the cache somebody shares. */
  scopeOf(caller: VoiceCaller): string
  /** In US dollars; undefined where there is no price. `model` is `provider/model`. */
  costOf(model: string, use: SpeechUse): number | undefined
  /** The longest sound that is heard for one request, in seconds. */
  readonly mostSeconds: number
}

/** One request of somebody who says something, or wants to hear the answer. */
export class VoiceTurn implements VoiceCount {
  readonly #plan: Omit<VoicePlan, 'hearing'>
  readonly #parts: TurnParts
  /** What is to be heard; let go of once it is, because it is large. */
  #unheard: HearingPlan | undefined
  #heard: HeardSound | undefined
  /** The model that hears, as `provider/model`, and how much was sent to it, whatever came of that. */
  readonly #hearingModel: string | undefined
  readonly #sent = new HearingMeter()
  /** Why the answer could not be spoken. */
  #unspoken: Warning | undefined
  #spoken: (() => SpokenUsage) | undefined
  #firstAudioMs: (() => number | undefined) | undefined
  readonly #trace: SpeechTrace | undefined

  /** `trace` is the one that the request belongs to, if it belongs to any. */
  constructor(plan: VoicePlan, parts: TurnParts, trace: SpeechTrace | undefined) {
    this.#plan = { issues: plan.issues, speaking: plan.speaking, refusal: plan.refusal }
    this.#parts = parts
    this.#trace = trace
    this.#unheard = plan.hearing
    this.#hearingModel = plan.hearing?.model.id
  }

  /** Everything that is wrong with what is asked. */
  get issues(): readonly Issue[] {
    return this.#plan.issues
  }

  /** The text of each block of sound by its path; before it is heard, one that stands for it. */
  get texts(): HeardTexts {
    const texts = new Map((this.#unheard?.blocks ?? []).map(({ param }) => [param, unheard]))
    for (const { param, text } of this.#heard?.transcripts ?? []) texts.set(param, text)
    return texts
  }

  /** Whether there is sound to be heard first. */
  get isHeardFirst(): boolean {
    return this.#unheard !== undefined
  }

  /** Throws why it may not be done: to be asked when nothing is wrong with the request, and before anybody is asked. */
  admit(): void {
    if (this.#plan.refusal) throw this.#plan.refusal
  }

  /** Hears the sound of the request; throws an error that names the block. */
  async hear(caller: VoiceCaller): Promise<void> {
    const plan = this.#unheard
    if (!plan) return
    const heard = await this.#parts.hear(plan, { ...caller, trace: this.#trace }, this.#sent)
    this.#heard = { ...heard, model: plan.model.id, said: saidLast(heard, plan) }
    this.#unheard = undefined
  }

  /** The stream with its sound, where the answer is to be spoken. The request came `elapsedMs` milliseconds ago. */
  voiced(stream: OpenedStream, caller: VoiceCaller, elapsedMs: number): OpenedStream {
    const answer = this.#answer(caller, elapsedMs)
    if (!answer) return stream
    const speaker = new Speaker(this.#parts.speaking, answer)
    this.#spoken = () => speaker.usage
    this.#firstAudioMs = () => speaker.firstAudioMs
    return voiced(stream, speaker)
  }

  /** Speaks a whole answer, where it is to be spoken and can be: the block that is added to it. */
  async speak(content: readonly ContentBlock[], caller: VoiceCaller, elapsedMs: number): Promise<AudioBlock | undefined> {
    const answer = this.#answer(caller, elapsedMs)
    if (!answer) return undefined
    const meter = new UsageMeter()
    this.#spoken = () => meter.usage
    const { block, unavailable } = await speakWhole(content, this.#parts.speaking, answer, meter)
    if (unavailable) {
      const message = `The answer is not spoken (${unavailable.code}): ${unavailable.message}`
      this.#unspoken = { param: 'voice.output', code: 'audio_unavailable', message }
    }
    return block
  }

  /** What is told of it with the answer. */
  get ofAnswer(): VoiceOfAnswer {
    const heard = this.#heard && { user_transcript: this.#heard.said, transcripts: [...this.#heard.transcripts] }
    return { heard, usage: () => this.usage, warnings: () => this.#warnings() }
  }

  #warnings(): readonly Warning[] {
    const voice = this.#plan.speaking?.voice
    if (!voice) return []
    const own = `${voice.provider.id}/${voice.voice}`
    const others = (this.#spoken?.().voices ?? []).filter((each) => each !== own)
    const message = `${own} did not speak; ${others.join(', ')} did, for all of it or the rest.`
    return [
      ...(this.#unspoken ? [this.#unspoken] : []),
      ...(others.length > 0 ? [{ param: 'voice.output.voice', code: 'fallback_voice', message }] : []),
    ]
  }

  /** What was heard and spoken until now; undefined where nothing was asked for. */
  get usage(): VoiceUsage | undefined {
    const heard = this.#heard
    const spoken = this.#spoken?.()
    if (!heard && !spoken) return undefined
    const cost = this.#cost(heard, spoken)
    return {
      ...(heard && isLengthKnown(heard) && { heard_seconds: Math.round(heard.seconds * 1000) / 1000 }),
      ...spoken?.voice,
      ...(cost !== undefined && { cost_usd: cost }),
    }
  }

  /** What is yet to be done may need, at the most. */
  get need(): VoiceNeed {
    const { costOf, mostSeconds, speaking } = this.#parts
    return voiceNeed(this.#unheard, this.#plan.speaking, {
      costOf,
      mostSeconds,
      mostCharacters: speaking.limits.maxCharacters,
    })
  }

  /** What vendors were asked for until now, whatever became of it; what has no price counts nothing. */
  get spent(): VoiceSpent {
    const { seconds } = this.#sent
    const model = this.#hearingModel
    const uses = this.#uses(model === undefined ? undefined : { model, seconds }, this.#spoken?.())
    const dollars = uses.reduce((sum, [id, use]) => sum + (this.#parts.costOf(id, use) ?? 0), 0)
    return { heardSeconds: seconds, dollars }
  }

  /** What the access log is to say: how much was heard and spoken until now, and how long the first sound took. */
  get facts(): Readonly<Record<string, number>> {
    const { heard_seconds, spoken_seconds, spoken_characters } = this.usage ?? {}
    const first = this.#firstAudioMs?.()
    return {
      ...(heard_seconds !== undefined && { heard_seconds }),
      ...(spoken_seconds !== undefined && { spoken_seconds }),
      ...(spoken_characters !== undefined && { spoken_characters }),
      ...(first !== undefined && { first_audio_ms: Math.round(first) }),
    }
  }

  #cost(heard: HeardSound | undefined, spoken: SpokenUsage | undefined): number | undefined {
    if (heard && !isLengthKnown(heard)) return undefined
    let dollars = 0
    for (const [model, use] of this.#uses(heard, spoken)) {
      const cost = this.#parts.costOf(model, use)
      if (cost === undefined) return undefined
      dollars += cost
    }
    return dollars
  }

  #uses(
    heard: Pick<HeardSound, 'model' | 'seconds'> | undefined,
    spoken: SpokenUsage | undefined,
  ): readonly (readonly [model: string, use: SpeechUse])[] {
    const uses: (readonly [model: string, use: SpeechUse])[] = []
    if (heard) uses.push([heard.model, { secondsHeard: heard.seconds }])
    for (const { id, characters, seconds } of spoken?.models ?? []) uses.push([id, { characters, secondsSpoken: seconds }])
    return uses
  }

  #answer(caller: VoiceCaller, elapsedMs: number): SpokenAnswer | undefined {
    const plan = this.#plan.speaking
    const { speaking, scopeOf } = this.#parts
    if (!plan) return undefined
    const traced = { ...caller, trace: this.#trace }
    return { plan, caller: traced, scope: scopeOf(caller), requestStartedAt: speaking.clock.now() - elapsedMs }
  }
}

/** Stands for sound that nobody has heard yet, while it is found out whether the request can be answered at all. */
const unheard = '(sound)'

/** What was heard, and by which model. */
interface HeardSound extends Heard {
  /** `provider/model`. */
  readonly model: string
  /** In the last message of the user that has sound. */
  readonly said: string
}

/** Sound of which neither its file nor whoever heard it tells how long it is costs nobody knows what. */
function isLengthKnown({ transcripts }: Heard): boolean {
  return transcripts.every(({ seconds }) => seconds !== undefined)
}

function saidLast({ transcripts }: Heard, { blocks }: HearingPlan): string {
  const last = Math.max(...blocks.map(({ message }) => message))
  const texts = transcripts.filter((_, index) => blocks[index]?.message === last)
  return texts.map(({ text }) => text).join('\n')
}
