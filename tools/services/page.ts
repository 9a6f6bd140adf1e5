import { stringOf } from '../../api/json.ts'
import { type Page, ToolError } from '../tool.ts'
import { excerpt } from '../untrusted.ts'
import { lineOf, pageUrl } from './search.ts'

/** What a service is asked for when it reads a page. */
export interface ReadOptions {
  /** The most text that is wanted. */
  readonly maxCharacters: number
}

/** No page's text is larger, in bytes of a service's answer; what is beyond is the service's mistake. */
export const maxPageBytes = 8 * 1024 * 1024

/** A page that a service has read. */
export interface ServicePage extends Page {
  /** Whether the service says that the page was at `url` at last; otherwise that is where it was looked for. */
  readonly isAtLast: boolean
}

/**
 * A page of what a service says that it read. `found.url` is where it was at last, after redirects, and undefined where the service does
 * not say. Nobody vouches for it: where it is no address of a page, it counts as not said. Throws a `ToolError` where there is no text.
 */
export function pageOf(
  asked: string,
  found: { readonly url: unknown; readonly title: unknown; readonly text: unknown },
  { maxCharacters }: ReadOptions,
  name: string,
): ServicePage {
  const text = stringOf(found.text).trim()
  if (text === '') throw new ToolError(`${name} found no text on the page.`)
  const title = lineOf(found.title, maxTitle)
  const last = pageUrl(found.url)
  return {
    url: last ?? asked,
    isAtLast: last !== undefined,
    title: title === '' ? undefined : title,
    text: excerpt(text, maxCharacters),
    characters: text.length,
  }
}

const maxTitle = 300
