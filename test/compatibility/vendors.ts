import { type Gateway, startGateway } from '../gateway.ts'
import { anthropicKey } from '../upstreams/anthropic.ts'
import { type AnthropicAnswer, echo as anthropicEcho, anthropicError } from '../upstreams/anthropic-answer.ts'
import type { Behaviour } from '../upstreams/behaviour.ts'
import { geminiKey, startGemini } from '../upstreams/gemini.ts'
import { type GeminiAnswer, echo as geminiEcho, geminiError } from '../upstreams/gemini-answer.ts'
import { isObject, objects, sample } from '../upstreams/json.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import { type OpenAiAnswer, echo as openAiEcho, openAiError } from '../upstreams/openai-chat-answer.ts'
import { startOpenAiResponses } from '../upstreams/openai-responses.ts'
import { functionCall, type ResponsesAnswer, reasoning, echo as responsesEcho } from '../upstreams/openai-responses-answer.ts'
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

/** Said in a prompt, it makes the model call the tool `Read` twice at once, as long as nothing was read. */
export const twoCalls = 'Read two files.'

/** Said anywhere in a prompt, it makes the vendor refuse it as longer than its model can read. */
export const tooLong = 'This is far too long.'

interface Moods<Answer> {
  readonly busy: () => Behaviour
  readonly tooLong: () => Behaviour
  readonly calls: (paths: readonly string[]) => Answer
}

/** Adds to a vendor's usual answers what a prompt can ask for. */
function moody<Answer extends object>(usual: (request: RecordedRequest) => Answer, moods: Moods<Answer>) {
  let wasBusy = false
  return (request: RecordedRequest): Answer | Behaviour => {
    const { body } = request
    if (body.includes(busyOnce) && !wasBusy) {
      wasBusy = true
      return moods.busy()
    }
    if (body.includes(tooLong)) return moods.tooLong()
    if (body.includes(twoCalls) && !isResult.test(body)) return moods.calls(['/a.ts', '/b.ts'])
    return body.includes(stall) ? { ...usual(request), stallAt: { event: stallAfter } } : usual(request)
  }
}

/** How the vendors' requests say that a tool has answered. */
const isResult = /"type":"tool_result"|"role":"tool"|"function_call_output"|"functionResponse"/

/** Of any vendor, so many events hold some of a text of two hundred letters, and not all of it. */
const stallAfter = 12

/** As the other vendors' models do, it answers what came before a word of the system. */
function answerPastSystem(request: RecordedRequest): AnthropicAnswer {
  const body = isObject(request.json) ? request.json : {}
  const messages = objects(body.messages)
  if (messages.at(-1)?.role !== 'system') return anthropicEcho(request)
  return anthropicEcho({ ...request, json: { ...body, messages: messages.slice(0, -1) } })
}

/** As the other vendors' models do, it fills the form where there is one. */
function geminiForms(request: RecordedRequest): GeminiAnswer {
  const body = isObject(request.json) ? request.json : {}
  const config = isObject(body.generationConfig) ? body.generationConfig : {}
  if (!('responseJsonSchema' in config)) return geminiEcho(request)
  return { parts: [{ text: JSON.stringify(sample(config.responseJsonSchema)) }] }
}

const anthropicMoods: Moods<AnthropicAnswer> = {
  busy: () => anthropicError('rate_limit_error', 'Number of requests is over.', { retryAfter: 1 }),
  tooLong: () => anthropicError('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
  calls: (paths) => ({
    content: [
      { type: 'thinking', thinking: '', signature: 'c2lnbmF0dXJl' },
      { type: 'text', text: 'I read both.' },
      ...paths.map((file_path) => ({ type: 'tool_use' as const, name: 'Read', input: { file_path } })),
    ],
  }),
}

const openAiFailures = {
  busy: () => {
    const error = { message: 'Rate limit reached for requests', type: 'requests', code: 'rate_limit_exceeded' }
    return openAiError(error, { status: 429, retryAfter: 1 })
  },
  tooLong: () => {
    const message = "This model's maximum context length is 128000 tokens. However, your messages resulted in 210000 tokens."
    return openAiError({ message, param: 'messages', code: 'context_length_exceeded' })
  },
}

const geminiMoods: Moods<GeminiAnswer> = {
  busy: () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1s' }]
    return geminiError('Resource has been exhausted.', { code: 429, status: 'RESOURCE_EXHAUSTED', details })
  },
  tooLong: () => geminiError('The input token count (2100000) exceeds the maximum number of tokens allowed (1048576).'),
  calls: (paths) => ({
    parts: paths.map((file_path, index) => ({
      functionCall: { name: 'Read', args: { file_path } },
      ...(index === 0 && { thoughtSignature: 'c2lnbmVk' }),
    })),
  }),
}

const chatCalls = (paths: readonly string[]): OpenAiAnswer => ({
  text: 'I read both.',
  toolCalls: paths.map((file_path) => ({ name: 'Read', arguments: JSON.stringify({ file_path }) })),
})

const responsesCalls = (paths: readonly string[]): ResponsesAnswer => ({
  output: [reasoning('Two files.'), ...paths.map((file_path) => functionCall('Read', { file_path }))],
})

export const vendors: readonly Vendor[] = [
  {
    name: 'Anthropic',
    model: 'anthropic/claude-sonnet-4-6',
    start: () => startAnthropicWithThreads(moody(answerPastSystem, anthropicMoods)),
    settings: (url) => ({ VAI_ANTHROPIC_BASE_URL: url }),
    keys: { anthropic: anthropicKey },
    native: true,
  },
  {
    name: 'OpenAI Chat Completions',
    model: 'openai/gpt-4.1',
    start: () => startOpenAiChat({ script: moody(openAiEcho, { ...openAiFailures, calls: chatCalls }) }),
    settings: (url) => ({ VAI_OPENAI_BASE_URL: `${url}/v1` }),
    keys: { openai: openAiKey },
    native: false,
  },
  {
    name: 'OpenAI Responses',
    model: 'oai-resp/gpt-5',
    start: () => startOpenAiResponses({ script: moody(responsesEcho, { ...openAiFailures, calls: responsesCalls }) }),
    settings: (url) => ({ VAI_OPENAI_BASE_URL: `${url}/v1` }),
    keys: { 'oai-resp': openAiKey },
    native: false,
  },
  {
    name: 'Gemini',
    model: 'gem-dev/gemini-3-pro-preview',
    start: () => startGemini({ script: moody(geminiForms, geminiMoods) }),
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
