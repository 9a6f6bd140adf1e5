import type { LiveAudioFormat, LivePlaybackMark } from '../generated/types.gen.ts'

/** Plays the assistant's sound and tells what of it was played, which nobody else can know. The session owns it and closes it. One that throws has failed. */
export interface LivePlayer {
  /** Called once, before anything else: the format of all sound that will come. */
  open(format: LiveAudioFormat, listener: LivePlayerListener): void
  /** A segment begins. What is there of the one before is played first. */
  begin(id: string): void
  /** Sound of a segment that has begun. The bytes stay the session's; they may end between the two bytes of a sample. */
  give(id: string, sound: Uint8Array): void
  /** The segment has no more sound. */
  end(id: string): void
  /** What was not played of the segment is thrown away, now, and a `stopped` mark tells what was. */
  reset(id: string): void
  /** Stands still until `go`: there is no line, and what would be played meanwhile could not be told. */
  hold(): void
  /** There is a line, for the first time or again. What is held and will be given out anew was reset before. */
  go(): void
  /** Ends it, also in the middle of sound, and where it was never opened. Resolves once nothing of it is left. */
  close(): Promise<void>
}

/** Whom a player tells what was heard. */
export interface LivePlayerListener {
  /** What was played: every 100 to 200 ms of playing, and at the end of each segment (`finished` or `stopped`). */
  mark(mark: PlaybackMark): void
  /** The first sound of a segment is heard in so many milliseconds; below 0 where it was heard already. */
  began(id: string, inMs: number): void
  /** Nothing can be played any more, and why. */
  failed(why: string): void
}

/** `played_ms` and `buffered_ms` are milliseconds of the segment. */
export type PlaybackMark = Omit<LivePlaybackMark, 'type'>
