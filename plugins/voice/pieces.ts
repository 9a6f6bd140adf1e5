import { setImmediate } from 'node:timers/promises'
import { pcmToMulaw } from '../../audio/g711.ts'
import { SampleJoiner } from '../../audio/pcm.ts'
import type { NewResampler } from '../../audio/resample.ts'
import { pcmOfWav, type Wav, wavHeader } from '../../audio/wav.ts'
import type { AudioFile, RawFormat } from '../../providers/speech.ts'
import { samplesAt } from './way.ts'

/** Gives the function that makes resamplers; asked only where a rate has to change. */
export type Resampling = () => Promise<NewResampler>

/** The sound of a file in pieces of a tenth of a second, each made when it is asked for. */
export async function* rawPieces(wav: Wav, format: RawFormat, resampling: Resampling): AsyncGenerator<Uint8Array> {
  for await (const pcm of pcmPieces(wav, format.rate, resampling)) yield format.encoding === 'mulaw' ? pcmToMulaw(pcm) : pcm
}

/** The sound of a file as another WAV file, of 16 bits and one channel. Everybody else has turns while it is made. */
export async function reducedFile(wav: Wav, rate: number, resampling: Resampling, signal: AbortSignal): Promise<AudioFile> {
  const samples = samplesAt(wav, rate)
  const bytes = new Uint8Array(44 + samples * 2)
  bytes.set(wavHeader(rate, samples * 2))
  let at = 44
  for await (const pcm of pcmPieces(wav, rate, resampling)) {
    bytes.set(pcm, at)
    at += pcm.length
    await setImmediate()
    signal.throwIfAborted()
  }
  return { bytes, kind: 'wav', mediaType: 'audio/wav', seconds: wav.frames / wav.rate }
}

/** 16-bit mono PCM at a rate, in pieces of whole samples; none is empty. */
async function* pcmPieces(wav: Wav, rate: number, resampling: Resampling): AsyncGenerator<Uint8Array> {
  if (rate === wav.rate) {
    for (const piece of framesOf(wav)) yield pcmOfWav({ ...wav, data: piece })
    return
  }
  const newResampler = await resampling()
  const resampler = newResampler(wav.rate, rate)
  const joiner = new SampleJoiner()
  try {
    for (const piece of framesOf(wav)) {
      const pcm = joiner.push(resampler.push(pcmOfWav({ ...wav, data: piece })))
      if (pcm.length > 0) yield pcm
    }
    const rest = joiner.push(resampler.flush())
    if (rest.length > 0) yield rest
  } finally {
    resampler.close()
  }
}

/** The file's own bytes in pieces of whole frames. */
function* framesOf({ data, frames, rate }: Wav): Generator<Uint8Array> {
  const pieceBytes = Math.max(1, Math.round(rate / 10)) * (data.length / frames)
  for (let at = 0; at < data.length; at += pieceBytes) yield data.subarray(at, at + pieceBytes)
}
