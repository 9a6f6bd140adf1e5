import { type Behaviour, json } from './behaviour.ts'
import { echo, type GeminiAnswer, geminiError, promptTokens, renderContent } from './gemini-answer.ts'
import { type GeminiService, problemsOf } from './gemini-rules.ts'
import { isObject, type Json } from './json.ts'
import { inTurn, type Step } from './script.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstream.ts'

export const geminiKey = 'sk-test-gemini'

export interface GeminiOptions {
  /** Which service it is. Default: the Gemini API. */
  readonly service?: GeminiService
  /** The only key that is let in. Default `geminiKey`. */
  readonly apiKey?: string
  /** The models there are; any, where left out. */
  readonly models?: readonly string[]
  /** What is answered to requests that keep the rules; a refused request takes no step. Default: `echo`. */
  readonly script?: Step<GeminiAnswer> | readonly Step<GeminiAnswer>[]
}

/**
 * generateContent, streamGenerateContent and countTokens, of the Gemini API below `/v1beta` or of Vertex AI in express mode below
 * `/v1`. A request that breaks a rule of the API gets Google's status and error body.
 */
export function startGemini(options: GeminiOptions = {}): Promise<Upstream> {
  const answer = inTurn(options.script ?? echo, renderContent)
  return startUpstream((request): Behaviour | Promise<Behaviour> => {
    const asked = readRequest(request, options)
    if ('refusal' in asked) return asked.refusal
    if (asked.method !== 'countTokens') return answer(request)
    return json({ totalTokens: promptTokens(asked.body), promptTokensDetails: [] })
  })
}

type Asked = { readonly method: string; readonly body: Json } | { readonly refusal: Behaviour }

function readRequest(request: RecordedRequest, { service = 'gemini-api', apiKey = geminiKey, models }: GeminiOptions): Asked {
  const root = service === 'gemini-api' ? '/v1beta/models/' : '/v1/publishers/google/models/'
  const [pathname = ''] = request.path.split('?')
  const [, model, method] = /^([^/]+):(generateContent|streamGenerateContent|countTokens)$/.exec(pathname.replace(root, '')) ?? []
  if (!pathname.startsWith(root) || request.method !== 'POST' || model === undefined || method === undefined) {
    return refuse('The requested URL was not found on this server.', { code: 404, status: 'NOT_FOUND' })
  }
  const key = request.headers['x-goog-api-key']
  if (key === undefined) return refuse(noKey, { code: 403, status: 'PERMISSION_DENIED' })
  if (key !== apiKey) return refuse(wrongKey, { details: [wrongKeyDetail] })

  const name = decodeURIComponent(model)
  if (models && !models.includes(name)) {
    const message = `models/${name} is not found for API version v1beta, or is not supported for ${method}. Call ListModels to see the list of available models and their supported methods.`
    return refuse(message, { code: 404, status: 'NOT_FOUND' })
  }
  if (!isObject(request.json)) return refuse('Invalid JSON payload received. Unexpected end of string.')
  const body = method === 'countTokens' ? countedRequest(request.json, service) : request.json
  const [problem] = problemsOf(body, name, service)
  return problem === undefined ? { method, body } : refuse(problem)
}

/** What is to be counted. The Gemini API takes a whole request inside of the one for the count. */
function countedRequest(body: Json, service: GeminiService): Json {
  return service === 'gemini-api' && isObject(body.generateContentRequest) ? body.generateContentRequest : body
}

function refuse(...error: Parameters<typeof geminiError>): { readonly refusal: Behaviour } {
  return { refusal: geminiError(...error) }
}

const noKey =
  "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."
const wrongKey = 'API key not valid. Please pass a valid API key.'
const wrongKeyDetail = {
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason: 'API_KEY_INVALID',
  domain: 'googleapis.com',
}
