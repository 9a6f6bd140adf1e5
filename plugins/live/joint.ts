import { audioId } from './effects.ts'
import { noteStop } from './measure.ts'
import { effect, type Move, set, setUser, setVoice, tell, touch } from './move.ts'
import { frozen, playedMs } from './playback.ts'
import { type AgentPhase, type SessionState, turnOf } from './state.ts'
import { stopTurn } from './turns.ts'
import { rewind } from './voice.ts'

/**
 * What the user does to the assistant. The first row that has the signal, the agent's phase and a guard that holds is what happens; where
 * there is none, nothing does.
 *
 *   words           real speech is understood
 *   voice           a voice begins of which no word is known yet
 *   no-words        what was taken for speech was none, or has had its time
 *   typed           a turn is typed
 *   interrupt, cancel   the client asks for it
 *   client-stopped  the client's player was stopped by itself
 *   stuck           the client plays nothing of what it was given, or does not even read it
 */
export type JointSignal = 'words' | 'voice' | 'no-words' | 'typed' | 'interrupt' | 'cancel' | 'client-stopped' | 'stuck'

export interface JointRule {
  readonly rule: string
  readonly on: JointSignal
  readonly in: readonly AgentPhase[]
  /** In words, for people. */
  readonly guard?: string
  readonly when?: (state: SessionState) => boolean
  /** Where the agent is then; undefined where it was. */
  readonly to?: AgentPhase
  readonly act: (move: Move) => void
}

const active: readonly AgentPhase[] = ['thinking', 'speaking', 'draining']
const sounding: readonly AgentPhase[] = ['speaking', 'draining']

export const jointRules: readonly JointRule[] = [
  {
    rule: 'grace',
    on: 'words',
    in: active,
    guard: 'soon after the question, and nothing done that cannot be taken back',
    when: isInGrace,
    to: 'idle',
    act: (move) => {
      stopTurn(move, { reset: 'grace', reason: 'grace', keeps: false, isSpeech: true })
      setUser(move, { isContinuing: true })
    },
  },
  {
    rule: 'barge-in',
    on: 'words',
    in: active,
    to: 'idle',
    act: (move) => stopTurn(move, { reset: 'barge_in', reason: 'barge_in', keeps: true, isSpeech: true }),
  },
  {
    rule: 'stop at a voice',
    on: 'voice',
    in: sounding,
    guard: 'a voice is enough to interrupt',
    when: ({ rules, lostAt, agent }) =>
      rules.turn.interruption === 'energy' &&
      lostAt === undefined &&
      agent.phase !== 'idle' &&
      agent.turn.voice.epoch !== undefined,
    act: pauseSound,
  },
  {
    rule: 'false interruption',
    on: 'no-words',
    in: sounding,
    guard: 'stopped at a voice',
    when: (state) => state.lostAt === undefined && turnOf(state)?.voice.pause !== undefined,
    act: (move) => {
      effect(move, { type: 'was-echo' })
      resumeSound(move)
    },
  },
  {
    rule: 'typed turn',
    on: 'typed',
    in: active,
    to: 'idle',
    act: (move) => stopTurn(move, { reset: 'barge_in', reason: 'barge_in', keeps: true }),
  },
  {
    rule: 'interrupt',
    on: 'interrupt',
    in: active,
    to: 'idle',
    act: (move) => stopTurn(move, { reset: 'barge_in', reason: 'interrupted', keeps: true }),
  },
  {
    rule: 'cancel',
    on: 'cancel',
    in: active,
    to: 'idle',
    act: (move) => stopTurn(move, { reset: 'cancelled', reason: 'cancelled', keeps: true }),
  },
  {
    rule: 'player stopped',
    on: 'client-stopped',
    in: sounding,
    to: 'idle',
    act: (move) => stopTurn(move, { reset: 'cancelled', reason: 'interrupted', keeps: true, isTold: true }),
  },
  {
    rule: 'backpressure',
    on: 'stuck',
    in: active,
    to: 'idle',
    act: (move) => stopTurn(move, { reset: 'backpressure', reason: 'backpressure', keeps: true }),
  },
]

export function together(move: Move, on: JointSignal): void {
  const { state } = move
  const rule = jointRules.find((row) => row.on === on && row.in.includes(state.agent.phase) && (row.when?.(state) ?? true))
  if (!rule) return
  touch(move)
  rule.act(move)
}

/** Whether what is being said goes on with the question that is being answered. */
function isInGrace(state: SessionState): boolean {
  const turn = turnOf(state)
  const { utterance } = state.user
  if (!turn?.isAnswer || turn.hasOutsideEffect || !utterance) return false
  return utterance.startAt - turn.endMs <= state.rules.turn.graceMs
}

/** Stops the sound and nothing else: the model goes on, and the sound can be given out again from where it was stopped. */
function pauseSound(move: Move): void {
  const epoch = turnOf(move.state)?.voice.epoch
  if (!epoch) return
  noteStop(move, true)
  tell(move, { type: 'audio_reset', reason: 'barge_in', assistant_audio_id: audioId(epoch.audio) })
  const stopped = frozen(epoch, move.at, move.state.rules)
  setVoice(move, { epoch: undefined, pause: { epoch: stopped, since: move.at, isTold: false } })
}

function resumeSound(move: Move): void {
  const pause = turnOf(move.state)?.voice.pause
  if (!pause) return
  noteStop(move, false)
  rewind(move, pause.epoch.baseMs + pause.epoch.playedMs)
}

/** The client is back: what it had not played when it was last heard of is given out again. */
export function soundAfterLoss(move: Move): void {
  set(move, { lostAt: undefined })
  const voice = turnOf(move.state)?.voice
  if (voice?.pause) {
    resumeSound(move)
    return
  }
  if (!voice?.epoch) return
  const { epoch } = voice
  const known = epoch.baseMs + playedMs(epoch, move.at, move.state.rules)
  tell(move, { type: 'audio_reset', reason: 'cancelled', assistant_audio_id: audioId(epoch.audio) })
  rewind(move, known)
}
