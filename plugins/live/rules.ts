import { defaultSpeechThresholds, type SpeechThresholds } from '../../text/real-speech.ts'

/** What a session goes by. All times in milliseconds. */
export interface Rules {
  /** What a client may change from the next turn on. */
  readonly turn: TurnRules
  /** Whether the client tells how much of the sound it has played. */
  readonly marks: boolean
  /** Whether the client takes the assistant's voice out of its microphone. */
  readonly hasAec: boolean
  /** Whether words are told while they may still change. */
  readonly partials: boolean
  /** Whether another voice may speak where the first one fails. */
  readonly hasFallbackVoice: boolean
  /** What is said while a tool takes long; undefined for nothing. */
  readonly filler: Filler | undefined
  readonly limits: RuleLimits
}

export interface TurnRules {
  /** What ends a turn: silence, or what the engine that hears makes of the words. */
  readonly mode: 'silence' | 'semantic'
  /** How long nobody speaks, on the clock of the sound, before a turn ends. */
  readonly silenceMs: number
  /** How long after its end a turn may still be gone on with. */
  readonly graceMs: number
  /** What stops the assistant: words that are real speech, or a voice before its words are known. */
  readonly interruption: 'words' | 'energy'
  /** Whether the model may begin where the end of a turn is foretold. */
  readonly speculation: boolean
  /** From what on words count as speech. */
  readonly thresholds: SpeechThresholds
}

export interface Filler {
  /** How long nothing is heard of the assistant before it says one. */
  readonly afterMs: number
  /** One after the other, from turn to turn. */
  readonly texts: readonly string[]
}

/** What a client may change while a session goes on; what is absent stays as it is. */
export interface RuleChanges {
  readonly turn?: Partial<TurnRules>
  /** null for none. */
  readonly filler?: Filler | null
  readonly hasFallbackVoice?: boolean
}

export type RuleLimits = Readonly<Record<keyof typeof defaultLimits, number>>

export const defaultTurnRules: TurnRules = {
  mode: 'silence',
  silenceMs: 600,
  graceMs: 5000,
  interruption: 'words',
  speculation: false,
  thresholds: defaultSpeechThresholds,
}

export const defaultLimits = {
  /** For the last words after they were asked for. An engine that answers at all does so within 300 ms. */
  finalMs: 800,
  /** In semantic mode: silence after which a turn ends although the engine has not said so. */
  semanticMaxMs: 4000,
  /** A voice without words is no speech, and what it stopped goes on. */
  falseStopMs: 2000,
  /** A voice that is heard for so long without a new word is a noise. Longer than `sttSilentMs`, so that a deaf engine is not taken for one. */
  unwordedMs: 6000,
  /** For the last mark of sound that was reset. */
  markMs: 500,
  /** The assistant's own words may come back through the microphone for so long after they ended. */
  echoMs: 2000,

  /** The most sound on its way to a client unplayed; and how little of it there is when more is given out. */
  aheadMs: 1500,
  lowMs: 1000,
  /** The longest that a client plays nothing of what it was given. */
  stuckMs: 10_000,
  /** From giving out sound to hearing it, where a client does not tell. Rather too long: what was not heard must not count. */
  playoutDelayMs: 300,
  /** How much later than its length a client may end playing. */
  tailMs: 1000,

  /** Sentences that are being spoken ahead of the one that is given out. */
  sentencesAhead: 2,
  /** The longest wait for a piece of sound. */
  ttsStallMs: 5000,

  sttConnectMs: 5000,
  /** An engine that tells nothing for so long while somebody speaks is deaf. */
  sttSilentMs: 5000,
  /** A voice of this length has words: an engine that does not answer when it is asked for them is deaf. */
  sttVoiceMs: 600,
  /** How long an engine that was taken for deaf twice, and says nothing, is left alone. */
  sttDoubtMs: 60_000,
  /** Sound that is kept for an engine that cannot be reached. */
  sttKeptMs: 10_000,
  /** Sound before a loss that is sent again although nobody seemed to speak. */
  sttPrerollMs: 1000,
  /** How long an engine may take to tell of a word. What it had told as certain when it was lost may be so much older, where it gives no times. */
  sttLatencyMs: 1500,
  /** How long after a word an engine may still say it again because it is not certain of it. Those that end turns themselves take the longest. */
  sttOwedMs: 10_000,
  sttGiveUpMs: 60_000,

  micFrameBytes: 8192,
  /** Of real time, lastingly. */
  micRate: 1.5,
  /** What a network may have held up and brings all at once. */
  micBurstMs: 10_000,
  micOverrunMs: 2000,
  /** Without a frame for so long, silence stands in for the sound of a turn that is open. */
  micGapMs: 200,

  resumeMs: 30_000,
  idleMs: 300_000,
  totalMs: 7_200_000,
  /** For the sentence that is being spoken when the server goes down. */
  drainMs: 10_000,

  maxUserCharacters: 20_000,
  maxSpokenCharacters: 40_000,
  maxAttachments: 16,
  maxTools: 64,
} as const

/** How long to wait before each attempt to reach an engine again; the last for all that follow. */
export const sttBackoffMs: readonly [number, ...number[]] = [100, 200, 400, 800, 1600, 3000]

export const defaultRules: Rules = {
  turn: defaultTurnRules,
  marks: true,
  hasAec: true,
  partials: true,
  hasFallbackVoice: false,
  filler: undefined,
  limits: defaultLimits,
}
