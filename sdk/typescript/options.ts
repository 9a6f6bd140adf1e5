import type { KnownProviderKey } from './generated/types.gen.ts'
import type { LiveDial } from './live/socket.ts'

/** Keys of providers that the caller brings, by the name of the provider's key: `{ anthropic: 'sk-ant-…', deepgram: '…' }`. */
export type ProviderKeys = { readonly [Name in KnownProviderKey]?: string | undefined } & Readonly<
  Record<string, string | undefined>
>

/** What is told of requests: method, path, status, request id and duration. Never a key, never what was said. What it throws is passed over. */
export interface Logger {
  debug(message: string, details?: Readonly<Record<string, unknown>>): void
  info(message: string, details?: Readonly<Record<string, unknown>>): void
  warn(message: string, details?: Readonly<Record<string, unknown>>): void
  error(message: string, details?: Readonly<Record<string, unknown>>): void
}

/** What is `undefined` is as if it were absent. */
export interface ClientOptions {
  /** Where the gateway is; with or without `/v1`. Default: the environment's `VAI_BASE_URL`, else `http://127.0.0.1:8080`. */
  readonly baseURL?: string | URL | undefined
  /** A key of the gateway. Default: the environment's `VAI_API_KEY`, else none. */
  readonly apiKey?: string | undefined
  /** Keys of providers, for each request. Default: none; the gateway may have its operator's. */
  readonly providerKeys?: ProviderKeys | undefined
  /** The model of requests that name none. */
  readonly defaultModel?: string | undefined
  /** Stands in for the global `fetch`. */
  readonly fetch?: Fetch | undefined
  /**
   * Milliseconds that each try may take: until the head of an answer, and until all of one that is no stream. Default 600,000;
   * 0 for no limit. What has taken too long is not tried again. Node's own `fetch` waits five minutes for a head at most, whatever stands
   * here; a stream has its head early. A live session is given up that is not there by then, or within 10,000.
   */
  readonly timeout?: number | undefined
  /** Milliseconds a stream may be quiet; the gateway sends a ping long before. Default 60,000; 0 for no limit. */
  readonly streamTimeout?: number | undefined
  /** How often a request is sent again that failed for a moment. Default 2. */
  readonly maxRetries?: number | undefined
  /** Is told of each request (`debug`), of each that is sent again (`info`), and of what a listener of a live session threw (`error`). Default: nobody. */
  readonly logger?: Logger | undefined
  /** Headers for each request. Live sessions have none, as no standard `WebSocket` can send any: a `dial` of your own may. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Opens the sockets of live sessions. Default: the global `WebSocket`; where there is none, as in Node 20, `webSocketDial(WebSocket)` of a package. */
  readonly dial?: LiveDial | undefined
}

/** As much of `fetch` as the client needs: it gives a URL as text, and a `signal` that has to be heeded. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Of one request; what is absent or `undefined` is as the client has it. */
export interface RequestOptions {
  /** Breaks it off, with an `AbortedError`. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds, as `ClientOptions.timeout`. */
  readonly timeout?: number | undefined
  /** Milliseconds, as `ClientOptions.streamTimeout`. */
  readonly streamTimeout?: number | undefined
  /** As `ClientOptions.maxRetries`. */
  readonly maxRetries?: number | undefined
  /** Beside those of the client, and over them. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Beside those of the client; `undefined` leaves out one of the client's. */
  readonly providerKeys?: ProviderKeys | undefined
  /** The name of the request, instead of one that the gateway makes up: 8 to 128 letters, digits, `.`, `_` and `-`. */
  readonly requestId?: string | undefined
}
