import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import type { Service, ToolCall } from '../tool.ts'
import { ask, type Vendor } from './ask.ts'
import { reported } from './failure.ts'
import { type Recency, resultsOf, type SearchQuery, type SearchResults } from './search.ts'

export const brave: Service = {
  id: 'brave',
  name: 'Brave Search',
  upstream: {
    keyHeader: 'X-Provider-Key-Brave',
    keyVariables: ['BRAVE_API_KEY', 'BRAVE_SEARCH_API_KEY'],
    baseURLVariable: 'VAI_BRAVE_BASE_URL',
    defaultBaseURL: 'https://api.search.brave.com/res/v1',
  },
}

/** Searches the web. Throws a `ToolError` where that fails. */
export async function searchBrave(query: SearchQuery, call: ToolCall): Promise<SearchResults> {
  const path = `/web/search?${parametersOf(query)}`
  // Without the second header some plans refuse the request.
  const headers = { 'cache-control': 'no-cache' }
  const answer = await ask(call, vendor, { method: 'GET', path, headers }, maxSearchBytes)
  if (!isRecord(answer)) throw reported({ fault: 'unreadable' }, call, brave)
  // Where nothing was found there is no `web` at all.
  const { web = { results: [] } } = answer
  const list = isRecord(web) ? web.results : undefined
  if (!Array.isArray(list)) throw reported({ fault: 'unreadable' }, call, brave)
  return resultsOf(list, query, (item) => ({
    title: plain(item.title),
    url: item.url,
    date: item.page_age,
    text: [item.description, ...arrayOf(item.extra_snippets)]
      .map(plain)
      .filter((each) => each !== '')
      .join('\n…\n'),
  }))
}

const maxSearchBytes = 2 * 1024 * 1024

const vendor: Vendor = {
  service: brave,
  headers: (apiKey) => ({ 'x-subscription-token': apiKey.reveal() }),
  refusal(_, body) {
    const error = errorOf(body)
    switch (error?.code) {
      // With the status of any other mistake in a request.
      case 'SUBSCRIPTION_TOKEN_INVALID':
        return 'key'
      case 'OPTION_NOT_IN_PLAN':
        return 'permission'
      case 'RATE_LIMITED':
        return isUsedUp(error.meta) ? 'plan' : undefined
      default:
        return undefined
    }
  },
}

/** One code stands for the limit of a second and for that of a month. A plan without the latter has a limit of 0. */
function isUsedUp(meta: unknown): boolean {
  const { quota_limit: limit, quota_current: current } = isRecord(meta) ? meta : {}
  return typeof limit === 'number' && typeof current === 'number' && limit > 0 && current >= limit
}

/** Its API answers with `error`, its reference has a list of `errors`. */
function errorOf(body: unknown): Record<string, unknown> | undefined {
  if (!isRecord(body)) return undefined
  return [body.error, ...arrayOf(body.errors)].find(isRecord)
}

function parametersOf(query: SearchQuery): URLSearchParams {
  const { maxResults, recency, country, allowedDomains, blockedDomains } = query
  const isFiltered = allowedDomains !== undefined || blockedDomains !== undefined
  const parameters = new URLSearchParams({
    q: withOperators(query),
    // Operators are wishes, so that some of what comes back may have to be taken out.
    count: String(isFiltered ? maxCount : maxResults),
    text_decorations: 'false',
    result_filter: 'web',
  })
  if (recency) parameters.set('freshness', freshness[recency])
  if (country) parameters.set('country', country)
  return parameters
}

const maxCount = 20
const freshness: Readonly<Record<Recency, string>> = { day: 'pd', week: 'pw', month: 'pm', year: 'py' }

/**
 * The query with the domains as operators, as far as Brave takes them: a query has at most 400 characters and 50 words. Allowed
 * domains go in all or none, because those that were left out would never be found.
 */
function withOperators({ text, allowedDomains = [], blockedDomains = [] }: SearchQuery): string {
  let query = text.trim().split(/\s+/).slice(0, maxWords).join(' ')
  const add = (operators: string): void => {
    const longer = `${query} ${operators}`
    if (longer.length <= maxLength && longer.split(' ').length <= maxWords) query = longer
  }
  const sites = allowedDomains.map((domain) => `site:${domain}`)
  if (sites.length > 0) add(sites.length === 1 ? sites.join('') : `(${sites.join(' OR ')})`)
  for (const domain of blockedDomains) add(`-site:${domain}`)
  return query
}

const maxLength = 400
const maxWords = 50

/** Brave writes what has a meaning in HTML as entities, also where it is asked for plain text. */
function plain(value: unknown): string {
  return stringOf(value)
    .slice(0, maxText)
    .replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi, (entity, decimal, hex, name) => {
      if (name) return named[String(name).toLowerCase()] ?? entity
      const code = decimal ? Number(decimal) : Number.parseInt(String(hex), 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : entity
    })
}

const maxText = 100_000
const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }
