import type { Player } from './player.ts'

/**
 * Plays as long as what plays does, and goes on with what shows where it fails: also with the segments that are in the middle.
 */
export class AudiblePlayer implements Player {
  #player: Player
  readonly #shown: Player
  /** Segments that are not over, with the bytes that were given of each. */
  readonly #open = new Map<string, { bytes: number; isEnded: boolean }>()

  constructor(audible: Player, shown: Player) {
    this.#player = audible
    this.#shown = shown
  }

  /** What plays has failed. */
  failed(): void {
    if (this.#player === this.#shown) return
    void this.#player.close()
    this.#player = this.#shown
    for (const [id, { bytes, isEnded }] of this.#open) {
      this.#shown.begin(id)
      this.#shown.give(id, new Uint8Array(bytes))
      if (isEnded) this.#shown.end(id)
    }
  }

  /** A segment was played to its end. */
  over(id: string): void {
    this.#open.delete(id)
  }

  begin(id: string): void {
    this.#open.set(id, { bytes: 0, isEnded: false })
    this.#player.begin(id)
  }

  give(id: string, pcm: Uint8Array): void {
    const segment = this.#open.get(id)
    if (segment) segment.bytes += pcm.length
    this.#player.give(id, pcm)
  }

  end(id: string): void {
    const segment = this.#open.get(id)
    if (segment) segment.isEnded = true
    this.#player.end(id)
  }

  reset(id: string): void {
    this.#open.delete(id)
    this.#player.reset(id)
  }

  hold(): void {
    this.#player.hold()
  }

  go(): void {
    this.#player.go()
  }

  close(): Promise<void> {
    return this.#player.close()
  }
}
