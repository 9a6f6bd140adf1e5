import { decodeText } from './decode.ts'
import { mediaOf } from './media.ts'
import { cutAt, tidied } from './tidy.ts'

/** What was fetched, and what is wanted of it. */
export interface Extraction {
  readonly bytes: Uint8Array
  /** As the server gave it. */
  readonly contentType: string | undefined
  /** Where it was at last. */
  readonly url: string
  /** Whether there was more of it than was fetched. */
  readonly isTruncated: boolean
  /** The most text that is made of it, in characters. */
  readonly maxCharacters: number
}

/** What a page says; or why it says nothing, in words for the model. */
export type Extracted =
  | {
      readonly title: string | undefined
      readonly text: string
      /** How many the text had before it was cut. */
      readonly characters: number
      /** Whether there was more than was read. */
      readonly isPartial: boolean
    }
  | { readonly problem: string }

/** Makes text of what was fetched. Never throws; it may take as long and as much memory as whoever wrote the page wants. */
export async function extract(task: Extraction): Promise<Extracted> {
  const media = mediaOf(task.contentType, task.bytes)
  if ('problem' in media) return media
  try {
    switch (media.kind) {
      case 'html':
        return await extractHtml(task)
      case 'pdf':
        return await extractPdf(task)
      case 'text':
        return extractText(task)
    }
  } catch (error) {
    return { problem: problemOf(media.kind, error) }
  }
}

async function extractHtml(task: Extraction): Promise<Extracted> {
  // A page of text needs none of the parsers, nor does one kind need that of the other.
  const { readHtml } = await import('./html.ts')
  const { title, markdown, isPartial, hasScripts } = readHtml(decodeText(task, true), task.url)
  const text = tidied(markdown)
  if (text === '') return { problem: hasScripts ? scriptsOnly : 'The page holds no text.' }
  return { title, ...cut(text, task.maxCharacters), isPartial: isPartial || task.isTruncated }
}

const scriptsOnly = 'The page shows no text unless its scripts are run, which is not done here.'

async function extractPdf({ bytes, isTruncated, maxCharacters }: Extraction): Promise<Extracted> {
  // What tells where things are in it stands at its end.
  if (isTruncated) return { problem: `The PDF is too large: only ${bytes.length} bytes of one are read.` }
  const { readPdf } = await import('./pdf.ts')
  // A copy, because the parser takes what it is given for its own, and no `Buffer`.
  const { title, text: raw, isPartial } = await readPdf(new Uint8Array(bytes), Math.max(maxCharacters * 2, 1_000_000))
  const text = tidied(raw)
  if (text === '') return { problem: 'The PDF holds no text; its pages may be pictures.' }
  return { title, ...cut(text, maxCharacters), isPartial }
}

function extractText(task: Extraction): Extracted {
  const whole = decodeText(task, false)
  const text = tidied(whole.slice(0, maxTextCharacters))
  if (text === '') return { problem: 'There is no text at the URL: the answer is empty.' }
  const isPartial = task.isTruncated || whole.length > maxTextCharacters
  return { title: undefined, ...cut(text, task.maxCharacters), isPartial }
}

/** Many times what a model is given, and little enough to be made tidy in a moment. */
const maxTextCharacters = 2_000_000

function cut(text: string, maxCharacters: number): { readonly text: string; readonly characters: number } {
  return { text: cutAt(text, maxCharacters), characters: text.length }
}

function problemOf(kind: 'html' | 'pdf' | 'text', error: unknown): string {
  if (kind !== 'pdf') return 'The page could not be read: it is not made as pages are.'
  const isLocked = error instanceof Error && error.name === 'PasswordException'
  return isLocked ? 'The PDF cannot be read without its password.' : 'The PDF is broken and could not be read.'
}
