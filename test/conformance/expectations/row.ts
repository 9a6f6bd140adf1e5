import type { StopReason } from '../../../api/schemas.gen.ts'

/**
 * What one recorded answer is to come to, known from reading the recording and the vendor's documentation. Nothing in these tables
 * was made by running the gateway.
 *
 * Long texts are told by their length and their ends, so that the tables hold no recorded text.
 */
export type Row = Answer | Failure | Count

/** By the recording's path below `llm/`. */
export type Expectations = Readonly<Record<string, Row>>

export interface Answer {
  readonly by: Player
  readonly blocks: readonly Block[]
  readonly stop: StopReason
  readonly stopSequence?: string
  readonly usage: UsageRow
  /** Members of `metadata.provider` that must hold what has no place in the message. */
  readonly carried?: readonly string[]
}

/** A refusal, or a stream that turns out to be a failure. */
export interface Failure {
  readonly by: Player
  readonly error: ErrorRow
  /** What was said before the failure. Absent where nothing was: the answer then has the error's status. */
  readonly after?: readonly Block[]
}

export interface Count {
  readonly by: Player
  readonly inputTokens: number
}

/**
 * Who answers: a provider that is built in; one that an operator defines by a preset (`preset:ollama`); or one that an operator
 * defines without any (`plain:zai`).
 */
export type Player =
  | 'anthropic'
  | 'openai'
  | 'oai-resp'
  | 'gem-dev'
  | 'groq'
  | 'cerebras'
  | 'openrouter'
  | `preset:${string}`
  | `plain:${string}`

/** A whole short text, or a text's length in UTF-16 units, its beginning and its end. */
export type Extent = string | readonly [length: number, start: string, end: string]

export type Block =
  | { readonly text: Extent; readonly citations?: readonly [count: number, firstUrl: Extent] }
  /** `sealed`: what the provider needs back, each to be found in what the signature seals. */
  | { readonly thinking: Extent; readonly sealed?: readonly Extent[] }
  | { readonly redacted: Extent }
  | { readonly tool: string; readonly input: Input }
  /** A call whose arguments broke off: their text so far. */
  | { readonly tool: string; readonly partial: string }
  | { readonly serverTool: string; readonly input: Input }
  /** The type of a result's block, with how many results it has, what it printed, or its error's code. */
  | { readonly result: string; readonly count?: number; readonly stdout?: Extent; readonly error?: string }
  | { readonly mcpTool: string; readonly server: string; readonly input: Input }
  | { readonly mcpResult: Extent }
  | { readonly image: string; readonly data: Extent }
  | { readonly compaction: Extent }

/** Arguments as they are, or the beginning of the SHA-256 of their JSON with sorted members. */
export type Input = Readonly<Record<string, unknown>> | Digest

export interface Digest {
  readonly digest: string
}

/** Canonical usage; what is absent must be absent. */
export interface UsageRow {
  readonly input?: number
  readonly cacheRead?: number
  readonly cacheWrite?: number
  readonly output?: number
  readonly thinking?: number
  readonly searches?: number
  /** Only where the provider itself tells what the answer costs. */
  readonly cost?: number
}

export interface ErrorRow {
  readonly type: string
  /** HTTP status where nothing was said before. */
  readonly status: number
  readonly code: string
  /** Seconds. */
  readonly retryAfter?: number
}
