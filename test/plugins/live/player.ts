/** A stretch of sound as a client has it: what came of it, and what it really played. */
interface Stretch {
  readonly baseMs: number
  gotMs: number
  playedMs: number
  isEnded: boolean
  isOver: boolean
}

/** A client's player, which alone knows what was heard. It plays in real time what has come, and runs dry where nothing has. */
export class Player {
  isPaused = false
  #now = 0
  readonly #stretches = new Map<number, Stretch>()

  /** Plays until then. */
  advance(at: number): void {
    const ms = at - this.#now
    this.#now = at
    if (this.isPaused) return
    for (const stretch of this.#stretches.values()) {
      if (!stretch.isOver) stretch.playedMs = Math.min(stretch.gotMs, stretch.playedMs + ms)
    }
  }

  start(audio: number, baseMs: number): void {
    this.#stretches.set(audio, { baseMs, gotMs: 0, playedMs: 0, isEnded: false, isOver: false })
  }

  take(audio: number, ms: number): void {
    const stretch = this.#stretches.get(audio)
    if (!stretch || stretch.isOver) throw new Error(`sound of ${audio} after its reset`)
    stretch.gotMs += ms
  }

  end(audio: number): void {
    const stretch = this.#stretches.get(audio)
    if (stretch) stretch.isEnded = true
  }

  /** Throws away what was not played, and tells how much was. */
  reset(audio: number): number {
    const stretch = this.#stretches.get(audio)
    if (!stretch) return 0
    stretch.isOver = true
    return stretch.playedMs
  }

  /** How far in a turn's sound the stretch was played. */
  heardMs(audio: number): number {
    const stretch = this.#stretches.get(audio)
    return stretch ? stretch.baseMs + stretch.playedMs : 0
  }

  mark(audio: number): { playedMs: number; isFinished: boolean } | undefined {
    const stretch = this.#stretches.get(audio)
    if (!stretch || stretch.isOver) return undefined
    return { playedMs: stretch.playedMs, isFinished: stretch.isEnded && stretch.playedMs >= stretch.gotMs }
  }
}
