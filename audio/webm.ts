/**
 * What a WebM or Matroska file holds, and how long it lasts: what it states, or the time of its last block where that is later.
 * Browsers record without stating a length, and then the last block itself, some 20 to 60 ms, is not counted.
 */
export function sniffWebm(bytes: Uint8Array): { codec: string | undefined; seconds: number | undefined } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let codec: string | undefined
  let [nanoseconds, stated, cluster, last, at] = [1_000_000, 0, 0, 0, 0]
  for (let count = 0; at < bytes.length; count++) {
    if (count === mostElements) return { codec, seconds: undefined }
    const idLength = lengthOf(bytes[at])
    const sizeLength = lengthOf(bytes[at + idLength])
    const start = at + idLength + sizeLength
    if (idLength > 4 || sizeLength > 8 || start > bytes.length) break
    const id = numberAt(bytes, at, idLength)
    if (entered.has(id)) {
      at = start
      continue
    }
    const size = sizeAt(bytes, at + idLength, sizeLength)
    // A length that is left open is allowed only to what is entered.
    if (size === undefined || start + size > bytes.length) break
    if (id === ids.codec) codec ??= codecNames[String.fromCharCode(...bytes.subarray(start, start + Math.min(size, 32)))]
    else if (id === ids.scale && size <= 6) nanoseconds = numberAt(bytes, start, size)
    else if (id === ids.duration) stated = floatAt(view, start, size)
    else if (id === ids.time && size <= 6) cluster = numberAt(bytes, start, size)
    else if ((id === ids.simpleBlock || id === ids.block) && size >= 4) {
      const relative = start + lengthOf(bytes[start])
      if (relative + 2 <= bytes.length) last = Math.max(last, cluster + view.getInt16(relative))
    }
    at = start + size
  }
  const seconds = (Math.max(stated, last) * nanoseconds) / 1e9
  return { codec, seconds: seconds > 0 && Number.isFinite(seconds) ? seconds : undefined }
}

/** More than four hours have, in blocks of 20 ms; what goes on is made to keep us busy. */
const mostElements = 1_000_000

const ids = {
  codec: 0x86,
  scale: 0x2ad7b1,
  duration: 0x4489,
  time: 0xe7,
  simpleBlock: 0xa3,
  block: 0xa1,
}

/** The file's segment, its facts, its tracks and each of them, its clusters and the groups of blocks in them. */
const entered: ReadonlySet<number> = new Set([0x18538067, 0x1549a966, 0x1654ae6b, 0xae, 0x1f43b675, 0xa0])

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
