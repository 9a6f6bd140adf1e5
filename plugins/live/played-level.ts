/**
 * How loud that is which the assistant plays now, as far as it can be told from what was given out: piece after piece, beginning a little
 * after it was. All times are the session's, in milliseconds, and never go back. Nothing is allocated while sound is given out.
 */
export class PlayedLevel {
  readonly #delayMs: number
  // What is not over yet, oldest first: a ring of pieces.
  readonly #starts = new Float64Array(mostPieces)
  readonly #ends = new Float64Array(mostPieces)
  readonly #levels = new Float64Array(mostPieces)
  #first = 0
  #count = 0
  /** When all that was given out will have been played. */
  #end = 0

  /**
   * `delayMs` is what lies between giving sound out and hearing it; rather too little, for whoever compares the microphone with it remembers what
   * was played a little before.
   */
  constructor(delayMs: number = usualDelayMs) {
    this.#delayMs = delayMs
  }

  /** So much sound went out at this time; how loud it is, as `levelDb` in audio/energy.ts measures it. */
  gaveOut(at: number, ms: number, levelDb: number): void {
    if (this.#count === mostPieces) this.#dropFirst()
    const slot = (this.#first + this.#count) % mostPieces
    const start = Math.max(at + this.#delayMs, this.#end)
    this.#end = start + ms
    this.#starts[slot] = start
    this.#ends[slot] = this.#end
    this.#levels[slot] = levelDb
    this.#count++
  }

  /** The player was told to stop, of which it hears as late as of all else. */
  stopped(at: number): void {
    this.#end = Math.min(this.#end, at + this.#delayMs)
    while (this.#count > 0) {
      const last = (this.#first + this.#count - 1) % mostPieces
      this.#ends[last] = Math.min(this.#ends[last] ?? 0, this.#end)
      if ((this.#starts[last] ?? 0) < this.#end) return
      this.#count--
    }
  }

  /** In decibels of full scale; `-Infinity` where nothing is played. */
  now(at: number): number {
    while (this.#count > 0 && (this.#ends[this.#first] ?? 0) <= at) this.#dropFirst()
    const isPlaying = this.#count > 0 && (this.#starts[this.#first] ?? 0) <= at
    return isPlaying ? (this.#levels[this.#first] ?? 0) : Number.NEGATIVE_INFINITY
  }

  #dropFirst(): void {
    this.#first = (this.#first + 1) % mostPieces
    this.#count--
  }
}

const usualDelayMs = 50
/** Many times what may be on its way unplayed. */
const mostPieces = 512
