import type { ErrorResponse, ErrorType, Issue } from './schemas.gen.ts'

/**
 * The one error of the gateway. Whatever goes wrong becomes one of these, and one place turns it into the contract's body.
 *
 * `code` is looked up in the catalogue below, which says the type, the status and what to tell the caller when there is
 * nothing more exact to say.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: string
  readonly type: ErrorType
  /** HTTP status. */
  readonly status: number
  /** The path of the wrong field (`messages[0].content`), or the name of a header. */
  readonly param: string | undefined
  /** Seconds. */
  readonly retryAfter: number | undefined
  readonly issues: readonly Issue[] | undefined
  /** By what Anthropic's own clients know that they can send the request in another way. */
  readonly clientDetails: Readonly<Record<string, unknown>> | undefined
  /** What the provider answered, masked and bounded. */
  readonly providerError: ProviderFailure | undefined
  /** What is worth doing about it, as long as the caller has seen nothing. */
  readonly recovery: Recovery

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const entry: CatalogueEntry = catalogue[code]
    super(details.message ?? entry.message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code ?? code
    this.type = entry.type
    this.status = entry.status ?? statusOf[entry.type]
    this.param = details.param
    this.retryAfter = details.retryAfter
    this.issues = details.issues
    this.clientDetails = details.clientDetails
    this.providerError = details.providerError
    const recovery = details.recovery ?? entry.recovery ?? 'none'
    this.recovery = details.final && recovery === 'again' ? 'elsewhere' : recovery
  }

  /** Whether the same request may well succeed a moment later. */
  get transient(): boolean {
    return this.recovery === 'again'
  }

  /** The contract's error object, for an HTTP body and for the `error` event of a stream alike. */
  toBody(requestId: string): ErrorResponse {
    return {
      type: 'error',
      request_id: requestId,
      error: {
        type: this.type,
        message: this.message,
        ...(this.param !== undefined && { param: this.param }),
        code: this.code,
        request_id: requestId,
        ...(this.retryAfter !== undefined && { retry_after: this.retryAfter }),
        ...(this.issues && { issues: [...this.issues] }),
        ...(this.clientDetails && { details: { ...this.clientDetails } }),
        ...(this.providerError && { provider_error: { ...this.providerError } }),
      },
    }
  }
}

export interface ErrorDetails {
  readonly message?: string
  /** A more exact code than the catalogue's, such as the provider's own. */
  readonly code?: string
  readonly param?: string
  readonly retryAfter?: number
  readonly issues?: readonly Issue[]
  readonly clientDetails?: Readonly<Record<string, unknown>>
  readonly providerError?: ProviderFailure
  /** True where the same request would fail again, whatever the code says. */
  readonly final?: boolean
  /** Where more is known than the code says. */
  readonly recovery?: Recovery
  readonly cause?: unknown
}

export interface ProviderFailure {
  readonly provider: string
  /** The upstream's HTTP status; absent where the failure came inside a 200 or there was no answer. */
  readonly status?: number
  /** The upstream's body: parsed JSON, or text; bounded, keys masked. */
  readonly body?: unknown
}

/** `again`: ask the same model again, and then others. `elsewhere`: ask another model. `none`: tell the caller. */
export type Recovery = 'again' | 'elsewhere' | 'none'

interface CatalogueEntry {
  readonly type: ErrorType
  readonly message: string
  readonly status?: number
  /** Default `none`. */
  readonly recovery?: Recovery
}

const statusOf: Readonly<Record<ErrorType, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  rate_limit_error: 429,
  timeout_error: 504,
  overloaded_error: 529,
  provider_error: 502,
  api_error: 500,
}

/** Every code the gateway itself gives. Codes of single issues (`unknown_field`, …) stand in `error.issues[]` and in `code`. */
export const catalogue = {
  // The request
  invalid_request: { type: 'invalid_request_error', message: 'The request is not valid.' },
  invalid_json: { type: 'invalid_request_error', message: 'The body is not valid JSON.' },
  empty_body: { type: 'invalid_request_error', message: 'The body is empty; a JSON object is expected.' },
  invalid_utf8: { type: 'invalid_request_error', message: 'The body is not valid UTF-8.' },
  unsupported_content_type: {
    type: 'invalid_request_error',
    message: 'The body must be JSON: send `content-type: application/json`.',
  },
  unsupported_content_encoding: { type: 'invalid_request_error', message: 'The body must not be compressed.' },
  request_too_large: { type: 'invalid_request_error', status: 413, message: 'The request is too large.' },
  headers_too_large: { type: 'invalid_request_error', status: 431, message: 'The request headers are too large.' },
  malformed_http: { type: 'invalid_request_error', message: 'The request is not valid HTTP.' },
  unsupported_parameter: { type: 'invalid_request_error', message: 'The model does not support this.' },
  context_length_exceeded: {
    type: 'invalid_request_error',
    message: 'The request is longer than the context window of the model.',
  },
  websocket_expected: {
    type: 'invalid_request_error',
    status: 426,
    message: 'This is for WebSockets: ask for an upgrade of the connection.',
  },
  request_timeout: { type: 'timeout_error', status: 408, message: 'The request was not received in time.' },
  // Keys
  missing_provider_key: { type: 'authentication_error', message: 'There is no key for this provider.' },
  provider_key_not_accepted: { type: 'permission_error', message: 'This gateway does not take provider keys from callers.' },
  provider_authentication: { type: 'authentication_error', message: 'The provider refused the key.' },
  provider_permission: { type: 'permission_error', message: 'The provider does not allow this with the given key.' },
  model_not_allowed: { type: 'permission_error', message: 'The operator of this gateway does not allow this model.' },
  tool_not_allowed: { type: 'permission_error', message: 'The operator of this gateway does not allow this tool.' },
  // Who asks
  missing_api_key: {
    type: 'authentication_error',
    message: 'A key of this gateway is needed: send it as `Authorization: Bearer vai_sk_…` or in the header x-api-key.',
  },
  invalid_api_key: { type: 'authentication_error', message: 'This gateway does not know the key.' },
  expired_api_key: { type: 'authentication_error', message: 'The key has expired.' },
  disabled_api_key: { type: 'authentication_error', message: 'The key has been turned off.' },
  origin_not_allowed: {
    type: 'permission_error',
    message: 'Pages of this origin may not connect; the operator of this gateway can allow it by VAI_CORS_ORIGINS.',
  },
  admin_only: { type: 'permission_error', message: 'This is for keys with the role admin.' },
  // Limits
  request_rate_limit: { type: 'rate_limit_error', message: 'There were too many requests.' },
  token_rate_limit: { type: 'rate_limit_error', message: 'There were too many tokens.' },
  daily_cost_limit: { type: 'rate_limit_error', message: 'The answers of the day have cost as much as they may.' },
  concurrency_limit: { type: 'rate_limit_error', message: 'Too many requests run at the same time.' },
  authentication_rate_limit: { type: 'rate_limit_error', message: 'Too many keys were refused.' },
  limits_unavailable: {
    type: 'overloaded_error',
    status: 503,
    message: 'The gateway cannot count requests at the moment; send the request again.',
  },
  // What is asked for
  unknown_route: { type: 'not_found_error', message: 'There is no such route.' },
  unknown_provider: { type: 'not_found_error', message: 'There is no such provider.' },
  unknown_model: { type: 'not_found_error', message: 'There is no such model.' },
  provider_not_found: { type: 'not_found_error', message: 'The provider does not know this.' },
  // The provider
  provider_rejected: { type: 'invalid_request_error', message: 'The provider refused the request.' },
  provider_request_too_large: {
    type: 'invalid_request_error',
    status: 413,
    message: 'The request is too large for the provider.',
  },
  provider_rate_limit: { type: 'rate_limit_error', recovery: 'again', message: 'The provider limits the rate of requests.' },
  provider_quota: { type: 'rate_limit_error', recovery: 'elsewhere', message: 'The quota at the provider is used up.' },
  provider_overloaded: { type: 'overloaded_error', recovery: 'again', message: 'The provider is overloaded.' },
  provider_error: { type: 'provider_error', recovery: 'again', message: 'The provider failed.' },
  provider_untrusted: {
    type: 'provider_error',
    recovery: 'elsewhere',
    message: 'The provider could not prove who it is: its certificate is not trusted.',
  },
  provider_key_unusable: { type: 'authentication_error', message: 'The key holds characters that no header can carry.' },
  provider_unreachable: { type: 'provider_error', recovery: 'again', message: 'The provider could not be reached.' },
  provider_unavailable: {
    type: 'overloaded_error',
    status: 503,
    recovery: 'elsewhere',
    message: 'The provider has failed too often of late; it is left alone for a moment.',
  },
  provider_disconnected: {
    type: 'provider_error',
    recovery: 'again',
    message: 'The provider closed the connection before its answer was complete.',
  },
  provider_protocol: { type: 'provider_error', recovery: 'elsewhere', message: 'The provider sent what is not its protocol.' },
  provider_timeout: { type: 'timeout_error', recovery: 'again', message: 'The provider did not answer in time.' },
  stream_duration: { type: 'timeout_error', message: 'The stream reached the longest time allowed.' },
  // What the gateway fetches for a caller
  url_not_allowed: {
    type: 'invalid_request_error',
    message: 'The gateway fetches http and https URLs without a user name only.',
  },
  address_not_allowed: { type: 'permission_error', message: 'The gateway does not fetch from this address: it is not public.' },
  fetch_failed: { type: 'provider_error', message: 'The URL could not be fetched.' },
  fetch_timeout: { type: 'timeout_error', message: 'The URL was not fetched in time.' },
  // The gateway
  shutting_down: { type: 'overloaded_error', status: 503, message: 'The gateway is shutting down; send the request again.' },
  overloaded: { type: 'overloaded_error', status: 503, message: 'The gateway is overloaded; send the request again.' },
  measurements_unavailable: {
    type: 'overloaded_error',
    status: 503,
    message: 'The measurements of all processes could not be gathered in time; ask again.',
  },
  internal_error: { type: 'api_error', message: 'Something went wrong in the gateway.' },
} as const satisfies Readonly<Record<string, CatalogueEntry>>

export type ErrorCode = keyof typeof catalogue

/** One of the catalogue's codes, or else the type: for counting, where a code of a provider's own is one too many. */
export function knownCode({ code, type }: Pick<GatewayError, 'code' | 'type'>): string {
  return isErrorCode(code) ? code : type
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(catalogue, text)
}

/** The code of the failure beneath an error (`ECONNREFUSED`), for the operator. Holds nothing of the request. */
export function causeOf(error: GatewayError): string | undefined {
  const { cause } = error
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}

/** The caller has gone. Nobody reads the answer; it is no fault of the provider's and no error of the gateway's. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
  constructor() {
    super('The caller left.')
  }
}
