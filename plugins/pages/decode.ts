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
 * UTF-8 where that fits and windows-1252 where not. A header that says UTF-8 of what plainly is none is not believed. Never throws: what
 * no encoding explains becomes replacement characters.
 */
export function decodeText({ bytes, contentType, isTruncated }: EncodedText, isHtml: boolean): string {
  const label = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? '')?.[1]
  const sniffed = sniff(label)
  const isWrong = sniffed === 'UTF-8' && isMostlyBroken(decoded('utf-8', false) ?? '')
  const found = isWrong ? otherThanUtf8(sniff(undefined)) : sniffed
  // The usual default of servers, said of much that is none: text that merely looks like UTF-8 in it is as good as never written.
  const isUsual = found === 'windows-1252'
  return (isUsual ? decoded('utf-8', true) : undefined) ?? decoded(found, false) ?? decoded('utf-8', false) ?? ''

  function sniff(said: string | undefined): string {
    return sniffHtmlEncoding(isHtml ? bytes : bytes.subarray(0, 4), {
      ...(said !== undefined && { transportLayerEncodingLabel: said }),
      defaultEncoding: 'windows-1252',
    })
  }

  /** Undefined where this Node does not know the encoding, or where the bytes do not fit and have to. */
  function decoded(encoding: string, fatal: boolean): string | undefined {
    try {
      return new TextDecoder(encoding, { fatal }).decode(bytes, { stream: isTruncated })
    } catch {
      return undefined
    }
  }
}

/** Whether of what is not ASCII more is broken than not. A broken character here and there is no other encoding. */
function isMostlyBroken(text: string): boolean {
  const broken = text.match(/\uFFFD/g)?.length ?? 0
  return broken > 0 && broken > (text.match(/[^\0-\x7f\uFFFD]/g)?.length ?? 0)
}

function otherThanUtf8(found: string): string {
  return found === 'UTF-8' ? 'windows-1252' : found
}
