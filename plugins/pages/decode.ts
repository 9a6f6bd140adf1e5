import sniffHtmlEncoding from 'html-encoding-sniffer'

export interface EncodedText {
  readonly bytes: Uint8Array
  /** As the server gave it. */
  readonly contentType: string | undefined
  /** Whether the bytes may end in the middle of a character. */
  readonly isTruncated: boolean
}

/**
 * The text that bytes stand for. A byte order mark wins, then the header, then for HTML its `<meta>`; whatever is unknown or not said is
 * UTF-8 where that fits and windows-1252 where not. Never throws: what no encoding explains becomes replacement characters.
 */
export function decodeText({ bytes, contentType, isTruncated }: EncodedText, isHtml: boolean): string {
  const label = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? '')?.[1]
  const found = sniffHtmlEncoding(isHtml ? bytes : bytes.subarray(0, 4), {
    ...(label !== undefined && { transportLayerEncodingLabel: label }),
    defaultEncoding: 'windows-1252',
  })
  // The usual default of servers, said of much that is none: text that merely looks like UTF-8 in it is as good as never written.
  const isUsual = found === 'windows-1252'
  return (isUsual ? decoded('utf-8', true) : undefined) ?? decoded(found, false) ?? decoded('utf-8', false) ?? ''

  /** Undefined where this Node does not know the encoding, or where the bytes do not fit and have to. */
  function decoded(encoding: string, fatal: boolean): string | undefined {
    try {
      return new TextDecoder(encoding, { fatal }).decode(bytes, { stream: isTruncated })
    } catch {
      return undefined
    }
  }
}
