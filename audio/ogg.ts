import { spells, u16le, u32be, u32le } from './bytes.ts'
import { flacFrameSeconds } from './flac.ts'
import { believedSeconds } from './length.ts'
import { opusSamples } from './opus.ts'
import { type Steps, stepBytes } from './steps.ts'

/**
 * What an Ogg file holds, by its first page, and how long it lasts: all its streams together, which stand one behind the other where
 * there are several. A stream lasts as long as the position of its last page says, in samples of the codec's own rate, or of 48 kHz
 * for Opus; or as long as its packets, where those hold more.
 */
export function* sniffOgg(bytes: Uint8Array): Steps<{ codec: string | undefined; seconds: number | undefined }> {
  const codec = codecAt(bytes, 27 + (bytes[26] ?? 0))?.codec
  if (codec === undefined) return { codec, seconds: undefined }
  const open = new Map<number, Stream>()
  let [seconds, streams, next] = [0, 0, 0]
  for (let at = 0; at !== -1; ) {
    if (at >= next) {
      next = at + stepBytes
      yield
    }
    const page = pageAt(bytes, at)
    const found = codecAt(bytes, page.body)
    if (found) {
      seconds += secondsOf(open.get(page.stream)) ?? 0
      open.set(page.stream, { codec: found, end: 0, counted: 0, isCut: false })
      if (++streams > mostStreams) return { codec, seconds: undefined }
    }
    const stream = open.get(page.stream)
    if (stream) countPage(bytes, page, stream)
    at = isPage(bytes, page.end) ? page.end : yield* nextPage(bytes, at + 1)
  }
  for (const stream of open.values()) seconds += secondsOf(stream) ?? 0
  return { codec, seconds: seconds > 0 ? seconds : undefined }
}

/** Nobody joins more; what goes on is made to keep us busy. */
const mostStreams = 1000

interface Stream {
  readonly codec: Codec
  /** The position of its last page that states one. */
  end: number
  /** Seconds in its packets. */
  counted: number
  /** Whether its last packet goes on in the next page. */
  isCut: boolean
}

function secondsOf(stream: Stream | undefined): number | undefined {
  if (!stream) return undefined
  const { codec, end, counted } = stream
  if (codec.rate === 0) return undefined
  const skipped = codec.skipped / codec.rate
  return believedSeconds(Math.max(0, end / codec.rate - skipped), counted - skipped, mostTrimmed)
}

/** What a position may leave out of the packets that are played: the rest of the last one; in seconds. */
const mostTrimmed = 0.25

// ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Page {
  readonly start: number
  readonly stream: number
  readonly body: number
  readonly end: number
}

function pageAt(bytes: Uint8Array, start: number): Page {
  const lacing = start + 27
  const body = lacing + (bytes[start + 26] ?? 0)
  let end = body
  for (let at = lacing; at < body; at++) end += bytes[at] ?? 0
  return { start, stream: u32le(bytes, start + 14), body, end }
}

function isPage(bytes: Uint8Array, at: number): boolean {
  return spells(bytes, at, 'OggS')
}

/** Where the next page begins after what is none: players pass over it. */
function* nextPage(bytes: Uint8Array, from: number): Steps<number> {
  let next = from + stepBytes
  let at = bytes.indexOf(0x4f, from)
  while (at !== -1 && !isPage(bytes, at)) {
    at = bytes.indexOf(0x4f, at + 1)
    if (at < next) continue
    next = at + stepBytes
    yield
  }
  return at
}

function countPage(bytes: Uint8Array, { start, body }: Page, stream: Stream): void {
  const high = u32le(bytes, start + 10)
  // A page on which no packet ends states no position.
  if (high < 2 ** 20) stream.end = Math.max(stream.end, high * 2 ** 32 + u32le(bytes, start + 6))
  let [packet, at] = [body, body]
  for (let lacing = start + 27; lacing < body; lacing++) {
    const size = bytes[lacing] ?? 0
    at += size
    if (size === 255 && lacing + 1 < body) continue
    if (!stream.isCut) stream.counted += stream.codec.secondsIn(packet, at - packet)
    stream.isCut = size === 255
    packet = at
  }
}

// ── Codecs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Codec {
  readonly codec: string
  readonly rate: number
  /** Samples at the beginning that are not played. */
  readonly skipped: number
  /** At least how long a packet lasts. */
  secondsIn(at: number, length: number): number
}

function codecAt(bytes: Uint8Array, at: number): Codec | undefined {
  if (spells(bytes, at, 'OpusHead')) {
    const skipped = u16le(bytes, at + 10)
    return { codec: 'opus', rate: 48_000, skipped, secondsIn: (packet, length) => opusSeconds(bytes, packet, length) }
  }
  if (spells(bytes, at, '\x01vorbis')) {
    const rate = u32le(bytes, at + 12)
    // A packet gives half of the shorter kind of block at least; which kind it is of, only who decodes it sees.
    const least = rate > 0 ? 2 ** ((bytes[at + 28] ?? 0) & 15) / 2 / rate : 0
    return { codec: 'vorbis', rate, skipped: 0, secondsIn: (packet) => (((bytes[packet] ?? 1) & 1) === 0 ? least : 0) }
  }
  if (spells(bytes, at, '\x7fFLAC')) {
    const rate = u32be(bytes, at + 27) >>> 12
    return { codec: 'flac', rate, skipped: 0, secondsIn: (packet) => flacFrameSeconds(bytes, packet, rate) }
  }
  if (spells(bytes, at, 'Speex   ')) {
    const rate = u32le(bytes, at + 36)
    const samples = u32le(bytes, at + 56) * Math.max(1, u32le(bytes, at + 64))
    const each = rate > 0 && samples <= rate ? samples / rate : 0
    return { codec: 'speex', rate, skipped: 0, secondsIn: (packet) => (spells(bytes, packet, 'Speex   ') ? 0 : each) }
  }
  return undefined
}

/** The first two packets hold no sound. */
function opusSeconds(bytes: Uint8Array, at: number, length: number): number {
  const isFacts = spells(bytes, at, 'OpusHead') || spells(bytes, at, 'OpusTags')
  return isFacts ? 0 : opusSamples(bytes, at, length) / 48_000
}
