import type { judgeSpeech } from '../../text/real-speech.ts'
import type { Effect, Frame, WarningCode } from './effects.ts'
import type { heardText } from './heard.ts'
import type { SessionState, Turn, User, Utterance, VoiceState } from './state.ts'

/** One step of a session while it is made: every rule replaces parts of the state and adds what is to be done. */
export interface Move {
  state: SessionState
  readonly effects: Effect[]
  readonly at: number
  readonly leaves: Leaves
}

/** What the rules ask of others, all of it pure. */
export interface Leaves {
  /** What was heard of a segment. */
  readonly heard: typeof heardText
  /** What words are: real speech, a sign of listening, or nothing that was meant for the assistant. */
  readonly judge: typeof judgeSpeech
}

export function set(move: Move, part: Partial<SessionState>): void {
  move.state = { ...move.state, ...part }
}

export function setUser(move: Move, part: Partial<User>): void {
  set(move, { user: { ...move.state.user, ...part } })
}

/** Nothing where nobody is speaking. */
export function setUtterance(move: Move, part: Partial<Utterance>): void {
  const { utterance } = move.state.user
  if (utterance) setUser(move, { utterance: { ...utterance, ...part } })
}

/** Nothing where no turn is active. */
export function setTurn(move: Move, part: Partial<Turn>): void {
  const { agent } = move.state
  if (agent.phase !== 'idle') set(move, { agent: { ...agent, turn: { ...agent.turn, ...part } } })
}

export function setVoice(move: Move, part: Partial<VoiceState>): void {
  const { agent } = move.state
  if (agent.phase !== 'idle') setTurn(move, { voice: { ...agent.turn.voice, ...part } })
}

export function effect(move: Move, ...effects: readonly Effect[]): void {
  move.effects.push(...effects)
}

export function tell(move: Move, frame: Frame): void {
  move.effects.push({ type: 'frame', frame })
}

export function warn(move: Move, code: WarningCode, message: string): void {
  tell(move, { type: 'warning', code, message })
}

/** Something is going on. */
export function touch(move: Move): void {
  set(move, { activeAt: move.at })
}
