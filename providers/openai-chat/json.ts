/** Reading JSON whose shape nobody vouches for. */

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A string, or the empty string for whatever else stands there. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
