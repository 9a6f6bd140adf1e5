import { spells, u16be, u32be } from './bytes.ts'
import { flacSeconds } from './flac.ts'
import { known } from './length.ts'
import { mp4Seconds } from './mp4.ts'
import { sniffMpeg } from './mpeg.ts'
import { sniffOgg } from './ogg.ts'
import { atOnce, type Steps, stepBytes } from './steps.ts'
import { isWav, parseWav, WavError } from './wav.ts'
import { sniffWebm } from './webm.ts'

/** What bytes are, whatever they were said to be. */
export interface SniffedAudio {
  readonly kind: AudioKind
  /** What is inside, where a container may hold several and tells which. */
  readonly codec: string | undefined
  /**
   * How long it lasts, where that can be told without decoding: by its frames or packets where they can be counted, even where it states
   * less. The tables of MP4 and the positions of Vorbis are believed.
   */
  readonly seconds: number | undefined
}

export type AudioKind = 'wav' | 'mp3' | 'flac' | 'ogg' | 'webm' | 'mp4' | 'aac' | 'aiff' | 'amr'

/**
 * Tells a file of sound by what is in it; undefined where it is none of these. Takes time in proportion to the length at worst, and
 * throws nothing, whatever the bytes.
 */
export function sniffAudio(bytes: Uint8Array): SniffedAudio | undefined {
  return atOnce(sniffInSteps(bytes))
}

/** The same, for whoever has others to think of: files may be made to keep us busy. */
export function* sniffInSteps(bytes: Uint8Array): Steps<SniffedAudio | undefined> {
  if (isWav(bytes)) return wav(bytes)
  if (spells(bytes, 0, 'OggS')) return { kind: 'ogg', ...(yield* sniffOgg(bytes)) }
  if (u32be(bytes, 0) === 0x1a45dfa3) return { kind: 'webm', ...(yield* sniffWebm(bytes)) }
  if (spells(bytes, 4, 'ftyp')) return { kind: 'mp4', codec: undefined, seconds: yield* mp4Seconds(bytes) }
  if (spells(bytes, 0, 'FORM') && (spells(bytes, 8, 'AIFF') || spells(bytes, 8, 'AIFC'))) {
    return { kind: 'aiff', codec: undefined, seconds: yield* aiffSeconds(bytes) }
  }
  if (spells(bytes, 0, '#!AMR\n')) return { kind: 'amr', codec: 'amr-nb', seconds: yield* amrSeconds(bytes, 6, narrowFrames) }
  if (spells(bytes, 0, '#!AMR-WB\n')) return { kind: 'amr', codec: 'amr-wb', seconds: yield* amrSeconds(bytes, 9, wideFrames) }
  const start = afterId3(bytes)
  if (spells(bytes, start, 'fLaC')) return { kind: 'flac', codec: undefined, seconds: yield* flacSeconds(bytes, start) }
  const mpeg = yield* sniffMpeg(bytes, start)
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
export function afterId3(bytes: Uint8Array): number {
  let at = 0
  for (let count = 0; count < 8 && spells(bytes, at, 'ID3'); count++) {
    const size = [6, 7, 8, 9].reduce((sum, index) => sum * 128 + ((bytes[at + index] ?? 0) & 127), 0)
    const hasFooter = ((bytes[at + 5] ?? 0) & 0x10) !== 0
    at += 10 + size + (hasFooter ? 10 : 0)
  }
  return at
}

// ── AIFF and AMR ────────────────────────────────────────────────────────────────────────────────────────────────────────

function* aiffSeconds(bytes: Uint8Array): Steps<number | undefined> {
  let [stated, rate, frameBytes, counted, next] = [0, 0, 0, 0, 0]
  for (let at = 12; at + 8 <= bytes.length; ) {
    if (at >= next) {
      next = at + stepBytes
      yield
    }
    const size = u32be(bytes, at + 4)
    if (spells(bytes, at, 'COMM')) {
      // The rate is a float of 80 bits: an exponent, and 64 bits of which the first is the one before the point.
      const exponent = (u16be(bytes, at + 16) & 0x7fff) - 16_383
      rate = u32be(bytes, at + 18) * 2 ** (exponent - 31)
      stated = u32be(bytes, at + 10)
      frameBytes = u16be(bytes, at + 8) * Math.ceil(u16be(bytes, at + 14) / 8)
    }
    if (spells(bytes, at, 'SSND')) counted = Math.min(size, bytes.length - at - 8) - 8
    at += 8 + size + (size % 2)
  }
  return known(Math.max(stated, frameBytes > 0 ? Math.floor(counted / frameBytes) : 0), rate)
}

/** The bytes of each kind of frame, its own first byte with it; none where a kind is not used. */
const narrowFrames = [13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1]
const wideFrames = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1]

/** Each frame lasts 20 ms. */
function* amrSeconds(bytes: Uint8Array, start: number, sizes: readonly number[]): Steps<number | undefined> {
  let [frames, next] = [0, 0]
  for (let at = start; at < bytes.length; frames++) {
    if (at >= next) {
      next = at + stepBytes
      yield
    }
    const size = sizes[((bytes[at] ?? 0) >> 3) & 15] ?? 0
    if (size === 0) return undefined
    at += size
  }
  return known(frames, 50)
}
