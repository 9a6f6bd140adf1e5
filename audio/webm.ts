import { u32be } from './bytes.ts'
import { believedSeconds } from './length.ts'
import { opusSamples } from './opus.ts'
import { type Steps, stepBytes } from './steps.ts'

/**
 * What a WebM or Matroska file holds, and how long it lasts: what it states, or the time of its last block where that is later, or all
 * packets of Opus where they hold more. Browsers record without stating a length, and then the last block itself, some 20 to 60 ms, is
 * not counted.
 */
export function* sniffWebm(bytes: Uint8Array): Steps<{ codec: string | undefined; seconds: number | undefined }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let codec: string | undefined
  let [nanoseconds, stated, cluster, last, samples, track, at, next] = [1_000_000, 0, 0, 0, 0, 0, 0, 0]
  let opusTrack: number | undefined
  while (at !== -1 && at < bytes.length) {
    if (at >= next) {
      next = at + stepBytes
      yield
    }
    const idLength = lengthOf(bytes[at])
    const sizeLength = lengthOf(bytes[at + idLength])
    const start = at + idLength + sizeLength
    const id = numberAt(bytes, at, idLength)
    if (idLength <= 4 && sizeLength <= 8 && start <= bytes.length && entered.has(id)) {
      at = start
      continue
    }
    const size = sizeAt(bytes, at + idLength, sizeLength)
    // A length that is left open is allowed only to what is entered. Players pass over what is broken, to the next cluster.
    if (idLength > 4 || sizeLength > 8 || size === undefined || start + size > bytes.length) {
      at = yield* nextCluster(bytes, at + 1)
      continue
    }
    if (id === ids.codec) {
      codec ??= codecNames[String.fromCharCode(...bytes.subarray(start, start + Math.min(size, 32)))]
      if (codec === 'opus') opusTrack ??= track
    } else if (id === ids.track && size <= 6) track = numberAt(bytes, start, size)
    else if (id === ids.scale && size <= 6) nanoseconds = numberAt(bytes, start, size)
    else if (id === ids.duration) stated = floatAt(view, start, size)
    else if (id === ids.time && size <= 6) cluster = numberAt(bytes, start, size)
    else if ((id === ids.simpleBlock || id === ids.block) && size >= 4) {
      const relative = start + lengthOf(bytes[start])
      if (relative + 2 <= bytes.length) last = Math.max(last, cluster + view.getInt16(relative))
      const isOpus = opusTrack === 0 || opusTrack === ((bytes[start] ?? 0) & 0x7f)
      if (isOpus) samples += samplesOfBlock(bytes, relative + 2, start + size)
    }
    at = start + size
  }
  const told = (Math.max(stated, last) * nanoseconds) / 1e9
  return { codec, seconds: believedSeconds(Number.isFinite(told) ? told : 0, samples / 48_000, mostOverlap) }
}

/** The last block of a file that states no length, and rounding; in seconds. */
const mostOverlap = 0.25

/** From the flags of a block on: one packet, or several of them laced together, which are taken to be as long as the first. */
function samplesOfBlock(bytes: Uint8Array, flags: number, end: number): number {
  const isLaced = ((bytes[flags] ?? 0) & 0x06) !== 0
  if (!isLaced) return opusSamples(bytes, flags + 1, end - flags - 1)
  const packets = (bytes[flags + 1] ?? 0) + 1
  return packets * longestFrame
}

/** 60 ms: where the packets of a lace begin is not looked for. */
const longestFrame = 2880

function* nextCluster(bytes: Uint8Array, from: number): Steps<number> {
  let next = from + stepBytes
  let at = bytes.indexOf(0x1f, from)
  while (at !== -1 && u32be(bytes, at) !== ids.cluster) {
    at = bytes.indexOf(0x1f, at + 1)
    if (at < next) continue
    next = at + stepBytes
    yield
  }
  return at
}

const ids = {
  codec: 0x86,
  scale: 0x2ad7b1,
  duration: 0x4489,
  time: 0xe7,
  simpleBlock: 0xa3,
  block: 0xa1,
  cluster: 0x1f43b675,
  track: 0xd7,
}

/** The file's segment, its facts, its tracks and each of them, its clusters and the groups of blocks in them. */
const entered: ReadonlySet<number> = new Set([0x18538067, 0x1549a966, 0x1654ae6b, 0xae, ids.cluster, 0xa0])

const codecNames: Readonly<Record<string, string>> = { A_OPUS: 'opus', A_VORBIS: 'vorbis', A_FLAC: 'flac', A_AAC: 'aac' }

/** A number's first bit that is set tells how many bytes it has; more than eight where none is. */
function lengthOf(first: number | undefined): number {
  return Math.clz32((first ?? 0) & 0xff) - 23
}

function numberAt(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let index = 0; index < length; index++) value = value * 256 + (bytes[at + index] ?? 0)
  return value
}

/** Undefined where all bits are ones: a length that is left open. */
function sizeAt(bytes: Uint8Array, at: number, length: number): number | undefined {
  let value = (bytes[at] ?? 0) & (0xff >> length)
  for (let index = 1; index < length; index++) value = value * 256 + (bytes[at + index] ?? 0)
  return value === 2 ** (7 * length) - 1 ? undefined : value
}

function floatAt(view: DataView, at: number, size: number): number {
  const value = size === 4 ? view.getFloat32(at) : size === 8 ? view.getFloat64(at) : 0
  return Number.isFinite(value) ? value : 0
}
