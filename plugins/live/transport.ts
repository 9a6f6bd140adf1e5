import type { Alignment, LiveServerMessage } from '../../api/schemas.gen.ts'

/**
 * What carries a session's messages to its client: a WebSocket, or a telephone line. Nothing here waits or fails; a line that is gone takes
 * what is sent and tells its owner that it is gone.
 */
export interface Transport {
  send(message: LiveServerMessage): void
  /** A message with its sound. What holds `bytes` may change them after this returns. */
  sendSound(sound: SoundMessage): void
  /** Whether messages are MessagePack, in which sound is bytes. */
  readonly isMsgpack: boolean
  /** How much was given and has not left yet, in bytes. */
  readonly unsentBytes: number
  /** Ends the line once everything that was given has left, or a moment has passed. What is sent after that goes nowhere. */
  close(code: number, reason: string): void
}

export interface SoundMessage {
  readonly seq: number
  readonly assistant_audio_id: string
  /** In the format of the session's `audio_out`. */
  readonly bytes: Uint8Array
  /** From the beginning of the segment's sound. */
  readonly alignment?: Alignment
}
