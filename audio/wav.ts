import { alawToPcm, mulawToPcm } from './g711.ts'
import { bytesPerSample, monoOf, pcm16Of, type SampleFormat, sampleFormatBytes } from './pcm.ts'

/** What a WAV file holds. `data` is a view of the file's own bytes: whole frames, one sample for each channel beside the other. */
export interface Wav {
  readonly format: WavFormat
  readonly channels: number
  /** Frames a second. */
  readonly rate: number
  /** How many frames there are, whatever the header claims. */
  readonly frames: number
  readonly data: Uint8Array
}

export type WavFormat = SampleFormat | 'mulaw' | 'alaw'

/** Says in words, for whoever sent the file, why it cannot be read. */
export class WavError extends Error {
  override readonly name = 'WavError'
}

/**
 * Reads a WAV file whose chunks may come in any order. Sizes are believed no further than the bytes that are there: a file cut
 * short gives what it has, and a header that was written before its length was known (all ones, or nothing) means to the end.
 * Throws `WavError` where the bytes are no WAV, or hold what is not plain PCM, floats, µ-law or A-law.
 */
export function parseWav(bytes: Uint8Array): Wav {
  if (!isWav(bytes)) throw new WavError('it does not begin as a WAV file does')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { fmt, data } = chunksOf(view)
  if (fmt === undefined) throw new WavError('it has no "fmt " chunk')
  if (data === undefined) throw new WavError('it has no "data" chunk')
  const { format, channels, rate } = formatOf(view, fmt)
  const frameBytes = channels * widthOf(format)
  const frames = Math.floor(data.length / frameBytes)
  return { format, channels, rate, frames, data: bytes.subarray(data.start, data.start + frames * frameBytes) }
}

export function isWav(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && (tagAt(bytes, 0) === 'RIFF' || tagAt(bytes, 0) === 'RF64') && tagAt(bytes, 8) === 'WAVE'
}

/** The file's sound as 16-bit mono PCM at the file's own rate. Nothing is copied where it is that already. */
export function pcmOfWav(wav: Wav): Uint8Array {
  if (wav.format === 'mulaw') return monoOf(mulawToPcm(wav.data), wav.channels)
  if (wav.format === 'alaw') return monoOf(alawToPcm(wav.data), wav.channels)
  return monoOf(pcm16Of(wav.data, wav.format), wav.channels)
}

/**
 * The 44 bytes before 16-bit mono PCM. Without a length the file is one that is still being written: both sizes are all ones,
 * which players take as "to the end". A length beyond what 32 bits can say is written so too.
 */
export function wavHeader(rate: number, dataBytes?: number): Uint8Array {
  const size = dataBytes === undefined || dataBytes > unknownSize - 37 ? undefined : dataBytes
  const view = new DataView(new ArrayBuffer(44))
  writeTag(view, 0, 'RIFF')
  view.setUint32(4, size === undefined ? unknownSize : 36 + size + (size % 2), true)
  writeTag(view, 8, 'WAVE')
  writeTag(view, 12, 'fmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, tags.pcm, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, rate, true)
  view.setUint32(28, rate * bytesPerSample, true)
  view.setUint16(32, bytesPerSample, true)
  view.setUint16(34, 8 * bytesPerSample, true)
  writeTag(view, 36, 'data')
  view.setUint32(40, size ?? unknownSize, true)
  return new Uint8Array(view.buffer)
}

/** A whole WAV file of 16-bit mono PCM. */
export function wavOf(pcm: Uint8Array, rate: number): Uint8Array {
  const whole = pcm.length - (pcm.length % bytesPerSample)
  const file = new Uint8Array(44 + whole)
  file.set(wavHeader(rate, whole))
  file.set(pcm.subarray(0, whole), 44)
  return file
}

// ── Chunks ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Extent {
  readonly start: number
  readonly length: number
}

const unknownSize = 0xffffffff
/** Far more than any honest file has; what goes on is made to keep us busy. */
const mostChunks = 1000

function chunksOf(view: DataView): { fmt?: Extent; data?: Extent } {
  const found: { fmt?: Extent; data?: Extent } = {}
  let at = 12
  for (let count = 0; at + 8 <= view.byteLength; count++) {
    if (count === mostChunks) throw new WavError(`it has more than ${mostChunks} chunks`)
    const [tag, claimed] = [view.getUint32(at), view.getUint32(at + 4, true)]
    const there = view.byteLength - at - 8
    const length = tag === dataTag && isStreamed(view, claimed) ? there : Math.min(claimed, there)
    const extent = { start: at + 8, length }
    if (tag === fmtTag) found.fmt ??= extent
    if (tag === dataTag) found.data ??= extent
    if (found.fmt !== undefined && found.data !== undefined) break
    at += 8 + length + (length % 2)
  }
  return found
}

const fmtTag = 0x666d7420
const dataTag = 0x64617461

/** A length of nothing is honest in a file of nothing, but not where the file's own size was left open as well. */
function isStreamed(view: DataView, claimed: number): boolean {
  if (claimed === unknownSize) return true
  const fileSize = view.getUint32(4, true)
  return claimed === 0 && (fileSize === 0 || fileSize === unknownSize)
}

// ── Format ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

const tags = { pcm: 1, float: 3, alaw: 6, mulaw: 7, extensible: 0xfffe }
/** What follows the two bytes of a format tag in the GUID that stands for it. */
const guidTail = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71]
const mostChannels = 32
const [lowestRate, highestRate] = [1000, 768_000]

function formatOf(view: DataView, fmt: Extent): Pick<Wav, 'format' | 'channels' | 'rate'> {
  if (fmt.length < 16) throw new WavError('its "fmt " chunk is too short')
  const channels = view.getUint16(fmt.start + 2, true)
  const rate = view.getUint32(fmt.start + 4, true)
  const frameBytes = view.getUint16(fmt.start + 12, true)
  const bits = view.getUint16(fmt.start + 14, true)
  if (channels < 1 || channels > mostChannels)
    throw new WavError(`it claims ${channels} channels; 1 to ${mostChannels} can be read`)
  if (rate < lowestRate || rate > highestRate) {
    throw new WavError(`it claims ${rate} samples a second; ${lowestRate} to ${highestRate} can be read`)
  }
  const format = sampleFormat(tagOf(view, fmt), bits)
  if (frameBytes !== channels * widthOf(format)) {
    throw new WavError(`its frames of ${frameBytes} bytes do not fit ${channels} channels of ${bits} bits`)
  }
  return { format, channels, rate }
}

function tagOf(view: DataView, fmt: Extent): number {
  const tag = view.getUint16(fmt.start, true)
  if (tag !== tags.extensible) return tag
  if (fmt.length < 40) throw new WavError('its extensible "fmt " chunk is too short')
  const isKnown = guidTail.every((byte, index) => view.getUint8(fmt.start + 26 + index) === byte)
  if (!isKnown) throw new WavError('its extensible format is of a kind that is not known')
  return view.getUint16(fmt.start + 24, true)
}

/** Odd widths such as 12 or 20 bits stand at the upper end of the next whole bytes, and read as those. */
function sampleFormat(tag: number, bits: number): WavFormat {
  const width = Math.ceil(bits / 8)
  const found = tag === tags.pcm ? integers[width] : tag === tags.float ? floats[bits] : bits === 8 ? companded[tag] : undefined
  if (found === undefined)
    throw new WavError(`it holds format 0x${tag.toString(16).padStart(4, '0')} of ${bits} bits, which is not read`)
  return found
}

const integers: Readonly<Record<number, WavFormat>> = { 1: 'u8', 2: 's16le', 3: 's24le', 4: 's32le' }
const floats: Readonly<Record<number, WavFormat>> = { 32: 'f32le', 64: 'f64le' }
const companded: Readonly<Record<number, WavFormat>> = { [tags.mulaw]: 'mulaw', [tags.alaw]: 'alaw' }

function widthOf(format: WavFormat): number {
  return format === 'mulaw' || format === 'alaw' ? 1 : sampleFormatBytes[format]
}

function tagAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4))
}

function writeTag(view: DataView, at: number, tag: string): void {
  for (let index = 0; index < 4; index++) view.setUint8(at + index, tag.charCodeAt(index))
}
