import { bytesOfBase64 } from '../base64.ts'
import { brokenStream } from '../broken-stream.ts'
import type { AudioBlock, AudioChunkEvent, AudioUnavailableEvent, Message, StreamEvent } from '../generated/types.gen.ts'

/** Sound of an answer. The bytes of all chunks, put together, are one file of the format; their texts are what is spoken. */
export interface SoundChunk extends Omit<AudioChunkEvent, 'audio'> {
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A piece of sound, or that no more will come. */
export type Sound = SoundChunk | AudioUnavailableEvent

/** What the bytes of a sound are: a file, or for `pcm` bare samples. */
export type SoundFormat = AudioChunkEvent['format']

/** The sound of a whole answer. */
export interface MessageSound extends Omit<AudioBlock, 'type' | 'source'> {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Undefined where `media_type` is of none that the contract names. */
  readonly format: SoundFormat | undefined
  readonly media_type: string
}

/** What a voiced answer sounds like, as one file; undefined where it was not spoken. */
export function soundOf({ content }: Pick<Message, 'content'>): MessageSound | undefined {
  const block = content.findLast((each) => each.type === 'audio')
  if (!block) return undefined
  const { type: _, source, ...rest } = block
  return { ...rest, bytes: bytesOf(source.data), format: formats.get(source.media_type), media_type: source.media_type }
}

/** What an event tells of sound; undefined where it tells nothing of it. */
export function soundIn(event: StreamEvent): Sound | undefined {
  if (event.type === 'audio_unavailable') return event
  if (event.type !== 'audio_chunk') return undefined
  const { audio, ...rest } = event
  return { ...rest, bytes: bytesOf(audio) }
}

const formats: ReadonlyMap<string, SoundFormat> = new Map([
  ['audio/wav', 'wav'],
  ['audio/mpeg', 'mp3'],
  ['audio/pcm', 'pcm'],
  ['audio/ogg', 'opus'],
])

/** Throws a `BrokenStreamError` for what is no base64. */
function bytesOf(base64: unknown): Uint8Array<ArrayBuffer> {
  const bytes = typeof base64 === 'string' ? bytesOfBase64(base64) : undefined
  if (!bytes) throw brokenStream('its sound is not base64')
  return bytes
}
