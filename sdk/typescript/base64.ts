/** Bytes in base64, quick for megabytes of them, without what only Node has. */
export function base64Of(bytes: Uint8Array): string {
  let base64 = ''
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    base64 += btoa(String.fromCharCode(...bytes.subarray(at, at + pieceBytes)))
  }
  return base64
}

/** As many as a call may have arguments anywhere; threefold, so that no piece but the last ends with a padding. */
const pieceBytes = 3 * 8192

/** The bytes of base64; undefined for what is none. */
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
