import { randomBytes } from 'node:crypto'

/** One part of a form: a text, or a file. */
export interface FormPart {
  readonly name: string
  readonly value: string | FormFile
}

export interface FormFile {
  readonly filename: string
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/** A form as RFC 7578 has it, whole, as an upload needs it: with a length. Parts stand in their order, and a name may come again. */
export function multipartForm(parts: readonly FormPart[]): { readonly contentType: string; readonly body: Buffer } {
  // Nothing in a file can be taken for it: nobody knows it before.
  const boundary = `vai-${randomBytes(18).toString('hex')}`
  const pieces: Uint8Array[] = []
  for (const { name, value } of parts) {
    const disposition = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"`
    if (typeof value === 'string') {
      pieces.push(Buffer.from(`${disposition}\r\n\r\n${value}\r\n`))
      continue
    }
    const { filename, mediaType, bytes } = value
    pieces.push(Buffer.from(`${disposition}; filename="${quoted(filename)}"\r\nContent-Type: ${mediaType}\r\n\r\n`), bytes)
    pieces.push(Buffer.from('\r\n'))
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`))
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(pieces) }
}

/** As browsers write names into the header. */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
