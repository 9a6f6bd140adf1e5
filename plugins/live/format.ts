import type { LiveAudioFormat } from '../../api/schemas.gen.ts'
import type { RawFormat } from '../../providers/speech.ts'

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
