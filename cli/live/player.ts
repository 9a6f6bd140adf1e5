import type { LivePlaybackMark } from '../../api/schemas.gen.ts'

/** Plays the assistant's sound and tells what of it was played, which nobody else can know. */
export interface Player {
  /** A segment begins. What is there of the one before is played first. */
  begin(id: string): void
  /** Sound of a segment that has begun. */
  give(id: string, pcm: Uint8Array): void
  /** The segment has no more sound. */
  end(id: string): void
  /** What was not played of the segment is thrown away, now. */
  reset(id: string): void
  /** Stands still until `go`: what would be played meanwhile could not be told. */
  hold(): void
  /** There is a line, for the first time or again. */
  go(): void
  /** Ends it, also in the middle of sound. Resolves once nothing of it is left. */
  close(): Promise<void>
}

export interface PlayerListener {
  mark(mark: Omit<LivePlaybackMark, 'type'>): void
  /** The first sound of a segment is heard in so many milliseconds; below 0 where it was heard already. */
  began(id: string, inMs: number): void
}
