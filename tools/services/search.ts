import { isRecord, stringOf } from '../../api/json.ts'
import { cleanUntrusted, excerpt } from '../untrusted.ts'

/** What the web is searched for, in words that every vendor has. */
export interface SearchQuery {
  /** At most 400 characters. */
  readonly text: string
  /** 1 to 20. */
  readonly maxResults: number
  /** How old a page may be. */
  readonly recency?: Recency
  /** Two letters in upper case, one of `countries`. */
  readonly country?: Country
  /** Only these and their subdomains; absent for any. Lower case. */
  readonly allowedDomains?: readonly string[]
  /** Not these, nor their subdomains. Lower case. */
  readonly blockedDomains?: readonly string[]
  /** The most text that is wanted of one result. */
  readonly maxCharacters: number
}

export const recencies = ['day', 'week', 'month', 'year'] as const
export type Recency = (typeof recencies)[number]

/** By their codes, as all the vendors know them, and their names. */
export const countries = {
  AR: 'argentina',
  AU: 'australia',
  AT: 'austria',
  BE: 'belgium',
  BR: 'brazil',
  CA: 'canada',
  CL: 'chile',
  CN: 'china',
  DK: 'denmark',
  FI: 'finland',
  FR: 'france',
  DE: 'germany',
  IN: 'india',
  ID: 'indonesia',
  IT: 'italy',
  JP: 'japan',
  KR: 'south korea',
  MY: 'malaysia',
  MX: 'mexico',
  NL: 'netherlands',
  NZ: 'new zealand',
  NO: 'norway',
  PH: 'philippines',
  PL: 'poland',
  PT: 'portugal',
  RU: 'russia',
  SA: 'saudi arabia',
  ZA: 'south africa',
  ES: 'spain',
  SE: 'sweden',
  CH: 'switzerland',
  TW: 'taiwan',
  TR: 'turkey',
  GB: 'united kingdom',
  US: 'united states',
} as const
export type Country = keyof typeof countries

/** What was found, best first. */
export interface SearchResults {
  readonly results: readonly SearchResult[]
}

export interface SearchResult {
  /** One line. */
  readonly title: string
  /** http or https, without a user name. */
  readonly url: string
  /** `2026-03-01`; undefined where it is not known. */
  readonly date: string | undefined
  /** What the page says about it, at most as long as was wanted. */
  readonly text: string
}

/** A vendor's own names of what a result is made of. */
export interface RawResult {
  readonly title: unknown
  readonly url: unknown
  readonly date: unknown
  readonly text: string
}

/**
 * What is usable of a vendor's list, each page once. Nobody vouches for what stands in it: what is no object, or has no URL that a page
 * can have, is left out.
 */
export function resultsOf(list: unknown, query: SearchQuery, read: (item: Record<string, unknown>) => RawResult): SearchResults {
  const results = new Map<string, SearchResult>()
  for (const item of Array.isArray(list) ? list.slice(0, maxListed) : []) {
    if (!isRecord(item)) continue
    const raw = read(item)
    const url = pageUrl(raw.url)
    if (url === undefined || results.has(url)) continue
    results.set(url, {
      title: lineOf(raw.title, maxTitle),
      url,
      date: dayOf(raw.date),
      // Cut before it is cleaned, which takes time, and after it, because that can make it longer.
      text: excerpt(cleanUntrusted(excerpt(raw.text, 2 * query.maxCharacters)).trim(), query.maxCharacters),
    })
  }
  return { results: [...results.values()] }
}

/** No vendor is asked for more. */
const maxListed = 100
const maxTitle = 300
const maxUrl = 2048

/** The address of a page that anybody could open, written as browsers do; undefined for any other. */
export function pageUrl(value: unknown): string | undefined {
  const text = stringOf(value)
  if (text.length > maxUrl || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const isPage = (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === ''
  return isPage && url.href.length <= maxUrl ? url.href : undefined
}

/** The value in one line of at most so many characters; empty where it is no string. */
export function lineOf(value: unknown, length: number): string {
  const text = stringOf(value).slice(0, 4 * length)
  return excerpt(cleanUntrusted(text).replace(/\s+/g, ' ').trim(), length)
}

/** The day of a date in whichever form a vendor writes it. */
function dayOf(value: unknown): string | undefined {
  const time = Date.parse(stringOf(value).slice(0, 64))
  if (Number.isNaN(time)) return undefined
  const day = new Date(time).toISOString().slice(0, 10)
  return /^\d{4}-/.test(day) ? day : undefined
}
