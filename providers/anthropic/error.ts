import { type ErrorCode, GatewayError } from '../../api/error.ts'
import { isRecord, parseJson, stringOf } from '../../api/json.ts'
import { maskedExcerpt, type Secret } from '../../api/secret.ts'
import { codeOfStatus, describeStatus, isFinal, providerFailure, retryAfterOf, type UpstreamResponse } from '../http.ts'
import type { Call } from '../provider.ts'

/** The error for an answer that is not a 200. */
export function errorOfResponse(response: UpstreamResponse, text: string, call: Call): GatewayError {
  const body = parseJson(text)
  const error = errorIn(body)
  const code = error ? codeOf(error, response.status) : codeOfStatus(response.status)
  return providerFailure(code, 'Anthropic', 'anthropic', call.apiKey, {
    status: response.status,
    message: error?.message ?? describeStatus(response.status, text),
    body: body ?? maskedExcerpt(text, 4000, [call.apiKey]),
    clientDetails: error?.details,
    retryAfter: retryAfterOf(response.headers, call.clock.wallclock()),
    final: isFinal(response.headers),
  })
}

/** The error for an `error` event inside a stream that began with a 200. */
export function errorOfEvent(event: unknown, apiKey: Secret): GatewayError {
  const error = errorIn(event)
  const code = error ? codeOf(error, undefined) : 'provider_error'
  return providerFailure(code, 'Anthropic', 'anthropic', apiKey, {
    message: error?.message,
    body: event,
    clientDetails: error?.details,
  })
}

/** The error for a stream that Anthropic's protocol does not allow. `what` completes the sentence. */
export function protocolError(what: string): GatewayError {
  return new GatewayError('provider_protocol', {
    message: `Anthropic sent what is not its protocol: ${what}.`,
    providerError: { provider: 'anthropic' },
  })
}

interface AnthropicError {
  readonly type: string
  readonly message: string
  /** What a client may go on by itself with: why a conversation that Anthropic keeps cannot go on, for one. */
  readonly details: unknown
}

// https://docs.claude.com/en/api/errors
const codes: ReadonlyMap<string, ErrorCode> = new Map(
  Object.entries<ErrorCode>({
    invalid_request_error: 'provider_rejected',
    authentication_error: 'provider_authentication',
    billing_error: 'provider_quota',
    permission_error: 'provider_permission',
    not_found_error: 'provider_not_found',
    request_too_large: 'provider_request_too_large',
    rate_limit_error: 'provider_rate_limit',
    timeout_error: 'provider_timeout',
    api_error: 'provider_error',
    overloaded_error: 'provider_overloaded',
  }),
)

function codeOf(error: AnthropicError, status: number | undefined): ErrorCode {
  if (error.type === 'invalid_request_error') {
    if (/prompt is too long|exceeds? (?:the )?context (?:limit|window)/i.test(error.message)) return 'context_length_exceeded'
    if (/credit balance is too low/i.test(error.message)) return 'provider_quota'
  }
  return codes.get(error.type) ?? (status === undefined ? 'provider_error' : codeOfStatus(status))
}

function errorIn(body: unknown): AnthropicError | undefined {
  const error = isRecord(body) ? body.error : undefined
  if (!isRecord(error)) return undefined
  const type = stringOf(error.type)
  const message = stringOf(error.message)
  return type === '' && message === '' ? undefined : { type, message: message || type, details: error.details }
}
