import { bytesIn, samplesIn } from '../../audio/pcm.ts'

/** A sine as PCM, half as loud as can be, from phase zero. */
export function tone(hertz: number, rate: number, samples: number): Uint8Array {
  return bytesIn(
    Int16Array.from({ length: samples }, (_, at) => Math.round(16_384 * Math.sin((2 * Math.PI * hertz * at) / rate))),
  )
}

export interface Heard {
  /** Decibels of the tone against the one `tone` makes. */
  readonly level: number
  /** Seconds it is late, within half a period. */
  readonly delay: number
  /** Decibels of all that is not the tone, against the tone `tone` makes. */
  readonly rest: number
}

/** How much of a tone there is in PCM and how much else, looking at the middle of it only. */
export function heard(pcm: Uint8Array, hertz: number, rate: number): Heard {
  const samples = samplesIn(pcm)
  const edge = Math.floor(samples.length / 5)
  const middle = samples.subarray(edge, samples.length - edge)
  // The best fit of a sine and a cosine, by least squares: exact for any length.
  let [ss, sc, cc, sx, cx] = [0, 0, 0, 0, 0]
  for (const [index, sample] of middle.entries()) {
    const angle = (2 * Math.PI * hertz * (edge + index)) / rate
    const [s, c] = [Math.sin(angle), Math.cos(angle)]
    ss += s * s
    sc += s * c
    cc += c * c
    sx += s * sample
    cx += c * sample
  }
  const determinant = ss * cc - sc * sc
  const [sine, cosine] = [(sx * cc - cx * sc) / determinant, (cx * ss - sx * sc) / determinant]
  let rest = 0
  for (const [index, sample] of middle.entries()) {
    const angle = (2 * Math.PI * hertz * (edge + index)) / rate
    rest += (sample - sine * Math.sin(angle) - cosine * Math.cos(angle)) ** 2
  }
  return {
    level: decibels(Math.hypot(sine, cosine)),
    delay: Math.atan2(-cosine, sine) / (2 * Math.PI * hertz),
    rest: decibels(Math.sqrt((2 * rest) / middle.length)),
  }
}

/** How loud PCM is in the middle, in decibels against the tone `tone` makes. */
export function loudness(pcm: Uint8Array): number {
  const samples = samplesIn(pcm)
  const edge = Math.floor(samples.length / 5)
  const middle = samples.subarray(edge, samples.length - edge)
  return decibels(Math.sqrt((2 * middle.reduce((sum, sample) => sum + sample * sample, 0)) / middle.length))
}

function decibels(amplitude: number): number {
  return 20 * Math.log10(amplitude / 16_384)
}
