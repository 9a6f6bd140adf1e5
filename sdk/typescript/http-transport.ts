import { type Asked, failureOf, jsonOf } from './answer.ts'
import { streamOf } from './body.ts'
import { checkRequestOptions } from './checks.ts'
import { type Clock, systemClock } from './clock.ts'
import { ConnectionError, ConnectionTimeoutError, UsageError, VAIError } from './errors.ts'
import { isRecord } from './generated/json.gen.ts'
import { headersOf, secretsIn } from './headers.ts'
import { type Mask, maskOf } from './mask.ts'
import { Patience } from './patience.ts'
import { waitBeforeRetry } from './retry.ts'
import type { Settings } from './settings.ts'
import type { ApiRequest, OpenStream, Shape, Transport, WithRequestId } from './transport.ts'

/** A transport over `fetch`. */
export class HttpTransport implements Transport {
  readonly #settings: Settings
  readonly #clock: Clock

  constructor(settings: Settings, clock: Clock = systemClock) {
    this.#settings = settings
    this.#clock = clock
  }

  json<T extends object>(request: ApiRequest, member: keyof T & string, shape: Shape): Promise<WithRequestId<T>> {
    return this.#persist(request, 'application/json', async (response, asked) => {
      asked.patience.awaited = 'send all of its answer'
      const value = await jsonOf<T>(response, member, shape, asked)
      asked.patience.release()
      return { ...value, request_id: asked.patience.requestId ?? '' }
    })
  }

  open(request: ApiRequest): Promise<OpenStream> {
    const quietMs = request.options?.streamTimeout ?? this.#settings.streamTimeout
    return this.#persist(request, 'text/event-stream', async (response, asked) => {
      const isStream = /^text\/event-stream\s*(?:;|$)/i.test(response.headers.get('content-type') ?? '')
      if (!isStream || !response.body) throw await failureOf(response, asked)
      return streamOf(response.body, quietMs, asked)
    })
  }

  /** Sends a request until there is an answer or none is to be hoped for; `take` makes of the answer what is wanted of it. */
  async #persist<T>(request: ApiRequest, accept: string, take: Take<T>): Promise<T> {
    const call = this.#callOf(request, accept)
    const { isRepeatable, options: { maxRetries = this.#settings.maxRetries } = {} } = request
    for (let retries = 0; ; retries++) {
      try {
        return await this.#send(call, take)
      } catch (error) {
        const ms = waitBeforeRetry(error, { retries, maxRetries, isRepeatable, random: this.#clock.random() })
        if (ms === undefined) throw error
        const { method, path } = call
        this.#settings.logger?.info('the request is sent again', { method, path, retry: retries + 1, in_ms: Math.round(ms) })
        await new Patience(call.signals, this.#clock).pause(ms)
      }
    }
  }

  #callOf({ path, query, body, options = {}, signal }: ApiRequest, accept: string): Call {
    checkRequestOptions(options)
    const headers = headersOf(this.#settings, options, accept, body !== undefined)
    return {
      method: body ? 'POST' : 'GET',
      path,
      url: this.#settings.baseURL + path + textOfQuery(query),
      headers,
      body: body && jsonTextOf(body),
      mask: maskOf(secretsIn(headers)),
      timeout: options.timeout ?? this.#settings.timeout,
      signals: [options.signal, signal].filter((each) => each !== undefined),
    }
  }

  /** One try. The patience of a stream goes on with it. */
  async #send<T>(call: Call, take: Take<T>): Promise<T> {
    const patience = new Patience(call.signals, this.#clock)
    const startedAt = this.#clock.now()
    let status: number | undefined
    try {
      patience.limit(call.timeout, 'begin its answer')
      const response = await this.#head(call, patience)
      status = response.status
      patience.requestId = response.headers.get('x-request-id') || response.headers.get('request-id') || undefined
      const asked: Asked = { patience, mask: call.mask, clock: this.#clock }
      if (!response.ok) throw await failureOf(response, asked)
      return await take(response, asked)
    } catch (error) {
      patience.release()
      throw error
    } finally {
      const { method, path } = call
      const ms = Math.round(this.#clock.now() - startedAt)
      this.#settings.logger?.debug('a request was sent', { method, path, status, request_id: patience.requestId, ms })
    }
  }

  async #head({ method, url, headers, body }: Call, patience: Patience): Promise<Response> {
    const { fetch, baseURL } = this.#settings
    // Elsewhere a key is nobody's business, and a POST would come there as a GET.
    const init = { method, headers, signal: patience.signal, redirect: 'manual', ...(body !== undefined && { body }) } as const
    try {
      const answer = Promise.resolve(fetch(url, init))
      // What heeds no signal may answer when nobody waits any more.
      answer.then(({ body }) => patience.ended && body?.cancel()).catch(() => undefined)
      return await patience.wait(answer)
    } catch (cause) {
      if (patience.ended) throw patience.ended
      if (cause instanceof VAIError) throw cause
      const code = codeIn(cause)
      // Node's own fetch gives up after five minutes. Whoever waited for so long is not asked to do it again.
      const Class = code === 'UND_ERR_HEADERS_TIMEOUT' ? ConnectionTimeoutError : ConnectionError
      throw new Class(`There was no answer from ${baseURL}${code ? ` (${code})` : ''}.`, { cause })
    }
  }
}

type Take<T> = (response: Response, asked: Asked) => Promise<T>

/** A request as it is sent, each time. */
interface Call {
  readonly method: string
  readonly path: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string | undefined
  readonly mask: Mask
  readonly timeout: number
  readonly signals: readonly AbortSignal[]
}

function textOfQuery(query: ApiRequest['query'] = {}): string {
  const text = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) text.set(name, String(value))
  return text.size === 0 ? '' : `?${text}`
}

function jsonTextOf(body: object): string {
  try {
    return JSON.stringify(body)
  } catch (cause) {
    throw new UsageError('The request cannot be written as JSON.', { cause })
  }
}

/** What Node calls the reason (`ECONNREFUSED`); others tell none. */
function codeIn(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined
  return isRecord(cause) && typeof cause.code === 'string' ? cause.code : undefined
}
