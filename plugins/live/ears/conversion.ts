import { mulawToPcm, pcmToMulaw } from '../../../audio/g711.ts'
import type { NewResampler } from '../../../audio/resample.ts'
import type { RawFormat } from '../../../providers/speech.ts'

/** Raw sound of one format becomes that of another while it comes. */
export interface Conversion {
  /** Takes whole samples. What is ready by now, perhaps nothing: the same bytes where the formats are the same. */
  push(sound: Uint8Array): Uint8Array
  close(): void
}

/** `resampling` is asked only where the rate has to change. */
export async function conversionBetween(
  from: RawFormat,
  to: RawFormat,
  resampling: () => Promise<NewResampler>,
): Promise<Conversion> {
  if (from.encoding === to.encoding && from.rate === to.rate) return unchanged
  const resampler = from.rate === to.rate ? undefined : (await resampling())(from.rate, to.rate)
  return {
    push(sound) {
      const pcm = from.encoding === 'mulaw' ? mulawToPcm(sound) : sound
      const resampled = resampler ? resampler.push(pcm) : pcm
      return to.encoding === 'mulaw' ? pcmToMulaw(resampled) : resampled
    },
    close: () => resampler?.close(),
  }
}

const unchanged: Conversion = { push: (sound) => sound, close: () => undefined }
