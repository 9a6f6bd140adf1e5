import type { Capabilities, Matrix, MatrixEntry } from '../capabilities.ts'
import type { StopReasons, UpstreamSettings } from '../provider.ts'
import { efforts, type ReasoningEffort } from '../thinking-wish.ts'
import type { ToolIdRule } from '../tool-ids.ts'
import { matrix as openais } from './capabilities.ts'
import { type ChatDialect, openaiDialect } from './dialect.ts'
import type { ReasoningField } from './reasoning-blocks.ts'
import { type ReasoningStyle, type ReasoningStyleName, reasoningStyles } from './reasoning-request.ts'
import { stopReasons } from './stop-reason.ts'
import type { CostField } from './usage.ts'

/**
 * What is peculiar to a server that speaks Chat Completions, as plain data: it can stand in a configuration file. From it come the
 * adapter's behaviour and its matrix alike.
 */
export interface Quirks {
  readonly max_tokens_field: ChatDialect['maxTokensField']
  readonly system_role: ChatDialect['systemRole']
  /** Where `metadata.user_id` goes. */
  readonly user_field: 'user' | 'safety_identifier' | 'none'
  readonly top_k: boolean
  /** 0 where there is no limit. */
  readonly max_stop_sequences: number
  /** How a request says whether and how hard the model is to think. */
  readonly reasoning_request: ReasoningStyleName
  /** The efforts that the server knows; `none` among them turns thinking off. */
  readonly reasoning_efforts: readonly ReasoningEffort[]
  /** Where the model's reasoning goes back in the next request. */
  readonly reasoning_field: ReasoningField
  /** Whether the assistant's messages beside calls of tools have to bear that field, though there be nothing in it. */
  readonly empty_reasoning: boolean
  /** Whether `<think>` tags at the beginning of the text are read as reasoning. */
  readonly think_tags: boolean
  readonly cache_control: boolean
  readonly tool_ids: keyof typeof toolIdRules
  readonly tools: boolean
  /** `words`: auto, any and none, but no single tool; `auto`: nothing else; `thoughtless`: all, but any and a single tool stop thinking. */
  readonly tool_choice: 'all' | 'words' | 'auto' | 'thoughtless'
  readonly parallel_tool_calls: boolean
  readonly json_schema: boolean
  readonly images: boolean
  /** Whether an image can be an address. */
  readonly image_urls: boolean
  /** How files are said: as OpenAI's part, which may hold a URL, as Mistral's, or not at all. */
  readonly files: ChatDialect['fileParts'] | 'none'
  readonly audio: boolean
  readonly video: boolean
  /** Whether an answer can go on from an assistant's message; `prefix` is Mistral's mark of such a message. */
  readonly prefill: 'none' | 'plain' | 'prefix'
  /** Whether a stream tells its usage only when it is asked to. */
  readonly asks_for_usage: boolean
  /** Whether every stream ends with `[DONE]`, so that one that does not was cut off. */
  readonly always_done: boolean
  /** Whether `completion_tokens` leave reasoning out. */
  readonly reasoning_outside: boolean
  readonly cost: CostField | 'none'
  /** The server's own `finish_reason`s, beside those of OpenAI. */
  readonly stop_reasons: StopReasons
}

/** A server of which nothing more is known than that it speaks Chat Completions. */
export const plainQuirks: Quirks = {
  max_tokens_field: 'max_tokens',
  system_role: 'system',
  user_field: 'user',
  top_k: false,
  max_stop_sequences: 0,
  reasoning_request: 'reasoning_effort',
  reasoning_efforts: efforts,
  reasoning_field: 'none',
  empty_reasoning: false,
  think_tags: true,
  cache_control: false,
  tool_ids: 'any',
  tools: true,
  tool_choice: 'all',
  parallel_tool_calls: true,
  json_schema: true,
  images: true,
  image_urls: true,
  files: 'file',
  audio: true,
  video: false,
  prefill: 'none',
  asks_for_usage: true,
  always_done: false,
  reasoning_outside: false,
  cost: 'none',
  stop_reasons: {},
}

/** What the servers ask of the ids of tool calls. */
export const toolIdRules = {
  any: undefined,
  openai: openaiDialect.toolIds,
  mistral: { accepts: /^[a-zA-Z0-9]{9}$/, length: 9 },
} as const satisfies Record<string, ToolIdRule | undefined>

/** Who a server is. */
export interface Identity {
  readonly id: string
  readonly name: string
  readonly upstream: UpstreamSettings
}

/** The efforts that a model knows, where they are others than its server's; none where it does not reason. */
export type ModelEfforts = (model: string) => readonly ReasoningEffort[] | undefined

/** The dialect of a server with these quirks; what it has beyond them is spread over it. */
export function dialectOf(identity: Identity, quirks: Quirks, modelEfforts: ModelEfforts = () => undefined): ChatDialect {
  const { user_field: user, tool_ids, prefill, cost, reasoning_efforts: serverEfforts } = quirks
  const style: ReasoningStyle = reasoningStyles[quirks.reasoning_request]
  const toolIds = toolIdRules[tool_ids]
  return {
    ...identity,
    matrix: matrixOfQuirks(quirks),
    capabilities: (model) => (modelEfforts(model)?.length === 0 ? thoughtless : unknown),
    maxTokensField: quirks.max_tokens_field,
    systemRole: quirks.system_role,
    ...(user !== 'none' && { userId: { field: user, ...(user === 'safety_identifier' && { maxLength: 64 }) } }),
    topK: quirks.top_k,
    ...(quirks.max_stop_sequences > 0 && { maxStopSequences: quirks.max_stop_sequences }),
    reasoningRequest: (wish, model) => style.request(modelEfforts(model) ?? serverEfforts, modelEfforts(model))(wish, model),
    ...(quirks.tool_choice === 'thoughtless' && { choiceStopsThinking: true }),
    ...(quirks.empty_reasoning && { emptyReasoning: true }),
    reasoningField: () => quirks.reasoning_field,
    cacheControl: quirks.cache_control,
    fileParts: quirks.files === 'none' ? 'file' : quirks.files,
    videoParts: quirks.video,
    parallelSwitch: quirks.parallel_tool_calls,
    strictMode: () => 'common',
    ...(prefill !== 'none' && { prefill: prefill === 'prefix' ? { prefix: true } : {} }),
    ...(toolIds && { toolIds }),
    asksForUsage: quirks.asks_for_usage,
    stopReasons: { ...stopReasons, ...quirks.stop_reasons },
    alwaysDone: quirks.always_done,
    thinkTags: quirks.think_tags,
    reasoningOutside: quirks.reasoning_outside,
    ...(cost !== 'none' && { cost }),
  }
}

/** Nothing is known of a model whose server is told by quirks alone; the provider needs no `max_tokens`. */
const unknown: Capabilities = { defaultMaxTokens: 4096, features: {} }
const thoughtless: Capabilities = {
  ...unknown,
  features: { 'thinking.enabled': 'unsupported', 'output_config.effort': 'unsupported' },
}

/** OpenAI's matrix with what is different by the quirks. */
export function matrixOfQuirks(quirks: Quirks): Matrix {
  return {
    ...openais,
    max_tokens: map(`Sent as ${quirks.max_tokens_field}.`),
    top_k: quirks.top_k ? 'carry' : openais.top_k,
    stop_sequences: map(`Sent as stop${limit(quirks)}. Which one was met is not told: stop_sequence stays null.`),
    'metadata.user_id':
      quirks.user_field === 'safety_identifier'
        ? openais['metadata.user_id']
        : quirks.user_field === 'user'
          ? map('Sent as user.')
          : drop('The server has no field for it.'),
    service_tier: drop('There are no tiers to choose from.'),
    cache_control: quirks.cache_control
      ? map('Sent on the part or the tool that bears it. On a call of a tool it is left out.')
      : drop('The server takes no marks; it may cache prefixes by itself.'),
    ...reasoningStyles[quirks.reasoning_request].cells,
    'block.thinking':
      quirks.reasoning_field === 'none' ? drop('The server takes no reasoning back.') : map(sentBack[quirks.reasoning_field]),
    output_format: quirks.json_schema ? openais.output_format : reject(noSchema),
    'message.prefill':
      quirks.prefill === 'none' ? openais['message.prefill'] : map('The answer goes on from it, where the model can do that.'),
    ...partCells(quirks),
    ...toolCells(quirks),
  }
}

function limit({ max_stop_sequences: most }: Quirks): string {
  return most > 0 ? `, at most ${most}` : ''
}

const sentBack: Readonly<Record<Exclude<ReasoningField, 'none'>, string>> = {
  reasoning: 'Its text is sent as reasoning.',
  reasoning_content: 'Its text is sent as reasoning_content.',
  reasoning_details: 'Sent as reasoning_details, as they came.',
  content: 'Sent as a thinking part of the content.',
  think_tags: 'Its text is sent in the content, between think tags.',
}

function partCells({ images, image_urls: urls, files, audio, video }: Quirks): Partial<Matrix> {
  const blind = reject('The server takes no images; describe what they show.')
  const noFiles = reject('The server takes no files; send their text.')
  const isUrl = files === 'file_or_url' || files === 'document_url'
  return {
    ...(!urls && { 'block.image.url': reject('The server fetches no images; send them as base64.') }),
    ...(!images && { 'block.image.base64': blind, 'block.image.url': blind, 'block.tool_result.image': blind }),
    ...(files === 'none' && {
      'block.document.pdf': noFiles,
      'block.document.file': noFiles,
      'block.document.url': noFiles,
    }),
    ...(files === 'document_url' && {
      'block.document.pdf': map('Sent as a document_url part.'),
      'block.document.file': noFiles,
    }),
    ...(isUrl && { 'block.document.url': map('The address is sent; the server fetches it.') }),
    ...(!audio && { 'block.audio': reject('The server takes no audio; send it as audio_stt, which the gateway hears.') }),
    ...(video && { 'block.video': map('Sent as a video_url part.') }),
  }
}

function toolCells({ tools, tool_choice: choice, parallel_tool_calls: parallel }: Quirks): Partial<Matrix> {
  const noTools = reject('The server calls no tools; use a provider that does.')
  const noChoice = reject('The server leaves the choice to the model; ask for the tool in the prompt.')
  const onlyAny = reject('The server takes no single tool; use any, with this tool alone in tools.')
  const stops = 'The model is told not to think, which a warning tells; beside thinking.enabled it is refused.'
  return {
    ...(tools &&
      choice === 'thoughtless' && {
        'tool_choice.any': map(`Sent as required. ${stops}`),
        'tool_choice.tool': map(`Sent as a named function. ${stops}`),
      }),
    ...(!tools && { 'tool.custom': noTools, 'tool_choice.any': noTools, 'tool_choice.tool': noTools }),
    ...(tools && choice === 'words' && { 'tool_choice.tool': onlyAny }),
    ...(tools &&
      choice === 'auto' && { 'tool_choice.any': noChoice, 'tool_choice.tool': noChoice, 'tool_choice.none': noChoice }),
    ...(!parallel && {
      'tool_choice.disable_parallel_tool_use': drop('The server has no switch for it; the answer may hold several calls.'),
    }),
  }
}

const noSchema = 'The server takes no schema; describe the form in the prompt, or define a tool with this schema and choose it.'

export function map(note: string): MatrixEntry {
  return { treatment: 'map', note }
}

export function reject(note: string): MatrixEntry {
  return { treatment: 'reject', note }
}

export function drop(note: string): MatrixEntry {
  return { treatment: 'drop', note }
}
