import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import { type Service, type ToolCall, ToolError } from '../tool.ts'
import { ask, type Vendor } from './ask.ts'
import { reported, saidIn } from './failure.ts'
import { maxPageBytes, pageOf, type ReadOptions, type ServicePage } from './page.ts'
import { countries, resultsOf, type SearchQuery, type SearchResults } from './search.ts'

export const tavily: Service = {
  id: 'tavily',
  name: 'Tavily',
  upstream: {
    keyHeader: 'X-Provider-Key-Tavily',
    keyVariables: ['TAVILY_API_KEY'],
    baseURLVariable: 'VAI_TAVILY_BASE_URL',
    defaultBaseURL: 'https://api.tavily.com',
  },
}

/** Searches the web. Throws a `ToolError` where that fails. */
export async function searchTavily(query: SearchQuery, call: ToolCall): Promise<SearchResults> {
  const answer = await ask(
    call,
    vendor,
    { method: 'POST', path: '/search', headers: {}, body: searchBody(query) },
    maxSearchBytes,
  )
  const list = isRecord(answer) ? answer.results : undefined
  if (!Array.isArray(list)) throw reported({ fault: 'unreadable' }, call, tavily)
  return resultsOf(list, query, (item) => ({
    title: item.title,
    url: item.url,
    date: item.published_date,
    text: stringOf(item.content),
  }))
}

/** Reads a page as Markdown. Throws a `ToolError` where that fails. */
export async function readWithTavily(url: string, options: ReadOptions, call: ToolCall): Promise<ServicePage> {
  const body = Buffer.from(JSON.stringify({ urls: [url], format: 'markdown', extract_depth: 'basic' }))
  const answer = await ask(call, vendor, { method: 'POST', path: '/extract', headers: {}, body }, maxPageBytes)
  if (!isRecord(answer)) throw reported({ fault: 'unreadable' }, call, tavily)
  const found = arrayOf(answer.results).find(isRecord)
  // Its `url` is the one that was asked for, wherever that redirects.
  if (found) return pageOf(url, { url: undefined, title: found.title, text: found.raw_content }, options, tavily.name)
  const failed = arrayOf(answer.failed_results).find(isRecord)
  if (!failed) throw new ToolError(`${tavily.name} found no text on the page.`)
  throw reported({ fault: 'page', said: call.service && saidIn(failed.error, call.service.apiKey) }, call, tavily)
}

const maxSearchBytes = 2 * 1024 * 1024

const vendor: Vendor = {
  service: tavily,
  headers: (apiKey) => ({ authorization: `Bearer ${apiKey.reveal()}` }),
  // The limit of the plan, and that of what is paid for by use.
  refusal: (status) => (status === 432 || status === 433 ? 'plan' : undefined),
}

function searchBody({ text, maxResults, recency, country, allowedDomains, blockedDomains }: SearchQuery): Buffer {
  const body = {
    query: text,
    search_depth: 'basic',
    max_results: maxResults,
    ...(recency && { time_range: recency }),
    ...(country && { country: countries[country] }),
    ...(allowedDomains && { include_domains: allowedDomains }),
    ...(blockedDomains && { exclude_domains: blockedDomains }),
  }
  return Buffer.from(JSON.stringify(body))
}
