import type { Alignment, SpeechFormat } from '../speech.ts'
import { isRaw } from '../speech-format.ts'
import type { Stretch } from './messages.ts'

/**
 * Puts stretches of characters where they are in the sound of a whole call, in whole milliseconds, one behind the other.
 *
 * The vendor's documents say that the times of a piece are counted from the beginning of that piece; what they are counted from in
 * practice is the beginning of all the sound, at some endpoints. The two are far apart from the second piece on: a piece that
 * begins nearer to where its sound stands than to zero was counted from the beginning of all.
 */
export class Timeline {
  readonly #isRaw: boolean
  #endMs = 0

  constructor(format: SpeechFormat) {
    this.#isRaw = isRaw(format)
  }

  /** `soundMs` is how much sound stood before that of the stretch, where it has some. How long compressed sound is takes decoding. */
  place({ characters, startMs, durationMs }: Stretch, soundMs: number | undefined): Alignment {
    const base = Math.max(this.#endMs, this.#isRaw ? (soundMs ?? 0) : 0)
    const shift = (startMs[0] ?? 0) > base / 2 ? 0 : base
    let latest = this.#endMs
    const starts = startMs.map((ms) => {
      latest = Math.max(latest, Math.round(ms + shift))
      return latest
    })
    const durations = durationMs.map((ms, at) => {
      const duration = Math.max(0, Math.round(ms))
      this.#endMs = Math.max(this.#endMs, (starts[at] ?? 0) + duration)
      return duration
    })
    return { kind: 'char', tokens: characters, startMs: starts, durationMs: durations }
  }
}

/** A stretch without the spaces before its first character; undefined where it has nothing else. */
export function withoutLeadingSpace(stretch: Stretch): Stretch | undefined {
  const first = stretch.characters.findIndex((character) => character.trim() !== '')
  if (first <= 0) return first === 0 ? stretch : undefined
  return {
    characters: stretch.characters.slice(first),
    startMs: stretch.startMs.slice(first),
    durationMs: stretch.durationMs.slice(first),
  }
}
