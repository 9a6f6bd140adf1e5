import { bytesIn, samplesIn } from './pcm.ts'

/**
 * G.711, as telephones speak it: a byte a sample, 8 kHz by custom, against 16-bit PCM. Both ways are one look into a table, which is
 * made of the recommendation's segments; the large ones, of codes, when they are first needed. A negative sample falls on the lower side of a decision value,
 * as the ITU's reference software has it.
 */
export function mulawToPcm(codes: Uint8Array): Uint8Array {
  return expanded(codes, mulawLevels)
}

export function pcmToMulaw(pcm: Uint8Array): Uint8Array {
  mulawCodes ??= codeTable(mulawCode)
  return compressed(pcm, mulawCodes)
}

export function alawToPcm(codes: Uint8Array): Uint8Array {
  return expanded(codes, alawLevels)
}

export function pcmToAlaw(pcm: Uint8Array): Uint8Array {
  alawCodes ??= codeTable(alawCode)
  return compressed(pcm, alawCodes)
}

/** The byte that says silence: what a line is filled with when nobody speaks. */
export const mulawSilence = 0xff
export const alawSilence = 0xd5

function expanded(codes: Uint8Array, levels: Int16Array): Uint8Array {
  const samples = new Int16Array(codes.length)
  for (let at = 0; at < codes.length; at++) samples[at] = levels[codes[at] ?? 0] ?? 0
  return bytesIn(samples)
}

function compressed(pcm: Uint8Array, table: Uint8Array): Uint8Array {
  const samples = samplesIn(pcm)
  const codes = new Uint8Array(samples.length)
  for (let at = 0; at < samples.length; at++) codes[at] = table[(samples[at] ?? 0) & 0xffff] ?? 0
  return codes
}

const mulawLevels = Int16Array.from({ length: 256 }, (_, code) => mulawLevel(code))
const alawLevels = Int16Array.from({ length: 256 }, (_, code) => alawLevel(code))
let mulawCodes: Uint8Array | undefined
let alawCodes: Uint8Array | undefined

/** One entry for each 16-bit sample, at its two's complement. */
function codeTable(codeOf: (sample: number) => number): Uint8Array {
  const table = new Uint8Array(65_536)
  for (let sample = -32_768; sample < 32_768; sample++) table[sample & 0xffff] = codeOf(sample)
  return table
}

// µ-law counts in 14 bits, shifted up by 33 so that each segment begins at a power of two; its bits are sent inverted.

function mulawLevel(code: number): number {
  const bits = ~code & 0xff
  const [segment, step] = [(bits >> 4) & 7, bits & 15]
  const magnitude = ((((step << 1) + 33) << segment) - 33) << 2
  return bits & 0x80 ? -magnitude : magnitude
}

function mulawCode(sample: number): number {
  const magnitude = Math.min(0x1fff, (absolute(sample) >> 2) + 33)
  const segment = 26 - Math.clz32(magnitude)
  const bits = (segment << 4) | ((magnitude >> (segment + 1)) & 15)
  return (sample < 0 ? ~(bits | 0x80) : ~bits) & 0xff
}

// A-law counts in 13 bits, its first two segments have the same step; every second bit is sent inverted.

function alawLevel(code: number): number {
  const bits = code ^ 0x55
  const [segment, step] = [(bits >> 4) & 7, bits & 15]
  const magnitude = segment === 0 ? (step << 4) + 8 : ((step << 4) + 0x108) << (segment - 1)
  return bits & 0x80 ? magnitude : -magnitude
}

function alawCode(sample: number): number {
  const magnitude = absolute(sample) >> 4
  const segment = Math.max(0, 28 - Math.clz32(magnitude))
  const step = (segment === 0 ? magnitude : magnitude >> (segment - 1)) & 15
  return ((sample < 0 ? 0 : 0x80) | (segment << 4) | step) ^ 0x55
}

function absolute(sample: number): number {
  return sample < 0 ? ~sample : sample
}
