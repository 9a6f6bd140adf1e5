import type { Alignment } from '../../../providers/speech.ts'
import type { VoiceEffect } from '../effects.ts'
import type { VoiceEvent } from '../inputs.ts'
import type { LiveSpeaking } from '../plan.ts'
import type { Served } from '../served.ts'

/**
 * What speaks in a session. Sentences are given to the voice in order, and their sound is cut into pieces of at most 200 ms in the format of the
 * session. A piece is told of (`sound`) and waits until it is given out; then the next is told of. While it is held,
 * nothing is told but how long the sentence is.
 */
export interface Mouth {
  speak(effect: Extract<VoiceEffect, { type: 'speak' }>): void
  /** No more comes for a while: what was asked is spoken to its end. */
  finish(turn: number): void
  /** What was asked is not wanted any more. Its sound so far stays for `rewind` only as long as the turn speaks on. */
  close(turn: number): void
  hold(turn: number): void
  release(turn: number): void
  /** The piece that waits; undefined where none does. */
  giveOut(turn: number): Piece | undefined
  /** The turn's sound is told of again from here on. */
  rewind(turn: number, fromMs: number): void
  /** Speaks in another way from the next turn on that is prepared, or spoken in. */
  change(speaking: LiveSpeaking): void
  /** Something is to be said in this turn soon: who speaks then opens a line. */
  prepare(turn: number): void
  /** What each model was given, in UTF-16 units. */
  readonly served: readonly Served[]
  /** Ends everything. Resolves once no connection is left. */
  end(): Promise<void>
}

export interface Piece {
  /** In the format of the session. */
  readonly bytes: Uint8Array
  readonly ms: number
  /** How loud it is, in decibels of full scale. */
  readonly levelDb: number
  /** Of words that begin in it, in milliseconds of the turn's sound. */
  readonly alignment: Alignment | undefined
}

/** Told of one thing after the other; what it calls the mouth for meanwhile is done at once, and told of afterwards. */
export type MouthListener = (turn: number, event: VoiceEvent) => void
