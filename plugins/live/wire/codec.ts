import type { LiveAudioFrame, LiveClientMessage, LiveFeatures, LiveServerMessage } from '../../../api/schemas.gen.ts'
import type { RawFormat } from '../../../providers/speech.ts'
import type { SoundMessage } from '../transport.ts'
import type { Violation } from './violations.ts'

/** Between the frames of a WebSocket and the messages of the protocol. One for each socket: it knows what this client has agreed. */
export interface Codec {
  /** What a frame holds. Never throws. Before `agree` a binary frame is sound that nobody has looked at, which is too early in any case. */
  decode(data: Uint8Array, isBinary: boolean): Incoming
  /** What `hello` has agreed. */
  agree(terms: Terms): void
  /** A frame: a string is a text frame, bytes are a binary one. */
  encode(message: LiveServerMessage): string | Uint8Array
  /** The frames of a piece of sound, to be sent with nothing between. Nothing in them is shared with `sound.bytes`. */
  encodeSound(sound: SoundMessage): readonly (string | Uint8Array)[]
}

export type Incoming =
  | { readonly type: 'message'; readonly message: ControlMessage }
  /** A frame of sound in the format of `audio_in`, whole samples of it. May be a view of the frame that was decoded. */
  | { readonly type: 'sound'; readonly bytes: Uint8Array }
  | { readonly type: 'violation'; readonly violation: Violation }

/** Everything but sound, whichever way that comes. */
export type ControlMessage = Exclude<LiveClientMessage, LiveAudioFrame>

export interface Terms {
  readonly audioTransport: AudioTransport
  /** What the client sends; undefined where it has no microphone. */
  readonly audioIn: RawFormat | undefined
}

export type AudioTransport = NonNullable<LiveFeatures['audio_transport']>

export interface CodecOptions {
  /** Whether messages are MessagePack, by the subprotocol. Then sound is `bin` within them, whatever `audio_transport` says. */
  readonly isMsgpack: boolean
  /** The largest message, in bytes. */
  readonly maxBytes: number
}
