import { readFileSync } from 'node:fs'
import { startResampling } from '../../audio/resample.ts'
import { parseWav, pcmOfWav, WavError } from '../../audio/wav.ts'
import { exits, Problem, wordsOf } from '../ending.ts'

export interface Recordings {
  /** Hertz, of all of them. */
  readonly rate: number
  /** 16-bit mono PCM, one after the other. */
  readonly sounds: readonly Uint8Array[]
}

/**
 * Reads WAV files. Their own rate is kept where the gateway takes it and all have the same. Rejects with a `Problem` that names the file that
 * cannot be read.
 */
export async function readRecordings(paths: readonly string[]): Promise<Recordings> {
  const read = paths.map(readRecording)
  const [first] = read
  const isCommon = first !== undefined && ratesTaken.includes(first.rate) && read.every(({ rate }) => rate === first.rate)
  if (isCommon) return { rate: first.rate, sounds: read.map(({ pcm }) => pcm) }
  const resampler = await startResampling()
  const sounds = read.map(({ pcm, rate }) => {
    const changed = resampler(rate, usualRate)
    return Buffer.concat([Buffer.from(changed.push(pcm)), Buffer.from(changed.flush())])
  })
  return { rate: usualRate, sounds }
}

function readRecording(path: string): { readonly rate: number; readonly pcm: Uint8Array } {
  try {
    const wav = parseWav(readFileSync(path))
    if (wav.frames === 0) throw new WavError('there is no sound in it')
    if (wav.rate < lowestRate || wav.rate > highestRate) throw new WavError(`it has ${wav.rate} hertz`)
    return { rate: wav.rate, pcm: pcmOfWav(wav) }
  } catch (error) {
    const hint = error instanceof WavError ? `; sox makes WAV of other files: sox ${path} question.wav` : ''
    throw new Problem(`--in ${path}: ${wordsOf(error)}${hint}`, exits.misused)
  }
}

/** By the contract of `audio_in`. */
const ratesTaken: readonly number[] = [8000, 16_000, 24_000, 44_100, 48_000]
const usualRate = 16_000
const [lowestRate, highestRate] = [4000, 384_000]
