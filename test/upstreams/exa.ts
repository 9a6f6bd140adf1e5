import { type Behaviour, type Delivery, json } from './behaviour.ts'
import { isObject, type Json } from './json.ts'
import { deliveryOf, inTurn, type Step } from './script.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstream.ts'

export const exaKey = 'sk-test-exa'

export interface ExaAnswer extends Delivery {
  readonly results: readonly unknown[]
}

/** Exa: `POST /search`. A request that breaks a rule of the API gets Exa's status and error body. */
export function startExa(script: Step<ExaAnswer> | readonly Step<ExaAnswer>[] = found): Promise<Upstream> {
  const answer = inTurn(script, ({ results, ...delivery }) => json({ ...meta, results }, deliveryOf(delivery)))
  return startUpstream((request): Behaviour | Promise<Behaviour> => refusalOf(request) ?? answer(request))
}

/** Exa's body of an error. */
export function exaError(status: number, error: string, tag: string, headers: Record<string, string> = {}): Behaviour {
  return json({ requestId: meta.requestId, error, tag }, { status, headers })
}

const meta = { requestId: 'b5947044c4b78efa9552a7c89b306d95', resolvedSearchType: 'neural', costDollars: { total: 0.005 } }

function found({ json: body }: RecordedRequest): ExaAnswer {
  const contents = isObject(body) && isObject(body.contents) ? body.contents : {}
  const results = Array.from({ length: isObject(body) ? Number(body.numResults ?? 10) : 10 }, (_, index) => ({
    id: `https://page-${index + 1}.example.com/`,
    url: `https://page-${index + 1}.example.com/`,
    title: `Page ${index + 1}`,
    publishedDate: '2026-03-01T10:00:00.000Z',
    author: null,
    ...(contents.text ? { text: `All that page ${index + 1} says.` } : {}),
    ...(contents.highlights ? { highlights: [`What page ${index + 1} says.`, 'And more.'], highlightScores: [0.5, 0.4] } : {}),
  }))
  return { results }
}

function refusalOf({ method, path, headers, json: body }: RecordedRequest): Behaviour | undefined {
  if (path !== '/search' || method !== 'POST') return json({ error: `Cannot ${method} ${path}` }, { status: 404 })
  const key = headers['x-api-key']
  if (key === undefined) return exaError(401, 'x-api-key header is missing', 'MISSING_API_KEY')
  if (key !== exaKey) return exaError(401, 'Invalid API key', 'INVALID_API_KEY')
  if (!/^application\/json\b/.test(headers['content-type'] ?? '') || !isObject(body)) {
    return exaError(400, 'Invalid request body', 'INVALID_REQUEST_BODY')
  }
  const problem = problemOf(body)
  return problem === undefined
    ? undefined
    : exaError(400, `Invalid request body | Validation error: ${problem}`, 'INVALID_REQUEST_BODY')
}

function problemOf(body: Json): string | undefined {
  const { query, numResults, type, userLocation, startPublishedDate } = body
  if (typeof query !== 'string' || query === '') return 'Required at "query"'
  if (numResults !== undefined && !(Number.isInteger(numResults) && Number(numResults) >= 1 && Number(numResults) <= 100)) {
    return 'Number must be between 1 and 100 at "numResults"'
  }
  if (type !== undefined && !types.includes(type)) return 'Invalid enum value at "type"'
  if (userLocation !== undefined && !/^[A-Z]{2}$/.test(String(userLocation))) return 'Invalid country code at "userLocation"'
  if (startPublishedDate !== undefined && !/^\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?$/.test(String(startPublishedDate))) {
    return 'Invalid date at "startPublishedDate"'
  }
  const wrong = ['includeDomains', 'excludeDomains'].find((name) => !isDomains(body[name]))
  if (wrong) return `Expected array of strings at "${wrong}"`
  const { highlights } = isObject(body.contents) ? body.contents : {}
  if (isObject(highlights) && !(Number(highlights.maxCharacters ?? 1) >= 1))
    return 'Number must be greater than or equal to 1 at "maxCharacters"'
  return undefined
}

const types: readonly unknown[] = ['auto', 'keyword', 'neural', 'fast', 'instant', 'deep-lite', 'deep', 'deep-reasoning']

function isDomains(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length <= 1200 && value.every((each) => typeof each === 'string'))
}
