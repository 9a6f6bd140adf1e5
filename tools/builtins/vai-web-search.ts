import { defineTool, type Fitting } from '../define.ts'
import { brave, searchBrave } from '../services/brave.ts'
import { exa, searchExa } from '../services/exa.ts'
import {
  type Country,
  countries,
  recencies,
  type SearchQuery,
  type SearchResult,
  type SearchResults,
} from '../services/search.ts'
import { searchTavily, tavily } from '../services/tavily.ts'
import { type Service, type ToolCall, ToolError } from '../tool.ts'
import { type Extent, excerpt, extentOf, markExtent, markUntrusted, untrustedNotice } from '../untrusted.ts'

const input = {
  type: 'object',
  properties: {
    query: {
      type: 'string',
      minLength: 1,
      maxLength: 400,
      pattern: '\\S',
      description: 'What to search for, in a few words, as one would type it into a search engine.',
    },
    recency: {
      type: 'string',
      enum: recencies,
      description: 'How old a page may be, where only recent ones are of use. Leave it out otherwise.',
    },
  },
  required: ['query'],
  additionalProperties: false,
} as const

const domains = {
  type: 'array',
  items: {
    type: 'string',
    maxLength: 253,
    pattern: '^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z0-9-]{2,63}$',
  },
  minItems: 1,
  maxItems: 50,
} as const

const config = {
  type: 'object',
  properties: {
    provider: {
      type: 'string',
      enum: ['tavily', 'exa', 'brave'],
      description:
        'Who searches. Default: the first of `tavily`, `exa` and `brave` whose key the caller sends; else, whose key the tenant has; else, the operator.',
    },
    max_results: { type: 'integer', minimum: 1, maximum: 20, description: 'The most results of one search. Default 5.' },
    allowed_domains: {
      ...domains,
      description:
        'Only pages of these domains and their subdomains are shown, such as `example.com`; in ASCII, without scheme and path. Default: all.',
    },
    blocked_domains: { ...domains, description: 'Pages of these domains and their subdomains are not shown. Default: none.' },
    country: {
      type: 'string',
      enum: Object.keys(countries).filter(isCountry),
      description:
        'The country whose pages are preferred, as its code of two letters, such as `DE`. Default: as the service prefers.',
    },
    max_characters: {
      type: 'integer',
      minimum: 1000,
      maximum: 100_000,
      description: 'The most characters that the model gets for one search. Default 20000.',
    },
  },
  additionalProperties: false,
} as const

type Config = Fitting<typeof config>

function isCountry(code: string): code is Country {
  return code in countries
}

/** Searches the web by whichever service there is a key for. */
export const tool = defineTool({
  name: 'vai_web_search',
  description:
    'Searches the web. Returns numbered results, each with its title, its URL, its date where it is known, and what the page says about the query. Use it for what may have changed of late, or is not known for certain, and name the URLs of what is used.',
  input,
  config,
  readOnly: true,
  services: [tavily, exa, brave],
  needs: ({ provider }) => (provider ? [...engines.keys()].filter(({ id }) => id === provider) : [...engines.keys()]),
  async run({ query, recency }, set, call) {
    const { max_characters: maxCharacters = 20_000, max_results: maxResults = 5 } = set
    const search = engineOf(call)
    const found = await search(
      {
        ...filtersOf(set),
        text: query.trim(),
        maxResults,
        maxCharacters: shareOf(maxCharacters, maxResults),
        ...(recency && { recency }),
      },
      call,
    )
    const results = found.results.filter(({ url }) => isWanted(url, set)).slice(0, maxResults)
    const room: Extent = { characters: maxCharacters, bytes: call.maxResultBytes }
    return { content: results.length === 0 ? nothing(set, recency !== undefined) : written(results, room) }
  },
})

type Search = (query: SearchQuery, call: ToolCall) => Promise<SearchResults>

/** In the order of preference. */
const engines: ReadonlyMap<Service, Search> = new Map([
  [tavily, searchTavily],
  [exa, searchExa],
  [brave, searchBrave],
])

function engineOf({ service }: ToolCall): Search {
  const engine = [...engines].find(([{ id }]) => id === service?.service.id)
  if (!engine) throw new ToolError('There is no key for a service that searches the web.')
  return engine[1]
}

function filtersOf({ allowed_domains: allowed, blocked_domains: blocked, country }: Config): Partial<SearchQuery> {
  return {
    ...(allowed && { allowedDomains: allowed.map((domain) => domain.toLowerCase()) }),
    ...(blocked && { blockedDomains: blocked.map((domain) => domain.toLowerCase()) }),
    ...(country && { country }),
  }
}

/** What one result may say, in characters; a little is always worth asking for. */
function shareOf(maxCharacters: number, maxResults: number): number {
  return Math.max(200, Math.floor(maxCharacters / maxResults))
}

/** Services take domains for a wish; here they are a rule. */
function isWanted(url: string, { allowed_domains: allowed, blocked_domains: blocked = [] }: Config): boolean {
  const host = new URL(url).hostname.replace(/\.$/, '')
  const isIn = (domain: string): boolean => host === domain.toLowerCase() || host.endsWith(`.${domain.toLowerCase()}`)
  return (!allowed || allowed.some(isIn)) && !blocked.some(isIn)
}

function nothing({ allowed_domains: allowed, blocked_domains: blocked }: Config, isRecent: boolean): string {
  if (isRecent) return 'Nothing was found. Older pages may have it: search without recency, or in other words.'
  return allowed || blocked
    ? 'Nothing was found on the domains that are searched. Other words may find it.'
    : 'Nothing was found. Other words may find it.'
}

/** The results, best first, as many as fit; what is left beside their headings is shared out among their texts. */
function written(results: readonly SearchResult[], room: Extent): string {
  let left = without(without(room, extentOf(untrustedNotice)), leftOutExtent)
  const shown: { readonly result: SearchResult; readonly heading: string }[] = []
  for (const result of results) {
    const heading = headingOf(result, shown.length + 1)
    const rest = without(without(without(left, separatorExtent), markExtent(result.url)), extentOf(heading))
    if (rest.characters < 0 || rest.bytes < 0) continue
    left = rest
    shown.push({ result, heading })
  }
  const parts = shown.map(({ result, heading }, index) => {
    const share = (most: number): number => Math.max(0, Math.floor(most / (shown.length - index)) - 1)
    const text = excerpt(result.text, share(left.characters), share(left.bytes))
    left = without(left, extentOf(`\n${text}`))
    return markUntrusted(result.url, text === '' ? heading : `${heading}\n${text}`)
  })
  const leftOut = results.length - shown.length
  return [untrustedNotice, ...parts, ...(leftOut > 0 ? [`${leftOut} more did not fit.`] : [])].join(separator)
}

function without(room: Extent, part: Extent): Extent {
  return { characters: room.characters - part.characters, bytes: room.bytes - part.bytes }
}

const separator = '\n\n'
const separatorExtent = extentOf(separator)
/** Room for the sentence about what did not fit. */
const leftOutExtent: Extent = { characters: 40, bytes: 40 }

function headingOf({ title, url, date }: SearchResult, number: number): string {
  return [`[${number}] ${title || 'Untitled'}`, `URL: ${url}`, ...(date ? [`Date: ${date}`] : [])].join('\n')
}
