import { type Dispatcher, request } from 'undici'
import type { Clock } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'

export interface FetchOptions {
  readonly signal: AbortSignal
  /** The largest body, in bytes. */
  readonly maxBytes: number
  /** The longest that all of it may take, redirects included, in milliseconds. */
  readonly timeoutMs: number
  /** How many redirects are followed. */
  readonly redirects: number
}

export interface Fetched {
  /** Where the answer came from, after the redirects. */
  readonly url: URL
  readonly status: number
  /** As the server gave it; undefined where it gave none. */
  readonly contentType: string | undefined
  readonly body: Buffer
}

/**
 * Fetches a URL that a caller named, over a dispatcher that refuses what is not public. Nothing of the caller's or the operator's goes
 * along: no key, no cookie, no referrer, to wherever redirects lead. An answer of any status that is no redirect is a result.
 *
 * Throws `url_not_allowed` for what is not a plain http or https URL, `address_not_allowed` for an address that is not public, be it at
 * the end of redirects, `fetch_timeout`, `fetch_failed` for everything else, and the signal's reason where the signal has aborted.
 */
export async function fetchPublic(dispatcher: Dispatcher, clock: Clock, url: string, options: FetchOptions): Promise<Fetched> {
  const { signal, timeoutMs } = options
  signal.throwIfAborted()
  const late = new AbortController()
  const timer = clock.after(timeoutMs, () => late.abort(new GatewayError('fetch_timeout')))
  try {
    return await follow(dispatcher, AbortSignal.any([signal, late.signal]), url, options)
  } catch (error) {
    signal.throwIfAborted()
    late.signal.throwIfAborted()
    throw failure(error)
  } finally {
    timer.cancel()
  }
}

async function follow(dispatcher: Dispatcher, signal: AbortSignal, start: string, options: FetchOptions): Promise<Fetched> {
  let url = checkedURL(start)
  for (let hops = 0; ; hops++) {
    const { statusCode: status, headers, body } = await request(url, { dispatcher, signal, headers: requestHeaders })
    const location = redirectStatuses.has(status) ? headers.location : undefined
    if (typeof location !== 'string') {
      return { url, status, contentType: single(headers['content-type']), body: await readBody(headers, body, options.maxBytes) }
    }
    // What a redirect says besides is not read. That the connection closes with it is no error of anybody's.
    body.on('error', () => undefined).destroy()
    if (hops === options.redirects) throw new GatewayError('fetch_failed', { message: 'The URL redirects too often.' })
    url = checkedURL(location, url)
  }
}

/** Inflating is refused as with providers: a few bytes could become gigabytes. */
const requestHeaders = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'vai-gateway' }
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

function checkedURL(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw new GatewayError('url_not_allowed')
  const url = new URL(text, base)
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') throw new GatewayError('url_not_allowed')
  return url
}

async function readBody(
  headers: Dispatcher.ResponseData['headers'],
  body: Dispatcher.ResponseData['body'],
  maxBytes: number,
): Promise<Buffer> {
  const encoding = single(headers['content-encoding']) ?? 'identity'
  if (encoding.toLowerCase() !== 'identity') throw unread(body, 'The answer is compressed, which was not asked for.')
  const tooLarge = `The answer is larger than ${maxBytes} bytes.`
  if (Number(single(headers['content-length'])) > maxBytes) throw unread(body, tooLarge)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    const bytes: Uint8Array = chunk
    size += bytes.byteLength
    if (size > maxBytes) throw unread(body, tooLarge)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks, size)
}

function unread(body: Dispatcher.ResponseData['body'], message: string): GatewayError {
  body.on('error', () => undefined).destroy()
  return new GatewayError('fetch_failed', { message })
}

/** How it failed is for the operator alone: a caller could learn from it what lies where. */
function failure(cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause
  const isTimeout = cause instanceof Error && 'code' in cause && timeouts.has(String(cause.code))
  return new GatewayError(isTimeout ? 'fetch_timeout' : 'fetch_failed', { cause })
}

const timeouts: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
])

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
