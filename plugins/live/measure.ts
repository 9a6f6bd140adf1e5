import { type Move, setTurn } from './move.ts'
import { type Question, type Turn, type TurnTimes, turnOf } from './state.ts'

/** How long what took in a turn, in milliseconds; each absent where there was no such thing. Named as the client is told. */
export interface TurnMetrics {
  /** From the end of speech until the turn was taken for complete. */
  readonly eou_delay_ms?: number
  /** From there until its last words were final; 0 where they were before. */
  readonly stt_final_ms?: number
  /** From asking the model until its first words, or its first call. */
  readonly llm_ttft_ms?: number
  /** From asking for the first sentence until its first sound was given out. */
  readonly tts_ttfb_ms?: number
  /** From the end of speech until then. */
  readonly voice_to_voice_ms?: number
  /** From the beginning of an interruption, or of the sound that it interrupts, until that was stopped. */
  readonly interruption_stop_ms?: number
  /** Characters that the voice was given, again where it failed. */
  readonly characters: number
}

export function metricsOf({ startAt, isAnswer, times }: Turn): TurnMetrics {
  const { speech, answeredAt, spokenAt, soundAt, stoppedMs, characters } = times
  return {
    ...(speech && { eou_delay_ms: span(speech.endMs, startAt) }),
    ...(speech?.finalAt !== undefined && { stt_final_ms: span(speech.endMs, speech.finalAt) }),
    ...(isAnswer && answeredAt !== undefined && { llm_ttft_ms: span(startAt, answeredAt) }),
    ...(spokenAt !== undefined && soundAt !== undefined && { tts_ttfb_ms: span(spokenAt, soundAt) }),
    ...(speech && soundAt !== undefined && { voice_to_voice_ms: span(speech.endMs, soundAt) }),
    ...(stoppedMs !== undefined && { interruption_stop_ms: stoppedMs }),
    characters,
  }
}

/** Clocks tell parts of milliseconds. */
function span(from: number, to: number): number {
  return Math.round(Math.max(0, to - from))
}

export function noTimes(speech: Question['speech']): TurnTimes {
  return {
    speech,
    answeredAt: undefined,
    spokenAt: undefined,
    soundAt: undefined,
    stoppedMs: undefined,
    characters: 0,
  }
}

/** Something happens in the turn; only the first time counts. */
export function note(move: Move, what: 'answeredAt' | 'spokenAt' | 'soundAt'): void {
  const times = turnOf(move.state)?.times
  if (times && times[what] === undefined) setTurn(move, { times: { ...times, [what]: move.at } })
}

export function noteCharacters(move: Move, characters: number): void {
  const times = turnOf(move.state)?.times
  if (times) setTurn(move, { times: { ...times, characters: times.characters + characters } })
}

/** The sound is stopped because somebody speaks; or it turns out that nobody did. */
export function noteStop(move: Move, isSpeech: boolean): void {
  const { state, at } = move
  const times = turnOf(state)?.times
  const { utterance } = state.user
  if (!times) return
  const stoppedMs =
    isSpeech && utterance && times.soundAt !== undefined ? span(Math.max(utterance.startAt, times.soundAt), at) : undefined
  setTurn(move, { times: { ...times, stoppedMs } })
}
