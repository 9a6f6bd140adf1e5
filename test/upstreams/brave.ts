import { type Behaviour, type Delivery, json } from './behaviour.ts'
import { deliveryOf, inTurn, type Step } from './script.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstream.ts'

export const braveKey = 'sk-test-brave'

export interface BraveAnswer extends Delivery {
  /** Of the web; where there is none, the answer has no `web`. */
  readonly results: readonly unknown[]
}

/**
 * Brave Search: `GET /res/v1/web/search`. Its base URL is `url` + `/res/v1`. A request that breaks a rule of the API gets Brave's status
 * and error body.
 */
export function startBrave(script: Step<BraveAnswer> | readonly Step<BraveAnswer>[] = found): Promise<Upstream> {
  const answer = inTurn(script, render)
  return startUpstream((request): Behaviour | Promise<Behaviour> => refusalOf(request) ?? answer(request))
}

/** Brave's body of an error. */
export function braveError(
  status: number,
  code: string,
  detail: string,
  meta: object = {},
  headers: Record<string, string> = {},
): Behaviour {
  const error = { id: '5d832250-9396-4f6e-b84a-2a1fe524cd7d', status, detail, meta, code }
  return json({ type: 'ErrorResponse', error, time: 1663072993 }, { status, headers })
}

function render({ results, ...delivery }: BraveAnswer, request: RecordedRequest): Behaviour {
  const query = { original: parametersOf(request).get('q'), more_results_available: false }
  const web = results.length > 0 ? { web: { type: 'search', results, family_friendly: true } } : {}
  return json({ type: 'search', query, mixed: {}, ...web }, deliveryOf(delivery))
}

function found(request: RecordedRequest): BraveAnswer {
  const results = Array.from({ length: Number(parametersOf(request).get('count') ?? 20) }, (_, index) => ({
    type: 'search_result',
    title: `Page ${index + 1} &amp; more`,
    url: `https://page-${index + 1}.example.com/`,
    description: `What page ${index + 1} says: it&#x27;s &lt;b&gt;.`,
    page_age: '2026-03-01T10:00:00',
    age: 'March 1, 2026',
    profile: { name: 'Example', long_name: 'example.com' },
  }))
  return { results }
}

function refusalOf(request: RecordedRequest): Behaviour | undefined {
  const { method, headers } = request
  const [pathname] = request.path.split('?')
  if (pathname !== '/res/v1/web/search' || method !== 'GET') return json({ message: 'Not Found' }, { status: 404 })
  const key = headers['x-subscription-token']
  if (key === undefined) return invalid('header', 'x-subscription-token', 'Field required')
  if (key !== braveKey) {
    const meta = { component: 'authentication' }
    return braveError(422, 'SUBSCRIPTION_TOKEN_INVALID', 'The provided subscription token is invalid.', meta)
  }
  const { accept = '*/*', 'cache-control': cacheControl } = headers
  if (!/^(?:application\/json|\*\/\*)$/.test(accept))
    return invalid('header', 'accept', "Input should be 'application/json' or '*/*'")
  if (cacheControl !== 'no-cache') return invalid('header', 'cache-control', "Input should be 'no-cache'")
  const wrong = [...parametersOf(request)].find(([name, value]) => !rules[name]?.(value))
  if (wrong) return invalid('query', wrong[0], 'Input is not valid')
  return parametersOf(request).has('q') ? undefined : invalid('query', 'q', 'Field required')
}

function invalid(where: string, name: string, msg: string): Behaviour {
  return braveError(422, 'VALIDATION', 'Unable to validate request parameter(s)', {
    errors: [{ type: 'value_error', loc: [where, name], msg }],
  })
}

function parametersOf({ path }: RecordedRequest): URLSearchParams {
  return new URL(path, 'http://localhost').searchParams
}

/** Of the parameters that there are; any other is a mistake of whoever asks. */
const rules: Readonly<Record<string, (value: string) => boolean>> = {
  q: (value) => value !== '' && value.length <= 400 && value.split(/\s+/).length <= 50,
  count: (value) => /^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= 20,
  offset: (value) => /^\d$/.test(value),
  country: (value) => countries.includes(value),
  freshness: (value) => /^(?:p[dwmy]|\d{4}-\d\d-\d\dto\d{4}-\d\d-\d\d)$/.test(value),
  text_decorations: (value) => value === 'true' || value === 'false',
  extra_snippets: (value) => value === 'true' || value === 'false',
  result_filter: (value) => value.split(',').every((each) => filters.includes(each)),
}

const countries =
  'AR AU AT BE BR CA CL DK FI FR DE GR HK IN ID IT JP KR MY MX NL NZ NO CN PL PT PH RU SA ZA ES SE CH TW TR GB US ALL'.split(' ')
const filters = ['discussions', 'faq', 'infobox', 'news', 'query', 'summarizer', 'videos', 'web', 'locations']
