import { apiErrorOf, ConnectionError, UnexpectedResponseError, type VAIError } from '../errors.ts'
import { isRecord, parseJson } from '../generated/json.gen.ts'
import type { ErrorDetail, LiveError } from '../generated/types.gen.ts'
import type { LiveSocketRefusal } from './socket.ts'

/** What speaks against a session, or against going on with it. */
export interface Refusal {
  readonly why: string
  /** Whether another try would come to the same; absent where the code tells with which the socket was closed. */
  readonly isFinal?: boolean
  /** The error that it is; `what` says what there is not because of it. */
  readonly error?: (what: string) => VAIError
}

/** Takes the keys out of what somebody else said. */
export type Mask = (text: string) => string

/** The gateway has said in a message what is wrong. */
export function refusedByMessage(error: LiveError, mask: Mask): Refusal {
  const { error_type: type, code, param, issues, retryable } = error
  const message = mask(error.message)
  const detail: ErrorDetail = {
    type,
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
export function refusedUpgrade({ status, body = '', ...refusal }: LiveSocketRefusal, mask: Mask): Refusal {
  const why = mask(refusal.why)
  if (status === undefined) return { why }
  const isFinal = status < 500 && status !== 429
  const told = detailIn(body)
  if (told) {
    const detail = { ...told, message: mask(told.message) }
    return { why: detail.message, isFinal, error: () => apiErrorOf(detail, { status }) }
  }
  const kept = mask(body).slice(0, mostKept)
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
