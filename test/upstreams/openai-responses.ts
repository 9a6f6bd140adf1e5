import { type Behaviour, json } from './behaviour.ts'
import { isObject, type Json, stringOf, tokensIn } from './json.ts'
import { openAiKey } from './openai-chat.ts'
import { openAiError } from './openai-chat-answer.ts'
import { echo, filled, type ResponsesAnswer, renderResponse } from './openai-responses-answer.ts'
import { countFields, problemsOf } from './openai-responses-rules.ts'
import { inTurn, type Step } from './script.ts'
import { type RecordedRequest, startUpstream, type Upstream } from './upstream.ts'

export interface ResponsesOptions {
  /** The only key that is let in. Default `openAiKey`. */
  readonly apiKey?: string
  /** What is answered to requests that keep the rules; a refused request takes no step. Default: `echo`. */
  readonly script?: Step<ResponsesAnswer> | readonly Step<ResponsesAnswer>[]
}

/**
 * OpenAI's Responses API: `POST /v1/responses` and `POST /v1/responses/input_tokens`.
 *
 * The base URL for OpenAI's own SDK is `url` + `/v1`. A request that breaks a rule of the API gets OpenAI's status and error body. What
 * the simulated model said is remembered only so far as the rules ask which reasoning an item came from.
 */
export function startOpenAiResponses({ apiKey = openAiKey, script = echo }: ResponsesOptions = {}): Promise<Upstream> {
  const ledTo = new Map<string, string>()
  const answer = inTurn(script, (given: ResponsesAnswer, request) => {
    const items = filled(given, request)
    remember(items, ledTo)
    return renderResponse(given, items, request)
  })
  return startUpstream((request): Behaviour | Promise<Behaviour> => {
    const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (key !== apiKey) return openAiError({ message: 'Incorrect API key provided.', code: 'invalid_api_key' }, { status: 401 })
    switch (`${request.method} ${request.path}`) {
      case 'POST /v1/responses':
        return refusalOf(request, ledTo) ?? answer(request)
      case 'POST /v1/responses/input_tokens':
        return refusalOf(request, ledTo, countFields) ?? count(request)
      default:
        return openAiError({ message: `Invalid URL (${request.method} ${request.path})` }, { status: 404 })
    }
  })
}

function refusalOf(
  { json: body }: RecordedRequest,
  ledTo: ReadonlyMap<string, string>,
  fields?: string[],
): Behaviour | undefined {
  if (!isObject(body)) return openAiError({ message: 'We could not parse the JSON body of your request.' })
  const [problem] = problemsOf(body, ledTo, fields)
  if (!problem) return undefined
  const { status = 400, ...error } = problem
  return openAiError(error, { status })
}

function count({ json: body }: RecordedRequest): Behaviour {
  const { input, instructions, tools }: Json = isObject(body) ? body : {}
  return json({ object: 'response.input_tokens', input_tokens: tokensIn(input, instructions, tools) })
}

function remember(items: readonly Json[], ledTo: Map<string, string>): void {
  let cause: string | undefined
  for (const { type, id } of items) {
    if (type === 'reasoning') cause = stringOf(id)
    else if (cause !== undefined) ledTo.set(stringOf(id), cause)
  }
}
