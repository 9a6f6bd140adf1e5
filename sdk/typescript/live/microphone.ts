import type { LiveAudioFormat } from '../generated/types.gen.ts'

/** Where the sound comes from that the gateway hears. The session owns it and stops it. One that throws has failed. */
export interface LiveMicrophone {
  /** What it gives; the session says so in `hello`. */
  readonly format: LiveAudioFormat
  /** Called once, when there is a session. Rejects where nothing can be recorded. */
  start(listener: LiveMicrophoneListener): void | Promise<void>
  /** There is no line now; a recording waits, people do not. */
  hold?(): void
  /** There is a line again. */
  go?(): void
  /** Ends it, also where it was never started, or is still about to. Resolves once nothing of it is left. */
  stop(): Promise<void>
}

/** Whom a microphone gives its sound to. */
export interface LiveMicrophoneListener {
  /** Whole samples, of some 20 ms. They may be written over once this has returned. */
  sound(bytes: Uint8Array): void
  /** Nothing comes any more, and why. */
  failed(why: string): void
}
