import { type EndReason, turnId, utteranceId } from './effects.ts'
import { effect, type Move, set, setTurn, setUser, setVoice, tell, warn } from './move.ts'
import { type Question, timeOf, turnOf } from './state.ts'
import { asOne, closeUp, dropSpeculation, shutdown, stopTurn } from './turns.ts'
import { isQuestion, wordsOf } from './verdict.ts'

/** How a session ends: at once, or with the sentence that is being spoken. What the user said until then is kept, also where nobody answers it. */
export function endSession(move: Move, reason: EndReason, code: number): void {
  if (move.state.ended !== undefined) return
  const unanswered = takeUnanswered(move)
  const why = reason === 'restart' ? shutdown : 'session_end'
  dropSpeculation(move)
  stopTurn(move, { reset: 'cancelled', reason: why, keeps: true })
  closeUp(move)
  if (unanswered) leaveUnanswered(move, unanswered, why)
  const { stt } = move.state
  if (stt.phase !== 'off') effect(move, { type: 'stt-close', link: stt.link })
  tell(move, { type: 'session_end', reason })
  effect(move, { type: 'close', code })
  set(move, { ended: reason, stt: { ...stt, phase: 'off' } })
}

/** What was asked or is being said, and has no turn yet; undefined for nothing. */
function takeUnanswered(move: Move): Question | undefined {
  const { next, user } = move.state
  const { utterance, isContinuing } = user
  const text = utterance ? wordsOf(utterance) : ''
  let question = next
  if (utterance && isQuestion(move, text)) {
    const endMs = timeOf(move.state, utterance.endMs)
    tell(move, { type: 'utterance_final', utterance_id: utteranceId(utterance.id), text, end_ms: Math.round(endMs) })
    question = asOne(next, { text, typed: [], endMs, speech: undefined, extends: isContinuing })
  }
  set(move, { next: undefined })
  setUser(move, { phase: 'silent', utterance: undefined, isContinuing: false })
  // A question whose turn was taken back is still without one, whatever is said after it.
  if (question || !isContinuing) return question
  return { text: '', typed: [], endMs: move.at, speech: undefined, extends: true }
}

/** A turn of nothing but its question. */
function leaveUnanswered(move: Move, { text, typed, extends: isExtending }: Question, reason: string): void {
  const turn = move.state.turns + 1
  set(move, { turns: turn })
  effect(
    move,
    { type: 'user-append', turn, text, typed, extends: isExtending },
    { type: 'answer-commit', turn, heard: '', cut: 'stopped' },
  )
  tell(move, { type: 'turn_cancelled', turn_id: turnId(turn), reason })
}

/**
 * The server goes down: what is being spoken is spoken to its end, if there is the time; nothing else begins. Nobody can come back by then, so
 * that a session without a client is over.
 */
export function shutDown(move: Move): void {
  if (move.state.drainBy !== undefined) return
  if (move.state.lostAt !== undefined) {
    endSession(move, 'restart', restarts)
    return
  }
  set(move, { drainBy: move.at + move.state.rules.limits.drainMs })
  warn(move, 'restarting', 'The server restarts. The session ends with the sentence that is being spoken.')
  dropSpeculation(move)
  const turn = turnOf(move.state)
  if (!turn) return
  if (move.state.agent.phase === 'thinking') {
    stopTurn(move, { reset: 'cancelled', reason: shutdown, keeps: true })
    return
  }
  if (turn.isAnswer && turn.stopReason === undefined) effect(move, { type: 'run-cancel', turn: turn.number })
  const { sentences, asked, said, shown } = turn.voice
  const kept = sentences.slice(0, Math.max(asked, said + shown))
  const isCut = turn.stopReason === undefined || kept.length < sentences.length
  setTurn(move, { isTextComplete: true, stopReason: isCut ? shutdown : turn.stopReason, tools: [] })
  setVoice(move, { sentences: kept })
}

/** A client that is lost while the server goes down cannot come back. */
export function loseIfDrained(move: Move): void {
  if (move.state.drainBy !== undefined) endSession(move, 'restart', restarts)
}

/** A session that goes down is over with its last turn. */
export function endIfDrained(move: Move): void {
  const { drainBy, agent, closing } = move.state
  if (drainBy !== undefined && agent.phase === 'idle' && !closing) endSession(move, 'restart', restarts)
}

/** How a socket is closed by a server that goes down. */
const restarts = 1012
