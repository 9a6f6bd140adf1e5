import sniffHtmlEncoding from 'html-encoding-sniffer'

/**
 * The text that bytes stand for. A byte order mark wins, then the header, then for HTML its `<meta>`; whatever is unknown or not said is
 * UTF-8 where that fits and windows-1252 where not. Never throws: what no encoding explains becomes replacement characters.
 */
export function decodeText(bytes: Uint8Array, contentType: string | undefined, isHtml: boolean): string {
  const label = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? '')?.[1]
  const found = sniffHtmlEncoding(isHtml ? bytes : bytes.subarray(0, 4), {
    ...(label !== undefined && { transportLayerEncodingLabel: label }),
    defaultEncoding: 'windows-1252',
  })
  // The usual default of servers, said of much that is none: text that merely looks like UTF-8 in it is as good as never written.
  if (found === 'windows-1252') return decoded('utf-8', bytes, true) ?? decoded(found, bytes, false) ?? ''
  return decoded(found, bytes, false) ?? decoded('utf-8', bytes, false) ?? ''
}

/** Undefined where this Node does not know the encoding, or where the bytes do not fit and have to. */
function decoded(encoding: string, bytes: Uint8Array, fatal: boolean): string | undefined {
  try {
    // As a stream, because the bytes may end in the middle of a character where there was more than is read.
    return new TextDecoder(encoding, { fatal }).decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}
