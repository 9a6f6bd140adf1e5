import { endSession } from './ending.ts'
import { effect, type Move, set, tell, warn } from './move.ts'
import type { Mic } from './state.ts'

/** The microphone: how much sound may come, and the clock that it drives. */
export function onFrame(move: Move, bytes: number, ms: number): void {
  const { mic, lostAt, rules } = move.state
  if (lostAt !== undefined) return
  const { micFrameBytes, micRate, micBurstMs } = rules.limits
  const creditMs = Math.min(micBurstMs, mic.creditMs + (move.at - mic.creditAt) * micRate)
  if (bytes > micFrameBytes || ms > creditMs) {
    setMic(move, { creditMs, creditAt: move.at })
    onOverrun(move)
    return
  }
  const isCalm = mic.overrun !== undefined && move.at - mic.overrun.last >= calmMs
  setMic(move, { creditMs: creditMs - ms, creditAt: move.at, ...(isCalm && { overrun: undefined }) })
  if (!mic.isOn || mic.isMuted) return
  effect(move, { type: 'hear' })
  setMic(move, { audioMs: mic.audioMs + ms, clockAt: move.at })
}

/** After so long without sound that had to be dropped, the next that has to be is a new matter. */
const calmMs = 1000

function onOverrun(move: Move): void {
  const { overrun } = move.state.mic
  if (!overrun || move.at - overrun.last >= calmMs) {
    warn(move, 'mic_overrun', 'Sound comes faster than it is spoken, or in too large frames. Some of it is dropped.')
    setMic(move, { overrun: { since: move.at, last: move.at } })
    return
  }
  setMic(move, { overrun: { ...overrun, last: move.at } })
  if (move.at - overrun.since < move.state.rules.limits.micOverrunMs) return
  tell(move, {
    type: 'error',
    scope: 'session',
    error_type: 'invalid_request_error',
    code: 'mic_overrun',
    message: 'Sound kept coming faster than it is spoken, or in too large frames.',
    retryable: false,
    close: true,
  })
  endSession(move, 'error', 1008)
}

/** Silence stands in for sound that does not come: the clock goes on, and engines that go by sound hear that nobody speaks. */
export function injectSilence(move: Move): void {
  const { mic } = move.state
  const ms = move.at - mic.clockAt
  effect(move, { type: 'inject-silence', ms })
  setMic(move, { audioMs: mic.audioMs + ms, clockAt: move.at })
}

export function setMic(move: Move, part: Partial<Mic>): void {
  set(move, { mic: { ...move.state.mic, ...part } })
}
