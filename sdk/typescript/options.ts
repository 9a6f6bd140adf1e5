import type { KnownProviderKey } from './generated/types.gen.ts'
import type { LiveDial } from './live/socket.ts'

/** Keys of providers that the caller brings, by the name of the provider's key: `{ anthropic: 'sk-ant-…', deepgram: '…' }`. */
export type ProviderKeys = { readonly [Name in KnownProviderKey]?: string } & Readonly<Record<string, string | undefined>>

/** What is told of requests: method, path, status, request id and duration. Never a key, never what was said. */
export interface Logger {
  debug(message: string, details?: Readonly<Record<string, unknown>>): void
  info(message: string, details?: Readonly<Record<string, unknown>>): void
  warn(message: string, details?: Readonly<Record<string, unknown>>): void
  error(message: string, details?: Readonly<Record<string, unknown>>): void
}

export interface ClientOptions {
  /** Where the gateway is, without `/v1`. Default: the environment's `VAI_BASE_URL`, else `http://127.0.0.1:8080`. */
  readonly baseURL?: string | URL
  /** A key of the gateway. Default: the environment's `VAI_API_KEY`, else none. */
  readonly apiKey?: string
  readonly providerKeys?: ProviderKeys
  /** The model of requests that name none. */
  readonly defaultModel?: string
  /** Stands in for the global `fetch`. */
  readonly fetch?: Fetch
  /** Milliseconds to wait for the head of an answer and for the whole of one that is no stream. Default 600,000. */
  readonly timeout?: number
  /** Milliseconds a stream may be quiet; the gateway sends a ping long before. Default 60,000. */
  readonly streamTimeout?: number
  /** How often a request is sent again that failed for a moment. Default 2. */
  readonly maxRetries?: number
  readonly logger?: Logger
  /** Headers for each request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Opens the sockets of live sessions. Default: the global `WebSocket`; where there is none, as in Node 20, `webSocketDial(WebSocket)` of a package. */
  readonly dial?: LiveDial
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Of one request; what is absent is as the client has it. */
export interface RequestOptions {
  readonly signal?: AbortSignal
  readonly timeout?: number
  readonly streamTimeout?: number
  readonly maxRetries?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Beside those of the client; `undefined` leaves out one of the client's. */
  readonly providerKeys?: ProviderKeys
  /** The name of the request, instead of one that the gateway makes up. */
  readonly requestId?: string
}
