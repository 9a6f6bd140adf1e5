import type { Mask } from './mask.ts'
import type { RequestOptions } from './options.ts'

/** What the resources send their requests with. */
export interface Transport {
  /** An answer as JSON; `member` is one that every answer of its kind has, in such a shape, by which a stranger's is known. Throws a `VAIError`. */
  json<T extends object>(request: ApiRequest, member: keyof T & string, shape: Shape): Promise<WithRequestId<T>>
  /** The head of an answer as a stream of events. Throws a `VAIError`; so does reading the body where it takes too long or breaks. */
  open(request: ApiRequest): Promise<OpenStream>
}

/** `array` is one of objects. */
export type Shape = 'array' | 'object' | 'string' | 'number'

export interface ApiRequest {
  /** Below the base URL: `/v1/messages`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | undefined>>
  /** Makes it a POST. */
  readonly body?: object
  readonly options?: RequestOptions | undefined
  /** Breaks it off, beside the signal of the options. */
  readonly signal?: AbortSignal | undefined
  /** Whether it may be sent again where nobody knows if it was carried out. An answer of the gateway that refuses it is always a reason to. */
  readonly isRepeatable: boolean
}

/** A stream whose head has come. */
export interface OpenStream {
  readonly request_id: string | undefined
  readonly mask: Mask
  /** The bytes, each wait bounded by `streamTimeout`. Leaving the iteration closes the connection. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Closes the connection; reading ends with an `AbortedError`. May be called at any time, and again. */
  abort(): void
}

/** A result, with the name of the request that it came from. */
export type WithRequestId<T> = T & {
  /** The gateway's name for the request, for its operator's logs; empty where something in between has taken it away. */
  readonly request_id: string
}
