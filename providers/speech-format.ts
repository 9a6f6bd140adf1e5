import { bytesPerSample, samplesOfMs } from '../audio/pcm.ts'
import type { RawFormat, SpeechFormat } from './speech.ts'

/** How much of each format of sound is how long. */

export function isRaw(format: SpeechFormat): format is RawFormat {
  return format.encoding === 'pcm' || format.encoding === 'mulaw'
}

/** What a second of sound has; the most that it can have, where it is compressed. */
export function bytesPerSecond(format: SpeechFormat): number {
  switch (format.encoding) {
    case 'pcm':
      return format.rate * bytesPerSample
    case 'mulaw':
      return format.rate
    case 'mp3':
      return 320_000 / 8
    case 'opus':
      return 512_000 / 8
  }
}

/** The bytes of so many milliseconds, in whole samples. */
export function bytesOfMs(ms: number, format: RawFormat): number {
  return samplesOfMs(ms, format.rate) * (format.encoding === 'pcm' ? bytesPerSample : 1)
}

/** Milliseconds, not rounded. */
export function msOfBytes(bytes: number, format: RawFormat): number {
  return (bytes * 1000) / bytesPerSecond(format)
}

export function silenceOf(ms: number, format: RawFormat): Uint8Array {
  // The middle of µ-law is all ones: zeros are as loud as can be.
  return new Uint8Array(bytesOfMs(ms, format)).fill(format.encoding === 'pcm' ? 0 : 0xff)
}
