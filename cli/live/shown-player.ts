import type { LiveAudioFormat, LivePlayer, LivePlayerListener } from '@vai/sdk'
import type { Clock, Timer } from '../../api/clock.ts'
import { bytesPerSample } from '../../audio/pcm.ts'

/**
 * Where there is nothing to play sound with, answers are read. What is told of them counts as heard as soon as it is there, so that nobody
 * waits for sound that nobody hears.
 */
export class ShownPlayer implements LivePlayer {
  readonly #rate: number
  readonly #clock: Clock
  readonly #segments = new Map<string, Segment>()
  #listener: LivePlayerListener | undefined
  #timer: Timer | undefined

  constructor(rate: number, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
  }

  open(_format: LiveAudioFormat, listener: LivePlayerListener): void {
    this.#listener = listener
  }

  begin(id: string): void {
    this.#segments.set(id, { bytes: 0, told: 0, isEnded: false })
  }

  give(id: string, pcm: Uint8Array): void {
    const segment = this.#segments.get(id)
    if (!segment) return
    if (segment.bytes === 0) this.#listener?.began(id, 0)
    segment.bytes += pcm.length
    this.#tellSoon()
  }

  end(id: string): void {
    const segment = this.#segments.get(id)
    if (!segment) return
    segment.isEnded = true
    this.#tellSoon()
  }

  reset(id: string): void {
    const segment = this.#segments.get(id)
    this.#segments.delete(id)
    if (segment) this.#mark(id, segment.bytes, 'stopped')
  }

  hold(): void {
    // It plays nothing that could stand still.
  }

  go(): void {
    // As above.
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#segments.clear()
  }

  /** Not for each piece: sound comes far faster than it is spoken, and the gateway takes only so many messages a second. */
  #tellSoon(): void {
    this.#timer ??= this.#clock.after(tellMs, () => {
      this.#timer = undefined
      for (const [id, segment] of this.#segments) this.#tell(id, segment)
    })
  }

  #tell(id: string, segment: Segment): void {
    if (segment.isEnded) this.#segments.delete(id)
    else if (segment.told === segment.bytes) return
    segment.told = segment.bytes
    this.#mark(id, segment.bytes, segment.isEnded ? 'finished' : 'playing')
  }

  #mark(id: string, bytes: number, state: 'playing' | 'finished' | 'stopped'): void {
    const played = Math.round((bytes / bytesPerSample / this.#rate) * 10_000) / 10
    this.#listener?.mark({ assistant_audio_id: id, played_ms: played, buffered_ms: 0, state })
  }
}

interface Segment {
  bytes: number
  /** How much of it was told. */
  told: number
  isEnded: boolean
}

const tellMs = 60
