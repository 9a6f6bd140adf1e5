import type { Behaviour } from './behaviour.ts'
import { isObject, type Json } from './json.ts'
import { echo, type OpenAiAnswer, openAiError, renderCompletion } from './openai-chat-answer.ts'
import { type Problem, problemsOf } from './openai-chat-rules.ts'
import { inTurn, type Step } from './script.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstream.ts'

export const openAiKey = 'sk-test-openai'

export interface OpenAiOptions {
  /** The only key that is let in. Default `openAiKey`. */
  readonly apiKey?: string
  /** The models there are; any, where left out. */
  readonly models?: readonly string[]
  /** Below the root, as the vendor has it. Default `/v1`; it is not part of `url`. */
  readonly basePath?: string
  /** Members of a body that this server takes beside OpenAI's. */
  readonly alsoTakes?: readonly string[]
  /** A rule of this server's own, which comes after OpenAI's. */
  readonly refuses?: (body: Json) => Problem | undefined
  /** What is answered to requests that keep the rules; a refused request takes no step. Default: `echo`. */
  readonly script?: Step<OpenAiAnswer> | readonly Step<OpenAiAnswer>[]
}

/**
 * OpenAI's Chat Completions: `POST /v1/chat/completions`.
 *
 * The base URL for OpenAI's own SDK is `url` + `/v1`. A request that breaks a rule of the API gets OpenAI's status and error body.
 */
export function startOpenAiChat(options: OpenAiOptions = {}): Promise<Upstream> {
  const answer = inTurn(options.script ?? echo, renderCompletion)
  return startUpstream((request): Behaviour | Promise<Behaviour> => refusalOf(request, options) ?? answer(request))
}

function refusalOf(
  request: RecordedRequest,
  { apiKey = openAiKey, models, basePath = '/v1', alsoTakes, refuses }: OpenAiOptions,
): Behaviour | undefined {
  const { headers, method } = request
  const [pathname] = request.path.split('?')
  if (pathname !== `${basePath}/chat/completions` || method !== 'POST') {
    return openAiError({ message: `Invalid URL (${method} ${pathname})` }, { status: 404 })
  }
  const key = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
  if (key === undefined) return openAiError({ message: noKey }, { status: 401 })
  if (key !== apiKey) return openAiError({ message: wrongKey(key), code: 'invalid_api_key' }, { status: 401 })

  const body = request.json
  if (!/^application\/json\b/.test(headers['content-type'] ?? '') || !isObject(body)) return openAiError({ message: notJson })
  const [problem = refuses?.(body)] = problemsOf(body, alsoTakes)
  if (problem) return openAiError(problem)
  if (models && !models.includes(String(body.model))) {
    const message = `The model \`${body.model}\` does not exist or you do not have access to it.`
    return openAiError({ message, code: 'model_not_found' }, { status: 404 })
  }
  return undefined
}

const noKey =
  "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from https://platform.openai.com/account/api-keys."

const notJson =
  "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"

/** The vendor shows the ends of the key it was given. */
function wrongKey(key: string): string {
  const shown = key.length > 12 ? `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}` : key
  return `Incorrect API key provided: ${shown}. You can find your API key at https://platform.openai.com/account/api-keys.`
}
