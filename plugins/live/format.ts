import type { Issue, LiveAudioFormat } from '../../api/schemas.gen.ts'
import type { RawFormat } from '../../providers/speech.ts'

/** Hertz, of PCM: what clients may send, and what they may be sent. µ-law has 8000 in either direction. */
export const pcmRates = {
  audio_in: [8000, 16_000, 24_000, 44_100, 48_000],
  audio_out: [8000, 16_000, 24_000, 48_000],
} as const satisfies Readonly<Record<string, readonly number[]>>

/** A field of `hello` that is a format. */
export type FormatField = keyof typeof pcmRates

/** What is wrong with a rate; undefined where nothing is. Of an encoding that nobody knows, it is held against those of PCM. */
export function rateIssue(field: FormatField, encoding: unknown, rate: number): Issue | undefined {
  const known: readonly number[] = encoding === 'mulaw' ? [8000] : pcmRates[field]
  if (known.includes(rate)) return undefined
  const message =
    encoding === 'mulaw'
      ? `µ-law has 8000 hertz, not ${rate}`
      : `PCM is taken at ${known.slice(0, -1).join(', ')} or ${known.at(-1)} hertz here, not at ${rate}`
  return { param: `${field}.sample_rate_hz`, code: 'invalid_enum', message }
}

/** A format in the contract's words. */
export function wireFormat({ encoding, rate }: RawFormat): LiveAudioFormat {
  return { encoding: encoding === 'mulaw' ? 'mulaw' : 'pcm_s16le', sample_rate_hz: rate }
}

/** How long so many bytes sound, in milliseconds. */
export function msOf(bytes: number, { encoding, rate }: RawFormat): number {
  return (bytes * 1000) / (encoding === 'mulaw' ? rate : rate * 2)
}

export function isSame(one: LiveAudioFormat, other: LiveAudioFormat): boolean {
  return one.encoding === other.encoding && one.sample_rate_hz === other.sample_rate_hz
}
