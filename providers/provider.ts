import type { Dispatcher } from 'undici'
import type { Clock } from '../api/clock.ts'
import type { StreamItem } from '../api/events.ts'
import type { Issue, Message, MessageRequest, StopReason, TokenCount, Warning } from '../api/schemas.gen.ts'
import type { Secret } from '../api/secret.ts'
import type { Capabilities, Matrix } from './capabilities.ts'

/**
 * A vendor's language models behind the canonical shape. An adapter sees neither the server nor another adapter: everything it
 * needs comes in the call.
 *
 * Failures are thrown as `GatewayError`, and as `Cancelled` once the call's signal has aborted. Leaving the iteration, or
 * aborting the signal, closes the upstream socket at once.
 */
export interface LlmProvider {
  readonly id: string
  /** For people: `Anthropic`, `OpenAI`. */
  readonly name: string
  /** Where its key comes from and where it is reached; undefined for a provider that needs neither. */
  readonly upstream: UpstreamSettings | undefined
  /** True where the provider only shows how the gateway works. */
  readonly demo?: boolean
  /** Where the provider's API has the contract's own shape. */
  readonly native?: NativeShape
  /** What becomes of each part of a request for this provider. */
  readonly matrix: Matrix
  /** The canonical reason for each of the provider's own; `error` where its answer ends as a failure. Others are `end_turn`. */
  readonly stopReasons: StopReasons
  /** Models that are the provider's own making; what is known of others stands in the catalogue. */
  readonly models?: readonly KnownModel[]
  /** What a model is known to do. */
  capabilities(model: string): Capabilities
  /**
   * What is wrong with a request for this provider that the matrix cannot tell, such as too many of something. Called before
   * anything is sent, with a request that fits the contract's schema unless the provider is `native`.
   */
  check?(request: MessageRequest, model: string): readonly Issue[]
  /** What is left out of a request that the matrix cannot tell, because it lies in the conversation. */
  warnings?(request: MessageRequest, model: string): readonly Warning[]
  /**
   * The events of one answer, from `message_start` to `message_stop`. A `ping` may stand before them, where the provider has shown
   * that it is there. Never yields `error`: it throws.
   */
  stream(request: MessageRequest, call: Call): AsyncIterable<StreamItem>
  /** One whole answer; only where the provider's JSON is more exact than its stream. */
  complete?(request: MessageRequest, call: Call): Promise<WholeMessage>
  /** The provider's own count of input tokens. */
  countTokens?(request: TokenCountRequest, call: Call): Promise<TokenCount>
}

/**
 * What is said to such a provider goes upstream as the caller wrote it, in `call.body`, so that nothing in it has to be understood.
 * What the provider needs back stands in the canonical fields as it is, without a seal.
 */
export interface NativeShape {
  /** Whether some of that text has to be written anew for this request, its numbers then being as exact as parsing left them. */
  rewrites(request: MessageRequest): boolean
}

export type StopReasons = Readonly<Record<string, StopReason | 'error'>>

export interface UpstreamSettings {
  /** The header by which a caller brings a key. */
  readonly keyHeader: string
  /** The environment's variables for the operator's key; the first that is set counts. */
  readonly keyVariables: readonly string[]
  /** Variables that name a file which holds the operator's key, where none of those is set. */
  readonly keyFileVariables?: readonly string[]
  /** True for a server that may need no key, such as one on the operator's own machine. */
  readonly keyOptional?: boolean
  readonly baseURLVariable: string
  /** What OpenTelemetry's conventions call the service, where that is not the provider's id. */
  readonly conventionalName?: string
  /** The API's root with its version path, as the provider's own SDK takes it. */
  readonly defaultBaseURL: string
  /** True where it may also be written as `host:port`, which is reached by TLS. */
  readonly takesHostAndPort?: boolean
}

export interface KnownModel {
  /** As the provider knows it, without the provider's id before it. */
  readonly name: string
  readonly displayName: string
  /** The day of its release, `2025-09-29`; undefined where it is not known. */
  readonly released?: string
}

/** What a count of tokens is asked for; the parts of a request that cost input tokens. */
export type TokenCountRequest = Omit<MessageRequest, 'max_tokens' | 'stream'>

/** One upstream call. */
export interface Call {
  /** The model's name as the provider knows it, `claude-sonnet-4-5`; `request.model` is the caller's full id. */
  readonly model: string
  readonly apiKey: Secret
  readonly baseURL: URL
  readonly signal: AbortSignal
  readonly dispatcher: Dispatcher
  readonly requestId: string
  /** Headers of the caller that are meant for the provider (`anthropic-version`, `anthropic-beta`), as they came. */
  readonly headers: Readonly<Record<string, string>>
  /** Carries the trace on that the call belongs to, by the W3C's Trace Context; absent where it belongs to none. */
  readonly trace?: { readonly traceparent: string; readonly tracestate?: string }
  /** The request's query string that is meant for the provider, without `?`; mostly empty. */
  readonly query: string
  /** The caller's own JSON, where the request says exactly this; an adapter may forward it instead of writing the request anew. */
  readonly body?: Buffer
  /** What `max_tokens` becomes for a provider that must be given one, when the caller gives none. */
  readonly defaultMaxTokens?: number
  readonly timeouts: Timeouts
  readonly clock: Clock
  readonly log: Log
}

/** Milliseconds. */
export interface Timeouts {
  /** From the request's last byte to the answer's first. */
  readonly firstByteMs: number
  /** Between two reads of the answer. */
  readonly idleMs: number
}

/** An answer in one piece. */
export interface WholeMessage {
  readonly message: Message
  /** The provider's own JSON, where it already is the contract's shape; what is not changed in it reaches the caller as written. */
  readonly json?: Buffer
}

/** What an adapter may say to the operator. Never prompts, never keys. */
export interface Log {
  debug(fields: object, message: string): void
  warn(fields: object, message: string): void
}
