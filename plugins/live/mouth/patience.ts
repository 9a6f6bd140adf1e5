import type { SpeechCall } from '../../../providers/speech.ts'
import { defaultLimits } from '../rules.ts'

/** A call that is given up a little before the session gives the voice up, so that what went wrong is known by its name. */
export function patient(call: SpeechCall): SpeechCall {
  const { firstByteMs, idleMs } = call.timeouts
  return { ...call, timeouts: { firstByteMs: Math.min(firstByteMs, longestMs), idleMs: Math.min(idleMs, longestMs) } }
}

const longestMs = defaultLimits.ttsStallMs - 500
