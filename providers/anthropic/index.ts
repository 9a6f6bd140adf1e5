import type { GatewayError } from '../../api/error.ts'
import type { StreamItem } from '../../api/events.ts'
import { isRecord, parseJson } from '../../api/json.ts'
import type { Message, MessageRequest, TokenCount } from '../../api/schemas.gen.ts'
import { maskedExcerpt } from '../../api/secret.ts'
import { maxAnswerBytes, post, providerFailure, readErrorBody, readText, type UpstreamResponse } from '../http.ts'
import type { Call, LlmProvider, TokenCountRequest, WholeMessage } from '../provider.ts'
import type { UpstreamBody } from '../upstream-body.ts'
import { capabilitiesOf, matrix, stopReasons } from './capabilities.ts'
import { check } from './check.ts'
import { decodeStream } from './decode.ts'
import { encodeCountTokens, encodeMessages, requestHeaders, rewrites, warningsOf } from './encode.ts'
import { errorOfEvent, errorOfResponse } from './error.ts'

/**
 * Anthropic's Messages API, whose shape is the contract's own. What the gateway need not change passes through as it was
 * written, in both directions: the request's JSON, the answer's, and the frames of a stream.
 */
export const anthropic: LlmProvider = {
  id: 'anthropic',
  name: 'Anthropic',
  upstream: {
    keyHeader: 'X-Provider-Key-Anthropic',
    keyVariables: ['ANTHROPIC_API_KEY'],
    baseURLVariable: 'VAI_ANTHROPIC_BASE_URL',
    defaultBaseURL: 'https://api.anthropic.com',
  },
  native: { rewrites },
  matrix,
  stopReasons,
  capabilities: capabilitiesOf,
  check,
  warnings: warningsOf,
  stream,
  complete,
  countTokens,
}

function stream(request: MessageRequest, call: Call): AsyncIterable<StreamItem> {
  return decodeStream(() => openStream(request, call), { fullModel: request.model, model: call.model, apiKey: call.apiKey })
}

async function openStream(request: MessageRequest, call: Call): Promise<UpstreamBody> {
  const response = await send(call, '/v1/messages', encodeMessages(request, call, true), requestHeaders(request, call))
  if (isEventStream(response)) return response.body
  throw await otherKind(response, call, 'a stream of events')
}

async function complete(request: MessageRequest, call: Call): Promise<WholeMessage> {
  const response = await send(call, '/v1/messages', encodeMessages(request, call, false), requestHeaders(request, call))
  const json = await readJson(response, call)
  const message = parseJson(json)
  // A proxy may put an error into a 200.
  if (isRecord(message) && message.type === 'error') throw errorOfEvent(message, call.apiKey)
  if (!isMessage(message)) throw notTheProtocol(call, response.status, json)
  const metadata = message.model === call.model ? undefined : { provider: { model: message.model } }
  return { message: { ...message, model: request.model, ...(metadata && { metadata }) }, json: Buffer.from(json) }
}

async function countTokens(request: TokenCountRequest, call: Call): Promise<TokenCount> {
  const response = await send(call, '/v1/messages/count_tokens', encodeCountTokens(request, call), requestHeaders(request, call))
  const json = await readJson(response, call)
  const count = parseJson(json)
  if (!isTokenCount(count)) throw notTheProtocol(call, response.status, json)
  return count
}

async function send(call: Call, path: string, body: Buffer, headers: Record<string, string>): Promise<UpstreamResponse> {
  const response = await post(call, 'anthropic', call.query ? `${path}?${call.query}` : path, headers, body)
  if (response.status !== 200) throw errorOfResponse(response, await readErrorBody(response, call), call)
  return response
}

async function readJson(response: UpstreamResponse, call: Call): Promise<string> {
  // Such a stream may never end, and would be read for as long as an answer may take.
  if (isEventStream(response)) throw await otherKind(response, call, 'JSON')
  return readText(response, 'Anthropic', maxAnswerBytes)
}

function isEventStream({ headers }: UpstreamResponse): boolean {
  return String(headers['content-type'] ?? '').startsWith('text/event-stream')
}

async function otherKind(response: UpstreamResponse, call: Call, asked: string): Promise<GatewayError> {
  const type = String(response.headers['content-type'] ?? '')
  const body = await readErrorBody(response, call)
  return providerFailure('provider_protocol', 'Anthropic', 'anthropic', call.apiKey, {
    status: response.status,
    message: `it answered ${type || 'without a content type'} where ${asked} was asked for`,
    body: maskedExcerpt(body, 1000, [call.apiKey]),
  })
}

function notTheProtocol(call: Call, status: number, body: string): GatewayError {
  const message = 'it sent what is not a message'
  return providerFailure('provider_protocol', 'Anthropic', 'anthropic', call.apiKey, {
    status,
    message,
    body: maskedExcerpt(body, 1000, [call.apiKey]),
  })
}

function isMessage(value: unknown): value is Message {
  return (
    isRecord(value) &&
    value.type === 'message' &&
    typeof value.id === 'string' &&
    Array.isArray(value.content) &&
    value.content.every((block) => isRecord(block) && typeof block.type === 'string') &&
    isRecord(value.usage)
  )
}

function isTokenCount(value: unknown): value is TokenCount {
  return isRecord(value) && Number.isInteger(value.input_tokens) && Number(value.input_tokens) >= 0
}
