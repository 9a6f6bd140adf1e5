import fc from 'fast-check'

/** Bytes cut into chunks at the given places, with empty ones where two places are the same. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

export const anyPlaces = fc.array(fc.nat(), { maxLength: 12 })
