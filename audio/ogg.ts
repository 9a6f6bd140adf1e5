import { spells, u16le, u32be, u32le } from './bytes.ts'

/**
 * What an Ogg file holds, by its first page, and how long it lasts, by the position that its last page states: in samples of
 * the codec's own rate, or of 48 kHz for Opus. The last page is looked for in the last 128 kB, which hold any page.
 */
export function sniffOgg(bytes: Uint8Array): { codec: string | undefined; seconds: number | undefined } {
  const packet = 27 + (bytes[26] ?? 0)
  const found = codecAt(bytes, packet)
  if (found === undefined) return { codec: undefined, seconds: undefined }
  const end = lastPosition(bytes, u32le(bytes, 14))
  const samples = end === undefined ? 0 : end - found.skipped
  return { codec: found.codec, seconds: samples > 0 && found.rate > 0 ? samples / found.rate : undefined }
}

interface Codec {
  readonly codec: string
  readonly rate: number
  /** Samples at the beginning that are not played. */
  readonly skipped: number
}

function codecAt(bytes: Uint8Array, at: number): Codec | undefined {
  if (spells(bytes, at, 'OpusHead')) return { codec: 'opus', rate: 48_000, skipped: u16le(bytes, at + 10) }
  if (spells(bytes, at, '\x01vorbis')) return { codec: 'vorbis', rate: u32le(bytes, at + 12), skipped: 0 }
  if (spells(bytes, at, '\x7fFLAC')) return { codec: 'flac', rate: u32be(bytes, at + 27) >>> 12, skipped: 0 }
  if (spells(bytes, at, 'Speex   ')) return { codec: 'speex', rate: u32le(bytes, at + 36), skipped: 0 }
  return undefined
}

const farthestBack = 128 * 1024

function lastPosition(bytes: Uint8Array, stream: number): number | undefined {
  const stop = Math.max(0, bytes.length - farthestBack)
  for (let at = bytes.length - 27; at >= stop; at--) {
    if (bytes[at] !== 0x4f || !spells(bytes, at, 'OggS') || u32le(bytes, at + 14) !== stream) continue
    const high = u32le(bytes, at + 10)
    // A page on which no packet ends states none.
    if (high < 2 ** 20) return high * 2 ** 32 + u32le(bytes, at + 6)
  }
  return undefined
}
