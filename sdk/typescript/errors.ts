import type { ErrorDetail, ErrorType, Issue } from './generated/types.gen.ts'

/** Everything that the client throws by itself. */
export class VAIError extends Error {
  override readonly name: string = 'VAIError'
  /** The gateway's name for the request, where it got so far. */
  readonly request_id: string | undefined

  constructor(message: string, { request_id, cause }: ErrorContext = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.request_id = request_id
  }
}

/** What is known of an error beside what it says. */
export interface ErrorContext {
  readonly request_id?: string | undefined
  readonly cause?: unknown
}

/**
 * What the gateway answered with: an error of the contract, as the answer to a request, as the end of a stream or of a live
 * session. Each type of the contract has its class; a type that the contract gains later comes as an `APIError` itself.
 */
export class APIError extends VAIError {
  override readonly name: string = 'APIError'
  /** The HTTP status; undefined for an error in a stream that had begun. */
  readonly status: number | undefined
  /** One of the contract's types, or one that it has gained since. */
  readonly type: string
  /** Says it exactly, as the page on errors lists them. */
  readonly code: string | undefined
  /** The path of the field that is wrong (`messages[0].content`), or the name of the header. */
  readonly param: string | undefined
  /** All problems that were found in the request. */
  readonly issues: readonly Issue[]
  /** Seconds to wait before the next try. */
  readonly retry_after: number | undefined
  /** What Anthropic's own clients go by where a request can be sent in another way: `error_code`, and what belongs to it. */
  readonly details: ErrorDetail['details']
  /** What the provider answered, with keys masked. */
  readonly provider_error: ErrorDetail['provider_error']

  constructor(detail: ErrorDetail, { status, ...context }: ErrorContext & { readonly status?: number | undefined } = {}) {
    super(detail.message, { request_id: detail.request_id, ...context })
    this.status = status
    this.type = detail.type
    this.code = detail.code
    this.param = detail.param
    this.issues = detail.issues ?? []
    this.retry_after = detail.retry_after
    this.details = detail.details
    this.provider_error = detail.provider_error
  }
}

/** 400, 413, 426, 431: the request is wrong, and would be wrong again. */
export class InvalidRequestError extends APIError {
  override readonly name = 'InvalidRequestError'
}
/** 401: a key is missing or refused, the gateway's own or a provider's. */
export class AuthenticationError extends APIError {
  override readonly name = 'AuthenticationError'
}
/** 403: the key may not do this. */
export class PermissionError extends APIError {
  override readonly name = 'PermissionError'
}
/** 404: there is no such model, provider or route. */
export class NotFoundError extends APIError {
  override readonly name = 'NotFoundError'
}
/** 429: too much at once; `retry_after` says when to come back. */
export class RateLimitError extends APIError {
  override readonly name = 'RateLimitError'
}
/** 408, 504: the gateway waited for too long, for a provider or for the request. */
export class TimeoutError extends APIError {
  override readonly name = 'TimeoutError'
}
/** 503, 529: the gateway or the provider has too much to do. */
export class OverloadedError extends APIError {
  override readonly name = 'OverloadedError'
}
/** 502: the provider failed. */
export class ProviderError extends APIError {
  override readonly name = 'ProviderError'
}
/** 500: a fault of the gateway. */
export class InternalError extends APIError {
  override readonly name = 'InternalError'
}

/** There was no answer: the gateway could not be reached, or the connection broke before one came. */
export class ConnectionError extends VAIError {
  override readonly name: string = 'ConnectionError'
}
/** There was no answer, or nothing more of one, within the time that the client allows. */
export class ConnectionTimeoutError extends ConnectionError {
  override readonly name = 'ConnectionTimeoutError'
}
/** The caller has broken it off, by `abort()`, by a signal or by leaving an iteration. */
export class AbortedError extends VAIError {
  override readonly name = 'AbortedError'
}
/** The answer is none of the gateway's: HTML of a proxy, JSON that is none, or far too much. */
export class UnexpectedResponseError extends VAIError {
  override readonly name = 'UnexpectedResponseError'
  /** The HTTP status, which may well be that of a success. */
  readonly status: number
  /** The beginning of what came, with the keys that were sent masked. */
  readonly body: string
  /** Seconds to wait before the next try, where the answer says so. */
  readonly retry_after: number | undefined

  constructor(message: string, { status, body, retry_after, ...context }: UnexpectedResponse) {
    super(message, context)
    this.status = status
    this.body = body
    this.retry_after = retry_after
  }
}

/** What an `UnexpectedResponseError` is made of. */
export interface UnexpectedResponse extends ErrorContext {
  readonly status: number
  readonly body: string
  readonly retry_after?: number | undefined
}

/** The stream ended before its end, or its events make no message. */
export class BrokenStreamError extends VAIError {
  override readonly name = 'BrokenStreamError'
}
/** The client is used in a way that cannot work: the message says how it can. */
export class UsageError extends VAIError {
  override readonly name = 'UsageError'
}

/** The error of what the gateway answered. */
export function apiErrorOf(detail: ErrorDetail, context: ErrorContext & { readonly status?: number | undefined } = {}): APIError {
  const Class = Object.hasOwn(classes, detail.type) ? classes[detail.type] : APIError
  return new Class(detail, context)
}

/** Complete by its type: a type of error that the contract gains does not compile until it has a class. */
const classes: Readonly<Record<ErrorType, typeof APIError>> = {
  invalid_request_error: InvalidRequestError,
  authentication_error: AuthenticationError,
  permission_error: PermissionError,
  not_found_error: NotFoundError,
  rate_limit_error: RateLimitError,
  timeout_error: TimeoutError,
  overloaded_error: OverloadedError,
  provider_error: ProviderError,
  api_error: InternalError,
}
