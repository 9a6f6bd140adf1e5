import type { Issue, LiveFeatures, LiveTools, LiveTurnOptions } from '../../../api/schemas.gen.ts'
import type { EnergyOptions } from '../../../audio/energy.ts'
import { defaultLimits, defaultTurnRules, type Filler, type Rules, type TurnRules } from '../rules.ts'

/** The operator's. Milliseconds. */
export interface RuleSettings {
  readonly resumeMs: number
  readonly idleMs: number
  readonly totalMs: number
  /** No longer than the server waits when it goes down. */
  readonly drainMs: number
}

/** What a session goes by, of what `hello` says. */
export function rulesOf(
  asked: AskedRules,
  features: Required<LiveFeatures>,
  settings: RuleSettings,
): Omit<Rules, 'hasFallbackVoice'> {
  return {
    turn: turnRulesOf(asked.turn),
    marks: features.send_playback_marks,
    hasAec: features.client_has_aec,
    partials: features.want_partial_transcripts,
    filler: fillerOf(asked.tools),
    limits: { ...defaultLimits, ...settings },
  }
}

export interface AskedRules {
  readonly turn?: LiveTurnOptions
  readonly tools?: LiveTools
}

export function featuresOf(asked: LiveFeatures = {}): Required<LiveFeatures> {
  return {
    audio_transport: 'binary',
    send_playback_marks: true,
    want_partial_transcripts: true,
    want_assistant_text: true,
    want_alignment: false,
    want_metrics: false,
    want_run_events: false,
    client_has_aec: true,
    ...asked,
  }
}

/** What tells voices from noise, as far as the client says something of it. */
export function energyOf({ thresholds = {} }: LiveTurnOptions = {}): Partial<EnergyOptions> {
  const { voice_margin_db: marginDb, voice_least_db: leastDb } = thresholds
  return { ...(marginDb !== undefined && { marginDb }), ...(leastDb !== undefined && { leastDb }) }
}

/** What is asked of turns that has no effect, or has none without something else. */
export function turnIssues({ turn = {}, stt, audio_in: audioIn }: AskedTurn): Issue[] {
  const issues: Issue[] = []
  const conflict = (param: string, message: string): void => void issues.push({ param, code: 'conflict', message })
  const isSemantic = turn.mode === 'semantic'
  if (!audioIn) {
    const needsIt = 'nothing is heard without audio_in; say there what the microphone gives, or leave this out'
    if (stt) conflict('stt', needsIt)
    if (isSemantic) conflict('turn.mode', needsIt)
  }
  if (turn.speculation && !isSemantic) {
    conflict('turn.speculation', 'the end of a turn is foretold where turn.mode is "semantic"; set it, or leave this out')
  }
  const { end_threshold: end, eager_threshold: eager } = stt?.options ?? {}
  if (end !== undefined && !isSemantic) {
    conflict(
      'stt.options.end_threshold',
      'the model that hears ends turns where turn.mode is "semantic"; set it, or leave this out',
    )
  }
  if (eager !== undefined && !turn.speculation) {
    conflict('stt.options.eager_threshold', 'the end of a turn is foretold for turn.speculation; set it, or leave this out')
  }
  return issues
}

/** The fields of `hello` that say when a turn is over. */
export interface AskedTurn {
  readonly turn?: LiveTurnOptions
  readonly stt?: { readonly options?: { readonly end_threshold?: number; readonly eager_threshold?: number } }
  readonly audio_in?: object
}

function turnRulesOf({
  mode,
  silence_ms,
  grace_ms,
  interruption,
  speculation,
  thresholds = {},
}: LiveTurnOptions = {}): TurnRules {
  const usual = defaultTurnRules
  const { min_characters, min_characters_in_echo, min_confidence } = thresholds
  return {
    mode: mode ?? usual.mode,
    silenceMs: silence_ms ?? usual.silenceMs,
    graceMs: grace_ms ?? usual.graceMs,
    interruption: interruption ?? usual.interruption,
    speculation: speculation ?? usual.speculation,
    thresholds: {
      minCharacters: min_characters ?? usual.thresholds.minCharacters,
      minCharactersInEcho: min_characters_in_echo ?? usual.thresholds.minCharactersInEcho,
      minConfidence: min_confidence ?? usual.thresholds.minConfidence,
    },
  }
}

function fillerOf({ filler }: LiveTools = {}): Filler | undefined {
  return filler && { afterMs: filler.after_ms ?? usualFillerMs, texts: filler.texts }
}

const usualFillerMs = 1500
