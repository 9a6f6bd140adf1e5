import { bytesPerSample } from '../../audio/pcm.ts'
import type { Player, PlayerListener } from './player.ts'

/**
 * Where there is nothing to play sound with, answers are read. What is told of them counts as heard as soon as it is there, so that nobody
 * waits for sound that nobody hears.
 */
export class ShownPlayer implements Player {
  readonly #rate: number
  readonly #listener: PlayerListener
  /** Bytes of each segment, and those of which it was not told yet. */
  readonly #segments = new Map<string, { all: number; untold: number }>()

  constructor(rate: number, listener: PlayerListener) {
    this.#rate = rate
    this.#listener = listener
  }

  begin(id: string): void {
    this.#segments.set(id, { all: 0, untold: 0 })
  }

  give(id: string, pcm: Uint8Array): void {
    const segment = this.#segments.get(id)
    if (!segment) return
    if (segment.all === 0) this.#listener.began(id, 0)
    segment.all += pcm.length
    segment.untold += pcm.length
    if (this.#msOf(segment.untold) < tellMs) return
    segment.untold = 0
    this.#mark(id, segment.all, 'playing')
  }

  end(id: string): void {
    this.#over(id, 'finished')
  }

  reset(id: string): void {
    this.#over(id, 'stopped')
  }

  hold(): void {
    // It plays nothing that could stand still.
  }

  go(): void {
    // As above.
  }

  async close(): Promise<void> {
    this.#segments.clear()
  }

  #over(id: string, state: 'finished' | 'stopped'): void {
    const segment = this.#segments.get(id)
    if (!segment) return
    this.#segments.delete(id)
    this.#mark(id, segment.all, state)
  }

  #mark(id: string, bytes: number, state: 'playing' | 'finished' | 'stopped'): void {
    this.#listener.mark({ assistant_audio_id: id, played_ms: this.#msOf(bytes), buffered_ms: 0, state })
  }

  #msOf(bytes: number): number {
    return Math.round((bytes / bytesPerSample / this.#rate) * 10_000) / 10
  }
}

/** Well below what the gateway lets lie unplayed, and not a message for each piece. */
const tellMs = 500
