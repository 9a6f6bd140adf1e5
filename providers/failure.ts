import type { ErrorCode, GatewayError } from '../api/error.ts'
import { arrayOf, isRecord, parseJson, stringOf } from '../api/json.ts'
import { maskedExcerpt, type Secret } from '../api/secret.ts'
import { codeOfStatus, describeStatus, isFinal, providerFailure, retryAfterOf, type UpstreamResponse } from './http.ts'

/** Whose failure it is. */
export interface FailureSource {
  readonly id: string
  readonly name: string
  readonly apiKey: Secret
}

/** The failure that an answer with a status other than 2xx tells. `wallclock` is for a `retry-after` that is a date. */
export function httpFailure(
  source: FailureSource,
  response: Pick<UpstreamResponse, 'status' | 'headers'>,
  text: string,
  wallclock: number,
): GatewayError {
  const { status, headers } = response
  const body = parseJson(text) ?? text
  const said = read(body)
  const code = codeOf(said, status)
  return providerFailure(code, source.name, source.id, source.apiKey, {
    status,
    message: inKnownWords(code, said.message ?? describeStatus(status, text)),
    body: bounded(body, source.apiKey),
    retryAfter: retryAfterOf(headers, wallclock) ?? said.retryAfter,
    final: isFinal(headers),
  })
}

/** The failure that stands inside a 200: `body` is the `error` of a chunk, or the whole chunk. */
export function streamFailure(source: FailureSource, body: unknown): GatewayError {
  const isWrapped = isRecord(body) && (isRecord(body.error) || typeof body.error === 'string')
  const said = read(isWrapped ? body : { error: body })
  const code = codeOf(said, said.status)
  return providerFailure(code, source.name, source.id, source.apiKey, {
    ...(said.status !== undefined && { status: said.status }),
    message: inKnownWords(code, said.message ?? 'the provider ended its answer with an error.'),
    body: bounded(body, source.apiKey),
  })
}

/** The failure of a provider that did not speak its protocol. `body` is what it sent instead. */
export function protocolFailure(source: FailureSource, message: string, body?: string, cause?: unknown): GatewayError {
  const facts = { message, body: body && maskedExcerpt(body, 2000, [source.apiKey]), cause }
  return providerFailure('provider_protocol', source.name, source.id, source.apiKey, facts)
}

/** The failure of an answer without a word. The same model mostly has one when it is asked again. */
export function emptyAnswer(source: FailureSource): GatewayError {
  const facts = { message: 'the answer is empty.', recovery: 'again' } as const
  return providerFailure('provider_protocol', source.name, source.id, source.apiKey, facts)
}

/** The failure of an answer that stopped before its end. */
export function disconnected(source: FailureSource): GatewayError {
  const message = 'the connection closed before the answer was complete.'
  return providerFailure('provider_disconnected', source.name, source.id, source.apiKey, { message })
}

/** What an error body says, whichever way it is written. */
interface Said {
  readonly message: string | undefined
  /** The codes and types, in lower case. */
  readonly codes: readonly string[]
  /** An HTTP status given inside the body. */
  readonly status: number | undefined
  /** Seconds. */
  readonly retryAfter: number | undefined
}

function read(answer: unknown): Said {
  // Google puts its error into a list of one.
  const body: unknown = Array.isArray(answer) ? answer[0] : answer
  if (!isRecord(body)) return { message: undefined, codes: [], status: undefined, retryAfter: undefined }
  // OpenAI: {error: {message, type, code}}. xAI: {error: "…", code}. Mistral, FastAPI: {detail} or {message, type, code}.
  const error = isRecord(body.error) ? body.error : body
  const details = arrayOf(error.details).filter(isRecord)
  const candidates = [error.code, error.type, error.status, error.status_code, ...details.map((detail) => detail.reason)]
  const status = candidates.map(Number).find((number) => number >= 300 && number < 600)
  const message = [error.message, body.error, body.detail, body.message].find((text) => typeof text === 'string' && text !== '')
  return {
    message: typeof message === 'string' ? message : detailOf(body.detail),
    codes: candidates.filter((code) => typeof code === 'string').map((code) => code.toLowerCase()),
    status,
    retryAfter: details.map((detail) => secondsOf(detail.retryDelay)).find((seconds) => seconds !== undefined),
  }
}

/** Google's spelling of a duration: `48.9s`. */
function secondsOf(duration: unknown): number | undefined {
  const text = stringOf(duration)
  return /^\d+(?:\.\d+)?s$/.test(text) ? Number(text.slice(0, -1)) : undefined
}

/** FastAPI's list of what is wrong with a request. */
function detailOf(detail: unknown): string | undefined {
  return Array.isArray(detail) && detail.length > 0 ? JSON.stringify(detail) : undefined
}

function codeOf(said: Said, status: number | undefined): ErrorCode {
  const byCode = said.codes.map((code) => codes.get(code)).find((code) => code !== undefined)
  const refusedRequest = status === undefined || (status >= 400 && status < 500)
  if (refusedRequest) {
    if (byCode === 'context_length_exceeded' || tooLong.test(said.message ?? '')) return 'context_length_exceeded'
    if (byCode === 'provider_authentication' || wrongKey.test(said.message ?? '')) return 'provider_authentication'
    if (byCode === 'provider_quota') return 'provider_quota'
    if (byCode === 'provider_not_found') return 'provider_not_found'
  }
  if (status !== undefined) return codeOfStatus(status)
  return byCode ?? 'provider_error'
}

const codes: ReadonlyMap<string, ErrorCode> = new Map(
  Object.entries<ErrorCode>({
    context_length_exceeded: 'context_length_exceeded',
    invalid_api_key: 'provider_authentication',
    api_key_invalid: 'provider_authentication',
    authentication_error: 'provider_authentication',
    insufficient_quota: 'provider_quota',
    billing_hard_limit_reached: 'provider_quota',
    model_not_found: 'provider_not_found',
    not_found_error: 'provider_not_found',
    rate_limit_exceeded: 'provider_rate_limit',
    rate_limit_error: 'provider_rate_limit',
    overloaded_error: 'provider_overloaded',
    engine_overloaded: 'provider_overloaded',
    service_unavailable: 'provider_overloaded',
    insufficient_system_resource: 'provider_overloaded',
    permission_error: 'provider_permission',
    timeout: 'provider_timeout',
    invalid_request_error: 'provider_rejected',
    invalid_prompt: 'provider_rejected',
    content_policy_violation: 'provider_rejected',
    // What OpenAI finds wrong with a request only when its answer has begun.
    bio_policy: 'provider_rejected',
    data_residency_mismatch: 'provider_rejected',
    invalid_image: 'provider_rejected',
    invalid_image_format: 'provider_rejected',
    invalid_base64_image: 'provider_rejected',
    invalid_image_url: 'provider_rejected',
    invalid_image_mode: 'provider_rejected',
    image_too_large: 'provider_rejected',
    image_too_small: 'provider_rejected',
    image_parse_error: 'provider_rejected',
    image_file_too_large: 'provider_rejected',
    image_file_not_found: 'provider_rejected',
    empty_image_file: 'provider_rejected',
    unsupported_image_media_type: 'provider_rejected',
    image_content_policy_violation: 'provider_rejected',
    failed_to_download_image: 'provider_rejected',
    vector_store_timeout: 'provider_timeout',
  }),
)

/** OpenAI, DeepSeek and vLLM; Mistral; Groq; llama.cpp; Cerebras and others; Gemini. */
const tooLong =
  /maximum context length|context length exceeded|too large for model with \d+ maximum context|reduce the length of the (?:messages|prompt|input)|exceeds the available context size|prompt is too long|exceeds? the (?:model's )?(?:maximum )?context (?:window|length)|input token count.{0,40}(?:exceeds the maximum number of tokens|only supports up to)/i

const wrongKey = /(?:incorrect|invalid) api key/i

/** Clients of Anthropic's know by its words that they have to shorten the conversation; the provider's own follow. */
function inKnownWords(code: ErrorCode, message: string): string {
  return code === 'context_length_exceeded' && !/prompt is too long/i.test(message) ? `prompt is too long: ${message}` : message
}

/** A body that is worth showing: JSON of the size of an error, or the beginning of whatever else it is. */
function bounded(body: unknown, apiKey: Secret): unknown {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return isRecord(body) && text.length <= maxShown ? body : maskedExcerpt(text, 2000, [apiKey])
}

const maxShown = 64 * 1024
