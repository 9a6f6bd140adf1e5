import { brave, searchBrave } from '../../../tools/services/brave.ts'
import { exa, searchExa } from '../../../tools/services/exa.ts'
import { firecrawl, readWithFirecrawl } from '../../../tools/services/firecrawl.ts'
import type { SearchQuery } from '../../../tools/services/search.ts'
import { readWithTavily, searchTavily, tavily } from '../../../tools/services/tavily.ts'
import type { Page, Service, ToolCall } from '../../../tools/tool.ts'
import { untrustedNotice } from '../../../tools/untrusted.ts'
import type { Behaviour } from '../../upstreams/behaviour.ts'
import { braveError, braveKey, startBrave } from '../../upstreams/brave.ts'
import { exaError, exaKey, startExa } from '../../upstreams/exa.ts'
import { firecrawlError, firecrawlKey, startFirecrawl } from '../../upstreams/firecrawl.ts'
import { startTavily, tavilyError, tavilyKey } from '../../upstreams/tavily.ts'
import type { Upstream } from '../../upstreams/upstream.ts'

/** A vendor's own words as the model reads them, behind the gateway's. */
export function saidBy({ id }: Service, words: string): string {
  return `:\n\n${untrustedNotice}\n\n<untrusted_content url="service:${id}">\n${words}\n</untrusted_content>`
}

/** One thing that a vendor is asked for, with the simulator that answers. */
export interface Operation {
  readonly name: string
  readonly service: Service
  readonly key: string
  /** Below the simulator's URL. */
  readonly basePath: string
  start(script?: Behaviour | readonly Behaviour[]): Promise<Upstream>
  /** The vendor's own body of an error. */
  error(status: number, message: string, headers?: Record<string, string>): Behaviour
  ask(call: ToolCall): Promise<unknown>
}

export const query: SearchQuery = { text: 'weather in Berlin', maxResults: 3, maxCharacters: 1000 }

const read = (how: (url: string, options: { maxCharacters: number }, call: ToolCall) => Promise<Page>) => (call: ToolCall) =>
  how('https://example.com/', { maxCharacters: 1000 }, call)

export const operations: readonly Operation[] = [
  {
    name: 'a search of Tavily',
    service: tavily,
    key: tavilyKey,
    basePath: '',
    start: startTavily,
    error: tavilyError,
    ask: (call) => searchTavily(query, call),
  },
  {
    name: 'an extraction of Tavily',
    service: tavily,
    key: tavilyKey,
    basePath: '',
    start: startTavily,
    error: tavilyError,
    ask: read(readWithTavily),
  },
  {
    name: 'a search of Exa',
    service: exa,
    key: exaKey,
    basePath: '',
    start: startExa,
    error: (status, message, headers) => exaError(status, message, 'SOME_TAG', headers),
    ask: (call) => searchExa(query, call),
  },
  {
    name: 'a search of Brave',
    service: brave,
    key: braveKey,
    basePath: '/res/v1',
    start: startBrave,
    error: (status, message, headers) => braveError(status, 'SOME_CODE', message, {}, headers),
    ask: (call) => searchBrave(query, call),
  },
  {
    name: 'a scrape of Firecrawl',
    service: firecrawl,
    key: firecrawlKey,
    basePath: '',
    start: startFirecrawl,
    error: (status, message, headers) => firecrawlError(status, message, {}, headers),
    ask: read(readWithFirecrawl),
  },
]
