import { type AnthropicAnswer, anthropicError, echo, renderMessage } from './anthropic-answer.ts'
import { problemsOf } from './anthropic-rules.ts'
import { type Behaviour, json } from './behaviour.ts'
import { isObject, stringOf, tokensIn } from './json.ts'
import { inTurn, type Step } from './script.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstream.ts'

export const anthropicKey = 'sk-test-anthropic'

export interface AnthropicOptions {
  /** The only key that is let in. Default `anthropicKey`. */
  readonly apiKey?: string
  /** The models there are; any, where left out. */
  readonly models?: readonly string[]
  /** What is answered to requests that keep the rules; a refused request takes no step. Default: `echo`. */
  readonly script?: Step<AnthropicAnswer> | readonly Step<AnthropicAnswer>[]
}

/**
 * Anthropic's Messages API: `POST /v1/messages` and `POST /v1/messages/count_tokens`.
 *
 * `url` is what Anthropic's own SDK takes as its base URL. A request that breaks a rule of the API gets Anthropic's status and error body.
 */
export function startAnthropic(options: AnthropicOptions = {}): Promise<Upstream> {
  const apiKey = options.apiKey ?? anthropicKey
  const answer = inTurn(options.script ?? echo, renderMessage)

  return startUpstream((request): Behaviour | Promise<Behaviour> => {
    const refusal = refusalOf(request, apiKey, options.models)
    if (refusal) return refusal
    return isCount(request) ? count(request) : answer(request)
  })
}

function refusalOf(request: RecordedRequest, apiKey: string, models: readonly string[] | undefined): Behaviour | undefined {
  const { headers, path, method } = request
  const [pathname] = path.split('?')
  if (pathname !== '/v1/messages' && pathname !== '/v1/messages/count_tokens')
    return anthropicError('not_found_error', 'Not Found')
  if (method !== 'POST') return anthropicError('invalid_request_error', 'Method Not Allowed', { status: 405 })

  // Anthropic's SDKs have sent the key in either header, depending on their age.
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
  const key = headers['x-api-key'] || bearer
  if (!key) return anthropicError('authentication_error', 'x-api-key header is required')
  if (key !== apiKey) return anthropicError('authentication_error', `invalid ${key === bearer ? 'bearer token' : 'x-api-key'}`)
  if (!headers['anthropic-version']) return anthropicError('invalid_request_error', 'anthropic-version: header is required')
  if (!versions.includes(String(headers['anthropic-version']))) {
    return anthropicError('invalid_request_error', `anthropic-version: "${headers['anthropic-version']}" is not a valid version`)
  }
  if (!/^application\/json\b/.test(headers['content-type'] ?? '')) {
    return anthropicError('invalid_request_error', 'Content-Type must be application/json')
  }

  const body = request.json
  if (!isObject(body)) return anthropicError('invalid_request_error', 'The request body is not valid JSON')
  const [problem] = problemsOf(body, { counting: isCount(request), beta: headers['anthropic-beta'] !== undefined })
  if (problem) return anthropicError('invalid_request_error', problem)
  const model = stringOf(body.model)
  if (models && !models.includes(model)) return anthropicError('not_found_error', `model: ${model}`)
  return undefined
}

/** The one the recorded traffic was made with, and the one the SDK sends since its 1.0. Answers are the same for both. */
const versions = ['2023-06-01', '2026-10-21']

function isCount(request: RecordedRequest): boolean {
  return request.path.split('?')[0] === '/v1/messages/count_tokens'
}

function count(request: RecordedRequest): Behaviour {
  const body = isObject(request.json) ? request.json : {}
  return json({ input_tokens: tokensIn(body.system, body.tools, body.messages) })
}
