import { together } from './joint.ts'
import { setMic } from './mic.ts'
import { type Move, setUser, setUtterance } from './move.ts'
import { timeOf, type Utterance } from './state.ts'
import { nextUser, type UserSignal } from './tables.ts'

/** A voice begins or ends in the sound. */
export function onEnergy(move: Move, edge: 'onset' | 'offset', audioMs: number): void {
  if (edge === 'offset') {
    endVoice(move, audioMs)
    return
  }
  const { mic, user } = move.state
  if (mic.isMuted || !mic.isOn) return
  if (!signal(move, 'onset')) return
  if (user.utterance)
    setUtterance(move, {
      hasEnergy: true,
      isFinal: false,
      finalAt: undefined,
      forcedBy: undefined,
      forcedLink: undefined,
      endMs: audioMs,
      wordAt: move.at,
      wordMs: audioMs,
    })
  else beginUtterance(move, audioMs, true)
  together(move, 'voice')
}

/** Nobody speaks any more: found by energy, because the microphone was switched off, or because what is heard is a noise. */
export function endVoice(move: Move, audioMs: number): void {
  const { utterance } = move.state.user
  if (utterance && signal(move, 'offset')) setUtterance(move, { endMs: Math.max(utterance.startMs, audioMs) })
}

export function beginUtterance(move: Move, audioMs: number, hasEnergy: boolean): void {
  const { user, mic, rules } = move.state
  // While nobody spoke nothing stood in for frames that did not come: the clock of the sound begins again here.
  if (mic.clockAt + rules.limits.micGapMs <= move.at) setMic(move, { clockAt: move.at })
  const id = user.utterances + 1
  const utterance: Utterance = {
    id,
    startMs: audioMs,
    endMs: audioMs,
    startAt: timeOf(move.state, audioMs),
    hasEnergy,
    finals: '',
    partial: '',
    confidence: undefined,
    isFinal: false,
    finalAt: undefined,
    wordAt: move.at,
    wordMs: audioMs,
    forcedBy: undefined,
    forcedLink: undefined,
  }
  setUser(move, { utterance, utterances: id })
}

/** Moves the user's machine. Whether the signal means anything now. */
export function signal(move: Move, on: UserSignal): boolean {
  const phase = nextUser(move.state.user.phase, on)
  if (phase) setUser(move, { phase })
  return phase !== undefined
}
