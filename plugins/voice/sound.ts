import { GatewayError } from '../../api/error.ts'
import type { IssueCode } from '../../api/issue-codes.ts'
import { invalidRequestDetails } from '../../api/issues.ts'
import type { Issue } from '../../api/schemas.gen.ts'
import { spells } from '../../audio/bytes.ts'
import { bytesPerSample, pcm16Of, samplesIn } from '../../audio/pcm.ts'
import { type AudioKind, sniffInSteps } from '../../audio/sniff.ts'
import { type Steps, stepBytes } from '../../audio/steps.ts'
import { parseWav, pcmOfWav, type Wav, WavError, wavHeader } from '../../audio/wav.ts'
import type { AudioFile } from '../../providers/speech.ts'
import { cutFileIn, lookOf } from './look.ts'
import type { SoundBlock } from './plan.ts'

/**
 * The sound of a block as a file, told by its bytes, whatever it was declared to be. Only `audio/pcm` and `audio/basic` are believed: they
 * become a WAV file of 16 bits and one channel. A WAV file that can be read holds sound that is no digital silence.
 *
 * Throws a `GatewayError` of `invalid_request` with one issue that names the block: `empty`, `not_audio`, `invalid_audio` for what is cut
 * before its first sound or broken, `no_speech` for digital silence, and `required` where a rate is missing.
 */
export function* soundOf(block: SoundBlock, bytes: Uint8Array): Steps<AudioFile> {
  if (bytes.length === 0) throw badSound(block, 'empty', 'holds no sound: it has no bytes')
  const raw = block.source.type === 'base64' ? rawFormats[block.source.mediaType] : undefined
  return yield* raw ? fileOfRaw(block, bytes, raw) : fileOf(block, bytes)
}

/** The error of a block whose sound is no good. */
export function badSound({ param }: Pick<SoundBlock, 'param'>, code: IssueCode, message: string): GatewayError {
  return badSounds([{ param, code, message }])
}

/** The error of several of them. */
export function badSounds(issues: readonly Issue[]): GatewayError {
  return new GatewayError('invalid_request', invalidRequestDetails(issues))
}

/** How people call each kind of file. */
export const kindNames: Readonly<Record<AudioKind, string>> = {
  wav: 'WAV',
  mp3: 'MP3',
  flac: 'FLAC',
  ogg: 'Ogg',
  webm: 'WebM',
  mp4: 'MP4',
  aac: 'AAC',
  aiff: 'AIFF',
  amr: 'AMR',
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const mediaTypes: Readonly<Record<AudioKind, string>> = {
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  webm: 'audio/webm',
  mp4: 'audio/mp4',
  aac: 'audio/aac',
  aiff: 'audio/aiff',
  amr: 'audio/amr',
}

function* fileOf(block: SoundBlock, bytes: Uint8Array): Steps<AudioFile> {
  const sniffed = yield* sniffInSteps(bytes)
  if (sniffed === undefined) {
    const cut = cutFileIn(bytes)
    if (cut) throw badSound(block, 'invalid_audio', `begins like ${cut}, but is cut before its first sound`)
    throw badSound(block, 'not_audio', `is no file of sound; it looks like ${lookOf(bytes)}`)
  }
  const { kind, codec, seconds } = sniffed
  if (kind === 'wav') yield* checkWav(block, bytes)
  else if (!hasSound(kind, codec, bytes)) {
    throw badSound(block, 'invalid_audio', `is of the kind ${kindNames[kind]}, but is cut before its first sound, or holds none`)
  }
  return { bytes, kind, mediaType: codec === 'amr-wb' ? 'audio/amr-wb' : mediaTypes[kind], seconds }
}

/** Where that can be seen without decoding; kinds whose frames are found by sniffing have at least one. */
function hasSound(kind: AudioKind, codec: string | undefined, bytes: Uint8Array): boolean {
  if (kind === 'ogg') return codec !== undefined
  return kind !== 'flac' || !spells(bytes, 0, 'fLaC') || hasFlacFrame(bytes)
}

/** Blocks of facts, each with its length, stand before the first frame, which begins with fourteen ones and a zero. */
function hasFlacFrame(bytes: Uint8Array): boolean {
  let at = 4
  let isLast = false
  for (let count = 0; !isLast; count++) {
    const head = bytes[at]
    if (head === undefined || count === mostFlacBlocks) return false
    isLast = head >= 0x80
    at += 4 + (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
  }
  return bytes[at] === 0xff && ((bytes[at + 1] ?? 0) & 0xfe) === 0xf8
}

/** Far more than any honest file has; what goes on is made to keep us busy. */
const mostFlacBlocks = 1000

function* checkWav(block: SoundBlock, bytes: Uint8Array): Steps<void> {
  const wav = readWav(block, bytes)
  if (wav.frames === 0) throw badSound(block, 'invalid_audio', 'is a WAV file that is cut before its first sound, or holds none')
  if (yield* isSilent(wav)) throw badSound(block, 'no_speech', silence)
}

function readWav(block: SoundBlock, bytes: Uint8Array): Wav {
  try {
    return parseWav(bytes)
  } catch (error) {
    if (!(error instanceof WavError)) throw error
    throw badSound(block, 'invalid_audio', `is a WAV file that cannot be read: ${error.message}`)
  }
}

// ── Sound without a container ───────────────────────────────────────────────────────────────────────────────────────────

interface RawKind {
  readonly mediaType: string
  readonly format: 's16le' | 'mulaw'
  readonly sampleBytes: number
  readonly usualRate: number | undefined
}

const rawFormats: Readonly<Record<string, RawKind>> = {
  'audio/pcm': { mediaType: 'audio/pcm', format: 's16le', sampleBytes: 2, usualRate: undefined },
  'audio/basic': { mediaType: 'audio/basic', format: 'mulaw', sampleBytes: 1, usualRate: 8000 },
}

function* fileOfRaw(
  block: SoundBlock,
  bytes: Uint8Array,
  { mediaType, format, sampleBytes, usualRate }: RawKind,
): Steps<AudioFile> {
  const inside = yield* fileInRaw(bytes)
  if (inside) throw badSound(block, 'invalid_audio', `is declared as ${mediaType}, but its bytes begin like ${inside}`)
  const rate = block.sampleRate ?? usualRate
  if (rate === undefined) throw badSound(block, 'required', `needs a sample_rate, of which nothing in ${mediaType} tells`)
  const channels = block.channels ?? 1
  const frameBytes = channels * sampleBytes
  if (bytes.length % frameBytes !== 0) {
    const message = `its ${bytes.length} bytes are no whole samples of ${sampleBytes * 8} bits in ${channels === 1 ? 'one channel' : `${channels} channels`}`
    throw badSound(block, 'invalid_audio', message)
  }
  const frames = bytes.length / frameBytes
  const wav: Wav = { format, channels, rate, frames, data: bytes }
  if (yield* isSilent(wav)) throw badSound(block, 'no_speech', silence)
  return { bytes: yield* monoFile(wav), kind: 'wav', mediaType: mediaTypes.wav, seconds: frames / rate }
}

/** A WAV file of 16 bits and one channel. */
function* monoFile(wav: Wav): Steps<Uint8Array> {
  const file = new Uint8Array(44 + wav.frames * bytesPerSample)
  file.set(wavHeader(wav.rate, wav.frames * bytesPerSample))
  let at = 44
  for (const data of framesOf(wav)) {
    const pcm = pcmOfWav({ ...wav, data })
    file.set(pcm, at)
    at += pcm.length
    yield
  }
  return file
}

/** What a file is that was declared to be none, as people call it. */
function* fileInRaw(bytes: Uint8Array): Steps<string | undefined> {
  if (spells(bytes, 0, '.snd')) return 'an AU file'
  const sniffed = yield* sniffInSteps(bytes)
  if (sniffed === undefined) return spells(bytes, 0, 'ID3') ? 'an MP3 file' : spells(bytes, 0, 'RIFF') ? 'a RIFF file' : undefined
  // A few quiet samples can look like one frame, but not like several.
  const hasNoMark = (sniffed.kind === 'mp3' || sniffed.kind === 'aac') && !spells(bytes, 0, 'ID3')
  if (hasNoMark && (sniffed.seconds ?? 0) < 0.1) return undefined
  return `a file of the kind ${kindNames[sniffed.kind]}`
}

// ── Silence ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

const silence = 'holds digital silence: no sample of it is louder than −80 dB'

/** −80 dB of full scale. A-law has no zero: its two quietest levels are what an idle line sounds like. */
const quietest = 3
const quietestOfAlaw = 8

/** Looks at the channels one by one, as one may cancel another; and no further than to the first sample that is no silence. */
function* isSilent(wav: Wav): Steps<boolean> {
  const most = wav.format === 'alaw' ? quietestOfAlaw : quietest
  for (const data of framesOf(wav)) {
    for (const sample of samplesIn(samplesOf(wav, data))) {
      if (sample > most || sample < -most) return false
    }
    yield
  }
  return true
}

/** The bytes of a file of sound, whole frames for each step. */
function* framesOf({ data, frames }: Wav): Generator<Uint8Array> {
  const frameBytes = data.length / frames
  const pieceBytes = Math.ceil(stepBytes / frameBytes) * frameBytes
  for (let at = 0; at < data.length; at += pieceBytes) yield data.subarray(at, at + pieceBytes)
}

function samplesOf({ format }: Wav, data: Uint8Array): Uint8Array {
  if (format !== 'mulaw' && format !== 'alaw') return pcm16Of(data, format)
  return pcmOfWav({ format, channels: 1, rate: 8000, frames: data.length, data })
}
