import { errorDetailOf } from '../error-detail.ts'
import { apiErrorOf, ConnectionError, UnexpectedResponseError, type VAIError } from '../errors.ts'
import { isRecord, parseJson } from '../generated/json.gen.ts'
import type { LiveError } from '../generated/types.gen.ts'
import type { Mask } from '../mask.ts'
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
export function refusedByMessage({ error_type: type, code, message, param, issues, retryable }: LiveError, mask: Mask): Refusal {
  const told = { type, message, code, request_id: '', ...(param !== undefined && { param }), ...(issues && { issues }) }
  const detail = errorDetailOf(told, mask)
  const isFinal = !retryable
  if (!detail) return { why: mask(String(message)), isFinal }
  const { message: why } = detail
  return {
    why: detail.param === undefined || why.includes(detail.param) ? why : `${detail.param}: ${why}`,
    isFinal,
    error: () => apiErrorOf(detail, { request_id: undefined }),
  }
}

/** The upgrade was answered as a request, or there was no answer. */
export function refusedUpgrade({ status, body = '', ...refusal }: LiveSocketRefusal, mask: Mask): Refusal {
  const why = mask(refusal.why)
  if (status === undefined) return { why }
  const isFinal = status < 500 && status !== 429
  const answer = parseJson(body)
  const detail = errorDetailOf(isRecord(answer) ? answer.error : undefined, mask)
  if (detail) return { why: detail.message, isFinal, error: () => apiErrorOf(detail, { status }) }
  const kept = mask(body).slice(0, mostKept)
  return { why, isFinal, error: (what) => new UnexpectedResponseError(`${what}: ${why}`, { status, body: kept }) }
}

export function errorOf({ why, error }: Refusal, what: string): VAIError {
  return error?.(what) ?? new ConnectionError(`${what}: ${why}`)
}

const mostKept = 2000
