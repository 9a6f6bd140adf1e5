/**
 * What somebody hears who plays an answer as it comes: begins with the first sound, and waits wherever the next comes later than
 * what was there lasts. Times are in milliseconds, by any clock.
 */
export class Playback {
  /** When everything that is there by now has been heard; undefined before the first sound. */
  #untilMs: number | undefined
  #gaps = 0
  #waitedMs = 0

  /** So much sound came at this time, in order. */
  add(atMs: number, lengthMs: number): void {
    const until = this.#untilMs
    if (until !== undefined && atMs > until) {
      this.#gaps++
      this.#waitedMs += atMs - until
    }
    this.#untilMs = Math.max(atMs, until ?? atMs) + lengthMs
  }

  get gaps(): number {
    return this.#gaps
  }

  get waitedSeconds(): number {
    return this.#waitedMs / 1000
  }
}
