import { Encoder } from '@msgpack/msgpack'
import type { Alignment, LiveServerMessage } from '../../../api/schemas.gen.ts'
import type { SoundMessage } from '../transport.ts'

/** What goes to a client, in one of the three ways that sound can go. */
export interface Outgoing {
  encode(message: LiveServerMessage): string | Uint8Array
  encodeSound(sound: SoundMessage): readonly (string | Uint8Array)[]
}

/** Sound is a header, and then a binary frame. */
export function jsonAndBinary(): Outgoing {
  const quoted = rememberLast((id: string) => JSON.stringify(id))
  return {
    encode: (message) => JSON.stringify(message),
    encodeSound: ({ seq, assistant_audio_id, bytes, alignment }) => [
      `{"type":"assistant_audio_chunk_header","seq":${seq},"assistant_audio_id":${quoted(assistant_audio_id)},"bytes":${bytes.length}${jsonOf(alignment)}}`,
      // A socket keeps what it cannot send at once.
      new Uint8Array(bytes),
    ],
  }
}

/** Sound is base64 within its message. */
export function jsonAlone(): Outgoing {
  const quoted = rememberLast((id: string) => JSON.stringify(id))
  return {
    encode: (message) => JSON.stringify(message),
    encodeSound: ({ seq, assistant_audio_id, bytes, alignment }) => [
      `{"type":"assistant_audio_chunk","seq":${seq},"assistant_audio_id":${quoted(assistant_audio_id)},"audio_b64":"${base64Of(bytes)}"${jsonOf(alignment)}}`,
    ],
  }
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function jsonOf(alignment: Alignment | undefined): string {
  return alignment ? `,"alignment":${JSON.stringify(alignment)}` : ''
}

/** Sound is `bin` within its message. */
export function msgpack(): Outgoing {
  const headOf = rememberLast(chunkHead)
  return {
    encode: (message) => encoder.encode(wellFormed(message)),
    encodeSound: ({ seq, assistant_audio_id, bytes, alignment }) => {
      const head = headOf(assistant_audio_id)
      const tail = alignment ? encoder.encode(wellFormed(alignment)) : undefined
      const size = head.length + 4 + audioKey.length + 5 + bytes.length
      const frame = Buffer.allocUnsafe(tail ? size + alignmentKey.length + tail.length : size)
      frame.set(head)
      let at = frame.writeUInt32BE(seq, head.length)
      frame.set(audioKey, at)
      at = frame.writeUInt8(bin32, at + audioKey.length)
      at = frame.writeUInt32BE(bytes.length, at)
      frame.set(bytes, at)
      if (tail) {
        frame[0] = mapOf(5)
        frame.set(alignmentKey, at + bytes.length)
        frame.set(tail, at + bytes.length + alignmentKey.length)
      }
      return [frame]
    },
  }
}

// One for all sockets: it is done with a message before it returns. What a message holds is nested no deeper than what is read.
const encoder = new Encoder({ ignoreUndefined: true, maxDepth: 1024 })

const mapOf = (members: number): number => 0x80 + members
const uint32 = 0xce
const bin32 = 0xc6

/** A chunk of the segment up to the number of its `seq`. */
function chunkHead(id: string): Uint8Array {
  return Buffer.concat([
    Buffer.of(mapOf(4)),
    ...['type', 'assistant_audio_chunk', 'assistant_audio_id', id, 'seq'].map((text) => encoder.encode(wellFormed(text))),
    Buffer.of(uint32),
  ])
}

const audioKey = encoder.encode('audio')
const alignmentKey = encoder.encode('alignment')

/** JSON writes half of a pair of surrogates as an escape; in MessagePack it would be text that is not UTF-8. */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/\p{Surrogate}/gu, '\ufffd')
  if (Array.isArray(value)) return value.map(wellFormed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [wellFormed(key), wellFormed(member)]))
}

/** Chunks of one segment come one after the other. */
function rememberLast<T>(make: (id: string) => T): (id: string) => T {
  let last: { readonly id: string; readonly made: T } | undefined
  return (id) => {
    if (last?.id !== id) last = { id, made: make(id) }
    return last.made
  }
}
