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
