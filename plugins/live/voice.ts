import { audioId, turnId, type Voice } from './effects.ts'
import type { VoiceEvent } from './inputs.ts'
import { note, noteCharacters } from './measure.ts'
import { effect, type Move, set, setTurn, setVoice, tell, warn } from './move.ts'
import { inFlightMs, isLow, openEpoch, withSound } from './playback.ts'
import { type Epoch, type Sentence, turnOf, type VoiceLevel, type VoiceState } from './state.ts'
import { nextAgent } from './tables.ts'

/**
 * The voice of the turn that is active: which sentences are asked for, which of their sound is given out, and what is done when the
 * engine fails. Sound waits at its owner until it is answered by `give-out`; what is out of its place, or comes of an attempt that was
 * given up, is answered by nothing.
 */
export const noVoice: VoiceState = {
  level: 'own',
  attempt: 1,
  sentences: [],
  characters: 0,
  asked: 0,
  said: 0,
  shown: 0,
  isOpen: false,
  madeMs: 0,
  heardAt: 0,
  isHeld: false,
  epoch: undefined,
  pause: undefined,
}

/** One sentence more, unless the answer has become too long to be spoken. */
export function say(move: Move, text: string): void {
  const turn = turnOf(move.state)
  if (!turn || turn.isTextComplete || text === '') return
  const { voice } = turn
  if (voice.characters + text.length > move.state.rules.limits.maxSpokenCharacters) {
    warn(move, 'answer_too_long', 'The answer is too long to be spoken. The rest of it is left out.')
    setTurn(move, { isTextComplete: true })
    return
  }
  tell(move, { type: 'assistant_text_delta', turn_id: turnId(turn.number), text })
  setVoice(move, {
    sentences: [...voice.sentences, { text, startMs: undefined, lengthMs: undefined, alignment: undefined }],
    characters: voice.characters + text.length,
  })
}

/** Where in the turn's sound the next piece lies that is to be given out. */
export function cursorOf({ epoch, madeMs }: VoiceState): number {
  return epoch ? epoch.baseMs + epoch.sentMs : madeMs
}

/** Whether all sentences so far were given out. */
export function isAllSaid(voice: VoiceState): boolean {
  return voice.said + voice.shown === voice.sentences.length && voice.pause === undefined && isAtEnd(voice)
}

/** Whether all sound that was made so far was given out. */
function isAtEnd(voice: VoiceState): boolean {
  return cursorOf(voice) > voice.madeMs - samePlaceMs
}

/** Places that are nearer to each other than any two samples, in milliseconds, differ by nothing but how they were reckoned. */
const samePlaceMs = 0.01

/** Asks for the sentences that may be made now, and holds or releases their sound. */
export function keepSpeaking(move: Move): void {
  const turn = turnOf(move.state)
  if (!turn) return
  const wantsHold = shouldHold(move, turn.voice)
  if (wantsHold !== turn.voice.isHeld) {
    effect(move, { type: wantsHold ? 'voice-hold' : 'voice-release', turn: turn.number })
    setVoice(move, { isHeld: wantsHold, heardAt: move.at })
  }
  if (turn.voice.level === 'none') showRest(move)
  else if (!wantsHold) askAhead(move, turn.voice.level)
}

function shouldHold({ state, at }: Move, { epoch, pause, isHeld }: VoiceState): boolean {
  if (state.lostAt !== undefined || state.stalledAt !== undefined || pause) return true
  if (!epoch) return false
  const { rules } = state
  return isHeld ? !isLow(epoch, at, rules) : inFlightMs(epoch, at, rules) >= rules.limits.aheadMs
}

function askAhead(move: Move, level: Exclude<VoiceLevel, 'none'>): void {
  for (;;) {
    const turn = turnOf(move.state)
    const sentence = turn?.voice.sentences[turn.voice.asked]
    if (!turn || !sentence) return
    const { asked, said, attempt, heardAt } = turn.voice
    if (asked - said > move.state.rules.limits.sentencesAhead - 1) return
    const voice: Voice = level === 'fallback' ? 'fallback' : 'own'
    effect(move, { type: 'speak', turn: turn.number, attempt, voice, sentence: asked, text: sentence.text })
    note(move, 'spokenAt')
    noteCharacters(move, sentence.text.length)
    setVoice(move, { asked: asked + 1, isOpen: true, heardAt: asked === said ? move.at : heardAt })
  }
}

/** Nobody can say what is left: it is told as text. */
function showRest(move: Move): void {
  const turn = turnOf(move.state)
  if (!turn) return
  const { sentences, said, shown } = turn.voice
  const rest = sentences.slice(said + shown)
  if (rest.length === 0) return
  tell(move, { type: 'audio_unavailable', turn_id: turnId(turn.number), text: rest.map(({ text }) => text).join('') })
  setVoice(move, { shown: sentences.length - said })
}

/** Lets the engine speak to its end what it was asked for: none is held while nothing is to be said, which is when some break off. */
export function finishVoice(move: Move): void {
  const turn = turnOf(move.state)
  if (!turn?.voice.isOpen || turn.voice.asked < turn.voice.sentences.length) return
  effect(move, { type: 'voice-finish', turn: turn.number })
  setVoice(move, { isOpen: false })
}

// ── What the engine says ────────────────────────────────────────────────────────────────────────────────────────────────

export function onVoice(move: Move, number: number, event: VoiceEvent): void {
  const turn = turnOf(move.state)
  if (turn?.number !== number) return
  const { voice } = turn
  if (event.type === 'sound') {
    onSound(move, voice, event)
    return
  }
  if (event.attempt !== voice.attempt || voice.level === 'none') return
  if (event.type === 'failed') {
    onVoiceFailed(move, event.message)
    return
  }
  if (event.type === 'made') {
    if (event.sentence >= voice.said && event.sentence < voice.asked)
      setSentence(move, event.sentence, { lengthMs: event.lengthMs })
    return
  }
  if (event.sentence !== voice.said || event.sentence >= voice.asked || !isAtEnd(voice)) return
  const sentence = voice.sentences[event.sentence]
  if (!sentence) return
  if (event.type === 'aligned') {
    setSentence(move, event.sentence, { alignment: withTimes(sentence.alignment, event.alignment) })
    setVoice(move, { heardAt: move.at })
    return
  }
  const startMs = sentence.startMs ?? voice.madeMs
  setSentence(move, event.sentence, { startMs, lengthMs: voice.madeMs - startMs })
  setVoice(move, { said: voice.said + 1, heardAt: move.at })
}

function withTimes(before: Sentence['alignment'], more: NonNullable<Sentence['alignment']>): Sentence['alignment'] {
  if (!before || before.kind !== more.kind) return more
  return {
    kind: more.kind,
    tokens: [...before.tokens, ...more.tokens],
    startMs: [...before.startMs, ...more.startMs],
    durationMs: [...before.durationMs, ...more.durationMs],
  }
}

function onSound(move: Move, voice: VoiceState, sound: Extract<VoiceEvent, { type: 'sound' }>): void {
  const { fromMs, ms, sentence, attempt } = sound
  if (voice.isHeld || !(ms > 0) || Math.abs(fromMs - cursorOf(voice)) >= 1) return
  const isNew = fromMs > voice.madeMs - samePlaceMs
  if (isNew && (attempt !== voice.attempt || sentence !== voice.said || sentence >= voice.asked)) return
  giveOut(move, voice.epoch ?? beginEpoch(move, fromMs), fromMs, ms)
  if (!isNew) return
  if (voice.sentences[sentence]?.startMs === undefined) setSentence(move, sentence, { startMs: fromMs })
  setVoice(move, { madeMs: fromMs + ms })
}

function giveOut(move: Move, epoch: Epoch, fromMs: number, ms: number): void {
  const { agent, rules } = move.state
  if (agent.phase === 'idle') return
  effect(move, { type: 'give-out', turn: agent.turn.number, audio: epoch.audio, seq: epoch.seq, ms })
  // Its owner cuts sound between samples, so that its places are nearly those that were asked for.
  const length = fromMs + ms - epoch.baseMs - epoch.sentMs
  setVoice(move, { epoch: withSound(epoch, length, move.at, rules), heardAt: move.at })
  note(move, 'soundAt')
  const phase = nextAgent(agent.phase, 'sound')
  if (phase && phase !== 'idle' && move.state.agent.phase !== 'idle') set(move, { agent: { ...move.state.agent, phase } })
}

/** Sound from a place on, under a new number. */
function beginEpoch(move: Move, fromMs: number): Epoch {
  const audio = move.state.audios + 1
  const epoch = openEpoch(audio, fromMs, move.at)
  set(move, { audios: audio })
  setVoice(move, { epoch })
  const turn = turnOf(move.state)
  if (turn) tell(move, { type: 'assistant_audio_start', assistant_audio_id: audioId(audio), turn_id: turnId(turn.number) })
  return epoch
}

/** Gives the sound out again from a place on. Less than a millisecond is not worth it, and may be no sample. */
export function rewind(move: Move, placeMs: number): void {
  const turn = turnOf(move.state)
  if (!turn) return
  const { madeMs } = turn.voice
  const fromMs = madeMs - placeMs < 1 ? madeMs : placeMs
  effect(move, { type: 'rewind', turn: turn.number, fromMs })
  beginEpoch(move, fromMs)
  setVoice(move, { pause: undefined, heardAt: move.at })
}

function setSentence(move: Move, index: number, part: Partial<Sentence>): void {
  const sentences = turnOf(move.state)?.voice.sentences
  const sentence = sentences?.[index]
  if (sentences && sentence) setVoice(move, { sentences: sentences.with(index, { ...sentence, ...part }) })
}

// ── Failures ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The sentence that broke off, and those behind it, are asked for again: once of the same voice, then of the one that is configured for
 * that, and then of nobody. What was given out of the sentence is heard, but counts for nothing.
 */
export function onVoiceFailed(move: Move, why: string): void {
  const turn = turnOf(move.state)
  if (!turn) return
  const { voice } = turn
  const level = afterFailure(voice.level, move.state.rules.hasFallbackVoice)
  if (level === 'again') warn(move, 'tts_retry', `The voice failed and is tried again: ${why}`)
  if (level === 'fallback') warn(move, 'tts_fallback', `The voice failed and another one speaks on: ${why}`)
  effect(move, { type: 'voice-close', turn: turn.number })
  setVoice(move, {
    level,
    attempt: voice.attempt + 1,
    asked: voice.said,
    isOpen: false,
    heardAt: move.at,
    sentences: voice.sentences.map((each, index) =>
      index < voice.said ? each : { text: each.text, startMs: undefined, lengthMs: undefined, alignment: undefined },
    ),
  })
}

function afterFailure(level: VoiceLevel, hasFallback: boolean): VoiceLevel {
  if (level === 'own') return 'again'
  return level === 'again' && hasFallback ? 'fallback' : 'none'
}
