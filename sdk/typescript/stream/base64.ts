/** The bytes of base64, quick for megabytes of it, without what only Node has; undefined for what is none. */
export function bytesOfBase64(base64: string): Uint8Array<ArrayBuffer> | undefined {
  const binary = binaryOf(base64)
  if (binary === undefined) return undefined
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}

function binaryOf(base64: string): string | undefined {
  try {
    return atob(base64)
  } catch {
    return undefined
  }
}
