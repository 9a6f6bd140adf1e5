import { spells, u32be, u64be } from './bytes.ts'
import { known } from './length.ts'
import { type Steps, stepBytes } from './steps.ts'

/**
 * How long an MP4 lasts: the longest of what its header states, and of what the tables of its tracks and of its fragments add up to.
 * Fragments, as browsers record them, come without a length in the header.
 */
export function* mp4Seconds(bytes: Uint8Array): Steps<number | undefined> {
  const film: Film = { stated: 0, tracks: new Map(), track: newTrack(), each: 0 }
  let next = 0
  for (let at = 0; at + 8 <= bytes.length; ) {
    if (at >= next) {
      next = at + stepBytes
      yield
    }
    const short = u32be(bytes, at)
    const size = Math.max(8, short === 0 ? bytes.length - at : short === 1 ? u64be(bytes, at + 8) : short)
    const body = at + (short === 1 ? 16 : 8)
    const box: Box = { bytes, body, end: Math.min(at + size, bytes.length), isWide: bytes[body] === 1 }
    if (spells(bytes, at + 4, 'stts')) yield* addTable(box, film.track)
    else if (spells(bytes, at + 4, 'trun')) yield* addRun(box, film)
    else readFacts(box, String.fromCharCode(...bytes.subarray(at + 4, at + 8)), film)
    // What holds others is entered; every other box is passed over.
    at = entered.some((tag) => spells(bytes, at + 4, tag)) ? body : at + size
  }
  let seconds = film.stated
  for (const { units, rate } of film.tracks.values()) seconds = Math.max(seconds, known(units, rate) ?? 0)
  return seconds > 0 ? seconds : undefined
}

const entered = ['moov', 'trak', 'mdia', 'minf', 'stbl', 'mvex', 'moof', 'traf']

interface Film {
  /** Seconds, as the header says. */
  stated: number
  readonly tracks: Map<number, Track>
  /** The one that was spoken of last. */
  track: Track
  /** The units of a sample of the fragment that was spoken of last, where its run states none. */
  each: number
}

interface Track {
  /** Units a second. */
  rate: number
  units: number
  each: number
}

interface Box {
  readonly bytes: Uint8Array
  readonly body: number
  readonly end: number
  /** Whether its times have 64 bits. */
  readonly isWide: boolean
}

function newTrack(): Track {
  return { rate: 0, units: 0, each: 0 }
}

function trackOf({ tracks }: Film, id: number): Track {
  const found = tracks.get(id) ?? newTrack()
  if (tracks.size < mostTracks) tracks.set(id, found)
  return found
}

/** Nobody has more; what goes on is made to keep us busy. */
const mostTracks = 1000

function readFacts({ bytes, body, isWide }: Box, tag: string, film: Film): void {
  if (tag === 'mvhd') {
    const units = isWide ? u64be(bytes, body + 24) : u32be(bytes, body + 16)
    film.stated = known(units, u32be(bytes, body + (isWide ? 20 : 12))) ?? 0
  } else if (tag === 'tkhd') film.track = trackOf(film, u32be(bytes, body + (isWide ? 20 : 12)))
  else if (tag === 'mdhd') film.track.rate = u32be(bytes, body + (isWide ? 20 : 12))
  else if (tag === 'trex') trackOf(film, u32be(bytes, body + 4)).each = u32be(bytes, body + 12)
  else if (tag === 'tfhd') {
    const flags = u32be(bytes, body)
    film.track = trackOf(film, u32be(bytes, body + 4))
    // Where the sound lies, and how it is described, stand before how long a sample is.
    const at = body + 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0)
    film.each = flags & 8 ? u32be(bytes, at) : film.track.each
  }
}

/** So many samples of so many units each. */
function* addTable({ bytes, body, end }: Box, track: Track): Steps<void> {
  const last = Math.min(end, body + 8 + 8 * u32be(bytes, body + 4))
  let next = body + stepBytes
  for (let at = body + 8; at + 8 <= last; at += 8) {
    track.units += u32be(bytes, at) * u32be(bytes, at + 4)
    if (at < next) continue
    next = at + stepBytes
    yield
  }
}

/** The samples of a fragment, each with its units where they differ. */
function* addRun({ bytes, body, end }: Box, { track, each }: Film): Steps<void> {
  const [flags, count] = [u32be(bytes, body), u32be(bytes, body + 4)]
  if ((flags & 0x100) === 0) {
    track.units += count * each
    return
  }
  const width = 4 * [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length
  let next = body + stepBytes
  let at = body + 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0)
  for (let sample = 0; sample < count && at + width <= end; sample++, at += width) {
    track.units += u32be(bytes, at)
    if (at < next) continue
    next = at + stepBytes
    yield
  }
}
