/**
 * What tells one exchange from another in bytes that are otherwise alike: `<<00000042:0000001763690125>>`, a number that the
 * client chose and a time. It always has the same length, so that bytes with it can be compared with bytes already checked.
 */

/** Monotonic microseconds, the same clock for every process of one machine. */
export function micros(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1000)
}

export interface Marker {
  /** Which exchange: at most eight digits. */
  readonly nonce: number
  /** When it was written, in monotonic microseconds. */
  readonly sentAt: number
}

/** Bytes with the place of their marker, -1 where they have none. */
export interface Template {
  readonly bytes: Buffer
  readonly markerAt: number
}

export function template(bytes: Buffer): Template {
  return { bytes, markerAt: bytes.indexOf('<<') }
}

/** A copy of the template with the marker filled in. */
export function stamp({ bytes, markerAt }: Template, marker: Marker): Buffer {
  if (markerAt === -1) return bytes
  const copy = Buffer.allocUnsafe(bytes.length)
  bytes.copy(copy)
  copy.write(textOf(marker), markerAt, 'latin1')
  return copy
}

export function readMarker({ bytes, markerAt }: Template): Marker {
  const nonceEnd = markerAt + 2 + nonceDigits
  return {
    nonce: Number(bytes.toString('latin1', markerAt + 2, nonceEnd)),
    sentAt: Number(bytes.toString('latin1', nonceEnd + 1, nonceEnd + 1 + timeDigits)),
  }
}

/** True where the two differ in nothing but the marker's digits. */
export function alike(a: Template, b: Template): boolean {
  if (a.bytes.length !== b.bytes.length || a.markerAt !== b.markerAt) return false
  if (a.markerAt === -1) return a.bytes.equals(b.bytes)
  const rest = a.markerAt + markerLength
  return (
    a.bytes.compare(b.bytes, 0, a.markerAt, 0, a.markerAt) === 0 &&
    a.bytes.compare(b.bytes, rest, b.bytes.length, rest, a.bytes.length) === 0
  )
}

const nonceDigits = 8
const timeDigits = 16
const markerLength = 2 + nonceDigits + 1 + timeDigits + 2

/** The marker of a template. */
export const blankMarker = textOf({ nonce: 0, sentAt: 0 })

function textOf({ nonce, sentAt }: Marker): string {
  return `<<${String(nonce).padStart(nonceDigits, '0')}:${String(sentAt).padStart(timeDigits, '0')}>>`
}
