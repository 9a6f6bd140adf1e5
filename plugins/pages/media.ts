/** What can be made of a page: by what kind of reading, or why by none. */
export type Media = { readonly kind: 'html' | 'pdf' | 'text' } | { readonly problem: string }

/**
 * What a body is, by the type that its server gave and by how it begins; where they differ in a way that servers are known for, how it
 * begins. `beginning` is the first kilobyte or more.
 */
export function mediaOf(contentType: string | undefined, beginning: Uint8Array): Media {
  const type = essenceOf(contentType)
  const start = latin1(beginning.subarray(0, 1024)).replace(/^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*/, '')
  if (start.startsWith('%PDF-')) return { kind: 'pdf' }
  const isText = type === '' || textTypes.test(type)
  // Every other character of UTF-16 is a zero where the text is English.
  if ((isText || type === 'application/pdf') && htmlStart.test(start.replaceAll('\0', ''))) return { kind: 'html' }
  if (type === 'application/pdf') return { kind: 'pdf' }
  const isHtml = htmlTypes.has(type)
  if (!isText && !isHtml) return { problem: `The URL leads to ${type}, which cannot be read as text.` }
  const isBinary = beginning.subarray(0, 1024).includes(0) && !isUtf16(contentType, beginning)
  if (isBinary) return { problem: 'The URL leads to binary data, which cannot be read as text.' }
  return { kind: isHtml ? 'html' : 'text' }
}

const htmlTypes: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml'])
const textTypes =
  /^(?:text\/.+|application\/(?:.+\+)?(?:json|xml|yaml|x-yaml|toml|javascript|x-javascript|ecmascript|x-ndjson|jsonl|sql|graphql|x-sh))$/
const htmlStart = /^(?:<!--[\s\S]{0,200}?-->\s*)?<(?:!doctype\s+html|html|head|body)[\s>]/i

/** `text/html` of `Text/HTML; charset=utf-8`; empty where none was given. What is no type is called unknown: the model reads it. */
function essenceOf(contentType: string | undefined): string {
  const essence = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (essence === '' || /^[a-z0-9][\w.+-]{0,60}\/[a-z0-9][\w.+-]{0,60}$/.test(essence)) return essence
  return 'something of an unknown type'
}

/** Of all encodings of text it is the one that has zeros. */
function isUtf16(contentType: string | undefined, [first, second]: Uint8Array): boolean {
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  return isMarked || /charset\s*=\s*"?(?:utf-16|ucs-2|unicode)/i.test(contentType ?? '')
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
