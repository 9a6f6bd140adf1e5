import type { Issue, LiveAudioFormat } from '../../../api/schemas.gen.ts'
import type { RawFormat } from '../../../providers/speech.ts'

/** Hertz, of PCM: what clients may send, and what they may be sent. µ-law has 8000 in either direction. */
const rates = {
  audio_in: [8000, 16_000, 24_000, 44_100, 48_000],
  audio_out: [8000, 16_000, 24_000, 48_000],
} as const

/** A format that is agreed, in the gateway's words; an issue where it is none of those that there are. */
export function formatOf(field: keyof typeof rates, { encoding, sample_rate_hz: rate }: LiveAudioFormat): RawFormat | Issue {
  if (encoding === 'mulaw') return rate === 8000 ? { encoding, rate } : unknownRate(field, `µ-law has 8000 hertz, not ${rate}`)
  const known: readonly number[] = rates[field]
  if (known.includes(rate)) return { encoding: 'pcm', rate }
  return unknownRate(field, `PCM is taken at ${known.slice(0, -1).join(', ')} or ${known.at(-1)} hertz here, not at ${rate}`)
}

export function isFormat(found: RawFormat | Issue): found is RawFormat {
  return 'encoding' in found
}

function unknownRate(field: string, message: string): Issue {
  return { param: `${field}.sample_rate_hz`, code: 'invalid_enum', message }
}
