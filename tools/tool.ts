import type { Dispatcher } from 'undici'
import type { Clock } from '../api/clock.ts'
import type { Secret } from '../api/secret.ts'
import type { Log, UpstreamSettings } from '../providers/provider.ts'

/**
 * Something that a model may call and that the gateway runs. A tool sees neither the server nor another tool: everything it needs
 * comes in the call.
 */
export interface Tool {
  /** What the model calls it by: letters, digits, `_` and `-`, at most 64. */
  readonly name: string
  /** What the model is told that it does. */
  readonly description: string
  /** A JSON schema of its arguments. */
  readonly inputSchema: ObjectSchema
  /** A JSON schema of what a caller may set for a run; every member has a meaning in its `description`. */
  readonly configSchema: ObjectSchema
  /** Whether a call changes nothing, wherever it asks: what it does can be taken back by forgetting it. */
  readonly readOnly: boolean
  /** The services that it may ask, in the order of preference. */
  readonly services: readonly Service[]
  /** Which of them may serve a run that is set so, one being enough; none where it needs none. The config fits its schema. */
  needs(config: Arguments): readonly Service[]
  /**
   * Runs it, with a config and an input that fit their schemas. What goes wrong in a way that the model should know of is thrown as a
   * `ToolError` or a `GatewayError`, whose messages the model reads; anything else is the gateway's own fault.
   */
  run(input: Arguments, config: Arguments, call: ToolCall): Promise<ToolOutput>
}

/** A JSON object, as a model or a caller wrote it. */
export type Arguments = Readonly<Record<string, unknown>>

export type ObjectSchema = { readonly type: 'object' } & Readonly<Record<string, unknown>>

/** Whom a tool asks: like a provider of models, it is reached at a base URL and wants a key. */
export interface Service {
  /** As in settings and in a tenant's `provider_keys`. */
  readonly id: string
  /** For people. */
  readonly name: string
  readonly upstream: UpstreamSettings
}

/** One call of a tool. */
export interface ToolCall {
  /** The id that the model's call has. */
  readonly id: string
  readonly requestId: string
  /** Whose run it is; undefined where the caller belongs to no tenant. */
  readonly tenant: string | undefined
  /** Of the services that were needed the one there is a key for; undefined where none was needed. */
  readonly service: ServiceAccess | undefined
  /** Aborted when the tool has taken too long or nobody waits for the run. The tool then gives up at once. */
  readonly signal: AbortSignal
  /** What the tool may take in all, in milliseconds; the signal says so too. */
  readonly timeoutMs: number
  /** The longest result that the model is given, in bytes of UTF-8, with all that the tool says itself. What is longer is cut off. */
  readonly maxResultBytes: number
  readonly clock: Clock
  readonly log: Log
  /** Connects to what the operator configured. */
  readonly dispatcher: Dispatcher
  /** Carries the trace on that the call belongs to. */
  readonly trace?: { readonly traceparent: string; readonly tracestate?: string }
  /** Fetches what a model named, which must be public, and makes text of it. */
  readPage(url: string, options: PageOptions): Promise<Page>
}

export interface ServiceAccess {
  readonly service: Service
  readonly apiKey: Secret
  readonly baseURL: URL
}

export interface PageOptions {
  /** The most that is read of it, unpacked, in bytes. */
  readonly maxBytes: number
  /** The most text that is made of it, in characters. */
  readonly maxCharacters: number
  /** Asked for the URL and for wherever it redirects; what it throws ends the fetch. */
  check(url: URL): void
}

/** What a page says. */
export interface Page {
  /** Where it was at last, after redirects. */
  readonly url: string
  readonly title: string | undefined
  /** Markdown or plain text. */
  readonly text: string
  /** How many characters the text had before it was cut; the text's own length where it was not. */
  readonly characters: number
  /** True where there was more of it than was read at all. */
  readonly isPartial?: boolean
}

export interface ToolOutput {
  /** What the model reads. */
  readonly content: string
  /** True where that is why there is no result. */
  readonly isError?: boolean
}

/** Why a tool has no result, in words for the model. They hold no key and nothing of the operator's network. */
export class ToolError extends Error {
  override readonly name = 'ToolError'
}
