import type { LiveClientTool, LiveFeatures, LiveHello, MessageParam, SystemBlockParam, Warning } from '../../api/schemas.gen.ts'
import type { EnergyOptions } from '../../audio/energy.ts'
import type { RawFormat, SttOptions, TurnOptions } from '../../providers/speech.ts'
import type { HearingModel, SpeakingVoice } from '../voice/plan.ts'
import type { Rules } from './rules.ts'

/** A session that may begin: who hears, who answers and who speaks in it, checked as far as that can be done before anybody is asked. */
export interface LivePlan {
  /** What it is made of, so that some of it can change. */
  readonly terms: LiveTerms
  readonly rules: Rules
  readonly features: Required<LiveFeatures>
  /** What is asked for and goes on without, as there is no such thing; told after `hello_ack`, or after the update. */
  readonly warnings: readonly Pick<Warning, 'code' | 'message'>[]
  /** What the client sends; undefined where it has no microphone. */
  readonly audioIn: RawFormat | undefined
  /** What it is sent. */
  readonly audioOut: RawFormat
  /** Undefined where there is no microphone. */
  readonly hearing: LiveHearing | undefined
  readonly speaking: LiveSpeaking
  readonly asking: LiveAsking
  /** What was said before the session. */
  readonly messages: readonly MessageParam[]
  /** What the assistant says first; undefined where the user begins. */
  readonly greeting: string | undefined
}

/** What a client asks for, in its own words; no keys are among them. */
export type LiveTerms = Omit<LiveHello, 'messages' | 'auth' | 'byok' | 'resume'>

export interface LiveHearing {
  readonly model: HearingModel
  /** What the model is sent: `audioIn`, or what that is converted to. */
  readonly format: RawFormat
  readonly options: SttOptions & TurnOptions
  readonly energy: Partial<EnergyOptions>
}

export interface LiveSpeaking {
  readonly voice: SpeakingVoice
  /** Who speaks where that voice fails, in order. Each can do what is asked. */
  readonly fallbacks: readonly SpeakingVoice[]
  /** BCP 47, for the vendor. */
  readonly language: string | undefined
  /** In which symbols are said as words. */
  readonly textLanguage: string | undefined
  readonly speed: number | undefined
  readonly volume: number | undefined
  readonly emotion: string | undefined
}

/** What every turn asks of the model. */
export interface LiveAsking {
  readonly model: string
  /** The caller's own; what the gateway adds is not in it. */
  readonly system: string | readonly SystemBlockParam[] | undefined
  readonly maxTokens: number | undefined
  readonly serverTools: readonly string[]
  readonly serverToolConfig: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly clientTools: readonly LiveClientTool[]
  /** Milliseconds for a call of a tool. */
  readonly toolTimeoutMs: number
  /** How many tools one turn may call. */
  readonly maxToolCalls: number
  /** Text beside the call that speaks: spoken as if it were one, or an error. */
  readonly speechGate: 'lenient' | 'strict'
  /** How what it says is parted into sentences for a voice; by the text alone where that is absent. */
  readonly script?: {
    /** BCP 47; what symbols are said as. */
    readonly language: string | undefined
    /** The longest sentence that each of the voices takes, in UTF-16 units. */
    readonly maxCharacters: number
  }
}
