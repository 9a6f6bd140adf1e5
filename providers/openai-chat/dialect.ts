import type { MessageRequest } from '../../api/schemas.gen.ts'
import type { Capabilities, Matrix } from '../capabilities.ts'
import type { KnownModel, UpstreamSettings } from '../provider.ts'
import { capabilitiesOf, effortOfNoThinking, matrix, models, type ReasoningEffort } from './capabilities.ts'

/** What differs between the servers that speak Chat Completions. */
export interface ChatDialect {
  readonly id: string
  /** For people. */
  readonly name: string
  readonly upstream: UpstreamSettings
  readonly matrix: Matrix
  readonly models?: readonly KnownModel[]
  readonly capabilities: (model: string) => Capabilities
  /** Headers of every request, beside the key. */
  readonly headers?: Readonly<Record<string, string>>
  readonly maxTokensField: 'max_completion_tokens' | 'max_tokens'
  /** The role of the system prompt. */
  readonly systemRole: 'system' | 'developer'
  /** Where `metadata.user_id` goes, and the most characters it may have there: what is longer is sent as its SHA-256. */
  readonly userId?: { readonly field: 'safety_identifier' | 'user'; readonly maxLength?: number }
  /** What `service_tier` is called; absent where there are no tiers. */
  readonly serviceTiers?: Readonly<Record<NonNullable<MessageRequest['service_tier']>, string>>
  /** Whether the server takes `top_k`. */
  readonly topK: boolean
  /** The most stop sequences it takes; absent where there is no limit. */
  readonly maxStopSequences?: number
  /** The `reasoning_effort` that turns a model's thinking off, or undefined where nothing is to be sent for it. */
  readonly effortOfNoThinking: (model: string) => ReasoningEffort | undefined
  /** Whether a stream tells its usage only when `stream_options.include_usage` asks for it. */
  readonly asksForUsage: boolean
  /** True where `completion_tokens` leave reasoning out. */
  readonly reasoningOutside: boolean
}

/** OpenAI itself. */
export const openaiDialect: ChatDialect = {
  id: 'openai',
  name: 'OpenAI',
  upstream: {
    keyHeader: 'X-Provider-Key-OpenAI',
    keyVariables: ['OPENAI_API_KEY'],
    baseURLVariable: 'VAI_OPENAI_BASE_URL',
    defaultBaseURL: 'https://api.openai.com/v1',
  },
  matrix,
  models,
  capabilities: capabilitiesOf,
  maxTokensField: 'max_completion_tokens',
  systemRole: 'system',
  userId: { field: 'safety_identifier', maxLength: 64 },
  serviceTiers: { auto: 'auto', standard_only: 'default' },
  topK: false,
  maxStopSequences: 4,
  effortOfNoThinking,
  asksForUsage: true,
  reasoningOutside: false,
}
