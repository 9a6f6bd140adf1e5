import { type Gateway, startGateway } from '../gateway.ts'
import { anthropicKey } from '../upstreams/anthropic.ts'
import { echo as anthropicEcho, anthropicError } from '../upstreams/anthropic-answer.ts'
import type { Behaviour } from '../upstreams/behaviour.ts'
import { geminiKey, startGemini } from '../upstreams/gemini.ts'
import { type GeminiAnswer, echo as geminiEcho, geminiError } from '../upstreams/gemini-answer.ts'
import { isObject, sample } from '../upstreams/json.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import { echo as openAiEcho, openAiError } from '../upstreams/openai-chat-answer.ts'
import { startOpenAiResponses } from '../upstreams/openai-responses.ts'
import { echo as responsesEcho } from '../upstreams/openai-responses-answer.ts'
import type { RecordedRequest, Upstream } from '../upstreams/upstream.ts'
import { startAnthropicWithThreads } from './threads.ts'

/**
 * The simulated vendors that others' clients reach through the gateway. Each holds what it gets to its vendor's own rules, calls the first
 * tool it is offered, and repeats what it is told; so a client that sends a conversation back wrongly is refused.
 */
export interface Vendor {
  readonly name: string
  readonly model: string
  readonly start: () => Promise<Upstream>
  readonly settings: (url: string) => Readonly<Record<string, string>>
  readonly keys: Readonly<Record<string, string>>
  /** Whether it reads what the client wrote, so that nothing of it is translated. */
  readonly native: boolean
}

/** Said anywhere in a prompt, it makes the vendor refuse the first request that says it, and ask for a pause of a second. */
export const busyOnce = 'Be busy once.'

/** Said anywhere in a prompt, it makes the vendor send the beginning of an answer and no more. */
export const stall = 'Stop in the middle.'

const onceBusy = (error: () => Behaviour): ((request: RecordedRequest) => Behaviour | undefined) => {
  let isOver = false
  return ({ body }) => {
    if (isOver || !body.includes(busyOnce)) return undefined
    isOver = true
    return error()
  }
}

/** Adds to a vendor's usual answers what a prompt can ask for. */
function moody<Answer extends object>(usual: (request: RecordedRequest) => Answer, error: () => Behaviour) {
  const busy = onceBusy(error)
  return (request: RecordedRequest): Answer | Behaviour => {
    const answer = usual(request)
    return busy(request) ?? (request.body.includes(stall) ? { ...answer, stallAt: { event: stallAfter } } : answer)
  }
}

/** Of any vendor, so many events hold some of a text of two hundred letters, and not all of it. */
const stallAfter = 12

/** As the other vendors' models do, it fills the form where there is one. */
function geminiForms(request: RecordedRequest): GeminiAnswer {
  const body = isObject(request.json) ? request.json : {}
  const config = isObject(body.generationConfig) ? body.generationConfig : {}
  if (!('responseJsonSchema' in config)) return geminiEcho(request)
  return { parts: [{ text: JSON.stringify(sample(config.responseJsonSchema)) }] }
}

const openAiBusy = (): Behaviour =>
  openAiError(
    { message: 'Rate limit reached for requests', type: 'requests', code: 'rate_limit_exceeded' },
    { status: 429, retryAfter: 1 },
  )

const geminiBusy = (): Behaviour =>
  geminiError('Resource has been exhausted.', {
    code: 429,
    status: 'RESOURCE_EXHAUSTED',
    details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1s' }],
  })

export const vendors: readonly Vendor[] = [
  {
    name: 'Anthropic',
    model: 'anthropic/claude-sonnet-4-6',
    start: () =>
      startAnthropicWithThreads(
        moody(anthropicEcho, () => anthropicError('rate_limit_error', 'Number of requests is over.', { retryAfter: 1 })),
      ),
    settings: (url) => ({ VAI_ANTHROPIC_BASE_URL: url }),
    keys: { anthropic: anthropicKey },
    native: true,
  },
  {
    name: 'OpenAI Chat Completions',
    model: 'openai/gpt-4.1',
    start: () => startOpenAiChat({ script: moody(openAiEcho, openAiBusy) }),
    settings: (url) => ({ VAI_OPENAI_BASE_URL: `${url}/v1` }),
    keys: { openai: openAiKey },
    native: false,
  },
  {
    name: 'OpenAI Responses',
    model: 'oai-resp/gpt-5',
    start: () => startOpenAiResponses({ script: moody(responsesEcho, openAiBusy) }),
    settings: (url) => ({ VAI_OPENAI_BASE_URL: `${url}/v1` }),
    keys: { 'oai-resp': openAiKey },
    native: false,
  },
  {
    name: 'Gemini',
    model: 'gem-dev/gemini-3-pro-preview',
    start: () => startGemini({ script: moody(geminiForms, geminiBusy) }),
    settings: (url) => ({ VAI_GEMINI_BASE_URL: `${url}/v1beta` }),
    keys: { 'gem-dev': geminiKey },
    native: false,
  },
]

/** A gateway with one vendor behind it. */
export interface Running {
  readonly upstream: Upstream
  readonly gateway: Gateway
  close(): Promise<void>
}

/** Failures reach the client at once: its own retries are what is looked at. */
export async function startBefore(vendor: Vendor, env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const upstream = await vendor.start()
  const gateway = await startGateway({
    env: { VAI_RETRY_ATTEMPTS: '0', ...vendor.settings(upstream.url), ...env },
    keys: vendor.keys,
  })
  return {
    upstream,
    gateway,
    close: async () => {
      await gateway.close()
      await upstream.close()
    },
  }
}
