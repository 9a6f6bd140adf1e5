import type {
  Alignment,
  LiveAssistantAudioChunk,
  LiveAssistantAudioChunkHeader,
  LiveClientMessage,
  LiveHelloAck,
  LiveServerMessage,
} from '../generated/types.gen.ts'

/**
 * What happens in a live session: the gateway's messages as they come, and what the client adds. A message of a type that is not known here comes
 * as it is: pass over what you do not know.
 */
export type LiveEvent =
  | Exclude<LiveServerMessage, LiveAssistantAudioChunkHeader | LiveAssistantAudioChunk>
  | LiveAudioEvent
  | LiveConnectionLost
  | LiveConnectionResumed
  | LivePlaybackBegan
  | LivePlayerFailed
  | LiveMicrophoneFailed

/** Sound of the assistant, of a segment that `assistant_audio_start` has begun. Those who iterate have it where there is no player, or none any more. */
export interface LiveAudioEvent {
  readonly type: 'audio'
  readonly seq: number
  readonly assistant_audio_id: string
  /** In the format of `assistant_audio_start`; it may end between the two bytes of a sample. Not to be changed. */
  readonly sound: Uint8Array
  /** When each word or character is spoken, where `features.want_alignment` asks for it. */
  readonly alignment?: Alignment
}

/** There is no line; the session waits, and it is tried to come back. Nobody is heard meanwhile. */
export interface LiveConnectionLost {
  readonly type: 'connection_lost'
  readonly why: string
  /**
   * What went out since anything last came from the gateway, and so may not have arrived, in its order: the last 100 messages, without playback marks and
   * sound. The gateway confirms nothing: it may have arrived all the same, and what crossed with something that came is not among it. `session.send`
   * sends one again, once there is a line.
   */
  readonly unconfirmed: readonly LiveClientMessage[]
}

/** There is a line again. What was missed comes next; what `connection_lost` had as `unconfirmed` can be sent again. */
export interface LiveConnectionResumed {
  readonly type: 'connection_resumed'
  readonly ack: LiveHelloAck
}

/** The first sound of a segment is heard in so many milliseconds; below 0 where it was heard already. */
export interface LivePlaybackBegan {
  readonly type: 'playback_began'
  readonly assistant_audio_id: string
  readonly in_ms: number
}

/**
 * The player plays nothing any more, and is given up. The session goes on without it. As nobody hears its answers, the gateway is told so of each, which
 * ends where its sound begins; for answers, begin another session.
 */
export interface LivePlayerFailed {
  readonly type: 'player_failed'
  readonly why: string
}

/** The microphone gives nothing any more, or never did. The session goes on without it. */
export interface LiveMicrophoneFailed {
  readonly type: 'microphone_failed'
  readonly why: string
}

/** What can be listened to, by its name. */
export type LiveEventMap = { [Event in LiveEvent as Event['type']]: Event } & {
  /** All events. */
  '*': LiveEvent
  /** What goes to the gateway, for those who write it down: keys are left out, and sound. */
  sent: LiveClientMessage
  /** So many bytes of sound went to the gateway. */
  sound_sent: number
}
