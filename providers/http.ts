import type { Dispatcher } from 'undici'
import { type ErrorCode, GatewayError } from '../api/error.ts'
import { parseJson } from '../api/json.ts'
import { mask, maskedExcerpt, type Secret } from '../api/secret.ts'
import type { Call } from './provider.ts'
import { UpstreamBody } from './upstream-body.ts'

/** Upstream calls with a bound on everything: time to the first byte, time between reads, size of what is kept. */

/** No event of a stream is larger, but for one that never ends. */
export const maxEventBytes = 16 * 1024 * 1024
/** No whole answer is larger; pictures and sound are the largest. */
export const maxAnswerBytes = 64 * 1024 * 1024

export interface UpstreamResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The body as it arrives. Pulled: what is not read stays in the socket. Network failures come as `GatewayError`. */
  readonly body: UpstreamBody
}

/**
 * Sends one POST and returns once the answer's headers are there, whatever their status.
 *
 * `path` is below the call's base URL and begins with a slash. Throws a `GatewayError` where the provider cannot be reached or
 * does not answer in time, and the signal's reason where the signal has aborted.
 */
export function post(
  call: Call,
  provider: string,
  path: string,
  headers: Record<string, string>,
  body: Buffer,
): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    const { signal, timeouts, clock } = call
    const { origin, pathname } = call.baseURL
    if (signal.aborted) return reject(signal.reason)
    let controller: Dispatcher.DispatchController | undefined
    let answer: UpstreamBody | undefined
    const fail = (reason: unknown): void => {
      signal.removeEventListener('abort', onAbort)
      if (answer) answer.fail(reason)
      else reject(reason)
    }
    const onAbort = (): void => {
      fail(signal.reason)
      controller?.abort(new Error('the call was aborted'))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const options = {
      origin,
      path: pathname.replace(/\/+$/, '') + path,
      method: 'POST' as const,
      headers: { 'content-type': 'application/json', ...headers },
      body,
      headersTimeout: timeouts.firstByteMs,
      bodyTimeout: timeouts.idleMs,
    }
    call.dispatcher.dispatch(options, {
      onRequestStart(started) {
        controller = started
        if (signal.aborted) started.abort(new Error('the call was aborted'))
      },
      onResponseStart(started, status, answerHeaders) {
        // 1xx: the answer is still to come.
        if (status < 200) return
        answer = new UpstreamBody(started, clock)
        resolve({ status, headers: answerHeaders, body: answer })
      },
      onResponseData(_, chunk) {
        answer?.push(chunk)
      },
      onResponseEnd() {
        signal.removeEventListener('abort', onAbort)
        answer?.end()
      },
      onResponseError(_, cause) {
        fail(networkError(cause, signal, provider))
      },
    })
  })
}

/** The whole body as text. Throws `provider_protocol` where it is larger than `limit` bytes or not UTF-8. */
export async function readText(response: UpstreamResponse, provider: string, limit: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.byteLength
    if (size > limit) throw new GatewayError('provider_protocol', { message: `${provider} sent more than ${limit} bytes.` })
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks, size))
  } catch (cause) {
    throw new GatewayError('provider_protocol', { message: `${provider} sent a body that is not UTF-8.`, cause })
  }
}

/** As much of an error's body as is worth keeping: at most 64 KiB and 5 seconds. Never throws but for a caller who left. */
export async function readErrorBody(response: UpstreamResponse, call: Call): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  const timer = call.clock.after(errorBodyMs, () => response.body.abort(new Error('the body of an error took too long')))
  try {
    for await (const chunk of response.body) {
      size += chunk.byteLength
      chunks.push(chunk)
      if (size >= errorBodyLimit) break
    }
  } catch {
    // What was read before the connection broke still says more than nothing.
    call.signal.throwIfAborted()
  } finally {
    timer.cancel()
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, errorBodyLimit))
}

const errorBodyLimit = 64 * 1024
const errorBodyMs = 5000

/** The code for an upstream status, where the body says nothing more exact. */
export function codeOfStatus(status: number): ErrorCode {
  switch (status) {
    case 401:
      return 'provider_authentication'
    case 402:
      return 'provider_quota'
    case 403:
      return 'provider_permission'
    case 404:
      return 'provider_not_found'
    case 408:
    case 504:
      return 'provider_timeout'
    case 413:
      return 'provider_request_too_large'
    case 429:
      return 'provider_rate_limit'
    case 503:
    case 529:
      return 'provider_overloaded'
    default:
      if (status >= 500) return 'provider_error'
      if (status >= 400) return 'provider_rejected'
      return 'provider_protocol'
  }
}

/** What is known of an upstream failure. */
export interface FailureFacts {
  readonly status?: number
  /** The provider's own words. */
  readonly message?: string | undefined
  /** The provider's body: parsed JSON or text. */
  readonly body?: unknown
  readonly retryAfter?: number | undefined
  readonly cause?: unknown
}

/** A failure in the contract's form, with the key masked in everything that came from outside. */
export function providerFailure(
  code: ErrorCode,
  name: string,
  provider: string,
  apiKey: Secret,
  facts: FailureFacts,
): GatewayError {
  const body = maskBody(facts.body, apiKey)
  return new GatewayError(code, {
    ...(facts.message && { message: `${name}: ${maskedExcerpt(facts.message, 4000, [apiKey])}` }),
    ...(facts.retryAfter !== undefined && { retryAfter: facts.retryAfter }),
    ...(facts.cause !== undefined && { cause: facts.cause }),
    providerError: { provider, ...(facts.status !== undefined && { status: facts.status }), ...(body !== undefined && { body }) },
  })
}

/** Seconds from `retry-after-ms` or `retry-after` (seconds or a date); undefined where neither can be read. */
export function retryAfterOf(headers: UpstreamResponse['headers'], wallclock: number): number | undefined {
  const milliseconds = Number(single(headers['retry-after-ms']) ?? Number.NaN)
  if (milliseconds >= 0) return milliseconds / 1000
  const text = single(headers['retry-after'])
  if (!text) return undefined
  const seconds = Number(text)
  if (seconds >= 0) return seconds
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - wallclock) / 1000))
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

function maskBody(body: unknown, apiKey: Secret): unknown {
  if (body === undefined || body === '') return undefined
  if (typeof body === 'string') return mask(body, [apiKey])
  // In the values, because a key may be spelled otherwise in JSON's text; in the text, because it may be the name of a member.
  const text = JSON.stringify(body, (_, value: unknown) => (typeof value === 'string' ? mask(value, [apiKey]) : value))
  const masked = mask(text, [apiKey])
  return parseJson(masked) ?? masked
}

function networkError(cause: unknown, signal: AbortSignal, provider: string): unknown {
  if (signal.aborted) return signal.reason
  if (cause instanceof GatewayError) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const failure = { providerError: { provider }, cause }
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
      return new GatewayError('provider_timeout', { message: 'The provider could not be reached in time.', ...failure })
    case 'UND_ERR_HEADERS_TIMEOUT':
      return new GatewayError('provider_timeout', { message: 'The provider did not begin to answer in time.', ...failure })
    case 'UND_ERR_BODY_TIMEOUT':
      return new GatewayError('provider_timeout', { message: 'The provider stopped in the middle of its answer.', ...failure })
    case 'UND_ERR_SOCKET':
    case 'ECONNRESET':
    case 'EPIPE':
      return new GatewayError('provider_disconnected', failure)
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new GatewayError('provider_unreachable', failure)
    case 'UND_ERR_INVALID_ARG':
      // Nothing else that goes into a request comes from outside unchecked.
      return new GatewayError('provider_key_unusable')
    default:
      return new GatewayError(isCertificateProblem(code) ? 'provider_untrusted' : 'provider_error', failure)
  }
}

function isCertificateProblem(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_/.test(code)
}
