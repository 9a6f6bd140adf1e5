import { EnergyGate } from '../audio/energy.ts'
import type { RawFormat, SpeechCall } from './speech.ts'
import { msOfBytes } from './speech-format.ts'
import type { SpeechSocket } from './speech-socket.ts'

/** Finds the vendors who hear no more: whose socket is open, takes all sound, and says nothing. */

/**
 * For those who say something of every second of sound, whether anybody speaks or not: so much of it is never passed over in silence.
 */
export class AnswerWatch {
  readonly #socket: SpeechSocket
  readonly #longestMs: number
  /** Milliseconds of sound since the vendor's last word. */
  #unansweredMs = 0

  constructor(socket: SpeechSocket, call: Pick<SpeechCall, 'timeouts'>) {
    this.#socket = socket
    this.#longestMs = longestMs(call)
  }

  /** So much sound is sent, in milliseconds. */
  sent(ms: number): void {
    this.#unansweredMs += ms
    if (this.#unansweredMs >= answeredSoundMs && this.#socket.waitedMs > this.#longestMs) this.#socket.fallSilent()
  }

  /** A word has come. */
  answered(): void {
    this.#unansweredMs = 0
  }
}

/**
 * For those who say something only where a voice begins or ends: one that has been heard here for long, and of which the vendor knows nothing,
 * is heard there no more. What is short, like a door that slams, is made up for by as much sound on which both agree.
 */
export class VoiceWatch {
  readonly #socket: SpeechSocket
  readonly #longestMs: number
  readonly #format: RawFormat
  readonly #gate: EnergyGate
  /** Milliseconds of sound of which the vendor ought to have said something. */
  #unansweredMs = 0

  constructor(socket: SpeechSocket, format: RawFormat, call: Pick<SpeechCall, 'timeouts'>) {
    this.#socket = socket
    this.#longestMs = longestMs(call)
    this.#format = format
    this.#gate = new EnergyGate(format, { onset: () => undefined, offset: () => undefined })
  }

  /** This sound is sent. `isHeard` is whether the vendor takes somebody to be speaking. */
  sent(sound: Uint8Array, isHeard: boolean): void {
    this.#gate.push(sound)
    const ms = msOfBytes(sound.length, this.#format)
    this.#unansweredMs = Math.max(0, this.#unansweredMs + (this.#gate.isVoice === isHeard ? -ms : ms))
    if (this.#unansweredMs >= answeredSoundMs && this.#socket.waitedMs > this.#longestMs) this.#socket.fallSilent()
  }

  /** A word has come. */
  answered(): void {
    this.#unansweredMs = 0
  }
}

const answeredSoundMs = 10_000

/** How long the answer takes at most. */
function longestMs({ timeouts }: Pick<SpeechCall, 'timeouts'>): number {
  return Math.min(timeouts.idleMs, 15_000)
}
