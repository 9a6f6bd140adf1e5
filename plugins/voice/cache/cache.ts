import type { Alignment } from '../../../providers/speech.ts'

/** What was spoken once, so that it need not be spoken again. Nothing here ever fails: what cannot be had is not there. */
export interface SpeechCache {
  /** By a key of `cacheKey`. What it gives belongs to everybody and is not to be changed. */
  get(key: string): Promise<CachedSpeech | undefined>
  /** Keeps it where there is room. The bytes are the cache's from then on, and not to be changed either. */
  put(key: string, speech: CachedSpeech): void
  close(): void
}

/** One text as it was spoken in one go. */
export interface CachedSpeech {
  /** Sound as it is given out: PCM at the rate that was asked for, whichever the vendor made, or the vendor's own bytes. */
  readonly bytes: Uint8Array
  readonly alignments: readonly Alignment[]
  readonly seconds: number | undefined
}
