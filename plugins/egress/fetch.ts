import { type Dispatcher, request } from 'undici'
import type { Clock } from '../../api/clock.ts'
import { within } from '../../api/deadline.ts'
import { GatewayError } from '../../api/error.ts'
import { abandon, acceptedEncodings, readBody, single } from './body.ts'

export interface FetchOptions {
  readonly signal: AbortSignal
  /** The largest body, in bytes, both as it is sent and unpacked. */
  readonly maxBytes: number
  /** True where the first `maxBytes` of a larger body are of use; otherwise a larger body fails with `fetch_failed`. */
  readonly truncate?: boolean
  /** True where the body of an answer with another status than 2xx is of no use; it is then not read, and empty. */
  readonly skipFailures?: boolean
  /**
   * Asked once, as soon as the first kilobyte of a body is there, whether the rest is of use; where it is not, no more is read. Of a
   * body that is shorter it is not asked.
   */
  readonly isWanted?: (contentType: string | undefined, beginning: Uint8Array) => boolean
  /** The longest that all of it may take, redirects included, in milliseconds. */
  readonly timeoutMs: number
  /** How many redirects are followed. */
  readonly redirects: number
  /** What the answer should be, as in the header `accept`; anything by default. */
  readonly accept?: string
  /** Asked for the URL and for wherever it redirects, before anything is sent there; what it throws ends the fetch. */
  readonly check?: (url: URL) => void
}

export interface Fetched {
  /** Where the answer came from, after the redirects. */
  readonly url: URL
  readonly status: number
  /** As the server gave it; undefined where it gave none. */
  readonly contentType: string | undefined
  /** Unpacked, whatever it was sent as. */
  readonly body: Buffer
  /** Whether there was more of it than was read: more than `maxBytes`, or more than was wanted. */
  readonly isTruncated: boolean
}

/**
 * Fetches a URL that a caller named, over a dispatcher that refuses what is not public. Nothing of the caller's or the operator's goes
 * along: no key, no cookie, no referrer, to wherever redirects lead. An answer of any status that is no redirect is a result.
 *
 * Throws `url_not_allowed` for what is not a plain http or https URL, `address_not_allowed` for an address that is not public, be it at
 * the end of redirects, `fetch_timeout`, `fetch_failed` for everything else, what `check` throws, and the signal's reason where the
 * signal has aborted.
 */
export async function fetchPublic(dispatcher: Dispatcher, clock: Clock, url: string, options: FetchOptions): Promise<Fetched> {
  const { signal, timeoutMs } = options
  signal.throwIfAborted()
  const late = (): GatewayError => new GatewayError('fetch_timeout')
  return within(clock, timeoutMs, signal, late, (end) => follow(dispatcher, end, url, options))
}

async function follow(dispatcher: Dispatcher, signal: AbortSignal, start: string, options: FetchOptions): Promise<Fetched> {
  const headers = { accept: options.accept ?? '*/*', 'accept-encoding': acceptedEncodings, 'user-agent': 'vai-gateway' }
  let url = checkedURL(start)
  for (let hops = 0; ; hops++) {
    options.check?.(url)
    const response = await request(url, { dispatcher, signal, headers }).catch(fail)
    const status = response.statusCode
    const location = redirectStatuses.has(status) ? response.headers.location : undefined
    const contentType = single(response.headers['content-type'])
    if (typeof location !== 'string') {
      const isSkipped = options.skipFailures === true && (status < 200 || status > 299)
      if (!isSkipped) return { url, status, contentType, ...(await readBody(response, options).catch(fail)) }
      abandon(response.body)
      return { url, status, contentType, body: Buffer.alloc(0), isTruncated: true }
    }
    // What a redirect says besides is not read.
    abandon(response.body)
    if (hops === options.redirects) throw new GatewayError('fetch_failed', { message: 'The URL redirects too often.' })
    url = checkedURL(location, url)
  }
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

function checkedURL(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw new GatewayError('url_not_allowed')
  const url = new URL(text, base)
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') throw new GatewayError('url_not_allowed')
  return url
}

/** How it failed is for the operator alone: a caller could learn from it what lies where. */
function fail(cause: unknown): never {
  if (cause instanceof GatewayError) throw cause
  const isTimeout = cause instanceof Error && 'code' in cause && timeouts.has(String(cause.code))
  throw new GatewayError(isTimeout ? 'fetch_timeout' : 'fetch_failed', { cause })
}

const timeouts: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
])
