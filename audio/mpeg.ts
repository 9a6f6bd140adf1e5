import { spells, u16be, u32be } from './bytes.ts'

/**
 * MP3 and AAC have no header of their own, only frames that each begin alike. Bytes are taken for one of them where a frame is
 * followed by another of its kind, or by the end. How long they last is counted frame by frame; where the count loses its way, the
 * number of frames that an MP3's first frame may state is believed instead.
 */
export function sniffMpeg(bytes: Uint8Array, start: number): { kind: 'mp3' | 'aac'; seconds: number | undefined } | undefined {
  const first = frameAt(bytes, start)
  if (first === undefined) return undefined
  const next = start + first.size
  const isFollowed = next === bytes.length || isEnd(bytes, next) || frameAt(bytes, next)?.kind === first.kind
  if (!isFollowed) return undefined
  const stated = first.kind === 'mp3' ? statedFrames(bytes, start) : undefined
  const counted = countSeconds(bytes, stated === undefined ? start : next, first.kind)
  return { kind: first.kind, seconds: counted ?? (stated ? (stated * first.samples) / first.rate : undefined) }
}

interface Frame {
  readonly kind: 'mp3' | 'aac'
  /** Bytes, with the header. */
  readonly size: number
  readonly samples: number
  readonly rate: number
}

function countSeconds(bytes: Uint8Array, start: number, kind: Frame['kind']): number | undefined {
  let [seconds, samples, rate, at] = [0, 0, 0, start]
  while (at < bytes.length && !isEnd(bytes, at)) {
    const frame = frameAt(bytes, at)
    if (frame === undefined || frame.kind !== kind) {
      // A frame that was cut within its header is an end as well.
      if (bytes.length - at >= 8) return undefined
      break
    }
    if (frame.rate !== rate) {
      seconds += rate === 0 ? 0 : samples / rate
      samples = 0
      rate = frame.rate
    }
    samples += frame.samples
    at += frame.size
  }
  return samples === 0 ? undefined : seconds + samples / rate
}

/** Tags that stand at the end, and padding. */
function isEnd(bytes: Uint8Array, at: number): boolean {
  return spells(bytes, at, 'TAG') || spells(bytes, at, 'APETAGEX') || (at + 4 <= bytes.length && u32be(bytes, at) === 0)
}

// ── Frames ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

function frameAt(bytes: Uint8Array, at: number): Frame | undefined {
  const word = u32be(bytes, at)
  if (word >>> 21 !== 0x7ff) return undefined
  return (word >>> 17) & 3 ? layerFrame(word) : adtsFrame(bytes, at, word)
}

/** Kilobits a second by index, of MPEG 1 and of MPEG 2 and 2.5; layer III, and layers II and I for those that still have them. */
const bitRates = {
  one: {
    3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    1: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  },
  two: {
    3: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    1: [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  },
}
const mpegRates = [44_100, 48_000, 32_000]

function layerFrame(word: number): Frame | undefined {
  const version = (word >>> 19) & 3
  const layer = layers[(word >>> 17) & 3]
  const fullRate = mpegRates[(word >>> 10) & 3]
  if (version === 1 || layer === undefined || fullRate === undefined) return undefined
  const isOne = version === 3
  const kilobits = bitRates[isOne ? 'one' : 'two'][layer][(word >>> 12) & 15] ?? 0
  if (kilobits === 0) return undefined
  const rate = isOne ? fullRate : version === 2 ? fullRate / 2 : fullRate / 4
  const padding = (word >>> 9) & 1
  const samples = layer === 1 ? 384 : layer === 3 && !isOne ? 576 : 1152
  const slot = layer === 1 ? 4 : 1
  const size = (Math.floor((samples * kilobits * 125) / rate / slot) + padding) * slot
  return { kind: 'mp3', size, samples, rate }
}

const layers = [undefined, 3, 2, 1] as const

const adtsRates = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350]

function adtsFrame(bytes: Uint8Array, at: number, word: number): Frame | undefined {
  const rate = adtsRates[(word >>> 10) & 15]
  const size = (u32be(bytes, at + 3) >>> 13) & 0x1fff
  if (word >>> 20 !== 0xfff || rate === undefined || size < 7) return undefined
  return { kind: 'aac', size, samples: 1024 * (((bytes[at + 6] ?? 0) & 3) + 1), rate }
}

// ── What an MP3 states ──────────────────────────────────────────────────────────────────────────────────────────────────

/** The frames that follow a first one which holds no sound but the number of the others; undefined where it is one of sound. */
function statedFrames(bytes: Uint8Array, at: number): number | undefined {
  const word = u32be(bytes, at)
  const isOne = ((word >>> 19) & 3) === 3
  const isMono = ((word >>> 6) & 3) === 3
  const tag = at + 4 + (isOne ? (isMono ? 17 : 32) : isMono ? 9 : 17)
  if (spells(bytes, tag, 'Xing') || spells(bytes, tag, 'Info')) return u16be(bytes, tag + 6) & 1 ? u32be(bytes, tag + 8) : 0
  return spells(bytes, at + 36, 'VBRI') ? u32be(bytes, at + 50) : undefined
}
