import { type Page, type PageOptions, ToolError } from '../../tools/tool.ts'
import type { Fetched, FetchOptions } from '../egress/fetch.ts'
import { mediaOf } from './media.ts'
import { type Asker, Places, type PlacesOptions } from './places.ts'
import type { Readers } from './threads.ts'

/** For whom a page is read, and in whose time. */
export interface PageCall extends Asker {
  /** What fetching may take, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * What fetches pages and makes text of them, so many at a time: what has been fetched is held until it has been read. Throws the errors
 * of fetching, what `check` throws, a `ToolError` where the page is none that can be read or too many wait, and the signal's reason where
 * the signal has aborted.
 */
export function pageReader(fetch: Fetch, readers: Readers): (url: string, options: PageOptions, call: PageCall) => Promise<Page> {
  const places = new Places(pagesAtOnce)
  return async (url, options, call) => {
    const leave = await places.take(call)
    if (!leave) throw new ToolError('Too many pages are being read at the moment; try again.')
    try {
      return await readPage(fetch, readers, url, options, call)
    } finally {
      leave()
    }
  }
}

/** With the ten megabytes of the largest pages, all together hold about 200. */
const pagesAtOnce: PlacesOptions = { places: 16, each: 8, waiting: 256, eachWaiting: 64 }

type Fetch = (url: string, options: FetchOptions) => Promise<Fetched>

async function readPage(
  fetch: Fetch,
  readers: Readers,
  url: string,
  { maxBytes, maxCharacters, check }: PageOptions,
  call: PageCall,
): Promise<Page> {
  const { signal, timeoutMs } = call
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
  const read = await readers.read({ bytes: body, contentType, url: last.href, isTruncated, maxCharacters }, call)
  if ('problem' in read) throw new ToolError(read.problem)
  const { title, text, characters, isPartial } = read
  return { url: last.href, title, text, characters, ...(isPartial && { isPartial }) }
}

const maxRedirects = 5
const accept = 'text/html, application/xhtml+xml, application/pdf, text/*;q=0.9, application/json;q=0.9, */*;q=0.1'
