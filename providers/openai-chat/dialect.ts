import type { Issue, MessageRequest, Warning } from '../../api/schemas.gen.ts'
import type { Capabilities, Matrix } from '../capabilities.ts'
import { marksNote } from '../openai-cache.ts'
import { chatCapabilitiesOf, strictModeOf, takesBreakpoints } from '../openai-models.ts'
import { samplingFields } from '../openai-thinking.ts'
import { openaiUpstream } from '../openai-upstream.ts'
import type { StrictMode } from '../output-schema.ts'
import type { StopReasons, UpstreamSettings } from '../provider.ts'
import { wishOf } from '../thinking-wish.ts'
import type { ToolIdRule } from '../tool-ids.ts'
import { matrix } from './capabilities.ts'
import { chatEffort, openaiIssues, openaiWarnings } from './openai-tools.ts'
import type { ReasoningField } from './reasoning-blocks.ts'
import type { ReasoningRequest } from './reasoning-request.ts'
import type { ServerTools } from './server-tools.ts'
import { stopReasons } from './stop-reason.ts'
import type { CostField } from './usage.ts'

/** What differs between the servers that speak Chat Completions. */
export interface ChatDialect {
  readonly id: string
  /** For people. */
  readonly name: string
  readonly upstream: UpstreamSettings
  readonly matrix: Matrix
  readonly capabilities: (model: string) => Capabilities
  /** What its models refuse because of something else in the request; absent where nothing is known. */
  readonly check?: (request: MessageRequest, model: string) => readonly Issue[]
  /** What is left out because of something else in the request. */
  readonly warnings?: (request: MessageRequest, model: string) => readonly Warning[]

  // Requests
  /** Headers of every request, beside the key. */
  readonly headers?: Readonly<Record<string, string>>
  /** The header that takes the key as it is; where it is absent the key is a bearer token in `Authorization`. */
  readonly keyHeader?: string
  /** Members of every request's body. */
  readonly fields?: Readonly<Record<string, unknown>>
  readonly maxTokensField: 'max_completion_tokens' | 'max_tokens'
  /** The role of the system prompt. */
  readonly systemRole: 'system' | 'developer'
  /** Where `metadata.user_id` goes, and the most characters it may have there: what is longer is sent as its SHA-256. */
  readonly userId?: { readonly field: 'safety_identifier' | 'user'; readonly maxLength?: number }
  /** What `service_tier` is called; absent where there are no tiers. */
  readonly serviceTiers?: Readonly<Record<NonNullable<MessageRequest['service_tier']>, string>>
  /** Whether the server takes `top_k`. */
  readonly topK: boolean
  /** `temperature` and `top_p` as they are sent; absent where they go as they are. */
  readonly sampling?: (request: MessageRequest, model: string) => Readonly<Record<string, number>>
  /** The most stop sequences it takes; absent where there is no limit. */
  readonly maxStopSequences?: number
  readonly reasoningRequest: ReasoningRequest
  /** Whether a model can be made to call a tool only where it does not think, so that it is told not to. */
  readonly choiceStopsThinking?: boolean
  /** Where a model's reasoning goes back. */
  readonly reasoningField: (model: string) => ReasoningField
  /** Whether the assistant's messages beside calls of tools have to bear that field, though there be nothing in it. */
  readonly emptyReasoning?: boolean
  /** Whether marks of what is to be cached are passed on, on the parts and the tools that bear them. */
  readonly cacheControl: boolean
  /** Whether a model takes them as OpenAI has them, on parts that it reads; absent where none does. */
  readonly breakpoints?: (model: string) => boolean
  /** How a file is said: as OpenAI's part, which may hold a URL at some servers, or as Mistral's. */
  readonly fileParts: 'file' | 'file_or_url' | 'document_url'
  /** Whether a video can be a part. */
  readonly videoParts: boolean
  /** Whether `parallel_tool_calls: false` is understood. */
  readonly parallelSwitch: boolean
  /** The strict mode for schemas of answers that a model has. */
  readonly strictMode: (model: string) => StrictMode
  /** The tools that the server runs itself. */
  readonly serverTools?: ServerTools
  /** Whether `output.modalities` is passed on; absent where an answer is text alone. */
  readonly modalities?: boolean
  /** What an assistant's message needs beside its content where the answer is to go on from it; absent where nothing can. */
  readonly prefill?: Readonly<Record<string, unknown>>
  /** What the server asks of the ids of tool calls; absent where it takes any. */
  readonly toolIds?: ToolIdRule
  /** Whether a stream tells its usage only when `stream_options.include_usage` asks for it. */
  readonly asksForUsage: boolean

  // Answers
  readonly stopReasons: StopReasons
  /** Whether a stream that does not end with `[DONE]` was cut off, even after it told why the model stopped. */
  readonly alwaysDone: boolean
  /** Whether reasoning may stand in the text between `<think>` tags. */
  readonly thinkTags: boolean
  /** True where `completion_tokens` leave reasoning out. */
  readonly reasoningOutside: boolean
  /** Where the server tells what the answer cost. */
  readonly cost?: CostField
}

/** OpenAI itself. */
export const openaiDialect: ChatDialect = {
  id: 'openai',
  name: 'OpenAI',
  upstream: openaiUpstream,
  matrix: {
    ...matrix,
    cache_control: { treatment: 'map', note: marksNote },
    temperature: { treatment: 'carry', note: 'Models that think refuse any but 1.' },
    top_p: { treatment: 'carry', note: 'Models that think refuse any but 1.' },
    'tool.custom': {
      treatment: 'carry',
      note: 'As a function. A model that calls none over Chat Completions does over the Responses API: name it as one of oai-resp.',
    },
  },
  capabilities: chatCapabilitiesOf,
  check: openaiIssues,
  warnings: openaiWarnings,
  maxTokensField: 'max_completion_tokens',
  systemRole: 'system',
  userId: { field: 'safety_identifier', maxLength: 64 },
  serviceTiers: { auto: 'auto', standard_only: 'default' },
  topK: false,
  maxStopSequences: 4,
  sampling: (request, model) => samplingFields(request, model, chatEffort(wishOf(request), model)),
  reasoningRequest: (wish, model) => {
    const effort = chatEffort(wish, model)
    return effort ? { reasoning_effort: effort } : {}
  },
  reasoningField: () => 'none',
  cacheControl: false,
  breakpoints: takesBreakpoints,
  fileParts: 'file',
  videoParts: false,
  parallelSwitch: true,
  strictMode: strictModeOf,
  toolIds: { accepts: /^.{1,40}$/s, length: 24 },
  asksForUsage: true,
  stopReasons,
  alwaysDone: true,
  thinkTags: false,
  reasoningOutside: false,
}
