import type { AudioKind } from '../../audio/sniff.ts'
import { parseWav, type Wav } from '../../audio/wav.ts'
import type { AudioFile, RawFormat, SpeechToText } from '../../providers/speech.ts'
import type { HearingModel, SoundBlock } from './plan.ts'
import { badSound, kindNames } from './sound.ts'

/** How the sound of a file comes to a model. */
export type Way =
  /** As it is. */
  | { readonly type: 'file'; readonly stt: HearsFiles; readonly file: AudioFile }
  /** As a WAV file of 16 bits and one channel, at a rate that may be another. */
  | { readonly type: 'reduced'; readonly stt: HearsFiles; readonly wav: Wav; readonly rate: number }
  /** Piece by piece, without a container. */
  | { readonly type: 'stream'; readonly stt: HearsStreams; readonly wav: Wav; readonly format: RawFormat }

export type HearsFiles = SpeechToText & Required<Pick<SpeechToText, 'transcribeFile'>>
export type HearsStreams = SpeechToText & Required<Pick<SpeechToText, 'transcribe'>>

/**
 * The way that changes the least: the file as it came where the model takes it, a smaller WAV file, or a stream. Takes a file of `soundOf`.
 * Throws as that does: `too_large`, and `unsupported_audio` with the kinds that the model takes.
 */
export function wayOf(block: SoundBlock, file: AudioFile, model: HearingModel): Way {
  const { stt, name, id } = model
  const { files, stream } = stt.capabilities(name)
  const wav = file.kind === 'wav' ? parseWav(file.bytes) : undefined
  if (hearsFiles(stt) && files) {
    if (files.kinds.includes(file.kind) && file.bytes.length <= files.maxBytes) return { type: 'file', stt, file }
    const rate = wav && files.kinds.includes('wav') ? reducedRate(wav, files.maxBytes) : undefined
    if (wav && rate !== undefined) return { type: 'reduced', stt, wav, rate }
  }
  if (hearsStreams(stt) && stream && wav) {
    const format = streamFormat(wav, stream.pcmRates, stream.mulaw)
    if (format) return { type: 'stream', stt, wav, format }
    throw badSound(block, 'unsupported_audio', `has ${wav.rate} samples a second, which cannot be converted for ${id}`)
  }
  if (files?.kinds.includes(file.kind)) {
    const message = `is a file of ${file.bytes.length} bytes, of which ${id} takes at most ${files.maxBytes}`
    throw badSound(block, 'too_large', message)
  }
  const kinds = new Set<AudioKind>([...(files?.kinds ?? []), ...(stream ? (['wav'] as const) : [])])
  const taken = [...kinds].map((kind) => kindNames[kind]).join(', ')
  throw badSound(block, 'unsupported_audio', `is of the kind ${kindNames[file.kind]}; ${id} takes ${taken}`)
}

function hearsFiles(stt: SpeechToText): stt is HearsFiles {
  return stt.transcribeFile !== undefined
}

function hearsStreams(stt: SpeechToText): stt is HearsStreams {
  return stt.transcribe !== undefined
}

/** What whoever makes sound for people writes at most, and what is enough to understand a voice. */
const highestRate = 48_000
const speechRate = 16_000

/** The highest rate at which the sound fits; undefined where there is none. */
function reducedRate(wav: Wav, maxBytes: number): number | undefined {
  const first = Math.min(wav.rate, highestRate)
  const rates = first > speechRate ? [first, speechRate] : [first]
  return rates.find((rate) => isConvertible(wav.rate, rate) && 44 + 2 * samplesAt(wav, rate) <= maxBytes)
}

/** How many samples the sound has at a rate. */
export function samplesAt({ frames, rate }: Wav, to: number): number {
  return Math.round((frames * to) / rate)
}

function streamFormat(wav: Wav, rates: readonly number[], mulaw: boolean): RawFormat | undefined {
  const rate = rates.includes(wav.rate) ? wav.rate : rates[0]
  if (rate !== undefined) return isConvertible(wav.rate, rate) ? { encoding: 'pcm', rate } : undefined
  return mulaw && isConvertible(wav.rate, 8000) ? { encoding: 'mulaw', rate: 8000 } : undefined
}

/** Files may claim rates that nothing resamples. */
function isConvertible(from: number, to: number): boolean {
  return from === to || (from >= 4000 && from <= 384_000)
}
