/** The bytes; undefined for what is no base64. */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

/** Of a frame of sound: far larger ones would not fit the arguments of a call. */
export function base64Of(frame: Uint8Array): string {
  return btoa(String.fromCharCode(...frame))
}
