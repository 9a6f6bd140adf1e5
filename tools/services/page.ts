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

/**
 * A page of what a service says that it read. Nobody vouches for it: where `found.url` is no address of a page, it is the one that was
 * asked for. Throws a `ToolError` where there is no text.
 */
export function pageOf(
  asked: string,
  found: { readonly url: unknown; readonly title: unknown; readonly text: unknown },
  { maxCharacters }: ReadOptions,
  name: string,
): Page {
  const text = stringOf(found.text).trim()
  if (text === '') throw new ToolError(`${name} found no text on the page.`)
  const title = lineOf(found.title, maxTitle)
  return {
    url: pageUrl(found.url) ?? asked,
    title: title === '' ? undefined : title,
    text: excerpt(text, maxCharacters),
    characters: text.length,
  }
}

const maxTitle = 300
