import { type Page, type PageOptions, ToolError } from '../../tools/tool.ts'
import type { Fetched, FetchOptions } from '../egress/fetch.ts'
import { mediaOf } from './media.ts'
import type { Readers } from './threads.ts'

/** Whose time it is that a page takes. */
export interface PageCall {
  readonly signal: AbortSignal
  /** What fetching may take, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * Fetches a page and makes text of it. Throws the errors of fetching, what `check` throws, a `ToolError` where the page is none that can
 * be read, and the signal's reason where the signal has aborted.
 */
export async function readPage(
  fetch: (url: string, options: FetchOptions) => Promise<Fetched>,
  readers: Readers,
  url: string,
  { maxBytes, maxCharacters, check }: PageOptions,
  { signal, timeoutMs }: PageCall,
): Promise<Page> {
  const bounds = { signal, maxBytes, truncate: true, timeoutMs, redirects: maxRedirects }
  const {
    url: last,
    status,
    contentType,
    body,
    isTruncated,
  } = await fetch(url, {
    ...bounds,
    accept,
    check,
    skipFailures: true,
    isWanted: (type, beginning) => !('problem' in mediaOf(type, beginning)),
  })
  if (status < 200 || status >= 300) throw new ToolError(`The URL answers with HTTP ${status}.`)
  if (body.length === 0) throw new ToolError('There is no text at the URL: the answer is empty.')
  const media = mediaOf(contentType, body)
  // Before there is a thread for it, which a page that cannot be read needs none of.
  if ('problem' in media) throw new ToolError(media.problem)
  const read = await readers.read({ bytes: body, contentType, url: last.href, isTruncated, maxCharacters }, signal)
  if ('problem' in read) throw new ToolError(read.problem)
  const { title, text, characters, isPartial } = read
  return { url: last.href, title, text, characters, ...(isPartial && { isPartial }) }
}

const maxRedirects = 5
const accept = 'text/html, application/xhtml+xml, application/pdf, text/*;q=0.9, application/json;q=0.9, */*;q=0.1'
