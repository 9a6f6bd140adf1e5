import { type Behaviour, type Delivery, json } from './behaviour.ts'
import { isObject, type Json } from './json.ts'
import { deliveryOf, inTurn, type Step } from './script.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstream.ts'

export const firecrawlKey = 'sk-test-firecrawl'

export interface FirecrawlAnswer extends Delivery {
  readonly data: unknown
}

/** Firecrawl: `POST /v2/scrape`. A request that breaks a rule of the API gets Firecrawl's status and error body. */
export function startFirecrawl(script: Step<FirecrawlAnswer> | readonly Step<FirecrawlAnswer>[] = found): Promise<Upstream> {
  const answer = inTurn(script, ({ data, ...delivery }) => json({ success: true, data }, deliveryOf(delivery)))
  return startUpstream((request): Behaviour | Promise<Behaviour> => refusalOf(request) ?? answer(request))
}

/** Firecrawl's body of an error. */
export function firecrawlError(
  status: number,
  error: string,
  more: object = {},
  headers: Record<string, string> = {},
): Behaviour {
  return json({ success: false, error, ...more }, { status, headers })
}

function found({ json: body }: RecordedRequest): FirecrawlAnswer {
  const url = isObject(body) ? body.url : ''
  const metadata = { title: 'A page', language: 'en', sourceURL: url, url, statusCode: 200, contentType: 'text/html' }
  return { data: { markdown: '# A page\n\nWith a text.', metadata } }
}

function refusalOf({ method, path, headers, json: body }: RecordedRequest): Behaviour | undefined {
  if (path !== '/v2/scrape' || method !== 'POST') return firecrawlError(404, 'Not Found')
  if (headers.authorization !== `Bearer ${firecrawlKey}`) return firecrawlError(401, 'Unauthorized: Invalid token')
  if (!/^application\/json\b/.test(headers['content-type'] ?? '') || !isObject(body)) return badRequest('Invalid JSON', [])
  return problemOf(body)
}

function problemOf(body: Json): Behaviour | undefined {
  const unknown = Object.keys(body).filter((name) => !members.includes(name))
  if (unknown.length > 0) return badRequest('Unrecognized key in body -- please review the v2 API documentation', unknown)
  const { url, formats = ['markdown'], timeout, onlyMainContent } = body
  if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return badRequest('Invalid URL', ['url'])
  if (!Array.isArray(formats) || !formats.every((each) => known.includes(each))) return badRequest('Bad Request', ['formats'])
  if (timeout !== undefined && !(Number.isInteger(timeout) && Number(timeout) >= 1000))
    return badRequest('Bad Request', ['timeout'])
  if (onlyMainContent !== undefined && typeof onlyMainContent !== 'boolean') return badRequest('Bad Request', ['onlyMainContent'])
  return undefined
}

function badRequest(error: string, path: readonly string[]): Behaviour {
  return firecrawlError(400, error, { code: 'BAD_REQUEST', details: [{ code: 'invalid', path, message: error }] })
}

const members = ['url', 'formats', 'onlyMainContent', 'timeout', 'maxAge', 'waitFor', 'parsers', 'includeTags', 'excludeTags']
const known: readonly unknown[] = ['markdown', 'html', 'rawHtml', 'links', 'images', 'summary']
