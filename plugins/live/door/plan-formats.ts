import type { Issue, LiveAudioFormat } from '../../../api/schemas.gen.ts'
import type { RawFormat } from '../../../providers/speech.ts'
import { type FormatField, rateIssue } from '../format.ts'

/** A format that is agreed, in the gateway's words; an issue where it is none of those that there are. */
export function formatOf(field: FormatField, { encoding, sample_rate_hz: rate }: LiveAudioFormat): RawFormat | Issue {
  const issue = rateIssue(field, encoding, rate)
  if (issue) return issue
  return encoding === 'mulaw' ? { encoding, rate: 8000 } : { encoding: 'pcm', rate }
}

export function isFormat(found: RawFormat | Issue): found is RawFormat {
  return 'encoding' in found
}
