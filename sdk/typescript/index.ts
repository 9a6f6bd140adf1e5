export type { AudioMediaType, BlockSource, ImageMediaType, VideoMediaType } from './blocks.ts'
export {
  assistantMessage,
  audio,
  document,
  image,
  speech,
  text,
  toolCallsOf,
  toolResult,
  userMessage,
  video,
} from './blocks.ts'
export { VAI } from './client.ts'
export * from './errors.ts'
export type * from './generated/types.gen.ts'
export type {
  LiveAudioEvent,
  LiveConnectionLost,
  LiveConnectionResumed,
  LiveEvent,
  LiveEventMap,
  LiveMicrophoneFailed,
  LivePlaybackBegan,
  LivePlayerFailed,
} from './live/event.ts'
export type { LiveMicrophone, LiveMicrophoneListener } from './live/microphone.ts'
export type { LivePlayer, LivePlayerListener, PlaybackMark } from './live/player.ts'
export type { LiveConnectOptions, LiveEnd, LiveParams, LiveSession } from './live/session.ts'
export {
  type LiveDial,
  type LiveSocket,
  type LiveSocketListener,
  type LiveSocketRefusal,
  type StandardWebSocket,
  type StandardWebSocketClass,
  webSocketDial,
} from './live/socket.ts'
export type { Live } from './live.ts'
export type { CountTokensParams, MessageCreateParams, Messages } from './messages.ts'
export type { ModelListParams, ModelPage, Models } from './models.ts'
export type { ClientOptions, Fetch, Logger, ProviderKeys, RequestOptions } from './options.ts'
export type { RunCreateParams, Runs } from './runs.ts'
export { accumulate } from './stream/accumulate.ts'
export { MessageStream } from './stream/message-stream.ts'
export { RunStream } from './stream/run-stream.ts'
export { type MessageSound, type Sound, type SoundChunk, type SoundFormat, soundOf } from './stream/sound.ts'
export { textOf } from './stream/text.ts'
export type { WithRequestId } from './transport.ts'
