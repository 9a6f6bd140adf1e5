import type { LiveAudioFormat, LivePlayer, LivePlayerListener, PlaybackMark } from '@vai/sdk'

/**
 * Plays as long as what plays does, and goes on with what shows where it fails: also with the segments that are in the middle.
 */
export class AudiblePlayer implements LivePlayer {
  #player: LivePlayer
  readonly #shown: LivePlayer
  /** Segments that are not over, with the bytes that were given of each. */
  readonly #open = new Map<string, { bytes: number; isEnded: boolean }>()

  constructor(audible: LivePlayer, shown: LivePlayer) {
    this.#player = audible
    this.#shown = shown
  }

  open(format: LiveAudioFormat, listener: LivePlayerListener): void {
    const mark = (mark: PlaybackMark): void => {
      if (mark.state === 'finished') this.#open.delete(mark.assistant_audio_id)
      listener.mark(mark)
    }
    this.#player.open(format, { ...listener, mark })
    this.#shown.open(format, listener)
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
