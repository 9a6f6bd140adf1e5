import { utteranceId } from './effects.ts'
import { know, setStt } from './hearing.ts'
import { together } from './joint.ts'
import { type Move, setUser, setUtterance, tell, warn } from './move.ts'
import { beyondOwed, beyondRevised, type Owed } from './owed.ts'
import { beyondTail } from './seam.ts'
import type { SessionState, Utterance } from './state.ts'
import { beginUtterance, signal } from './utterance.ts'
import { verdictOn } from './verdict.ts'

/** Words as the engine understands them: what was said since the last that were final. */
export interface Words {
  readonly text: string
  readonly confidence?: number
  readonly isFinal: boolean
  /** Whether they are all that was said until they were asked for. */
  readonly isFlushed: boolean
  /** Where in the sound they begin and end, where that is known. */
  readonly startMs: number | undefined
  readonly endMs: number | undefined
}

export function onWords(move: Move, words: Words): void {
  const text = withoutOwed(move, { ...words, text: beyondSeam(move, words) })
  if (!move.state.user.utterance) {
    if (text.trim() === '' || !signal(move, 'words')) return
    beginUtterance(move, move.state.mic.audioMs, false)
  }
  const { utterance, phase } = move.state.user
  if (!utterance) return
  const { finals, partial } = understood(move, utterance, text, words.isFinal)
  const isNew = finals + partial !== utterance.finals + utterance.partial
  const { audioMs } = move.state.mic
  setUtterance(move, {
    finals,
    partial,
    confidence: words.confidence,
    isFinal: words.isFinal && phase === 'settling',
    finalAt: words.isFinal ? move.at : isNew ? undefined : utterance.finalAt,
    ...(isNew && { wordAt: move.at, wordMs: audioMs }),
    ...(isNew && !utterance.hasEnergy && { endMs: audioMs }),
  })
  if (words.isFinal) {
    know(move, text)
    const settledMs = Math.min(audioMs, words.endMs ?? surelySettledMs(move.state, words.isFlushed))
    setStt(move, {
      settledMs: Math.max(move.state.stt.settledMs, settledMs),
      isSettledByTimes: words.endMs !== undefined,
      ...(words.isFlushed && { flushedMs: undefined }),
    })
  }
  // Also where nothing in it has changed: what is told next goes on behind it, and does not replace it.
  if (isNew || (words.isFinal && text.trim() !== '')) tellWords(move, utterance.id, text, words.isFinal)
  if (!isNew) return
  if (move.state.agent.phase !== 'idle' && verdictOn(move, finals + partial, words.isFinal) === 'speech') together(move, 'words')
}

/** Up to where an engine that gives no times has told of all words. */
function surelySettledMs({ mic, user, stt, rules }: SessionState, isFlushed: boolean): number {
  const endMs = user.phase === 'settling' ? (user.utterance?.endMs ?? mic.audioMs) : mic.audioMs
  return Math.min(endMs, Math.max(isFlushed ? (stt.flushedMs ?? 0) : 0, mic.audioMs - rules.limits.sttLatencyMs))
}

/** The words so far; more than a turn may have are left out. */
function understood(move: Move, { finals }: Utterance, text: string, isFinal: boolean): { finals: string; partial: string } {
  const room = Math.max(0, move.state.rules.limits.maxUserCharacters - finals.length)
  if (text.length > room && isFinal) warn(move, 'turn_too_long', 'The turn is too long. The rest of it is left out.')
  const kept = text.length > room ? text.slice(0, room) : text
  return isFinal ? { finals: finals + kept, partial: '' } : { finals, partial: kept }
}

/** The text without what the engine before this one has told already. */
function beyondSeam(move: Move, { text, isFinal }: Words): string {
  const { seam } = move.state.stt
  if (seam.length === 0) return text
  const beyond = beyondTail(text, seam)
  if (isFinal) setStt(move, { seam: beyond.tail })
  return beyond.text
}

/** The text without the words that were taken before the engine was certain of them, as far as it says them again. */
function withoutOwed(move: Move, { text, isFinal, isFlushed, startMs, endMs }: Words): string {
  const owed = standingDebt(move.state)
  if (!owed) return text
  const isNew = startMs !== undefined && startMs >= owed.untilMs
  const beyond = isNew ? { text, left: [] } : beyondOwed(text, owed.words)
  if (!isFinal) return beyond.text
  const isAnswer = isFlushed && owed.isAsked
  setUser(move, { owed: isAnswer || beyond.left.length === 0 ? undefined : { ...owed, words: beyond.left } })
  const isOfThem = isAnswer || (endMs !== undefined && endMs <= owed.untilMs)
  return isOfThem && beyond.text === text ? beyondRevised(text, owed.words) : beyond.text
}

/** What the engine may still say again. */
export function standingDebt({ user: { owed }, stt, mic, rules }: SessionState): Owed | undefined {
  return owed?.link === stt.link && mic.audioMs - owed.takenMs <= rules.limits.sttOwedMs ? owed : undefined
}

function tellWords(move: Move, id: number, text: string, isFinal: boolean): void {
  if (!isFinal && !move.state.rules.partials) return
  tell(move, {
    type: 'transcript_delta',
    utterance_id: utteranceId(id),
    is_final: isFinal,
    text,
    timestamp_ms: Math.round(move.at),
  })
}
