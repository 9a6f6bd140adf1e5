import { endSession } from './ending.ts'
import { effect, type Move, set, setUtterance, tell, warn } from './move.ts'
import { sttBackoffMs } from './rules.ts'
import { tailOf } from './seam.ts'
import type { SessionState, Stt } from './state.ts'

/** The connection to the engine that hears: opened with the first sound, and again whenever it is lost, with the sound that was kept. */
export function connectStt(move: Move): void {
  keepWhatNobodySaysAgain(move)
  const { stt } = move.state
  const fromMs = replayFrom(move.state)
  const seam = stt.isSettledByTimes || stt.known.untilMs <= fromMs ? [] : tailOf(stt.known.text)
  effect(move, { type: 'stt-connect', link: stt.link + 1, fromMs })
  setStt(move, { link: stt.link + 1, phase: 'connecting', since: move.at, baseMs: fromMs, flushedMs: undefined, seam })
}

/** Words whose sound is not kept any more are not heard again: they are taken as they were understood last. */
function keepWhatNobodySaysAgain(move: Move): void {
  const { user, mic, rules } = move.state
  const partial = user.utterance?.partial ?? ''
  if (!user.utterance || partial === '' || owedFrom(move.state) >= mic.audioMs - rules.limits.sttKeptMs) return
  know(move, partial)
  setUtterance(move, { finals: user.utterance.finals + partial, partial: '', isFinal: false })
  setStt(move, { isSettledByTimes: false })
}

/** Where the sound begins that the next connection has to hear. */
function replayFrom(state: SessionState): number {
  return Math.max(owedFrom(state), state.mic.audioMs - state.rules.limits.sttKeptMs)
}

/** Where the sound begins of which words may be owed: behind what is final. */
function owedFrom({ stt, user: { utterance }, mic, rules: { limits } }: SessionState): number {
  const untilMs = stt.lost?.audioMs ?? mic.audioMs
  // Words of which no voice was heard were said some time before they were known.
  const before = utterance?.hasEnergy === false ? limits.sttPrerollMs + limits.sttLatencyMs : limits.sttPrerollMs
  const begin = Math.min(untilMs, utterance?.startMs ?? untilMs) - before
  return Math.max(0, stt.settledMs, begin)
}

/** Words were taken as certain. */
export function know(move: Move, text: string): void {
  const { stt, mic } = move.state
  if (text.trim() !== '') setStt(move, { known: { text: (stt.known.text + text).slice(-mostKnown), untilMs: mic.audioMs } })
}

/** In UTF-16 units. More than anybody says in the time for which sound is kept. */
const mostKnown = 400

export function onSttOpen(move: Move, link: number): void {
  const { stt } = move.state
  if (link === stt.link && stt.phase === 'connecting') setStt(move, { phase: 'open', since: move.at, heardAt: move.at })
}

/**
 * An engine that ends by itself has failed as well: whoever closed it does not ask any more. That it is lost is told once until one is reached,
 * and again where that `isNews`.
 */
export function onSttFailed(move: Move, link: number, isRetryable: boolean, message: string, isNews = false): void {
  const { stt, mic, rules } = move.state
  if (link !== stt.link || (stt.phase !== 'open' && stt.phase !== 'connecting')) return
  const isNew = stt.phase === 'open' && (stt.heardAt > stt.since || move.at - stt.since >= rules.limits.sttConnectMs)
  const before = isNew ? undefined : stt.lost
  // One that is new may still have been telling of what was kept for it.
  const isUpToDate = stt.phase === 'open' && move.at - stt.since >= rules.limits.sttKeptMs
  const lost = before ?? { at: move.at, audioMs: isUpToDate ? mic.audioMs : stt.baseMs }
  setStt(move, { phase: 'waiting', since: move.at, failures: (isNew ? 0 : stt.failures) + 1, lost })
  if (!isRetryable || move.at - lost.at >= rules.limits.sttGiveUpMs) {
    giveUp(move, message)
    return
  }
  if (!before || isNews) warn(move, 'stt_reconnecting', `Speech is not heard at the moment: ${message}`)
}

function giveUp(move: Move, message: string): void {
  const error = { scope: 'session', error_type: 'provider_error', code: 'stt_unavailable', message } as const
  tell(move, { type: 'error', ...error, retryable: true, close: true })
  endSession(move, 'error', 1011)
}

export function retryAt({ since, failures }: Stt): number {
  return since + (sttBackoffMs[Math.max(0, failures - 1)] ?? sttBackoffMs.at(-1) ?? 0)
}

export function setStt(move: Move, part: Partial<Stt>): void {
  set(move, { stt: { ...move.state.stt, ...part } })
}
