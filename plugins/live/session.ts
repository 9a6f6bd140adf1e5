import { adoptChanges } from './changes.ts'
import { onClient, onLine } from './client.ts'
import { type Effect, type TurnState, turnId } from './effects.ts'
import { endIfDrained } from './ending.ts'
import { connectStt, onSttFailed, onSttOpen } from './hearing.ts'
import type { HearingInput, Input, MicInput } from './inputs.ts'
import { onFrame, setMic } from './mic.ts'
import { onModel } from './model.ts'
import { type Leaves, type Move, set, tell } from './move.ts'
import { onTurnEnd, settleIfSilent, speculate } from './settle.ts'
import { noDoubts, type SessionState, turnOf } from './state.ts'
import { nextDue } from './timers.ts'
import { carryOn, dropSpeculation } from './turns.ts'
import { endVoice, onEnergy } from './utterance.ts'
import { onVoice } from './voice.ts'
import { onWords } from './words.ts'

/**
 * A live conversation: two who may both speak at any time, with engines between them that are late, wrong or gone. All of its rules are
 * here and in the files beside it, and none elsewhere. What has happened goes in, a new state and what is to be done come out. Nothing in
 * here waits, asks, knows the time or holds sound.
 *
 * Two rules above all others:
 *
 *   - Everything that decides lives in these files, so that whoever carries the effects out has nothing to decide. It knows neither turns
 *     nor phases: it opens and closes what it is told to, and hands back what comes of it with the number that it was given.
 *   - Nothing counts that is not certain. What was heard is what the client says it has played, or what it must have; what was said is what
 *     the engine is sure of, or what it had understood when it had its time.
 *
 * ## Theory
 *
 * There are two machines (tables.ts). The user is silent, speaking, or settling: no longer heard, and not yet certain to have finished. The
 * agent is idle, thinking, speaking, or draining: all of its sound has been given out, and the client still plays. Each moves by signals that
 * concern it alone. Three kinds of things happen beyond that:
 *
 *   - What the user does to the agent is a joint rule (joint.ts): one ordered list, of which the first row that fits is what happens. Grace
 *     stands before barge-in, because inside its time it goes first.
 *   - What follows from the state alone (`settleIfSilent`, `carryOn`, `adoptChanges`, `endIfDrained`) is done after every input: an utterance after which it
 *     was silent for long enough is settled, sentences are asked for, a turn that was played is over.
 *   - What follows from time is a timer (timers.ts): a row that says when it is due, read off the state. There is nothing to set or to cancel.
 *     Before an input everything is done that was due until then, each at its own time, so that it does not matter how punctually a tick
 *     comes.
 *
 * Three clocks are kept apart: `at`, which is the session's; the clock of the sound, which goes on with each frame that is heard and with
 * silence that stands in for frames that do not come (mic.ts); and the client's, which is known by its marks (playback.ts). Silence is
 * measured on the second, what was heard on the third.
 *
 * ## What comes too late
 *
 * A turn, a connection to an engine, an attempt of the voice and a stretch of sound have numbers that are never used again. What comes back
 * with a number that is not the current one is nothing: no rule has to think of it.
 *
 * Sound is given out in stretches. Each has a number of its own, by which the client tells what it has played. A stretch that was reset is
 * over: what is given out after that, even from the same turn, has a new number. So no chunk follows its reset, and a mark tells by itself
 * whether it is old. Of a stretch that was reset one mark counts: where the player stopped.
 *
 * ## How a turn ends
 *
 * Once: complete, where it leaves something in the history, or else cancelled. Its place in the history is committed before that, with
 * the words that were heard. If the client can still tell how much it has played, that is waited for (`closing`) with the agent idle; a
 * question that is complete by then waits as well. Grace alone takes a turn back without a trace; the question is asked again with what was
 * said since, and also if that turns out to be nothing.
 */
export interface Step {
  readonly state: SessionState
  /** To be carried out in this order. */
  readonly effects: readonly Effect[]
}

export type Reduce = (state: SessionState, input: Input) => Step

/** The session's rules, with what they need to know of language. */
export function sessionRules(leaves: Leaves): Reduce {
  return (before, input) => {
    const effects: Effect[] = []
    const at = Math.max(before.at, input.at)
    let state = before
    for (let due = nextDue(state, at); due; due = nextDue(state, at)) {
      const { timer } = due
      state = make({ state, effects, at: Math.max(state.at, due.at), leaves }, timer.fire)
    }
    if (state.ended === undefined) state = make({ state, effects, at, leaves }, (move) => apply(move, input))
    return { state, effects }
  }
}

export { deadline } from './timers.ts'

function make(move: Move, change: (move: Move) => void): SessionState {
  const before = move.state
  set(move, { at: move.at })
  change(move)
  settleIfSilent(move)
  carryOn(move)
  if (adoptChanges(move)) carryOn(move)
  endIfDrained(move)
  tellState(move, before)
  return move.state
}

function apply(move: Move, input: Input): void {
  switch (input.type) {
    case 'tick':
      return
    case 'stream':
    case 'frame':
    case 'energy':
      onMic(move, input)
      return
    case 'stt-open':
    case 'stt':
    case 'stt-failed':
      onHearing(move, input)
      return
    case 'model':
      onModel(move, input.turn, input.event)
      return
    case 'voice':
      onVoice(move, input.turn, input.event)
      return
    case 'mark':
    case 'control':
    case 'typed':
    case 'tool-result':
    case 'update':
    case 'greeting':
      onClient(move, input)
      return
    case 'lost':
    case 'stalled':
    case 'flowing':
    case 'resumed':
    case 'drain':
    case 'shutdown':
    case 'over-limit':
      onLine(move, input)
      return
    default:
      input satisfies never
  }
}

function onMic(move: Move, input: MicInput): void {
  const { mic, stt } = move.state
  switch (input.type) {
    case 'stream':
      if (!input.isOn) endVoice(move, mic.audioMs)
      setMic(move, { isOn: input.isOn, clockAt: move.at })
      if (input.isOn && stt.phase === 'off') connectStt(move)
      return
    case 'frame':
      onFrame(move, input.bytes, input.ms)
      return
    case 'energy':
      onEnergy(move, input.edge, Math.min(input.audioMs, mic.audioMs))
      return
  }
}

function onHearing(move: Move, input: HearingInput): void {
  if (input.type === 'stt-open') {
    onSttOpen(move, input.link)
    return
  }
  if (input.type === 'stt-failed') {
    onSttFailed(move, input.link, input.isRetryable, input.message)
    return
  }
  const { stt } = move.state
  const { event, link } = input
  if (link !== stt.link || stt.phase !== 'open') return
  if (event.type === 'done') {
    onSttFailed(move, link, true, 'the connection was ended')
    return
  }
  const endsTurns = stt.endsTurns || event.type === 'turn-end'
  set(move, { stt: { ...stt, heardAt: move.at, failures: 0, lost: undefined, endsTurns, doubts: noDoubts } })
  switch (event.type) {
    case 'partial':
      onWords(move, { ...event, isFinal: false, isFlushed: false, startMs: undefined, endMs: undefined })
      return
    case 'final': {
      const [first, last] = [event.words?.[0], event.words?.at(-1)]
      onWords(move, {
        ...event,
        isFinal: true,
        isFlushed: event.flushed === true,
        startMs: first && stt.baseMs + first.startMs,
        endMs: last && stt.baseMs + last.endMs,
      })
      return
    }
    case 'turn-end':
      onTurnEnd(move, event.text)
      return
    case 'turn-eager-end':
      speculate(move)
      return
    case 'turn-resumed':
      dropSpeculation(move)
      return
    case 'speech-start':
      return
  }
}

/** Tells the client where the conversation is, when that has changed. */
function tellState(move: Move, before: SessionState): void {
  const { state } = move
  if (state.ended !== undefined) return
  const [was, is] = [turnStateOf(before), turnStateOf(state)]
  const turn = numberOf(state)
  if (was === is && (is === 'listening' || is === 'idle' || turn === numberOf(before))) return
  tell(move, { type: 'turn_state', state: is, turn_id: turn === undefined ? null : turnId(turn) })
}

function numberOf(state: SessionState): number | undefined {
  return turnOf(state)?.number ?? state.closing?.turn.number
}

/** Where the conversation is, in the client's words. */
export function turnStateOf(state: SessionState): TurnState {
  const { agent, user, mic, closing, drainBy, ended } = state
  if (ended !== undefined || drainBy !== undefined) return 'ending'
  if (closing || turnOf(state)?.voice.pause) return 'interrupted'
  if (agent.phase === 'speaking' || agent.phase === 'draining') return 'speaking'
  if (agent.phase === 'thinking') return 'thinking'
  if (user.utterance?.forcedBy !== undefined) return 'committing'
  return user.phase !== 'silent' || (mic.isOn && !mic.isMuted) ? 'listening' : 'idle'
}
