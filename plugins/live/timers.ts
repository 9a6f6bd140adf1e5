import { settleUnanswered } from './deaf.ts'
import { endSession } from './ending.ts'
import { fillerAt } from './filler.ts'
import { connectStt, onSttFailed, retryAt } from './hearing.ts'
import { together } from './joint.ts'
import { injectSilence } from './mic.ts'
import { cancelLateTools } from './model.ts'
import type { Move } from './move.ts'
import { lowAt, overAt, stuckAt } from './playback.ts'
import { type SessionState, turnOf } from './state.ts'
import { carryOn, closeUp } from './turns.ts'
import { endVoice } from './utterance.ts'
import { isAllSaid, onVoiceFailed } from './voice.ts'

/** Everything that is done because time has passed. What a row does makes it due later, or not at all. */
export interface Timer {
  readonly name: string
  /** When it is due; undefined for not at all. */
  readonly at: (state: SessionState) => number | undefined
  readonly fire: (move: Move) => void
}

export const timers: readonly Timer[] = [
  { name: 'the last mark does not come', at: ({ closing }) => closing?.by, fire: closeUp },
  { name: 'the last words do not come', at: ({ user }) => user.utterance?.forcedBy, fire: settleUnanswered },
  {
    name: 'no sound comes while a turn is open',
    at: ({ user, mic, rules }) => (user.phase === 'silent' ? undefined : mic.clockAt + rules.limits.micGapMs),
    fire: silenceForSound,
  },
  {
    name: 'a voice has no words',
    at: ({ user, rules }) =>
      user.phase === 'speaking' && user.utterance ? user.utterance.wordAt + rules.limits.unwordedMs : undefined,
    fire: (move) => endVoice(move, move.state.user.utterance?.wordMs ?? 0),
  },
  {
    name: 'the engine that hears is not reached',
    at: ({ stt, rules }) => (stt.phase === 'connecting' ? stt.since + rules.limits.sttConnectMs : undefined),
    fire: (move) => onSttFailed(move, move.state.stt.link, true, 'no connection in time'),
  },
  {
    name: 'the engine that hears is tried again',
    at: ({ stt }) => (stt.phase === 'waiting' ? retryAt(stt) : undefined),
    fire: connectStt,
  },
  {
    name: 'the engine that hears is deaf',
    at: deafAt,
    fire: (move) => onSttFailed(move, move.state.stt.link, true, 'nothing was heard of it while somebody spoke'),
  },
  {
    name: 'a tool takes too long',
    at: (state) => least(turnOf(state)?.tools.map(({ by }) => by) ?? []),
    fire: cancelLateTools,
  },
  { name: 'a tool runs and nothing is heard', at: fillerAt, fire: carryOn },
  { name: 'the voice stalls', at: voiceStallsAt, fire: (move) => onVoiceFailed(move, 'no sound came for too long') },
  { name: 'little is left to play', at: runsLowAt, fire: carryOn },
  { name: 'all has been played', at: playedAt, fire: carryOn },
  { name: 'the client plays or reads nothing', at: standsStillAt, fire: (move) => together(move, 'stuck') },
  {
    name: 'a voice that interrupted has no words',
    at: (state) => {
      const pause = turnOf(state)?.voice.pause
      return pause && state.lostAt === undefined ? pause.since + state.rules.limits.falseStopMs : undefined
    },
    fire: (move) => together(move, 'no-words'),
  },
  {
    name: 'the client does not come back',
    at: ({ lostAt, rules }) => (lostAt === undefined ? undefined : lostAt + rules.limits.resumeMs),
    fire: (move) => endSession(move, 'resume_expired', 1001),
  },
  { name: 'the server goes down', at: ({ drainBy }) => drainBy, fire: (move) => endSession(move, 'restart', 1012) },
  { name: 'nobody says anything', at: idleAt, fire: (move) => endSession(move, 'idle', 1000) },
  {
    name: 'the session has had its time',
    at: ({ rules }) => rules.limits.totalMs,
    fire: (move) => endSession(move, 'limit', 1000),
  },
]

/** The earliest time at which anything is due; undefined once the session is over. */
export function deadline(state: SessionState): number | undefined {
  return nextDue(state, Number.POSITIVE_INFINITY)?.at
}

/** The first timer that is due by then, and since when. */
export function nextDue(state: SessionState, by: number): { readonly timer: Timer; readonly at: number } | undefined {
  if (state.ended !== undefined) return undefined
  let first: { readonly timer: Timer; readonly at: number } | undefined
  for (const timer of timers) {
    const at = timer.at(state)
    if (at !== undefined && at <= by && (!first || at < first.at)) first = { timer, at }
  }
  return first
}

function least(times: readonly number[]): number | undefined {
  return times.length > 0 ? Math.min(...times) : undefined
}

// ── When ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function deafAt({ stt, user, rules }: SessionState): number | undefined {
  if (stt.phase !== 'open' || user.phase !== 'speaking' || !user.utterance) return undefined
  return Math.max(stt.heardAt, user.utterance.wordAt) + rules.limits.sttSilentMs
}

function voiceStallsAt(state: SessionState): number | undefined {
  const voice = turnOf(state)?.voice
  if (!voice || voice.isHeld || voice.asked <= voice.said) return undefined
  return voice.heardAt + state.rules.limits.ttsStallMs
}

function runsLowAt(state: SessionState): number | undefined {
  const voice = turnOf(state)?.voice
  if (!voice?.isHeld || !voice.epoch || voice.pause || state.lostAt !== undefined || state.stalledAt !== undefined)
    return undefined
  return lowAt(voice.epoch, state.rules)
}

function playedAt(state: SessionState): number | undefined {
  const { agent, lostAt, stalledAt, rules } = state
  if (agent.phase !== 'draining' || lostAt !== undefined || stalledAt !== undefined || !isAllSaid(agent.turn.voice))
    return undefined
  const { epoch } = agent.turn.voice
  return epoch && overAt(epoch, rules)
}

function standsStillAt(state: SessionState): number | undefined {
  const { lostAt, stalledAt, rules } = state
  const turn = turnOf(state)
  if (!turn || lostAt !== undefined) return undefined
  const unread = stalledAt === undefined ? undefined : Math.max(stalledAt, turn.startAt) + rules.limits.stuckMs
  const unplayed = turn.voice.epoch && stuckAt(turn.voice.epoch, rules)
  return least([unread, unplayed].filter((at) => at !== undefined))
}

function idleAt({ user, agent, closing, lostAt, activeAt, rules }: SessionState): number | undefined {
  if (user.phase !== 'silent' || agent.phase !== 'idle' || closing || lostAt !== undefined) return undefined
  return activeAt + rules.limits.idleMs
}

/** The client has stopped sending in the middle of a turn: whoever was speaking is not heard any more. */
function silenceForSound(move: Move): void {
  endVoice(move, move.state.mic.audioMs)
  injectSilence(move)
}
