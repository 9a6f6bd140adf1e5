import { bytesIn } from '../../audio/pcm.ts'

/**
 * So many seconds of PCM in which somebody speaks as syllables go, loud and soft by turns over the noise of a room, in pieces of 20 ms. It is
 * the same each time.
 */
export function babble(rate: number, seconds: number): Uint8Array[] {
  return Array.from({ length: seconds * 50 }, (_, index) => {
    const amplitude = index % 25 < 18 ? 10_000 : 0
    return bytesIn(
      Int16Array.from({ length: rate / 50 }, (_, at) => {
        const time = index / 50 + at / rate
        return Math.round(amplitude * Math.sin(2 * Math.PI * 220 * time) + 30 * Math.sin(1e7 * time * time))
      }),
    )
  })
}
