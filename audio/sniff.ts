import { spells, u16be, u32be, u64be } from './bytes.ts'
import { sniffMpeg } from './mpeg.ts'
import { sniffOgg } from './ogg.ts'
import { isWav, parseWav, WavError } from './wav.ts'
import { sniffWebm } from './webm.ts'

/** What bytes are, whatever they were said to be. */
export interface SniffedAudio {
  readonly kind: AudioKind
  /** What is inside, where a container may hold several and tells which. */
  readonly codec: string | undefined
  /** How long it lasts, where that can be told without decoding. What a header claims may be a lie; what was counted is not. */
  readonly seconds: number | undefined
}

export type AudioKind = 'wav' | 'mp3' | 'flac' | 'ogg' | 'webm' | 'mp4' | 'aac' | 'aiff' | 'amr'

/**
 * Tells a file of sound by what is in it; undefined where it is none of these. Takes time in proportion to the length at worst, and
 * throws nothing, whatever the bytes.
 */
export function sniffAudio(bytes: Uint8Array): SniffedAudio | undefined {
  if (isWav(bytes)) return wav(bytes)
  if (spells(bytes, 0, 'OggS')) return { kind: 'ogg', ...sniffOgg(bytes) }
  if (u32be(bytes, 0) === 0x1a45dfa3) return { kind: 'webm', ...sniffWebm(bytes) }
  if (spells(bytes, 4, 'ftyp')) return { kind: 'mp4', codec: undefined, seconds: mp4Seconds(bytes) }
  if (spells(bytes, 0, 'FORM') && (spells(bytes, 8, 'AIFF') || spells(bytes, 8, 'AIFC'))) {
    return { kind: 'aiff', codec: undefined, seconds: aiffSeconds(bytes) }
  }
  if (spells(bytes, 0, '#!AMR\n')) return { kind: 'amr', codec: 'amr-nb', seconds: amrSeconds(bytes, 6, narrowFrames) }
  if (spells(bytes, 0, '#!AMR-WB\n')) return { kind: 'amr', codec: 'amr-wb', seconds: amrSeconds(bytes, 9, wideFrames) }
  const start = afterId3(bytes)
  if (spells(bytes, start, 'fLaC')) return { kind: 'flac', codec: undefined, seconds: flacSeconds(bytes, start) }
  const mpeg = sniffMpeg(bytes, start)
  return mpeg === undefined ? undefined : { ...mpeg, codec: undefined }
}

function wav(bytes: Uint8Array): SniffedAudio {
  try {
    const { format, frames, rate } = parseWav(bytes)
    return { kind: 'wav', codec: format, seconds: frames / rate }
  } catch (error) {
    if (error instanceof WavError) return { kind: 'wav', codec: undefined, seconds: undefined }
    throw error
  }
}

/** Where the sound begins after the tags that stand before MP3, AAC and now and then FLAC; some writers leave several. */
function afterId3(bytes: Uint8Array): number {
  let at = 0
  for (let count = 0; count < 8 && spells(bytes, at, 'ID3'); count++) {
    const size = [6, 7, 8, 9].reduce((sum, index) => sum * 128 + ((bytes[at + index] ?? 0) & 127), 0)
    const hasFooter = ((bytes[at + 5] ?? 0) & 0x10) !== 0
    at += 10 + size + (hasFooter ? 10 : 0)
  }
  return at
}

/** The first block after the mark is the one that tells: 20 bits of rate, and 36 of samples, zero where the writer did not know. */
function flacSeconds(bytes: Uint8Array, start: number): number | undefined {
  const rate = u32be(bytes, start + 18) >>> 12
  const samples = ((bytes[start + 21] ?? 0) & 15) * 2 ** 32 + u32be(bytes, start + 22)
  return known(samples, rate)
}

// ── MP4 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function mp4Seconds(bytes: Uint8Array): number | undefined {
  for (let at = 0; at + 8 <= bytes.length; ) {
    const [short, long] = [u32be(bytes, at), u64be(bytes, at + 8)]
    const size = short === 0 ? bytes.length - at : short === 1 ? long : short
    if (spells(bytes, at + 4, 'mvhd')) {
      const isWide = bytes[at + 8] === 1
      return isWide ? known(u64be(bytes, at + 32), u32be(bytes, at + 28)) : known(u32be(bytes, at + 24), u32be(bytes, at + 20))
    }
    // The header of the film stands in the box of the film, which is entered; every other box is passed over.
    at += spells(bytes, at + 4, 'moov') ? (short === 1 ? 16 : 8) : Math.max(size, 8)
  }
  return undefined
}

// ── AIFF and AMR ────────────────────────────────────────────────────────────────────────────────────────────────────────

function aiffSeconds(bytes: Uint8Array): number | undefined {
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = u32be(bytes, at + 4)
    if (spells(bytes, at, 'COMM')) {
      // The rate is a float of 80 bits: an exponent, and 64 bits of which the first is the one before the point.
      const exponent = (u16be(bytes, at + 16) & 0x7fff) - 16_383
      const rate = u32be(bytes, at + 18) * 2 ** (exponent - 31)
      return known(u32be(bytes, at + 10), rate)
    }
    at += 8 + size + (size % 2)
  }
  return undefined
}

/** The bytes of each kind of frame, its own first byte with it; none where a kind is not used. */
const narrowFrames = [13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1]
const wideFrames = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1]

/** Each frame lasts 20 ms. */
function amrSeconds(bytes: Uint8Array, start: number, sizes: readonly number[]): number | undefined {
  let frames = 0
  for (let at = start; at < bytes.length; frames++) {
    const size = sizes[((bytes[at] ?? 0) >> 3) & 15] ?? 0
    if (size === 0) return undefined
    at += size
  }
  return known(frames, 50)
}

function known(units: number, rate: number): number | undefined {
  const seconds = units / rate
  return units > 0 && Number.isFinite(seconds) ? seconds : undefined
}
