import type { Dispatcher } from 'undici'
import { type ErrorCode, GatewayError, type Recovery } from '../api/error.ts'
import { isRecord, parseJson } from '../api/json.ts'
import { mask, maskedExcerpt, type Secret } from '../api/secret.ts'
import { isTooDeep, maxJsonDepth } from '../text/json-depth.ts'
import type { Call } from './provider.ts'
import { UpstreamBody } from './upstream-body.ts'

/** Upstream calls with a bound on everything: time to the first byte, time between reads, size of what is kept. */

/** No event of a stream is larger, but for one that never ends. */
export const maxEventBytes = 16 * 1024 * 1024
/** No whole answer is larger; pictures and sound are the largest. */
export const maxAnswerBytes = 64 * 1024 * 1024

export interface UpstreamResponse {
  /** The id of the provider that answered. */
  readonly provider: string
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The body as it arrives. Pulled: what is not read stays in the socket. Network failures come as `GatewayError`. */
  readonly body: UpstreamBody
}

/** What an upstream call needs beside what it says. */
export type Line = Pick<Call, 'signal' | 'timeouts' | 'clock' | 'baseURL' | 'dispatcher' | 'trace'>

/** What is sent. */
export interface UpstreamRequest {
  readonly method: 'GET' | 'POST'
  /** Below the base URL of the line; begins with a slash. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON; absent where nothing is sent. */
  readonly body?: Buffer
}

/** Sends one POST of JSON, as `send` does. */
export function post(
  line: Line,
  provider: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<UpstreamResponse> {
  return send(line, provider, { method: 'POST', path, headers, body })
}

/**
 * Sends one request and returns once the answer's headers are there, whatever their status. A redirect is an answer like any other:
 * it is not followed, and the key goes nowhere else. `provider` is the id of who is asked.
 *
 * Throws a `GatewayError` where the provider cannot be reached, does not answer in time or compresses its answer, and the signal's
 * reason where the signal has aborted.
 */
export function send(line: Line, provider: string, request: UpstreamRequest): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    const { signal, timeouts, clock } = line
    const { origin, pathname } = line.baseURL
    const { method, path, body } = request
    if (signal.aborted) return reject(signal.reason)
    let controller: Dispatcher.DispatchController | undefined
    let answer: UpstreamBody | undefined
    let interim = 0
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
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        'accept-encoding': 'identity',
        ...line.trace,
        ...request.headers,
      },
      ...(body && { body }),
      headersTimeout: timeouts.firstByteMs,
      bodyTimeout: timeouts.idleMs,
    }
    line.dispatcher.dispatch(options, {
      onRequestStart(started) {
        controller = started
        if (signal.aborted) started.abort(new Error('the call was aborted'))
      },
      onResponseStart(started, status, answerHeaders) {
        // 1xx: the answer is still to come. Each of them renews the patience, so that they are counted.
        if (status < 200 && ++interim <= maxInterim) return
        const fault = faultOf(status, answerHeaders)
        if (fault === undefined) {
          answer = new UpstreamBody(started, clock)
          resolve({ provider, status, headers: answerHeaders, body: answer })
        } else {
          const message = `The provider ${fault}.`
          fail(new GatewayError('provider_protocol', { message, providerError: { provider, status } }))
          started.abort(new Error('the answer is of no use'))
        }
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

/** More than any server sends before its answer. */
const maxInterim = 32

/** Why an answer is not worth reading, or undefined. What refuses the call is worth its status, however it is written. */
function faultOf(status: number, headers: UpstreamResponse['headers']): string | undefined {
  if (status < 200) return `sent more than ${maxInterim} interim answers`
  // Never inflated: a few bytes could become gigabytes, and nobody asked for it.
  if (status < 300 && isEncoded(headers)) return 'compressed its answer, which was not asked for'
  return undefined
}

function isEncoded(headers: UpstreamResponse['headers']): boolean {
  const encoding = headers['content-encoding']
  return encoding !== undefined && encoding !== '' && String(encoding).toLowerCase() !== 'identity'
}

/** The whole body as text. Throws `provider_protocol` where it is larger than `limit` bytes, not UTF-8, or JSON that nests too deep. */
export async function readText(response: UpstreamResponse, name: string, limit: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.byteLength
    if (size > limit) throw unreadable(response, `${name} sent more than ${limit} bytes.`)
    chunks.push(chunk)
  }
  const text = decoded(Buffer.concat(chunks, size))
  if (text === undefined) throw unreadable(response, `${name} sent a body that is not UTF-8.`)
  if (isTooDeep(text)) throw unreadable(response, `${name} sent JSON that is nested deeper than ${maxJsonDepth} levels.`)
  return text
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function unreadable({ provider, status }: UpstreamResponse, message: string): GatewayError {
  return new GatewayError('provider_protocol', { message, providerError: { provider, status } })
}

/**
 * As much of an error's body as is worth keeping: at most 64 KiB and 5 seconds; nothing of one that is compressed, or of a redirect,
 * whose target is nobody's business. Never throws but for a caller who left.
 */
export async function readErrorBody(
  response: UpstreamResponse,
  { signal, clock }: Pick<Line, 'signal' | 'clock'>,
): Promise<string> {
  if (isEncoded(response.headers) || isRedirect(response.status)) {
    response.body.abort(new Error('the body of an error is not wanted'))
    return ''
  }
  const chunks: Uint8Array[] = []
  let size = 0
  const timer = clock.after(errorBodyMs, () => response.body.abort(new Error('the body of an error took too long')))
  try {
    for await (const chunk of response.body) {
      size += chunk.byteLength
      chunks.push(chunk)
      if (size >= errorBodyLimit) break
    }
  } catch {
    // What was read before the connection broke still says more than nothing.
    signal.throwIfAborted()
  } finally {
    timer.cancel()
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, errorBodyLimit))
}

const errorBodyLimit = 64 * 1024
const errorBodyMs = 5000

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304
}

/** What to say of an answer of another status than 2xx that does not say it itself. */
export function describeStatus(status: number, body: string): string {
  if (isRedirect(status)) return `it answered with a redirect (HTTP ${status}), which is not followed; its base URL may be wrong.`
  if (body.trim() === '') return `HTTP ${status} without a body.`
  return body.trimStart().startsWith('<') ? `HTTP ${status} with an HTML page.` : `HTTP ${status}.`
}

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
    case 409:
      // Another request holds for a moment what this one needs.
      return 'provider_error'
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
  /** The provider's own `details`, which its clients read. */
  readonly clientDetails?: unknown
  readonly retryAfter?: number | undefined
  /** Whether the provider says that asking it again is of no use. */
  readonly final?: boolean
  /** What is worth doing, where more is known than the code says. */
  readonly recovery?: Recovery
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
  const clientDetails = maskBody(facts.clientDetails, apiKey)
  return new GatewayError(code, {
    ...(facts.message && { message: `${name}: ${maskedExcerpt(facts.message, 4000, [apiKey])}` }),
    ...(facts.retryAfter !== undefined && { retryAfter: facts.retryAfter }),
    ...(facts.final && { final: true }),
    ...(facts.recovery && { recovery: facts.recovery }),
    ...(facts.cause !== undefined && { cause: facts.cause }),
    ...(isRecord(clientDetails) && { clientDetails }),
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

/** Whether the provider says that the same request would fail again, in the header that its own SDK looks at. */
export function isFinal(headers: UpstreamResponse['headers']): boolean {
  return single(headers['x-should-retry']) === 'false'
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
    case 'UND_ERR_HEADERS_OVERFLOW':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return new GatewayError('provider_protocol', { message: 'The provider sent what is not HTTP.', ...failure })
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
      // undici's parser leaves its code out.
      if (cause instanceof Error && cause.name === 'HTTPParserError') {
        return new GatewayError('provider_protocol', { message: 'The provider sent what is not HTTP.', ...failure })
      }
      return new GatewayError(isCertificateProblem(code) ? 'provider_untrusted' : 'provider_error', failure)
  }
}

function isCertificateProblem(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_/.test(code)
}
