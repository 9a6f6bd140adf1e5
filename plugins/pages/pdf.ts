import { getDocumentProxy } from 'unpdf'

export interface PdfText {
  readonly title: string | undefined
  /** Empty where the pages are pictures. */
  readonly text: string
  /** Whether there is more of it than was read. */
  readonly isPartial: boolean
}

type Document = Awaited<ReturnType<typeof getDocumentProxy>>

/** The text of a PDF, page by page, until there is enough of it. Throws what the parser throws at what is broken. */
export async function readPdf(bytes: Uint8Array, enoughCharacters: number): Promise<PdfText> {
  const document = await getDocumentProxy(bytes, { verbosity: 0, useSystemFonts: false, disableFontFace: true })
  try {
    const pages: string[] = []
    let left = enoughCharacters
    let read = 0
    while (read < Math.min(document.numPages, maxPages) && left > 0) {
      read++
      const text = await textOf(document, read, left)
      left -= text.length
      pages.push(text)
    }
    const isPartial = read < document.numPages || left <= 0
    return { title: await titleOf(document), text: pages.join('\n\n'), isPartial }
  } finally {
    await document.destroy()
  }
}

const maxPages = 500

async function textOf(document: Document, number: number, enough: number): Promise<string> {
  const page = await document.getPage(number)
  const parts: string[] = []
  let length = 0
  // As a stream, because a small page may be made to say the same thing a million times.
  const reader = page.streamTextContent().getReader()
  while (length < enough) {
    const { done, value }: { readonly done: boolean; readonly value?: { readonly items: readonly TextItem[] } } =
      await reader.read()
    if (done) return parts.join('')
    for (const { str, hasEOL } of value?.items ?? []) {
      if (str === undefined) continue
      parts.push(str, hasEOL ? '\n' : '')
      length += str.length
    }
  }
  await reader.cancel(new Error('there is enough text'))
  return parts.join('')
}

/** Marks of the document's structure come along, and have no text. */
interface TextItem {
  readonly str?: string
  readonly hasEOL?: boolean
}

async function titleOf(document: Document): Promise<string | undefined> {
  const { info }: { info: { readonly Title?: unknown } } = await document.getMetadata()
  const title = typeof info.Title === 'string' ? info.Title.slice(0, 300).trim() : ''
  return title === '' ? undefined : title
}
