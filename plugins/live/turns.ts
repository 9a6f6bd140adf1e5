import { audioId, type ResetReason, turnId } from './effects.ts'
import { fillSilence } from './filler.ts'
import type { SpokenSentence } from './heard.ts'
import type { Cut } from './history.ts'
import { metricsOf, noTimes, note, noteStop } from './measure.ts'
import { effect, type Move, set, setTurn, setUser, setVoice, tell, touch } from './move.ts'
import { overAt, playedMs } from './playback.ts'
import { type Agent, type Epoch, type Question, type Turn, turnOf, wordsSpoken } from './state.ts'
import { nextAgent } from './tables.ts'
import { finishVoice, isAllSaid, keepSpeaking, noVoice, say } from './voice.ts'

/** How turns begin and end. Each begins by a question, or by the assistant itself, and ends once: complete or cancelled. */

// ── Beginning ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A question is complete. It waits where it is not yet known what was heard of the turn before it; in vain where the server goes down. */
export function ask(move: Move, question: Question): void {
  touch(move)
  if (move.state.closing || move.state.drainBy !== undefined) {
    set(move, { next: asOne(move.state.next, question) })
    return
  }
  const { speculation } = move.state
  const isForetold = speculation !== undefined && speculation.text === question.text && question.typed.length === 0
  if (speculation && !isForetold) dropSpeculation(move)
  const number = isForetold ? speculation.turn : move.state.turns + 1
  const { text, typed, extends: isExtending } = question
  effect(move, { type: 'user-append', turn: number, text, typed, extends: isExtending })
  effect(move, isForetold ? { type: 'run-confirm', turn: number } : { type: 'run-start', turn: number, speculation: undefined })
  setUser(move, { attachments: 0, isContinuing: false })
  set(move, { turns: Math.max(move.state.turns, number), speculation: undefined })
  beginTurn(move, number, question)
  if (!isForetold) return
  if (speculation.sentences.length > 0) note(move, 'answeredAt')
  for (const sentence of speculation.sentences) say(move, sentence)
  const { isTextComplete, stopReason } = speculation
  setTurn(move, { isTextComplete: isTextComplete || stopReason !== undefined, stopReason })
}

/** Questions that wait are one. */
export function asOne(before: Question | undefined, question: Question): Question {
  if (!before) return question
  return {
    text: [before.text, question.text].filter((text) => text !== '').join(' '),
    typed: [...before.typed, ...question.typed],
    endMs: question.endMs,
    speech: question.speech,
    extends: before.extends,
  }
}

function beginTurn(move: Move, number: number, question: Question | undefined): void {
  const turn: Turn = {
    number,
    endMs: question?.endMs ?? move.at,
    startAt: move.at,
    isAnswer: question !== undefined,
    stopReason: undefined,
    isTextComplete: false,
    hasOutsideEffect: false,
    calledAt: undefined,
    tools: [],
    isFilled: false,
    times: noTimes(question?.speech),
    voice: { ...noVoice, heardAt: move.at },
  }
  if (nextAgent(move.state.agent.phase, 'question') === 'thinking') set(move, { agent: { phase: 'thinking', turn } })
}

/** The assistant speaks unasked; nothing where somebody is speaking already. */
export function greet(move: Move, sentences: readonly string[]): void {
  const { agent, closing, user, drainBy, turns } = move.state
  if (agent.phase !== 'idle' || closing || user.phase !== 'silent' || drainBy !== undefined) return
  set(move, { turns: turns + 1 })
  beginTurn(move, turns + 1, undefined)
  for (const sentence of sentences) say(move, sentence)
  setTurn(move, { isTextComplete: true, stopReason: 'end_turn' })
}

export function dropSpeculation(move: Move): void {
  const { speculation } = move.state
  if (!speculation) return
  effect(move, { type: 'run-cancel', turn: speculation.turn })
  set(move, { speculation: undefined })
}

// ── Going on ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What follows from the state alone: sentences are asked for, sound is held, a turn of which all was said and played is over. */
export function carryOn(move: Move): void {
  fillSilence(move)
  keepSpeaking(move)
  const turn = turnOf(move.state)
  if (!turn) return
  if (turn.isTextComplete || turn.tools.length > 0) finishVoice(move)
  if (turn.isTextComplete && turn.stopReason !== undefined && isAllSaid(turn.voice)) endSound(move)
  const { agent } = move.state
  if (agent.phase === 'draining' && isPlayed(move, agent.turn)) {
    letVoiceGo(move, agent.turn)
    setPhase(move, 'played')
    finishPlayed(move, agent.turn)
  }
}

function endSound(move: Move): void {
  const epoch = turnOf(move.state)?.voice.epoch
  if (epoch && !epoch.isEnded) {
    tell(move, { type: 'assistant_audio_end', assistant_audio_id: audioId(epoch.audio) })
    setVoice(move, { epoch: { ...epoch, isEnded: true } })
  }
  setPhase(move, 'all-said')
}

function isPlayed({ state, at }: Move, { voice }: Turn): boolean {
  const { epoch } = voice
  if (!isAllSaid(voice) || (epoch && state.lostAt !== undefined)) return false
  if (!epoch || playedMs(epoch, at, state.rules) >= epoch.sentMs) return true
  if (state.stalledAt !== undefined) return false
  const over = overAt(epoch, state.rules)
  return over !== undefined && over <= at
}

function setPhase(move: Move, signal: 'all-said' | 'played' | 'stopped'): void {
  const { agent } = move.state
  const phase = nextAgent(agent.phase, signal)
  if (phase === undefined || agent.phase === 'idle') return
  const next: Agent = phase === 'idle' ? { phase } : { phase, turn: agent.turn }
  set(move, { agent: next })
}

// ── Ending ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Stop {
  /** What the client is told first of all, so that it is silent at once. */
  readonly reset: ResetReason
  readonly reason: string
  /** Whether what was heard stays in the history. */
  readonly keeps: boolean
  /** Whether the client has told where it stopped. */
  readonly isTold?: boolean
  /** Whether somebody's words are the reason. */
  readonly isSpeech?: boolean
}

/** Stops the active turn. What was heard of it is known once the client has told, or has had the time to. */
export function stopTurn(move: Move, { reset, reason, keeps, isTold = false, isSpeech = false }: Stop): void {
  if (turnOf(move.state)?.voice.epoch) noteStop(move, isSpeech)
  const turn = turnOf(move.state)
  if (!turn) return
  const { epoch: open, pause } = turn.voice
  if (open) tell(move, { type: 'audio_reset', reason: reset, assistant_audio_id: audioId(open.audio) })
  letVoiceGo(move, turn)
  if (turn.isAnswer && turn.stopReason === undefined) effect(move, { type: 'run-cancel', turn: turn.number })
  setPhase(move, 'stopped')
  if (!keeps) {
    dropAnswer(move, turn, reason)
    return
  }
  const epoch = open ?? pause?.epoch
  const by = (pause?.since ?? move.at) + move.state.rules.limits.markMs
  const canBeTold = move.state.rules.marks && !isTold && !pause?.isTold && move.state.lostAt === undefined
  if (epoch && canBeTold && by > move.at) set(move, { closing: { turn, epoch, reason, by } })
  else finishTurn(move, turn, epoch ? heardUntil(move, turn, epoch) : '', reason, cutBy(reason))
}

/** The last word on what was heard is there, or does not come. */
export function closeUp(move: Move): void {
  const { closing, next } = move.state
  if (!closing) return
  set(move, { closing: undefined, next: undefined })
  finishTurn(move, closing.turn, heardUntil(move, closing.turn, closing.epoch), closing.reason, cutBy(closing.reason))
  if (next) ask(move, next)
}

/** The engine is let go, with all sound that was kept. */
function letVoiceGo(move: Move, { number, voice }: Turn): void {
  if (voice.asked > 0 || voice.attempt > 1) effect(move, { type: 'voice-close', turn: number })
}

/** The turn is taken back: its question will be asked anew. */
function dropAnswer(move: Move, turn: Turn, reason: string): void {
  effect(move, { type: 'answer-drop', turn: turn.number })
  tell(move, { type: 'turn_cancelled', turn_id: turnId(turn.number), reason })
  afterTurn(move, turn)
}

/** All that there is of the turn's sound was played. What was told as text instead was not. */
function finishPlayed(move: Move, turn: Turn): void {
  const heard = move.leaves.heard({ sentences: soundedOf(turn) }, Number.POSITIVE_INFINITY, { marks: move.state.rules.marks })
  const reason = turn.stopReason ?? 'end_turn'
  const cut = turn.voice.shown > 0 ? 'unspoken' : reason === shutdown ? 'stopped' : undefined
  finishTurn(move, turn, heard, reason, cut, true)
}

/** Why it ends that is told to clients where the server goes down. */
export const shutdown = 'shutdown'

/** What the model may believe of a turn that was stopped. */
function cutBy(reason: string): Cut {
  return reason === 'barge_in' || reason === 'interrupted' ? 'interrupted' : 'stopped'
}

/** The turn ends with what was heard. One that was stopped and of which nothing stays is told as cancelled. */
function finishTurn(move: Move, turn: Turn, heard: string, reason: string, cut: Cut | undefined, isPlayed = false): void {
  effect(move, { type: 'answer-commit', turn: turn.number, heard, cut })
  const id = turnId(turn.number)
  const leavesTrace = isPlayed || heard !== '' || turn.calledAt !== undefined
  tell(
    move,
    leavesTrace
      ? { type: 'turn_complete', turn_id: id, stop_reason: reason, played_text: heard }
      : { type: 'turn_cancelled', turn_id: id, reason },
  )
  afterTurn(move, turn)
}

function afterTurn(move: Move, turn: Turn): void {
  effect(move, { type: 'metrics', turn: turn.number, metrics: metricsOf(turn) })
  set(move, { echo: { text: wordsSpoken(turn), at: move.at } })
  touch(move)
}

/** What the client has told, or is supposed, to have played of a turn whose sound was stopped. */
function heardUntil({ state: { rules }, leaves, at }: Move, turn: Turn, epoch: Epoch): string {
  return leaves.heard({ sentences: soundedOf(turn) }, epoch.baseMs + playedMs(epoch, at, rules), { marks: rules.marks })
}

/** The sentences of which there is sound, or that make none. */
function soundedOf({ voice }: Turn): readonly SpokenSentence[] {
  return voice.sentences.flatMap(({ text, startMs, lengthMs, alignment }) =>
    startMs === undefined ? [] : [{ text, startMs, lengthMs, alignment }],
  )
}
