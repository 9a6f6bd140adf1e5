import type { AudioChunkEvent } from '../../../api/schemas.gen.ts'
import type { WrittenEvent } from '../../../api/sse.ts'

/**
 * A chunk as it stands in the stream. Base64 needs no escapes, and looking for some in so much of it would take longer than all the
 * rest of its way.
 */
export function writtenChunk(event: AudioChunkEvent): WrittenEvent {
  const json = JSON.stringify({ ...event, audio: '' })
  const at = json.indexOf(audioMember) + audioMember.length
  return { type: 'written', name: event.type, json: json.slice(0, at) + event.audio + json.slice(at) }
}

/** Before it stand `type` and `format` alone, whose values hold no such thing. */
const audioMember = '"audio":"'
