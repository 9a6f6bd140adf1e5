import type { ErrorCode, GatewayError } from '../../api/error.ts'
import { isRecord, parseJson, stringOf } from '../../api/json.ts'
import { type FailureSource, httpFailure } from '../failure.ts'
import { codeOfStatus, isFinal, providerFailure, retryAfterOf, type UpstreamResponse } from '../http.ts'

/** The failure that an answer with a status other than 2xx tells, to a request or to a handshake. */
export function refusal(
  source: FailureSource,
  response: Pick<UpstreamResponse, 'status' | 'headers'>,
  text: string,
  wallclock: number,
): GatewayError {
  const body = parseJson(text)
  const said = saidIn(body)
  if (said === undefined) return httpFailure(source, response, text, wallclock)
  const { status, headers } = response
  const facts = {
    status,
    message: said.message,
    body,
    retryAfter: retryAfterOf(headers, wallclock),
    final: isFinal(headers),
  }
  return failure(source, codes.get(said.code) ?? codeOfStatus(status), facts)
}

/** The failure that an answer of 2xx tells in the vendor's way; undefined where it tells none. */
export function failureWithin(source: FailureSource, text: string): GatewayError | undefined {
  return saidIn(parseJson(text)) === undefined ? undefined : reported(source, text)
}

/** The failure that stands in a stream, or in a message of a socket: `text` is what was sent. */
export function reported(source: FailureSource, text: string): GatewayError {
  const body = text.length <= maxShown ? parseJson(text) : undefined
  const said = saidIn(body)
  const message = said?.message || 'the provider ended its answer with an error.'
  return failure(source, codes.get(said?.code ?? '') ?? codeOfWords(message) ?? 'provider_error', { message, body })
}

/** More than any vendor has to say. */
const maxShown = 64 * 1024

function failure(
  { id, name, apiKey }: FailureSource,
  code: ErrorCode,
  facts: Parameters<typeof providerFailure>[4],
): GatewayError {
  return providerFailure(code, name, id, apiKey, facts)
}

interface Said {
  readonly code: string
  readonly message: string
}

/** Over HTTP `{detail: {status, message}}`, in newer answers with a `code` as well, now and then `{detail}` alone; over a socket `{message, error, code: 1008}`. */
function saidIn(body: unknown): Said | undefined {
  if (!isRecord(body)) return undefined
  const { detail, error } = body
  if (isRecord(detail)) return { code: stringOf(detail.status) || stringOf(detail.code), message: stringOf(detail.message) }
  if (typeof detail === 'string') return { code: '', message: detail }
  return typeof error === 'string' ? { code: error, message: stringOf(body.message) || error } : undefined
}

const codes: ReadonlyMap<string, ErrorCode> = new Map(
  Object.entries<ErrorCode>({
    invalid_api_key: 'provider_authentication',
    needs_authorization: 'provider_authentication',
    missing_permissions: 'provider_permission',
    detected_unusual_activity: 'provider_permission',
    // Said with the status of a wrong key.
    quota_exceeded: 'provider_quota',
    voice_not_found: 'provider_not_found',
    voice_id_does_not_exist: 'provider_not_found',
    model_not_found: 'provider_not_found',
    max_character_limit_exceeded: 'provider_request_too_large',
    too_many_concurrent_requests: 'provider_rate_limit',
    max_active_conversations: 'provider_rate_limit',
    rate_limited: 'provider_rate_limit',
    system_busy: 'provider_overloaded',
    input_timeout_exceeded: 'provider_timeout',
    invalid_input_message: 'provider_rejected',
  }),
)

/** Where there are words alone, such as the reason of a close. */
export function codeOfWords(words: string): ErrorCode | undefined {
  return byWords.find(([pattern]) => pattern.test(words))?.[1]
}

const byWords: readonly (readonly [RegExp, ErrorCode])[] = [
  [/quota|credits/i, 'provider_quota'],
  [/simultaneous|concurrent|too many/i, 'provider_rate_limit'],
  [/api key|unauthorized|authenticat/i, 'provider_authentication'],
  [/not received a new text input/i, 'provider_timeout'],
  [/not (?:found|exist)/i, 'provider_not_found'],
]
