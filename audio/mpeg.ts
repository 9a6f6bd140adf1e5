import { spells, u32be } from './bytes.ts'
import { type Steps, stepBytes } from './steps.ts'

/**
 * MP3 and AAC have no header of their own, only frames that each begin alike. Bytes are taken for one of them where a frame is
 * followed by another of its kind, or by the end. How long they last is counted frame by frame; what stands between frames is passed
 * over, as players do.
 */
export function* sniffMpeg(
  bytes: Uint8Array,
  start: number,
): Steps<{ kind: 'mp3' | 'aac'; seconds: number | undefined } | undefined> {
  const first = frameAt(bytes, start)
  if (first === undefined || !isFollowed(bytes, start, first)) return undefined
  const isFacts = first.kind === 'mp3' && holdsFacts(bytes, start)
  const seconds = yield* countSeconds(bytes, isFacts ? start + first.size : start, first.kind)
  return { kind: first.kind, seconds }
}

interface Frame {
  readonly kind: 'mp3' | 'aac'
  /** Bytes, with the header. */
  readonly size: number
  readonly samples: number
  readonly rate: number
}

function* countSeconds(bytes: Uint8Array, start: number, kind: Frame['kind']): Steps<number | undefined> {
  let [seconds, samples, rate, at, next, isLost] = [0, 0, 0, start, start, false]
  while (at !== -1 && at < bytes.length) {
    if (at >= next) {
      next = at + stepBytes
      yield
    }
    const frame = frameAt(bytes, at)
    // What looks like one frame by chance is not followed by another.
    isLost = frame?.kind !== kind || (isLost && !isFollowed(bytes, at, frame))
    if (isLost || frame === undefined) {
      at = bytes.indexOf(0xff, at + 1)
      continue
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

function isFollowed(bytes: Uint8Array, at: number, { kind, size }: Frame): boolean {
  const next = at + size
  return next === bytes.length || isEnd(bytes, next) || frameAt(bytes, next)?.kind === kind
}

/** Tags that stand at the end, and padding. */
function isEnd(bytes: Uint8Array, at: number): boolean {
  return spells(bytes, at, 'TAG') || spells(bytes, at, 'APETAGEX') || (at + 4 <= bytes.length && u32be(bytes, at) === 0)
}

// ── Frames ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function frameAt(bytes: Uint8Array, at: number): Frame | undefined {
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

/** Whether a first frame holds no sound but facts of the others. */
function holdsFacts(bytes: Uint8Array, at: number): boolean {
  const word = u32be(bytes, at)
  const isOne = ((word >>> 19) & 3) === 3
  const isMono = ((word >>> 6) & 3) === 3
  const tag = at + 4 + (isOne ? (isMono ? 17 : 32) : isMono ? 9 : 17)
  return spells(bytes, tag, 'Xing') || spells(bytes, tag, 'Info') || spells(bytes, at + 36, 'VBRI')
}
