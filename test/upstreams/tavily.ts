import { type Behaviour, type Delivery, json } from './behaviour.ts'
import { isObject, type Json } from './json.ts'
import { deliveryOf, inTurn, type Step } from './script.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstream.ts'

export const tavilyKey = 'sk-test-tavily'

export interface TavilyAnswer extends Delivery {
  /** Of a search or of an extraction. */
  readonly results: readonly unknown[]
  readonly failed?: readonly unknown[]
}

/** Tavily: `POST /search` and `POST /extract`. A request that breaks a rule of the API gets Tavily's status and error body. */
export function startTavily(script: Step<TavilyAnswer> | readonly Step<TavilyAnswer>[] = found): Promise<Upstream> {
  const answer = inTurn(script, render)
  return startUpstream((request): Behaviour | Promise<Behaviour> => refusalOf(request) ?? answer(request))
}

/** Tavily's body of an error. */
export function tavilyError(status: number, error: string, headers: Record<string, string> = {}): Behaviour {
  return json({ detail: { error } }, { status, headers })
}

function render({ results, failed = [], ...delivery }: TavilyAnswer, { path, json: body }: RecordedRequest): Behaviour {
  const query = isObject(body) ? body.query : undefined
  const meta = { response_time: 0.61, request_id: '123e4567-e89b-12d3-a456-426614174111' }
  const answer =
    path === '/search'
      ? { query, follow_up_questions: null, answer: null, images: [], results, ...meta }
      : { results, failed_results: failed, ...meta }
  return json(answer, deliveryOf(delivery))
}

function found({ path, json: body }: RecordedRequest): TavilyAnswer {
  if (path === '/search') return { results: pages.slice(0, isObject(body) ? Number(body.max_results ?? 5) : 5) }
  const url = isObject(body) && Array.isArray(body.urls) ? body.urls[0] : ''
  return { results: [{ url, title: 'A page', raw_content: '# A page\n\nWith a text.', images: [] }] }
}

const pages = Array.from({ length: 20 }, (_, index) => ({
  url: `https://page-${index + 1}.example.com/`,
  title: `Page ${index + 1}`,
  content: `What page ${index + 1} says.`,
  score: 0.9 - index / 100,
  raw_content: null,
}))

function refusalOf({ method, path, headers, json: body }: RecordedRequest): Behaviour | undefined {
  const rules = path === '/search' ? searchRules : path === '/extract' ? extractRules : undefined
  if (!rules) return json({ detail: 'Not Found' }, { status: 404 })
  if (method !== 'POST') return json({ detail: 'Method Not Allowed' }, { status: 405 })
  if (headers.authorization !== `Bearer ${tavilyKey}`) return tavilyError(401, 'Unauthorized: missing or invalid API key.')
  if (!/^application\/json\b/.test(headers['content-type'] ?? '') || !isObject(body)) {
    return json({ detail: [{ type: 'missing', loc: ['body'], msg: 'Field required', input: null }] }, { status: 422 })
  }
  const problem = rules(body)
  return problem === undefined ? undefined : tavilyError(400, problem)
}

function searchRules(body: Json): string | undefined {
  const { query, max_results: count, country, topic = 'general' } = body
  if (typeof query !== 'string' || query.trim() === '') return 'Query is missing.'
  if (query.length > 400) return 'Query is too long. Max query length is 400 characters.'
  if (count !== undefined && !(Number.isInteger(count) && Number(count) >= 0 && Number(count) <= 20)) {
    return 'Max results must be between 0 and 20.'
  }
  if (country !== undefined && topic !== 'general') return 'Country parameter is only available for general topic.'
  if (country !== undefined && !someCountries.has(country)) return 'Invalid country.'
  const wrong = Object.entries(choices).find(([name, values]) => name in body && !values.includes(body[name]))
  if (wrong) return `Invalid ${wrong[0]}. Must be one of: ${wrong[1].join(', ')}.`
  if (!isDomains(body.include_domains, 300)) return 'Invalid include_domains.'
  if (!isDomains(body.exclude_domains, 150)) return 'Invalid exclude_domains.'
  return undefined
}

function extractRules({ urls, format, extract_depth: depth, timeout }: Json): string | undefined {
  const list: unknown = typeof urls === 'string' ? [urls] : urls
  if (!Array.isArray(list) || list.length === 0) return 'No URLs provided.'
  if (list.length > 20) return 'Max 20 URLs are allowed.'
  if (!list.every((url) => typeof url === 'string')) return 'Invalid urls.'
  if (format !== undefined && format !== 'markdown' && format !== 'text') return 'Invalid format.'
  if (depth !== undefined && depth !== 'basic' && depth !== 'advanced') return 'Invalid extract_depth.'
  if (timeout !== undefined && !(Number(timeout) >= 1 && Number(timeout) <= 60)) return 'Timeout must be between 1 and 60.'
  return undefined
}

const choices: Readonly<Record<string, readonly unknown[]>> = {
  search_depth: ['basic', 'advanced', 'fast', 'ultra-fast'],
  topic: ['general', 'news', 'finance'],
  time_range: ['day', 'week', 'month', 'year', 'd', 'w', 'm', 'y'],
}

/** Tavily takes names in lower case. */
const someCountries: ReadonlySet<unknown> = new Set(['germany', 'south korea', 'turkey', 'united kingdom', 'united states'])

function isDomains(value: unknown, most: number): boolean {
  return value === undefined || (Array.isArray(value) && value.length <= most && value.every((each) => typeof each === 'string'))
}
