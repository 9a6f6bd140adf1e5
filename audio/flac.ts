import { u16be, u32be } from './bytes.ts'
import { believedSeconds } from './length.ts'
import { type Steps, stepBytes } from './steps.ts'

/**
 * How long a file of FLAC lasts. Its first block states that: 20 bits of rate, and 36 of samples, zero where the writer did not know.
 * The frames are counted as well, by their headers, because what is decoded is the frames.
 */
export function* flacSeconds(bytes: Uint8Array, start: number): Steps<number | undefined> {
  const rate = u32be(bytes, start + 18) >>> 12
  const samples = ((bytes[start + 21] ?? 0) & 15) * 2 ** 32 + u32be(bytes, start + 22)
  let counted = 0
  let next = start
  for (let at = start; at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    counted += flacFrameSeconds(bytes, at, rate)
    if (at < next) continue
    next = at + stepBytes
    yield
  }
  return believedSeconds(samples > 0 && rate > 0 ? samples / rate : 0, counted, mostChance)
}

/** Sound that looks like the header of a frame by chance, of which 16 MB hold one or two, makes no file longer; in seconds. */
const mostChance = 10

/** The length of the frame that begins there; 0 where none does. `rate` is that of frames which state none. */
export function flacFrameSeconds(bytes: Uint8Array, start: number, rate: number): number {
  const [second, third, fourth] = [bytes[start + 1] ?? 0, bytes[start + 2] ?? 0, bytes[start + 3] ?? 0]
  if (bytes[start] !== 0xff || (second & 0xfe) !== 0xf8) return 0
  const [sizeCode, rateCode] = [third >> 4, third & 15]
  if (sizeCode === 0 || rateCode === 15 || fourth >> 4 > 10 || (fourth & 1) === 1 || (fourth & 14) === 6) return 0
  let at = start + 4 + numberLength(bytes[start + 4] ?? 0)
  if (at === start + 4) return 0
  const size = sizeCode === 6 ? (bytes[at] ?? 0) + 1 : sizeCode === 7 ? u16be(bytes, at) + 1 : (sizes[sizeCode] ?? 0)
  at += sizeCode === 6 ? 1 : sizeCode === 7 ? 2 : 0
  const stated = rateCode === 12 ? (bytes[at] ?? 0) * 1000 : u16be(bytes, at) * (rateCode === 14 ? 10 : 1)
  const hertz = rateCode >= 12 ? stated : (rates[rateCode] ?? rate)
  at += rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0
  return hertz > 0 && at < bytes.length && bytes[at] === checksum(bytes, start, at) ? size / hertz : 0
}

const sizes = [0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768]
const rates = [undefined, 88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]

/** A frame's number is written as UTF-8 writes a character, but up to seven bytes long; 0 for what is none. */
function numberLength(first: number): number {
  const ones = Math.clz32(~(first << 24))
  return ones === 0 ? 1 : ones === 1 || ones === 8 ? 0 : ones
}

function checksum(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0
  for (let at = start; at < end; at++) {
    sum ^= bytes[at] ?? 0
    for (let bit = 0; bit < 8; bit++) sum = sum & 0x80 ? ((sum << 1) ^ 0x07) & 255 : sum << 1
  }
  return sum
}
