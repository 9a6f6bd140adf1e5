import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import type { Service, ToolCall } from '../tool.ts'
import { ask, type Vendor } from './ask.ts'
import { reported } from './failure.ts'
import { type Recency, resultsOf, type SearchQuery, type SearchResults } from './search.ts'

export const exa: Service = {
  id: 'exa',
  name: 'Exa',
  upstream: {
    keyHeader: 'X-Provider-Key-Exa',
    keyVariables: ['EXA_API_KEY'],
    baseURLVariable: 'VAI_EXA_BASE_URL',
    defaultBaseURL: 'https://api.exa.ai',
  },
}

/** Searches the web. Throws a `ToolError` where that fails. */
export async function searchExa(query: SearchQuery, call: ToolCall): Promise<SearchResults> {
  const body = Buffer.from(JSON.stringify(searchBody(query, call.clock.wallclock())))
  const answer = await ask(call, vendor, { method: 'POST', path: '/search', headers: {}, body }, maxSearchBytes)
  const list = isRecord(answer) ? answer.results : undefined
  if (!Array.isArray(list)) throw reported({ fault: 'unreadable' }, call, exa)
  return resultsOf(list, query, (item) => ({
    title: item.title,
    url: item.url,
    date: item.publishedDate,
    text: textOf(item),
  }))
}

const maxSearchBytes = 4 * 1024 * 1024

const vendor: Vendor = {
  service: exa,
  headers: (apiKey) => ({ 'x-api-key': apiKey.reveal() }),
  refusal: (_, body) => (isRecord(body) && body.tag === 'INVALID_API_KEY' ? 'key' : undefined),
}

function searchBody(query: SearchQuery, now: number): object {
  const { text, maxResults, recency, country, allowedDomains, blockedDomains, maxCharacters } = query
  return {
    query: text,
    type: 'auto',
    numResults: maxResults,
    ...(recency && { startPublishedDate: new Date(now - days[recency] * dayMs).toISOString() }),
    ...(country && { userLocation: country }),
    // One list at a time: whoever asks takes out what the other one forbids.
    ...(allowedDomains ? { includeDomains: allowedDomains } : blockedDomains && { excludeDomains: blockedDomains }),
    contents: { highlights: { maxCharacters } },
  }
}

const days: Readonly<Record<Recency, number>> = { day: 1, week: 7, month: 31, year: 365 }
const dayMs = 24 * 60 * 60 * 1000

/** The passages that fit the query, else the page's text, else what is said of it. */
function textOf({ highlights, text, summary }: Record<string, unknown>): string {
  const passages = arrayOf(highlights)
    .map(stringOf)
    .filter((each) => each !== '')
  return passages.length > 0 ? passages.join('\n…\n') : stringOf(text) || stringOf(summary)
}
