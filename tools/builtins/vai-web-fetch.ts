import { defineTool, type Fitting } from '../define.ts'
import { domainPattern, isAllowed } from '../domains.ts'
import { firecrawl, readWithFirecrawl } from '../services/firecrawl.ts'
import { readWithTavily, tavily } from '../services/tavily.ts'
import { type Page, type ToolCall, ToolError } from '../tool.ts'
import { bytesOf, cleanUntrusted, excerpt, markUntrusted, untrustedNotice } from '../untrusted.ts'

const input = {
  type: 'object',
  properties: {
    url: {
      type: 'string',
      format: 'uri',
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?://',
      maxLength: 4000,
      description: 'The URL of the page, beginning with `https://` or `http://`.',
    },
  },
  required: ['url'],
  additionalProperties: false,
} as const

const domains = {
  type: 'array',
  items: { type: 'string', maxLength: 500, pattern: domainPattern },
  minItems: 1,
  maxItems: 100,
} as const

/** Those that say where a page was at last, without which no list of domains can be held to. */
const provider = { enum: ['direct', 'firecrawl'] } as const

const config = {
  type: 'object',
  properties: {
    provider: {
      type: 'string',
      enum: ['direct', 'tavily', 'firecrawl'],
      description: 'Who reads the page: the gateway itself, or a service that there is a key for. Default `direct`.',
    },
    allowed_domains: {
      ...domains,
      description:
        'Only these domains are read, with their subdomains, redirects included: `example.com`, or a part of one: `example.com/blog`, `example.com/*/articles`. Not with `tavily`, which does not say where redirects led; `firecrawl` follows them by itself, and the model gets no page that it read elsewhere. Default: all.',
    },
    blocked_domains: {
      ...domains,
      description: 'These domains are not read, by the same rules, not even where they are allowed. Default: none.',
    },
    max_characters: {
      type: 'integer',
      minimum: 500,
      maximum: 500_000,
      description: 'The most characters of a page that the model gets. Default 50000.',
    },
  },
  dependentSchemas: { allowed_domains: { properties: { provider } }, blocked_domains: { properties: { provider } } },
  additionalProperties: false,
} as const

type Config = Fitting<typeof config>

/** Reads a page for a model. */
export const tool = defineTool({
  name: 'vai_web_fetch',
  description:
    'Reads the page at a URL: HTML as Markdown, PDF and other text as text. Scripts of the page are not run. Use it for a URL that the user named or that a search found.',
  input,
  config,
  readOnly: true,
  services: [tavily, firecrawl],
  needs: ({ provider }) => [tavily, firecrawl].filter(({ id }) => id === provider),
  async run({ url }, set, call) {
    const { max_characters: maxCharacters = 50_000 } = set
    const page = await read(url, maxCharacters, set, call)
    return { content: written(page, call.maxResultBytes) }
  },
})

/** What is read of a page before text is made of it, in bytes. */
const maxBytes = 10 * 1024 * 1024

async function read(text: string, maxCharacters: number, set: Config, call: ToolCall): Promise<Page> {
  const check = (url: URL): void => checkDomain(url, set)
  const service = readers.get(call.service?.service.id ?? '')
  if (!service) return call.readPage(text, { maxBytes, maxCharacters, check })
  if (!URL.canParse(text)) throw new ToolError('The URL is none.')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') throw new ToolError('URLs with a user name or a password are not read.')
  check(url)
  const page = await service(url.href, { maxCharacters }, call)
  // The service has followed redirects by itself.
  const hasLists = set.allowed_domains !== undefined || set.blocked_domains !== undefined
  if (hasLists && !page.isAtLast) throw new ToolError(nowhere)
  check(new URL(page.url))
  return page
}

const nowhere =
  'The page may not be read: its domain has to be among those that are allowed, and the service that read it does not say where it was.'

const readers: ReadonlyMap<string, typeof readWithTavily> = new Map([
  [tavily.id, readWithTavily],
  [firecrawl.id, readWithFirecrawl],
])

function checkDomain(url: URL, { allowed_domains: allowed, blocked_domains: blocked }: Config): void {
  if (isAllowed(url, { allowed, blocked })) return
  throw new ToolError(`The page at ${excerpt(url.host, 100)} may not be read: its domain is not among those that are allowed.`)
}

/** What the model reads of a page: as much of it as a result may have, so that its mark is closed behind it. */
function written(page: Page, maxBytes: number): string {
  const heading = page.title === undefined ? '' : `Title: ${page.title}\n\n`
  const all = cleanUntrusted(page.text)
  const around = bytesOf(`${untrustedNotice}\n\n${markUntrusted(page.url, heading)}`)
  const text = excerpt(all, all.length, maxBytes - around - noteBytes)
  const parts = [untrustedNotice, markUntrusted(page.url, heading + text)]
  if (text.length < all.length || page.text.length < page.characters) {
    parts.push(`The text was cut: these are the first ${text.length} of ${page.characters} characters.`)
  }
  if (page.isPartial) parts.push('There is more of the page than was read.')
  return parts.join('\n\n')
}

/** Room for what is said of a text that is not whole. */
const noteBytes = 160
