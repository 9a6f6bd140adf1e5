import { isRecord, stringOf } from '../../api/json.ts'
import { type Service, type ToolCall, ToolError } from '../tool.ts'
import { ask, type Vendor } from './ask.ts'
import { reported, saidIn } from './failure.ts'
import { maxPageBytes, pageOf, type ReadOptions, type ServicePage } from './page.ts'

export const firecrawl: Service = {
  id: 'firecrawl',
  name: 'Firecrawl',
  upstream: {
    keyHeader: 'X-Provider-Key-Firecrawl',
    keyVariables: ['FIRECRAWL_API_KEY'],
    baseURLVariable: 'VAI_FIRECRAWL_BASE_URL',
    defaultBaseURL: 'https://api.firecrawl.dev',
  },
}

/** Reads a page as Markdown. Throws a `ToolError` where that fails, or where the page itself answers with an error. */
export async function readWithFirecrawl(url: string, options: ReadOptions, call: ToolCall): Promise<ServicePage> {
  const body = Buffer.from(
    JSON.stringify({ url, formats: ['markdown'], onlyMainContent: true, timeout: patienceOf(call.timeoutMs) }),
  )
  const answer = await ask(call, vendor, { method: 'POST', path: '/v2/scrape', headers: {}, body }, maxPageBytes)
  if (isRecord(answer) && answer.success === false) {
    throw reported({ fault: 'page', said: call.service && saidIn(answer, call.service.apiKey) }, call, firecrawl)
  }
  const data = isRecord(answer) ? answer.data : undefined
  if (!isRecord(data)) throw reported({ fault: 'unreadable' }, call, firecrawl)
  const metadata = isRecord(data.metadata) ? data.metadata : {}
  const { statusCode } = metadata
  if (typeof statusCode === 'number' && statusCode >= 400) throw new ToolError(`The page answered with HTTP ${statusCode}.`)
  const title = Array.isArray(metadata.title) ? metadata.title[0] : metadata.title
  // Its `sourceURL` is the one that was asked for.
  return pageOf(url, { url: metadata.url, title, text: data.markdown }, options, firecrawl.name)
}

const vendor: Vendor = {
  service: firecrawl,
  headers: (apiKey) => ({ authorization: `Bearer ${apiKey.reveal()}` }),
  refusal(status, body) {
    const code = isRecord(body) ? stringOf(body.code) : ''
    if (/^(?:SCRAPE_|UNSUPPORTED_SITE|THIRD_PARTY_DATA_)/.test(code)) return 'page'
    // The page was too slow, not the service.
    if (status === 408) return 'page'
    if (status === 403 && isRecord(body) && /do not support this site/i.test(stringOf(body.error))) return 'page'
    return undefined
  },
}

/** How long the service may try, in milliseconds: less than it is waited for, so that it can still say what went wrong. */
function patienceOf(timeoutMs: number): number {
  return Math.round(Math.min(Math.max(timeoutMs - 1000, 1000), 300_000))
}
