import { utteranceId } from './effects.ts'
import { know, setStt } from './hearing.ts'
import { together } from './joint.ts'
import { effect, type Move, set, setUser, setUtterance, tell, touch } from './move.ts'
import { beyondTail, tailOf, wordsIn } from './seam.ts'
import { type SessionState, timeOf, turnOf, type User, type Utterance } from './state.ts'
import { nextUser } from './tables.ts'
import { ask, dropSpeculation } from './turns.ts'
import { isQuestion, verdictOn, wordsOf } from './verdict.ts'
import { standingDebt } from './words.ts'

/** How an utterance ends: after enough silence, once its last words are final or have had their time. */
export function settleIfSilent(move: Move): void {
  const { user, mic, rules, stt } = move.state
  const { utterance } = user
  if (!utterance || user.phase !== 'settling') return
  const neededMs = rules.turn.mode === 'semantic' ? rules.limits.semanticMaxMs : rules.turn.silenceMs
  if (mic.audioMs - utterance.endMs < neededMs) return
  if (utterance.isFinal && utterance.partial === '') {
    settle(move)
    return
  }
  if (stt.phase === 'open' && utterance.forcedLink !== stt.link) {
    effect(move, { type: 'stt-finalize', link: stt.link })
    // From here on nobody knows which of the two an answer is for.
    if (user.owed) setUser(move, { owed: { ...user.owed, isAsked: false } })
    setStt(move, { flushedMs: stt.flushedMs ?? mic.audioMs })
    setUtterance(move, { forcedBy: move.at + rules.limits.finalMs + behindMs(move.state), forcedLink: stt.link })
  } else if (utterance.forcedBy === undefined) {
    // What was said while nobody heard it is heard once somebody does.
    setUtterance(move, { forcedBy: move.at + rules.limits.sttKeptMs })
  }
}

/** How long an engine may take to hear what was kept for it, before it can answer: some hear no faster than this. */
function behindMs({ mic, stt, at }: SessionState): number {
  return Math.max(0, (mic.audioMs - stt.baseMs) / timesRealTime - (at - stt.since))
}

const timesRealTime = 4

/** The utterance is over: its words become a question, or nothing. */
export function settle(move: Move): void {
  const { user, stt, mic, rules } = move.state
  const { utterance } = user
  const phase = nextUser(user.phase, 'settled')
  if (!utterance || !phase) return
  const text = wordsOf(utterance)
  const isAsking = isQuestion(move, text)
  if (isAsking && turnOf(move.state)) together(move, 'words')
  const owed = owedAfter(move.state, utterance)
  setUser(move, { phase, utterance: undefined, owed })
  know(move, utterance.partial)
  const isSettledByTimes = stt.isSettledByTimes && utterance.partial === ''
  // An engine that gives no times may still tell of a word of it.
  const surelyMs = isSettledByTimes ? utterance.endMs : Math.min(utterance.endMs, mic.audioMs - rules.limits.sttLatencyMs)
  setStt(move, { isSettledByTimes, settledMs: Math.max(stt.settledMs, surelyMs) })
  const endMs = timeOf(move.state, utterance.endMs)
  const isContinuing = move.state.user.isContinuing
  if (isAsking) {
    tell(move, { type: 'utterance_final', utterance_id: utteranceId(utterance.id), text, end_ms: Math.round(endMs) })
    const speech = { endMs, finalAt: utterance.isFinal ? utterance.finalAt : undefined }
    ask(move, { text, typed: [], endMs, speech, extends: isContinuing })
    return
  }
  dropSpeculation(move)
  together(move, 'no-words')
  // The answer was taken back for words that came to nothing: the question still wants one.
  if (isContinuing) ask(move, { text: '', typed: [], endMs, speech: undefined, extends: true })
}

/** What was understood so far and taken as it was, the engine says again, with all that it already says again. */
function owedAfter(state: SessionState, { partial, endMs, forcedLink }: Utterance): User['owed'] {
  const { user, stt, mic } = state
  const before = standingDebt(state)
  const words = wordsIn(partial).map(({ word }) => word)
  if (words.length === 0) return before
  return {
    link: stt.link,
    words: [...(before?.words ?? []), words],
    untilMs: user.phase === 'speaking' ? mic.audioMs : endMs,
    takenMs: mic.audioMs,
    isAsked: !before && forcedLink === stt.link && stt.flushedMs !== undefined,
  }
}

/** The engine has found the end of the turn itself. */
export function onTurnEnd(move: Move, text: string): void {
  const { user, rules, stt } = move.state
  if (rules.turn.mode !== 'semantic' || !user.utterance) return
  if (wordsOf(user.utterance) === '') {
    // One that began to hear before its time ends a turn that was over already; the one that goes on now is another.
    if (beyondTail(text, tailOf(stt.known.text)).text.trim() === '') return
    setUtterance(move, { finals: text.slice(0, rules.limits.maxUserCharacters) })
  }
  settle(move)
}

/** The engine foretells the end of the turn: the model may begin, as long as nothing of it is to be seen. */
export function speculate(move: Move): void {
  const { user, rules, agent, closing, next, speculation, drainBy, turns } = move.state
  if (rules.turn.mode !== 'semantic' || !rules.turn.speculation || !user.utterance || user.isContinuing) return
  if (agent.phase !== 'idle' || closing || next || speculation || drainBy !== undefined) return
  const text = wordsOf(user.utterance)
  if (text === '' || verdictOn(move, text, true) !== 'speech') return
  const turn = turns + 1
  effect(move, { type: 'run-start', turn, speculation: text })
  set(move, {
    turns: turn,
    speculation: { turn, text, sentences: [], characters: 0, isTextComplete: false, stopReason: undefined },
  })
  touch(move)
}
