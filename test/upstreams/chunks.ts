/** Where a body is cut: the pieces that are written to the socket one after the other. */
export type Chunking =
  /** One piece. */
  | 'whole'
  /** Every byte is a piece. */
  | 'bytes'
  /** Every server-sent event is a piece. */
  | 'events'
  /** Cut at these offsets in bytes. */
  | { readonly at: readonly number[] }
  /** So many bytes at a time. */
  | { readonly size: number }
  /** Pieces of 1 to `max` bytes (default 64); the same seed gives the same pieces. */
  | { readonly seed: number; readonly max?: number }

/** A place in a body: an offset in bytes, or the end of the nth server-sent event (0 is before the first). */
export type Offset = number | { readonly event: number }

/** The pieces of `bytes`, in order; none is empty. Concatenated they are `bytes`. */
export function cut(bytes: Uint8Array, chunking: Chunking): Uint8Array[] {
  const offsets = [...new Set(cutsOf(bytes, chunking))].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b)
  const ends = bytes.length === 0 ? [] : [...offsets, bytes.length]
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
}

/** The offset in bytes, at most the body's length. */
export function offsetIn(bytes: Uint8Array, offset: Offset): number {
  if (typeof offset === 'number') return Math.min(offset, bytes.length)
  return offset.event === 0 ? 0 : (eventEnds(bytes)[offset.event - 1] ?? bytes.length)
}

function cutsOf(bytes: Uint8Array, chunking: Chunking): number[] {
  if (chunking === 'whole') return []
  if (chunking === 'bytes') return every(bytes.length, 1)
  if (chunking === 'events') return eventEnds(bytes)
  if ('at' in chunking) return [...chunking.at]
  if ('size' in chunking) return every(bytes.length, chunking.size)
  return scattered(bytes.length, chunking.seed, chunking.max ?? 64)
}

function every(length: number, step: number): number[] {
  if (!(step >= 1)) throw new RangeError('a piece has at least one byte')
  return Array.from({ length: Math.floor(length / step) }, (_, index) => (index + 1) * step)
}

function scattered(length: number, seed: number, max: number): number[] {
  const random = seeded(seed)
  const cuts: number[] = []
  for (let at = 0; at < length; at += 1 + Math.floor(random() * max)) cuts.push(at)
  return cuts
}

/** The ends of the blank lines: an event is closed by two line feeds, or two CRLF. */
function eventEnds(bytes: Uint8Array): number[] {
  const ends: number[] = []
  let emptyLine = false
  bytes.forEach((byte, index) => {
    if (byte === 0x0d) return
    if (byte === 0x0a && emptyLine) ends.push(index + 1)
    emptyLine = byte === 0x0a
  })
  return ends
}

/** Numbers in [0, 1) that only depend on the seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
