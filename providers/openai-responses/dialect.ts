import type { MessageRequest } from '../../api/schemas.gen.ts'
import type { Capabilities, Matrix } from '../capabilities.ts'
import { capabilitiesOf, fittedEffort, mayReason, strictModeOf, takesBreakpoints } from '../openai-models.ts'
import { openaiUpstream } from '../openai-upstream.ts'
import type { StrictMode } from '../output-schema.ts'
import type { UpstreamSettings } from '../provider.ts'
import type { ReasoningEffort, ThinkingWish } from '../thinking-wish.ts'
import { matrix } from './capabilities.ts'

/** What differs between the servers that speak the Responses API. */
export interface ResponsesDialect {
  readonly id: string
  /** For people. */
  readonly name: string
  readonly upstream: UpstreamSettings
  readonly matrix: Matrix
  readonly capabilities: (model: string) => Capabilities
  /** Headers of every request, beside the key. */
  readonly headers?: Readonly<Record<string, string>>
  /** The least `max_output_tokens` it takes; a smaller number is raised to it. */
  readonly minOutputTokens: number
  /** Where `metadata.user_id` goes, and the most characters it may have there: what is longer is sent as its SHA-256. */
  readonly userId?: { readonly field: 'safety_identifier' | 'user'; readonly maxLength?: number }
  /** What `service_tier` is called; absent where there are no tiers. */
  readonly serviceTiers?: Readonly<Record<NonNullable<MessageRequest['service_tier']>, string>>
  /** Whether a model may reason; one that does not refuses to be asked for its reasoning. */
  readonly mayReason: (model: string) => boolean
  /** The effort that a model is asked for, of those that it has; undefined where nothing is to be sent. */
  readonly effort: (wish: ThinkingWish, model: string) => ReasoningEffort | undefined
  /** The strict mode for schemas of answers that a model has. */
  readonly strictMode: (model: string) => StrictMode
  /** Whether a model takes marks of what is to be cached, on parts that it reads. */
  readonly takesBreakpoints: (model: string) => boolean
  /** Whether it counts tokens, by `POST /responses/input_tokens`. */
  readonly countsTokens: boolean
}

/** OpenAI itself. */
export const openaiResponsesDialect: ResponsesDialect = {
  id: 'oai-resp',
  name: 'OpenAI Responses',
  upstream: { ...openaiUpstream, conventionalName: 'openai' },
  matrix,
  capabilities: capabilitiesOf,
  minOutputTokens: 16,
  userId: { field: 'safety_identifier', maxLength: 64 },
  serviceTiers: { auto: 'auto', standard_only: 'default' },
  mayReason,
  effort: (wish, model) => fittedEffort(wish, model, 'responses'),
  strictMode: strictModeOf,
  takesBreakpoints,
  countsTokens: true,
}
