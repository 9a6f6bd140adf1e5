/** Takes the keys that were sent out of what came: whoever answers might repeat them. */
export type Mask = (text: string) => string

export function maskOf(secrets: readonly string[]): Mask {
  // Shorter ones are nobody's key, and stand in every text.
  const keys = secrets.filter(({ length }) => length >= 8).flatMap((key) => [key, JSON.stringify(key).slice(1, -1)])
  // One may be the beginning of another.
  keys.sort((one, other) => other.length - one.length)
  return (text) => keys.reduce((rest, key) => rest.replaceAll(key, '…'), text)
}

/** Where no keys were sent. */
export const unmasked: Mask = (text) => text
