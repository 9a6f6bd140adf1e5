import type { RecordedRequest } from './upstream.ts'

/** One part of a form as it came. */
export interface FormField {
  readonly name: string
  readonly filename: string | undefined
  readonly contentType: string | undefined
  readonly bytes: Buffer
}

/** The parts of the form that a request brought; undefined where it brought none. */
export function fieldsOf({ headers, bytes }: Pick<RecordedRequest, 'headers' | 'bytes'>): readonly FormField[] | undefined {
  return parseForm(headers['content-type'], bytes)
}

/** A form of `multipart/form-data`, taken apart by the boundary that its header names; undefined where it is none. */
function parseForm(contentType: string | undefined, body: Buffer): readonly FormField[] | undefined {
  const boundary = /^multipart\/form-data;\s*boundary="?([^";]+)"?/.exec(contentType ?? '')?.[1]
  if (boundary === undefined) return undefined
  const mark = Buffer.from(`--${boundary}`)
  const fields: FormField[] = []
  for (let at = body.indexOf(mark); at !== -1; ) {
    const start = at + mark.length
    if (body.subarray(start, start + 2).toString() === '--') return fields
    const next = body.indexOf(mark, start)
    if (next === -1) return undefined
    const part = body.subarray(start + 2, next - 2)
    const split = part.indexOf('\r\n\r\n')
    const head = part.subarray(0, split).toString()
    const name = /name="([^"]*)"/.exec(head)?.[1]
    if (split === -1 || name === undefined) return undefined
    const filename = /filename="([^"]*)"/.exec(head)?.[1]
    const type = /content-type: *([^\r\n]+)/i.exec(head)?.[1]
    fields.push({ name, filename, contentType: type, bytes: part.subarray(split + 4) })
    at = next
  }
  return undefined
}
