import { apiErrorOf, ConnectionError, UnexpectedResponseError, type VAIError } from '../errors.ts'
import { isRecord, parseJson } from '../generated/json.gen.ts'
import type { ErrorDetail, ErrorType, LiveError } from '../generated/types.gen.ts'
import type { LiveSocketRefusal } from './socket.ts'

/** What speaks against a session, or against going on with it. */
export interface Refusal {
  readonly why: string
  /** Whether another try would come to the same; absent where the code tells with which the socket was closed. */
  readonly isFinal?: boolean
  /** The error that it is; `what` says what there is not because of it. */
  readonly error?: (what: string) => VAIError
}

/** The gateway has said in a message what is wrong. */
export function refusedByMessage({ code, message, param, issues, retryable }: LiveError): Refusal {
  const detail: ErrorDetail = {
    // What is wrong with a request stands in its issues, and their codes may be those of other errors.
    type: issues ? 'invalid_request_error' : typeOf(code),
    message,
    code,
    request_id: '',
    ...(param !== undefined && { param }),
    ...(issues && { issues }),
  }
  return {
    why: param === undefined || message.includes(param) ? message : `${param}: ${message}`,
    isFinal: !retryable,
    error: () => apiErrorOf(detail, { request_id: undefined }),
  }
}

/** The upgrade was answered as a request, or there was no answer. */
export function refusedUpgrade({ status, body = '', why }: LiveSocketRefusal): Refusal {
  if (status === undefined) return { why }
  const isFinal = status < 500 && status !== 429
  const detail = detailIn(body)
  if (detail) return { why: detail.message, isFinal, error: () => apiErrorOf(detail, { status }) }
  const kept = body.slice(0, mostKept)
  return { why, isFinal, error: (what) => new UnexpectedResponseError(`${what}: ${why}`, { status, body: kept }) }
}

export function errorOf({ why, error }: Refusal, what: string): VAIError {
  return error?.(what) ?? new ConnectionError(`${what}: ${why}`)
}

/** Of what an error has to have for the contract: the rest is looked at where it is used. */
function detailIn(body: string): ErrorDetail | undefined {
  const value = parseJson(body)
  const error = isRecord(value) ? value.error : undefined
  return isDetail(error) ? error : undefined
}

function isDetail(value: unknown): value is ErrorDetail & Record<string, unknown> {
  return isRecord(value) && typeof value.type === 'string' && typeof value.message === 'string'
}

const mostKept = 2000

/** Messages of a session name the code alone; its type is that of the gateway's errors everywhere. */
export function typeOf(code: string): ErrorType {
  return types.find(([, codes]) => codes.test(code))?.[0] ?? 'invalid_request_error'
}

const types: readonly (readonly [ErrorType, RegExp])[] = [
  ['invalid_request_error', /^url_not_allowed$/],
  ['authentication_error', /_api_key$|^missing_provider_key$|^provider_(authentication|key_unusable)$/],
  ['permission_error', /_not_allowed$|_not_accepted$|^provider_permission$|^admin_only$/],
  ['not_found_error', /^unknown_(route|provider|model|session)$|^provider_not_found$/],
  ['rate_limit_error', /_limit$|^provider_quota$/],
  ['timeout_error', /^(request|provider|fetch)_timeout$|^stream_duration$/],
  ['overloaded_error', /overloaded$|^(limits|measurements|provider)_unavailable$|^shutting_down$|^session_elsewhere$/],
  ['provider_error', /^provider_(error|untrusted|unreachable|disconnected|protocol)$|^fetch_failed$|^stt_unavailable$/],
  ['api_error', /^internal_error$/],
]
