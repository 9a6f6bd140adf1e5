import type { LiveAudioFormat, LiveServerMessage } from '../generated/types.gen.ts'
import { wordsOf } from '../thrown.ts'
import type { LivePlayer, LivePlayerListener, PlaybackMark } from './player.ts'

/** Whom it tells. None of these may throw. */
export interface PlaybackListener extends Pick<LivePlayerListener, 'began' | 'failed'> {
  /** Sends a mark; false where there is no line to send it on. */
  mark(mark: PlaybackMark): boolean
}

/**
 * What becomes of the assistant's sound: a player is told what to do with it, and the gateway what was heard of it.
 *
 * A player that fails is given up. Nothing is heard from then on, and the gateway is told so of each segment: it would wait for a long time, and
 * then suppose that the line is too slow.
 *
 *   held ──there is a line, and nothing waits──▶ playing ──the line is lost──▶ held
 *     └──there is a line──▶ deciding ──the gateway has said what becomes of the segment──▶ playing
 */
export class Playback {
  readonly #listener: PlaybackListener
  /** Undefined once it was given up. */
  #player: LivePlayer | undefined
  #state: 'held' | 'deciding' | 'playing' = 'held'
  /** What the gateway waits to hear more of. */
  #segment: { readonly id: string; readonly playedMs: number } | undefined

  constructor(player: LivePlayer, listener: PlaybackListener) {
    this.#player = player
    this.#listener = listener
  }

  open(format: LiveAudioFormat): void {
    this.#order((player) =>
      player.open(format, {
        mark: (mark) => this.#marked(mark),
        began: (id, inMs) => this.#listener.began(id, inMs),
        failed: (why) => this.#fail(why),
      }),
    )
    this.#go()
  }

  /** Any message but that of sound, in its order. */
  message(message: LiveServerMessage): void {
    switch (message.type) {
      case 'assistant_audio_start':
        this.#begin(message.assistant_audio_id)
        return
      case 'assistant_audio_end':
        this.#order((player) => player.end(message.assistant_audio_id))
        return
      case 'audio_reset':
        this.#reset(message.assistant_audio_id)
        return
      case 'turn_complete':
      case 'turn_cancelled':
        this.#segment = undefined
        if (this.#state === 'deciding') this.#go()
        return
      default:
    }
  }

  /** Whether the sound is played. */
  give(id: string, sound: Uint8Array): boolean {
    this.#order((player) => player.give(id, sound))
    return this.#player !== undefined
  }

  /** There is no line. */
  lost(): void {
    if (this.#state === 'playing') this.#order((player) => player.hold())
    this.#state = 'held'
  }

  /**
   * There is a line again. Of a segment that was not played whole the gateway says next what becomes of it: it is reset, and the rest is given out again; or
   * it counts as played, and its turn is over.
   */
  resumed(): void {
    if (this.#segment) this.#state = 'deciding'
    else this.#go()
  }

  /** Nothing comes any more, and nothing is told. */
  close(): void {
    this.#player = undefined
  }

  #go(): void {
    this.#state = 'playing'
    this.#order((player) => player.go())
  }

  #begin(id: string): void {
    this.#segment = { id, playedMs: 0 }
    if (this.#state === 'deciding') this.#go()
    this.#order((player) => player.begin(id))
    if (!this.#player) this.#stopped()
  }

  #reset(id: string): void {
    this.#order((player) => player.reset(id))
    if (!this.#player && this.#segment?.id === id) this.#stopped()
    if (this.#state === 'deciding') this.#go()
  }

  #marked(mark: PlaybackMark): void {
    if (!this.#player) return
    const { assistant_audio_id: id, played_ms: playedMs, state } = mark
    if (this.#segment?.id === id) this.#segment = state === 'finished' || state === 'stopped' ? undefined : { id, playedMs }
    this.#listener.mark(mark)
  }

  /** No more is heard of what the gateway gives out. */
  #stopped(): void {
    if (!this.#segment) return
    const { id, playedMs } = this.#segment
    const mark = { assistant_audio_id: id, played_ms: playedMs, buffered_ms: 0, state: 'stopped' } as const
    if (this.#listener.mark(mark)) this.#segment = undefined
  }

  #order(order: (player: LivePlayer) => void): void {
    if (!this.#player) return
    try {
      order(this.#player)
    } catch (error) {
      this.#fail(wordsOf(error))
    }
  }

  #fail(why: string): void {
    if (!this.#player) return
    this.#player = undefined
    this.#stopped()
    this.#listener.failed(why)
  }
}
