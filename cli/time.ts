import { momentOf } from '../api/reading.ts'

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** `30d` in milliseconds, by s, m, h, d and w; `0` is none. Undefined where a text is no length of time. */
export function durationOf(text: string): number | undefined {
  if (text === '0') return 0
  const [, count, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
  const ms = units[unit]
  return count === undefined || ms === undefined ? undefined : Number(count) * ms
}

/** A moment after `now`, said as a length of time or as a date; in milliseconds since 1970. */
export function laterThan(now: number, text: string): number | undefined {
  const duration = durationOf(text)
  const at = duration === undefined ? momentOf(text) : now + duration
  return at !== undefined && at > now ? at : undefined
}

/** As documents have it: `2027-01-31T12:00:00Z`. */
export function isoOf(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}
