import type { AgentPhase, UserPhase } from './state.ts'

/**
 * The two machines. A row says what happens to a machine in a phase at a signal; what is not in its table does not move it. The code
 * that follows a row stands where the signal is raised, and the state diagram of the documentation is made of these rows.
 */
export interface Row<Phase, Signal> {
  readonly from: Phase
  readonly on: Signal
  readonly to: Phase
}

/**
 *   onset     a voice begins, by its energy
 *   offset    it ends; or the microphone does; or it has been without words for so long that it is a noise
 *   words     words come of which no voice was heard
 *   settled   the utterance is over: its words are a question, or nothing
 */
export type UserSignal = 'onset' | 'offset' | 'words' | 'settled'

export const userTable: readonly Row<UserPhase, UserSignal>[] = [
  { from: 'silent', on: 'onset', to: 'speaking' },
  { from: 'silent', on: 'words', to: 'settling' },
  { from: 'speaking', on: 'offset', to: 'settling' },
  { from: 'speaking', on: 'settled', to: 'silent' },
  { from: 'settling', on: 'onset', to: 'speaking' },
  { from: 'settling', on: 'settled', to: 'silent' },
]

/**
 *   question  a turn begins
 *   sound     the first of its sound is given out
 *   all-said  the model is done and all sound given out
 *   played    the client has played it, or there is nothing to play
 *   stopped   by a joint rule
 */
export type AgentSignal = 'question' | 'sound' | 'all-said' | 'played' | 'stopped'

export const agentTable: readonly Row<AgentPhase, AgentSignal>[] = [
  { from: 'idle', on: 'question', to: 'thinking' },
  { from: 'thinking', on: 'sound', to: 'speaking' },
  { from: 'thinking', on: 'all-said', to: 'draining' },
  { from: 'speaking', on: 'all-said', to: 'draining' },
  { from: 'draining', on: 'played', to: 'idle' },
  { from: 'thinking', on: 'stopped', to: 'idle' },
  { from: 'speaking', on: 'stopped', to: 'idle' },
  { from: 'draining', on: 'stopped', to: 'idle' },
]

/** Where a signal leads; undefined where it means nothing. */
export function nextUser(from: UserPhase, on: UserSignal): UserPhase | undefined {
  return userTable.find((row) => row.from === from && row.on === on)?.to
}

export function nextAgent(from: AgentPhase, on: AgentSignal): AgentPhase | undefined {
  return agentTable.find((row) => row.from === from && row.on === on)?.to
}
