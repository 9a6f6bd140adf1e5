// Generated from openapi.yaml by `npm run generate`. Do not edit.

/** Anthropic's Messages request, extended. */
export interface MessageRequest {
  /** The model as `provider/name`, split at the first slash, or an alias that the operator defined. */
  model: string
  /** The conversation so far; the first message is the user's. */
  messages: MessageParam[]
  /** The most tokens to generate. Optional; a provider that needs one gets the catalogue's default. */
  max_tokens?: number
  /** The system prompt. */
  system?: string | SystemBlockParams
  temperature?: number
  top_p?: number
  top_k?: number
  stop_sequences?: string[]
  /** Answer as a stream of server-sent events. */
  stream?: boolean
  tools?: Tool[]
  tool_choice?: ToolChoice
  thinking?: ThinkingConfig
  metadata?: {
    /** An opaque id of the end user. */
    user_id?: string | null
  }
  service_tier?: 'auto' | 'standard_only'
  cache_control?: CacheControl | null
  /** The container that code execution runs in. */
  container?: string | ContainerParams | null
  context_management?: ContextManagement | null
  mcp_servers?: McpServer[]
  output_config?: OutputConfig
  output_format?: OutputFormat | null
  inference_geo?: string | null
  speed?: 'standard' | 'fast' | null
  diagnostics?: DiagnosticsParam | null
  /** What Anthropic is to look at while it answers, such as calls of tools that may do harm. A beta. */
  safeguards?: Safeguard[]
  /** Whether Anthropic is to keep the conversation, so that only what is new of it is sent the next time. A beta. Providers that cannot are refused with `error.details.error_code` `thread_unsupported_request`, by which clients know that they have to send the whole conversation. */
  thread?: ThreadParam | null
  user_profile_id?: string
  workspace_id?: string
  output?: OutputOptions
  voice?: VoiceOptions
  /** The model that hears, as `provider/name`. By default the operator's choice, else the first of those whose key the caller brings or the gateway has. */
  stt_model?: string
  /** The model that speaks, as `provider/name`. By default the usual one of the voice's provider. */
  tts_model?: string
  /** For each provider by name, an object that is merged verbatim into that provider's own request; ignored for the others. What this request says in fields of its own, such as the model and the most tokens, is refused in it. */
  extensions?: Record<string, Record<string, unknown>>
  /** Models to try in order, each as `provider/name`, when the first cannot answer though another may: it is overloaded, limits the rate, fails, cannot be reached, or its quota is used up. A wrong request or a bad key is not tried elsewhere. `metadata.warnings` of the answer says with the code `fallback` why another model answered. */
  fallbacks?: string[]
}

/** The part of a message request that costs input tokens. */
export interface CountTokensRequest {
  model: string
  messages: MessageParam[]
  system?: string | SystemBlockParams
  tools?: Tool[]
  tool_choice?: ToolChoice
  thinking?: ThinkingConfig
  cache_control?: CacheControl | null
  context_management?: ContextManagement | null
  mcp_servers?: McpServer[]
  output_config?: OutputConfig
  output_format?: OutputFormat | null
  speed?: 'standard' | 'fast' | null
  user_profile_id?: string
  workspace_id?: string
}

export interface MessageParam {
  /** Who speaks. `system` may stand later in a conversation, never first. */
  role: 'user' | 'assistant' | 'system'
  content: string | ContentBlockParams
}

export type SystemBlockParams = SystemBlockParam[]

export type SystemBlockParam = TextBlockParam

export type ContentBlockParams = ContentBlockParam[]

/** A block of a message. The assistant's are `tool_use`, thinking and server-tool blocks; `tool_result` is the user's. */
export type ContentBlockParam = TextBlockParam | ImageBlockParam | DocumentBlockParam | SearchResultBlockParam | AudioBlockParam | AudioSttBlockParam | VideoBlockParam | ThinkingBlockParam | RedactedThinkingBlockParam | ToolUseBlockParam | ToolResultBlockParam | ServerToolUseBlockParam | WebSearchToolResultBlockParam | ServerToolResultBlockParam | McpToolUseBlockParam | McpToolResultBlockParam | ContainerUploadBlockParam

export interface TextBlockParam {
  type: 'text'
  text: string
  cache_control?: CacheControl | null
  /** The citations of an earlier answer, sent back as they came. */
  citations?: TextCitation[] | null
}

export interface ImageBlockParam {
  type: 'image'
  source: ImageSource
  cache_control?: CacheControl | null
  transformations?: ImageTransformations | null
}

export interface ImageTransformations {
  oversized_image?: 'downsize' | 'error'
}

export type ImageSource = Base64ImageSource | UrlSource | FileSource

export interface Base64ImageSource {
  type: 'base64'
  media_type: 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp'
  /** The image, base64. */
  data: string
}

export interface UrlSource {
  type: 'url'
  url: string
}

export interface FileSource {
  type: 'file'
  /** The id of a file that the provider keeps. */
  file_id: string
}

export interface DocumentBlockParam {
  type: 'document'
  source: DocumentSource
  title?: string | null
  context?: string | null
  citations?: CitationsConfig | null
  cache_control?: CacheControl | null
}

export type DocumentSource = Base64PdfSource | PlainTextSource | UrlSource | ContentSource | FileSource

export interface Base64PdfSource {
  type: 'base64'
  media_type: 'application/pdf'
  /** The document, base64. */
  data: string
}

export interface PlainTextSource {
  type: 'text'
  media_type: 'text/plain'
  data: string
}

export interface ContentSource {
  type: 'content'
  content: string | ContentSourceBlockParams
}

export type ContentSourceBlockParams = ContentSourceBlockParam[]

export type ContentSourceBlockParam = TextBlockParam | ImageBlockParam

export interface SearchResultBlockParam {
  type: 'search_result'
  source: string
  title: string
  content: SystemBlockParam[]
  citations?: CitationsConfig
  cache_control?: CacheControl | null
}

/** Audio that the model hears itself. In a message of the assistant it is what the gateway has spoken, with its `transcript`: it is taken back and passed over, because the text that it speaks stands beside it. */
export interface AudioBlockParam {
  type: 'audio'
  source: AudioSource
  transcript?: string | null
  /** Of what the gateway has spoken; nobody else says it here. */
  sample_rate_hz?: number
  /** Of what the gateway has spoken; nobody else says it here. */
  alignment?: Record<string, unknown>
  cache_control?: CacheControl | null
}

/** Sound that is heard before the model is asked: what was said in it stands in its place as text. WAV, MP3, FLAC, Ogg, WebM and other files are told by their bytes, whatever `media_type` says. Only `audio/pcm` (16-bit, little-endian) and `audio/basic` (µ-law) are believed, as nothing in them tells what they are. */
export interface AudioSttBlockParam {
  type: 'audio_stt'
  source: AudioSource
  /** The language that is spoken, by BCP 47; that of `voice.input` by default. */
  language?: string
  /** Samples a second. Needed for `audio/pcm`; 8000 by default for `audio/basic`; not taken for files, which say it themselves. */
  sample_rate?: number
  /** Of `audio/pcm` and `audio/basic`; 1 by default. */
  channels?: number
}

export type AudioSource = Base64AudioSource | UrlSource | FileSource

export interface Base64AudioSource {
  type: 'base64'
  media_type: 'audio/wav' | 'audio/x-wav' | 'audio/mpeg' | 'audio/mp3' | 'audio/flac' | 'audio/ogg' | 'audio/opus' | 'audio/webm' | 'audio/aac' | 'audio/mp4' | 'audio/aiff' | 'audio/pcm' | 'audio/basic'
  data: string
}

export interface VideoBlockParam {
  type: 'video'
  source: VideoSource
  cache_control?: CacheControl | null
}

export type VideoSource = Base64VideoSource | UrlSource | FileSource

export interface Base64VideoSource {
  type: 'base64'
  media_type: 'video/mp4' | 'video/mpeg' | 'video/quicktime' | 'video/webm' | 'video/x-msvideo' | 'video/x-flv' | 'video/3gpp' | 'video/x-ms-wmv'
  data: string
}

export interface ThinkingBlockParam {
  type: 'thinking'
  thinking: string
  /** Opaque; what the provider needs to see its own reasoning again. */
  signature: string
}

export interface RedactedThinkingBlockParam {
  type: 'redacted_thinking'
  data: string
}

export interface ToolUseBlockParam {
  type: 'tool_use'
  id: string
  name: string
  input: Record<string, unknown>
  caller?: ToolCaller
  toolset_name?: string | null
  cache_control?: CacheControl | null
}

/** What called the tool, as the provider said it. */
export interface ToolCaller {
  type: string
  tool_id?: string
}

export interface ToolResultBlockParam {
  type: 'tool_result'
  tool_use_id: string
  content?: string | ToolResultContentBlockParams
  is_error?: boolean
  toolset_name?: string | null
  cache_control?: CacheControl | null
}

export type ToolResultContentBlockParams = ToolResultContentBlockParam[]

export type ToolResultContentBlockParam = TextBlockParam | ImageBlockParam | DocumentBlockParam | SearchResultBlockParam | ToolReferenceBlockParam | BrowserStateBlockParam

export interface ToolReferenceBlockParam {
  type: 'tool_reference'
  tool_name: string
  cache_control?: CacheControl | null
}

/** The state of a browser toolset; its fields are Anthropic's. */
export interface BrowserStateBlockParam {
  type: 'browser_state'
}

export interface ServerToolUseBlockParam {
  type: 'server_tool_use'
  id: string
  name: string
  input: Record<string, unknown>
  caller?: ToolCaller
  cache_control?: CacheControl | null
}

export interface WebSearchToolResultBlockParam {
  type: 'web_search_tool_result'
  tool_use_id: string
  content: ServerToolOutputs | ServerToolOutput
  caller?: ToolCaller
  cache_control?: CacheControl | null
}

/** What a tool that the provider ran has found, or why it could not. The fields depend on `type` and are the provider's. */
export interface ServerToolOutput {
  type?: string
}

export type ServerToolOutputs = ServerToolOutput[]

/** The result of a tool that the provider ran. Its content goes back as it came. */
export interface ServerToolResultBlockParam {
  type: 'web_fetch_tool_result' | 'code_execution_tool_result' | 'bash_code_execution_tool_result' | 'text_editor_code_execution_tool_result' | 'tool_search_tool_result' | 'file_search_tool_result'
  tool_use_id: string
  content: Record<string, unknown>
  caller?: ToolCaller
  cache_control?: CacheControl | null
}

export interface McpToolUseBlockParam {
  type: 'mcp_tool_use'
  id: string
  name: string
  server_name: string
  input: Record<string, unknown>
  cache_control?: CacheControl | null
}

export interface McpToolResultBlockParam {
  type: 'mcp_tool_result'
  tool_use_id: string
  is_error?: boolean
  content?: string | SystemBlockParams
  cache_control?: CacheControl | null
}

export interface ContainerUploadBlockParam {
  type: 'container_upload'
  file_id: string
  cache_control?: CacheControl | null
}

export interface CacheControl {
  type: 'ephemeral'
  ttl?: '5m' | '1h'
  /** Who else may share what is cached. A beta, whose values are Anthropic's. */
  scope?: string
}

export interface CitationsConfig {
  enabled?: boolean
}

/** Where a statement comes from. The fields depend on `type` and are the provider's. */
export interface TextCitation {
  type: string
  cited_text?: string
}

/** A tool the model may call. Without `type`, or with `custom` or `function`, it is the caller's own; the other forms are tools that the provider defines or runs. */
export type Tool = CustomTool | FunctionTool | WebSearchTool | WebFetchTool | CodeExecutionTool | ComputerUseTool | FileSearchTool | TextEditorTool | AnthropicWebSearchTool | AnthropicWebFetchTool | AnthropicCodeExecutionTool | AnthropicToolSearchTool | AnthropicClientTool | AnthropicComputerTool | AnthropicToolset | McpToolset

export interface CustomTool {
  type?: 'custom' | null
  name: string
  description?: string
  input_schema: ToolInputSchema
  strict?: boolean
  cache_control?: CacheControl | null
  allowed_callers?: AllowedCallers
  defer_loading?: boolean
  eager_input_streaming?: boolean | null
  input_examples?: InputExamples
}

/** The portable form of the caller's own tool. It takes no `config`. */
export interface FunctionTool {
  type: 'function'
  name: string
  description?: string
  input_schema: ToolInputSchema
  strict?: boolean
  cache_control?: CacheControl | null
}

/** A JSON schema of the tool's arguments; its `type` is `object`. */
export interface ToolInputSchema {
  type: 'object'
  [other: string]: unknown
}

export type AllowedCallers = string[]

export type InputExamples = Record<string, unknown>[]

export interface UserLocation {
  type: 'approximate'
  city?: string | null
  region?: string | null
  country?: string | null
  timezone?: string | null
}

export type DomainList = string[] | null

export type NullablePositiveInteger = number | null

/** Web search, portable. The gateway maps it to the provider's own. */
export interface WebSearchTool {
  type: 'web_search'
  config?: {
    max_uses?: number
    allowed_domains?: string[]
    blocked_domains?: string[]
    user_location?: UserLocation
  }
}

/** Fetching of web pages, portable. */
export interface WebFetchTool {
  type: 'web_fetch'
  config?: {
    max_uses?: number
    allowed_domains?: string[]
    blocked_domains?: string[]
    max_content_tokens?: number
    citations?: CitationsConfig
  }
}

/** Code execution, portable. */
export interface CodeExecutionTool {
  type: 'code_execution'
  config?: Record<string, never>
}

/** A screen that the caller drives, portable. */
export interface ComputerUseTool {
  type: 'computer_use'
  config: {
    display_width_px: number
    display_height_px: number
    display_number?: number
  }
}

/** Search in files that the provider keeps, portable. */
export interface FileSearchTool {
  type: 'file_search'
  config: {
    vector_store_ids: string[]
    max_num_results?: number
  }
}

/** A text editor that the caller runs, portable. */
export interface TextEditorTool {
  type: 'text_editor'
  config?: {
    max_characters?: number
  }
}

export interface AnthropicWebSearchTool {
  type: 'web_search_20250305' | 'web_search_20260209' | 'web_search_20260318'
  name: 'web_search'
  max_uses?: NullablePositiveInteger
  allowed_domains?: DomainList
  blocked_domains?: DomainList
  user_location?: UserLocation | null
  response_inclusion?: 'full' | 'excluded'
  strict?: boolean
  cache_control?: CacheControl | null
  allowed_callers?: AllowedCallers
  defer_loading?: boolean
}

export interface AnthropicWebFetchTool {
  type: 'web_fetch_20250910' | 'web_fetch_20260209' | 'web_fetch_20260309' | 'web_fetch_20260318'
  name: 'web_fetch'
  max_uses?: NullablePositiveInteger
  allowed_domains?: DomainList
  blocked_domains?: DomainList
  max_content_tokens?: NullablePositiveInteger
  citations?: CitationsConfig | null
  use_cache?: boolean
  response_inclusion?: 'full' | 'excluded'
  url_sources?: Record<string, unknown> | null
  strict?: boolean
  cache_control?: CacheControl | null
  allowed_callers?: AllowedCallers
  defer_loading?: boolean
}

export interface AnthropicCodeExecutionTool {
  type: 'code_execution_20250522' | 'code_execution_20250825' | 'code_execution_20260120' | 'code_execution_20260521'
  name: 'code_execution'
  strict?: boolean
  cache_control?: CacheControl | null
  allowed_callers?: AllowedCallers
  defer_loading?: boolean
}

export interface AnthropicToolSearchTool {
  type: 'tool_search_tool_bm25_20251119' | 'tool_search_tool_bm25' | 'tool_search_tool_regex_20251119' | 'tool_search_tool_regex'
  name: 'tool_search_tool_bm25' | 'tool_search_tool_regex'
  strict?: boolean
  cache_control?: CacheControl | null
  allowed_callers?: AllowedCallers
  defer_loading?: boolean
}

/** A tool that Anthropic defines and the caller runs. */
export interface AnthropicClientTool {
  type: 'bash_20241022' | 'bash_20250124' | 'text_editor_20241022' | 'text_editor_20250124' | 'text_editor_20250429' | 'text_editor_20250728' | 'memory_20250818'
  name: 'bash' | 'str_replace_editor' | 'str_replace_based_edit_tool' | 'memory'
  max_characters?: NullablePositiveInteger
  input_examples?: InputExamples
  strict?: boolean
  cache_control?: CacheControl | null
  allowed_callers?: AllowedCallers
  defer_loading?: boolean
}

export interface AnthropicComputerTool {
  type: 'computer_20241022' | 'computer_20250124' | 'computer_20251124'
  name: 'computer'
  display_width_px: number
  display_height_px: number
  display_number?: number | null
  enable_zoom?: boolean
  input_examples?: InputExamples
  strict?: boolean
  cache_control?: CacheControl | null
  allowed_callers?: AllowedCallers
  defer_loading?: boolean
}

export interface AnthropicToolset {
  type: 'browser_toolset_20260801' | 'computer_toolset_20260801'
  configs?: Record<string, unknown> | null
  cache_control?: CacheControl | null
}

export interface McpToolset {
  type: 'mcp_toolset'
  mcp_server_name: string
  default_config?: Record<string, unknown>
  configs?: Record<string, unknown> | null
  tools?: Record<string, unknown>[] | null
  cache_control?: CacheControl | null
}

export type ToolChoice = ToolChoiceAuto | ToolChoiceAny | ToolChoiceTool | ToolChoiceNone

export interface ToolChoiceAuto {
  type: 'auto'
  disable_parallel_tool_use?: boolean
}

export interface ToolChoiceAny {
  type: 'any'
  disable_parallel_tool_use?: boolean
}

export interface ToolChoiceTool {
  type: 'tool'
  name: string
  disable_parallel_tool_use?: boolean
}

export interface ToolChoiceNone {
  type: 'none'
}

export type ThinkingConfig = ThinkingEnabled | ThinkingDisabled | ThinkingAdaptive | ThinkingBetweenTools

export interface ThinkingEnabled {
  type: 'enabled'
  budget_tokens: number
  display?: ThinkingDisplay
}

export interface ThinkingDisabled {
  type: 'disabled'
}

export interface ThinkingAdaptive {
  type: 'adaptive'
  display?: ThinkingDisplay
}

export interface ThinkingBetweenTools {
  type: 'between_tools'
}

export type ThinkingDisplay = 'summarized' | 'omitted' | 'updates' | null

export interface OutputConfig {
  effort?: 'low' | 'medium' | 'high' | 'xhigh' | 'max' | null
  format?: JsonOutputFormat | null
}

/** Anthropic's own form of structured output. */
export interface JsonOutputFormat {
  type: 'json_schema'
  schema: Record<string, unknown>
}

/** The answer is JSON that fits this schema. One of `json_schema` (portable) and `schema` (Anthropic's) is given. */
export interface OutputFormat {
  type: 'json_schema'
  json_schema?: Record<string, unknown>
  schema?: Record<string, unknown>
  name?: string
  strict?: boolean
}

/** What the answer may consist of besides text. */
export interface OutputOptions {
  modalities?: ('text' | 'image' | 'audio')[]
  image?: {
    size?: string
    quality?: string
    format?: string
  }
}

/** How the gateway hears what is said to the model, and speaks what it answers. */
export interface VoiceOptions {
  /** Where this is given, `audio` blocks of the user are heard by the gateway too, in place of the model. */
  input?: {
    /** The language that is spoken, by BCP 47. By default the model finds out. */
    language?: string
    /** Names and words that may come, where the model can be told of them. */
    hints?: string[]
  }
  output?: VoiceOutput
}

export interface VoiceOutput {
  /** `provider/voice`, such as `demo/soft` or `google/en-US-Chirp3-HD-Kore`; the voice alone where `tts_model` names the provider. */
  voice: string
  /** `wav` by default. `pcm` is 16-bit, little-endian, mono; `opus` is in Ogg. `mp3` and `opus` where the voice's provider gives them. */
  format?: 'wav' | 'mp3' | 'pcm' | 'opus'
  /** Of `wav` and `pcm`, in hertz; by default what the voice's provider makes best. */
  sample_rate?: number
  /** 1 is usual. How far it may go depends on the provider. */
  speed?: number
  /** 1 is usual. */
  volume?: number
  emotion?: string
  /** The language that is to be spoken, by BCP 47. It also tells how symbols are said. */
  language?: string
  /** Whether times of words or characters are wanted, where the voice's provider gives them. False by default. */
  alignment?: boolean
}

export interface ContainerParams {
  id?: string | null
  skills?: SkillParams[] | null
}

export interface SkillParams {
  type: 'anthropic' | 'custom'
  skill_id: string
  version?: string
}

export interface ContextManagement {
  edits?: ContextEdit[]
}

/** An edit; its fields depend on `type` and are Anthropic's. */
export interface ContextEdit {
  type: string
  [other: string]: unknown
}

export interface DiagnosticsParam {
  previous_message_id?: string | null
}

/** A check; its fields depend on `type` and are Anthropic's. */
export interface Safeguard {
  type: string
  [other: string]: unknown
}

export type ThreadParam = ThreadCreate | ThreadContinue

/** A conversation that begins, or is sent as a whole again. */
export interface ThreadCreate {
  type: 'create'
}

/** A conversation that goes on. `messages` are those that came after the answer that is named; they may be none. */
export interface ThreadContinue {
  type: 'continue'
  previous_message_id: string
}

export interface McpServer {
  type: 'url'
  name: string
  url: string
  authorization_token?: string | null
  tool_configuration?: McpToolConfiguration | null
}

export interface McpToolConfiguration {
  enabled?: boolean | null
  allowed_tools?: string[] | null
}

export interface Message {
  id: string
  type: 'message'
  role: 'assistant'
  /** The model that answered, as `provider/name`. */
  model: string
  content: ContentBlock[]
  stop_reason: StopReason | null
  stop_sequence: string | null
  stop_details?: Record<string, unknown> | null
  container?: Record<string, unknown> | null
  usage: Usage
  metadata?: ResponseMetadata
}

/** What the gateway has to say about this answer. */
export interface ResponseMetadata {
  warnings?: Warning[]
  /** What the provider said that has no place in the canonical shape, and its own stop reason. */
  provider?: Record<string, unknown>
  /** What was heard in the last message of the user, its blocks put together. */
  user_transcript?: string
  /** What was heard in each block, in order. */
  transcripts?: Transcript[]
}

export interface Transcript {
  /** The path of the block. */
  param: string
  text: string
  /** The model that heard it, as `provider/name`. */
  model: string
  /** Where the model told it. */
  language?: string
  /** How long the sound is, where that is known. */
  seconds?: number
}

export interface Warning {
  param?: string
  code: string
  message: string
}

/** Anthropic's stop reasons; a later one of that API is passed on as it comes. */
export type StopReason = 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'pause_turn' | 'refusal' | 'model_context_window_exceeded' | 'compaction'

/** Tokens, by Anthropic's arithmetic (`input_tokens` excludes what was read from or written to a cache). A number that the provider did not give is absent. */
export interface Usage {
  input_tokens?: number
  output_tokens?: number
  cache_read_input_tokens?: number | null
  cache_creation_input_tokens?: number | null
  output_tokens_details?: {
    thinking_tokens?: number
    audio_tokens?: number
  } | null
  input_tokens_details?: {
    /** Of `input_tokens`, those of sound. */
    audio_tokens?: number
  } | null
  /** Input, cache and output tokens together. */
  total_tokens?: number
  voice?: VoiceUsage
  /** The price of this answer, its voice included, where the catalogue has one for all of it. */
  cost_usd?: number
}

/** What was heard and spoken. */
export interface VoiceUsage {
  /** Of sound that was heard; absent where nobody tells how long some of it is. */
  heard_seconds?: number
  /** Of text that a provider spoke; what came from the gateway's cache is not counted. */
  spoken_characters?: number
  /** Of sound that was spoken, that from the cache included. */
  spoken_seconds?: number
  /** The price of the voice alone, where the catalogue has one. */
  cost_usd?: number
}

/** A block of the answer. New types may come; a client keeps and sends back those it does not know. */
export type ContentBlock = TextBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock | ServerToolUseBlock | ServerToolResultBlock | McpToolUseBlock | McpToolResultBlock | ContainerUploadBlock | CompactionBlock | FallbackBlock | ImageBlock | AudioBlock

export interface TextBlock {
  type: 'text'
  text: string
  citations?: TextCitation[] | null
}

export interface ThinkingBlock {
  type: 'thinking'
  thinking: string
  /** Opaque; send it back with the block. */
  signature: string
}

export interface RedactedThinkingBlock {
  type: 'redacted_thinking'
  data: string
}

export interface ToolUseBlock {
  type: 'tool_use'
  id: string
  name: string
  input: Record<string, unknown>
  caller?: ToolCaller
}

/** A picture that the model made. */
export interface ImageBlock {
  type: 'image'
  source: {
    type: 'base64' | 'url'
    media_type?: string
    data?: string
    url?: string
  }
}

/** The answer as it is spoken. It stands last, and is passed over when it is sent back with the history. */
export interface AudioBlock {
  type: 'audio'
  source: {
    type: 'base64'
    /** `audio/wav`, `audio/mpeg`, `audio/pcm` or `audio/ogg`. */
    media_type: string
    data: string
  }
  /** The text that is spoken. */
  transcript: string
  /** Of `audio/wav` and `audio/pcm`. */
  sample_rate_hz?: number
  alignment?: Alignment
}

/** When each word or character is spoken. The three lists are equally long. */
export interface Alignment {
  kind: 'char' | 'word'
  tokens: string[]
  /** From the beginning of the sound; of the sentence's in a stream. */
  start_ms: number[]
  dur_ms: number[]
}

export interface ServerToolUseBlock {
  type: 'server_tool_use'
  id: string
  name: string
  input: Record<string, unknown>
  caller?: ToolCaller
}

export interface ServerToolResultBlock {
  type: 'web_search_tool_result' | 'web_fetch_tool_result' | 'code_execution_tool_result' | 'bash_code_execution_tool_result' | 'text_editor_code_execution_tool_result' | 'tool_search_tool_result' | 'file_search_tool_result' | 'advisor_tool_result'
  tool_use_id: string
  content: ServerToolOutputs | ServerToolOutput
}

export interface McpToolUseBlock {
  type: 'mcp_tool_use'
  id: string
  name: string
  server_name: string
  input: Record<string, unknown>
}

export interface McpToolResultBlock {
  type: 'mcp_tool_result'
  tool_use_id: string
  is_error?: boolean
  content: string | ServerToolOutputs
}

export interface ContainerUploadBlock {
  type: 'container_upload'
  file_id: string
}

export interface CompactionBlock {
  type: 'compaction'
  content?: string | null
}

export interface FallbackBlock {
  type: 'fallback'
}

/** One server-sent event. Its SSE `event` equals `type`. New types may come and are to be ignored. */
export type StreamEvent = MessageStartEvent | ContentBlockStartEvent | ContentBlockDeltaEvent | ContentBlockStopEvent | MessageDeltaEvent | MessageStopEvent | PingEvent | AudioChunkEvent | AudioUnavailableEvent | ErrorResponse

export interface MessageStartEvent {
  type: 'message_start'
  message: Message
}

export interface ContentBlockStartEvent {
  type: 'content_block_start'
  index: number
  content_block: ContentBlock
}

export interface ContentBlockDeltaEvent {
  type: 'content_block_delta'
  index: number
  delta: ContentBlockDelta
}

export type ContentBlockDelta = TextDelta | InputJsonDelta | ThinkingDelta | SignatureDelta | CitationsDelta | CompactionDelta

export interface TextDelta {
  type: 'text_delta'
  text: string
}

export interface InputJsonDelta {
  type: 'input_json_delta'
  partial_json: string
}

export interface ThinkingDelta {
  type: 'thinking_delta'
  thinking: string
}

export interface SignatureDelta {
  type: 'signature_delta'
  signature: string
}

export interface CitationsDelta {
  type: 'citations_delta'
  citation: TextCitation
}

export interface CompactionDelta {
  type: 'compaction_delta'
  content?: string | null
}

export interface ContentBlockStopEvent {
  type: 'content_block_stop'
  index: number
}

export interface MessageDeltaEvent {
  type: 'message_delta'
  delta: {
    stop_reason: StopReason | null
    stop_sequence: string | null
  }
  usage: Usage
  metadata?: ResponseMetadata
}

export interface MessageStopEvent {
  type: 'message_stop'
}

export interface PingEvent {
  type: 'ping'
}

/** Sound of the answer. The sound of all chunks, put together, is one file of the format; their texts, put together, are what is spoken. A sentence has one chunk or several, of which the first has its text. The last chunk of all has `is_final`. */
export interface AudioChunkEvent {
  type: 'audio_chunk'
  format: 'wav' | 'mp3' | 'pcm' | 'opus'
  /** In base64. */
  audio: string
  /** Of `wav` and `pcm`. */
  sample_rate_hz?: number
  /** The sentence that begins with this chunk; empty where one goes on. */
  text: string
  /** 0 for the first chunk, and one more for each that follows. */
  seq: number
  is_final: boolean
  alignment?: Alignment
}

/** The rest of the answer is not spoken; its text goes on. It stands in the place of the last chunk. */
export interface AudioUnavailableEvent {
  type: 'audio_unavailable'
  /** How many chunks came before. */
  seq: number
  error: {
    type: string
    code: string
    message: string
  }
}

export interface RunRequest {
  request: MessageRequest
  run?: RunOptions
  /** The names of the gateway's tools that the model may call; those of the operator too. */
  builtins?: string[]
}

/** How far a run may go. The operator may allow less. */
export interface RunOptions {
  /** How often the model may answer. Default 8. */
  max_turns?: number
  /** How many tools may be called in all. Default 20. */
  max_tool_calls?: number
  /** After how many tokens, of all turns together, the model is not asked again; 0 for no limit. Default 0. */
  max_tokens?: number
  /** How long all of it may take. Default 60000. */
  timeout_ms?: number
  /** How long one call of a tool may take. Default 30000. */
  tool_timeout_ms?: number
  /** Whether tools that the model calls together run at the same time. Default true. */
  parallel_tools?: boolean
  /** For tools in `builtins`, by name, what each is set to; the tools' documentation says what there is to set. */
  tool_config?: Record<string, Record<string, unknown>>
}

export interface RunResponse {
  result: RunResult
}

export interface RunResult {
  /** The model's last answer; null where there is none. */
  response: Message | null
  steps: RunStep[]
  /** How many calls of tools were taken up. */
  tool_call_count: number
  /** How often the model was asked. */
  turn_count: number
  usage: Usage
  stop_reason: RunStopReason
  error?: ErrorDetail
  /** The request's messages and everything that was said since, ready to be sent again: every call of a tool has its result. */
  messages: MessageParam[]
}

/** Why the run ended. `end_turn`: the model had no more to call; its own reason stands in `response.stop_reason`. `error`: what went wrong stands in `error`. */
export type RunStopReason = 'end_turn' | 'max_tool_calls' | 'max_turns' | 'max_tokens' | 'timeout' | 'cancelled' | 'error'

/** One answer of the model, and what came of the tools that it called. */
export interface RunStep {
  index: number
  response: Message
  tool_calls: RunToolCall[]
  /** In the order of the calls. */
  tool_results: RunToolResult[]
  duration_ms: number
}

export interface RunToolCall {
  id: string
  name: string
  input: Record<string, unknown>
}

export interface RunToolResult {
  tool_use_id: string
  name: string
  /** What the model is told. */
  content: string
  is_error: boolean
  duration_ms: number
}

/** One server-sent event of a run. Its SSE `event` equals `type`. New types may come and are to be ignored. */
export type RunEvent = RunStartEvent | StepStartEvent | RunStreamEvent | ToolCallStartEvent | ToolResultEvent | StepCompleteEvent | HistoryDeltaEvent | RunCompleteEvent | PingEvent | ErrorResponse

export interface RunStartEvent {
  type: 'run_start'
  request_id: string
  /** The model that is asked first, as `provider/name`. */
  model: string
}

export interface StepStartEvent {
  type: 'step_start'
  index: number
}

/** An event of the model's answer, as `POST /v1/messages` streams it. */
export interface RunStreamEvent {
  type: 'stream_event'
  /** The step's. */
  index: number
  event: StreamEvent
}

/** A tool begins to run. */
export interface ToolCallStartEvent {
  type: 'tool_call_start'
  /** The step's. */
  index: number
  id: string
  name: string
  input: Record<string, unknown>
}

/** What came of a call. They come as the tools finish; in the history they stand in the order of the calls. */
export interface ToolResultEvent {
  type: 'tool_result'
  /** The step's. */
  index: number
  tool_use_id: string
  name: string
  content: string
  is_error: boolean
  duration_ms: number
}

export interface StepCompleteEvent {
  type: 'step_complete'
  index: number
  /** The model's; null where its answer was cut off. */
  stop_reason: StopReason | null
  usage: Usage
  /** How many calls of tools were taken up in this step. */
  tool_call_count: number
  duration_ms: number
}

/** What is to be added to the messages that there are, of which there are `expected_len`. All of them, in order, make of the request's messages those of the result. */
export interface HistoryDeltaEvent {
  type: 'history_delta'
  expected_len: number
  append: MessageParam[]
}

export interface RunCompleteEvent {
  type: 'run_complete'
  result: RunResult
}

export interface TokenCount {
  input_tokens: number
  /** True where the provider does not count tokens itself and the number is the gateway's estimate. */
  estimated?: boolean
  /** How an estimate was made. */
  method?: string
  metadata?: ResponseMetadata
}

/** The one error object, in HTTP bodies and as the `error` event of a stream. */
export interface ErrorResponse {
  type: 'error'
  request_id: string
  error: ErrorDetail
}

export interface ErrorDetail {
  type: ErrorType
  message: string
  /** The path of the field that is wrong, or the name of the header. */
  param?: string
  code?: string
  request_id: string
  /** Seconds to wait before the next try. */
  retry_after?: number
  /** All problems found in the request. */
  issues?: Issue[]
  /** What Anthropic's own clients go by where a request can be sent in another way: `error_code`, such as `thread_unsupported_request`, and what belongs to it. */
  details?: Record<string, unknown>
  /** What the provider answered, with keys masked. */
  provider_error?: {
    provider?: string
    status?: number
    body?: unknown
  }
}

export type ErrorType = 'invalid_request_error' | 'authentication_error' | 'permission_error' | 'not_found_error' | 'rate_limit_error' | 'timeout_error' | 'overloaded_error' | 'provider_error' | 'api_error'

export interface Issue {
  param?: string
  code: string
  message: string
}

export interface ModelList {
  object: 'list'
  data: Model[]
  has_more: boolean
  first_id: string | null
  last_id: string | null
}

export interface Model {
  /** The full id, `provider/name`. */
  id: string
  object: 'model'
  type: 'model'
  display_name: string
  /** The provider. */
  owned_by: string
  /** Unix time of the model's release, in seconds; 0 where unknown. */
  created: number
  /** The same as RFC 3339. */
  created_at: string
  /** True for the built-in models that need no key and only show how the gateway works. */
  demo?: boolean
  capabilities?: ModelCapabilities | null
  max_input_tokens?: number | null
  /** The most tokens of one answer. */
  max_tokens?: number | null
  /** Other names under which the same model answers, each as `provider/name` or as an alias of the operator's. */
  aliases?: string[]
  deprecation?: ModelDeprecation
  prices?: ModelPrices
}

/** The model is about to go, or has gone. */
export interface ModelDeprecation {
  deprecated_on?: string
  retires_on?: string
  /** The model to use instead, as `provider/name`. */
  replacement?: string
}

/** What the provider asks for, in US dollars a million tokens. A price that is not known is absent. */
export interface ModelPrices {
  input?: number
  output?: number
  cache_read?: number
  /** What is written to a cache for five minutes, or by a provider that has one kind of cache. */
  cache_write_5m?: number
  cache_write_1h?: number
  /** Reasoning, where it is not priced as output. */
  reasoning?: number
  audio_input?: number
  audio_output?: number
  /** A thousand searches of the provider's own. */
  web_search?: number
  /** Prices of requests with more input tokens, cached ones included, than a number; the last entry that fits counts for the whole request. */
  above?: ModelPricesAbove[]
  /** The day on which the prices were looked up. */
  as_of: string
  /** Where they were looked up. */
  source: string
}

export interface ModelPricesAbove {
  input_tokens: number
  input?: number
  output?: number
  cache_read?: number
  cache_write_5m?: number
  cache_write_1h?: number
}

/** What the model is known to take and give. */
export type ModelCapabilities = Record<string, CapabilitySupport>

export interface CapabilitySupport {
  supported: boolean
  state: 'supported' | 'unsupported' | 'unknown'
}

/** What a client sends on `/v1/live`. Unknown types and fields are refused. */
export type LiveClientMessage = LiveHello | LiveAudioStreamStart | LiveAudioStreamEnd | LiveAudioFrame | LivePlaybackMark | LiveInputText | LiveToolResult | LiveSessionUpdate | LiveControl

/** The first message, and sent once. With `resume` it goes on with a session whose socket was lost; everything else that it says is then the session's already. Otherwise `model` and `tts` are needed. Where no key came with the upgrade, it may have 256 KiB: longer conversations need the key in a header. */
export interface LiveHello {
  type: 'hello'
  /** The only one so far is `1`. */
  protocol_version: string
  /** Who speaks the protocol, for the operator's log. */
  client?: {
    name?: string
    version?: string
    platform?: string
  }
  /** The model as `provider/name`, or an alias that the operator defined. */
  model?: string
  /** The system prompt. That the model is heard and not read, the gateway tells it besides. */
  system?: string | SystemBlockParams
  /** The conversation before this session. */
  messages?: MessageParam[]
  /** The most tokens of one answer. */
  max_tokens?: number
  tools?: LiveTools
  /** The gateway's own key. */
  auth?: {
    mode?: 'api_key'
    /** A key of the gateway, where the upgrade could carry none. */
    gateway_api_key: string
  }
  /** Keys of providers that the caller brings. */
  byok?: {
    /** Keys of providers by their id, as they would stand in `X-Provider-Key-…`. */
    keys: Record<string, string>
  }
  audio_in?: LiveAudioFormat
  audio_out?: LiveAudioFormat
  stt?: LiveStt
  tts?: LiveTts
  turn?: LiveTurnOptions
  features?: LiveFeatures
  /** What the assistant says first, unasked. */
  greeting?: string
  /** The session to go on with. */
  resume?: {
    /** As `hello_ack` had it. */
    session_id: string
    /** As the last `hello_ack` had it. */
    token: string
    /** The `seq` of the last message that was received; 0 for none. */
    last_server_seq: number
  }
}

/** Sound of one channel without a container. As `audio_in`: PCM at 8000, 16000, 24000, 44100 or 48000 hertz, or µ-law at 8000. As `audio_out`: PCM at 8000, 16000, 24000 or 48000, or µ-law at 8000; PCM at 24000 where it is absent. Without `audio_in` there is no microphone. */
export interface LiveAudioFormat {
  encoding: 'pcm_s16le' | 'mulaw'
  sample_rate_hz: number
}

export interface LiveTools {
  /** The names of the gateway's tools that the model may call. */
  server_tools?: string[]
  /** What each of them is set to, by its name. */
  server_tool_config?: Record<string, Record<string, unknown>>
  /** Tools that the client runs; each call comes as `tool_call` and is answered with `tool_result`. */
  client_tools?: LiveClientTool[]
  /** How long a call of a tool may take. Default 30000. */
  timeout_ms?: number
  /** How many tools may be called in one turn. Default 20. */
  max_tool_calls?: number
  /** What is said while a tool takes long. */
  filler?: {
    /** How long nothing is said before that. Default 1500. */
    after_ms?: number
    /** One after the other, one in each turn at most. */
    texts: string[]
  }
}

export interface LiveClientTool {
  name: string
  /** What the model is told of it. */
  description?: string
  input_schema: ToolInputSchema
  /** Whether a call changes nothing, so that the turn may still be taken back after it. False by default. */
  read_only?: boolean
}

/** Who hears. Without it whoever has a key and hears streams. */
export interface LiveStt {
  /** `provider/model`, or the provider alone. */
  model?: string
  /** The language that is spoken, by BCP 47. */
  language?: string
  options?: {
    /** Names and words that may come, where the model can be told of them. */
    hints?: string[]
    /** How certain a model that ends turns itself has to be. */
    end_threshold?: number
    /** From what on such a model foretells the end of a turn. */
    eager_threshold?: number
  }
}

export interface LiveTts {
  /** `provider/voice`, such as `demo/soft`. */
  voice: string
  /** `provider/model`, where the voice has several. */
  model?: string
  /** The language that is to be spoken, by BCP 47. */
  language?: string
  /** 1 is usual. */
  speed?: number
  /** 1 is usual. */
  volume?: number
  options?: {
    /** As the model knows it. */
    emotion?: string
  }
}

/** When a turn ends, and what interrupts the assistant. */
export interface LiveTurnOptions {
  /** What ends a turn: silence, or what the model that hears makes of the words, where it can. Default `silence`. */
  mode?: 'silence' | 'semantic'
  /** Default 600. */
  silence_ms?: number
  /** How long after its end a turn may still be gone on with. Default 5000. */
  grace_ms?: number
  /** What stops the assistant: words that are understood, or a voice before its words are known, which goes on where there are none. Default `words`. */
  interruption?: 'words' | 'energy'
  /** Whether the model may begin where the end of a turn is foretold; in semantic mode. What it says then is thrown away where the turn goes on, and costs all the same. False by default. */
  speculation?: boolean
  /** What counts as speech. */
  thresholds?: {
    /** The shortest words that are any. Default 4. */
    min_characters?: number
    /** While the assistant speaks and the client does not take it out of its microphone. Default 8. */
    min_characters_in_echo?: number
    /** Where the model that hears tells one. Default 0.5. */
    min_confidence?: number
    /** How far a voice stands out of the noise. Default 7. */
    voice_margin_db?: number
    /** Softer than this is no voice, in decibels of full scale. Default -52. */
    voice_least_db?: number
  }
}

export interface LiveFeatures {
  /** Default `binary`. */
  audio_transport?: 'binary' | 'base64_json'
  /** Whether the client tells what it has played. True by default, and then it has to. */
  send_playback_marks?: boolean
  /** True by default. */
  want_partial_transcripts?: boolean
  /** True by default. */
  want_assistant_text?: boolean
  /** False by default. */
  want_alignment?: boolean
  /** False by default. */
  want_metrics?: boolean
  /** False by default. */
  want_run_events?: boolean
  /** Whether the client takes the assistant's voice out of its microphone. True by default. */
  client_has_aec?: boolean
}

/** Sound begins. Frames of sound without it are dropped. */
export interface LiveAudioStreamStart {
  type: 'audio_stream_start'
  stream_id?: string
  format?: LiveAudioFormat
}

export interface LiveAudioStreamEnd {
  type: 'audio_stream_end'
  stream_id?: string
}

/** A frame of sound where it does not come as a binary frame. In MessagePack `data` is its bytes, in place of `data_b64`. */
export interface LiveAudioFrame {
  type: 'audio_frame'
  /** One more than that of the frame before. */
  seq: number
  timestamp_ms?: number
  /** The sound, with the padding of base64. */
  data_b64?: string
}

/** What was played of a segment of the assistant's sound. Sent every 100 to 250 ms while it plays, and at once when the player stops or has finished. */
export interface LivePlaybackMark {
  type: 'playback_mark'
  /** Of `assistant_audio_start`. */
  assistant_audio_id: string
  /** How much of the segment was played, from its beginning. */
  played_ms: number
  /** How much of it waits to be played; for whoever reads a recording. */
  buffered_ms?: number
  /** `finished`, all of it was played; `stopped`, no more of it will be. */
  state: 'playing' | 'paused' | 'stopped' | 'finished'
}

export type LiveInputBlocks = ContentBlockParam[]

/** A typed turn; with `commit` false, something that goes with the next turn. */
export interface LiveInputText {
  type: 'input_text'
  content: string | LiveInputBlocks
  /** True by default. */
  commit?: boolean
}

/** The answer to a `tool_call`. */
export interface LiveToolResult {
  type: 'tool_result'
  /** Of `tool_call`. */
  tool_use_id: string
  content: string | ToolResultContentBlockParams
  /** Whether the tool failed. False by default. */
  is_error?: boolean
}

/** What changes from the next turn on. What is not named stays: of `tools` and `turn`, and of `turn.thresholds`, the members that are named take the place of those before. So do those of `stt` and of its `options`, unless it names a `model`: then it stands alone, as options of one model are not those of another. `system` and `tts` take the place of what was there as a whole. Where any of it cannot be done, nothing changes, and an `error` says why. */
export interface LiveSessionUpdate {
  type: 'session_update'
  system?: string | SystemBlockParams
  tools?: LiveTools
  stt?: LiveStt
  tts?: LiveTts
  turn?: LiveTurnOptions
}

export interface LiveControl {
  type: 'control'
  /** `interrupt` and `cancel_turn` stop the assistant; `mute` has nothing heard until `unmute`; `end_session` ends it all. */
  op: 'interrupt' | 'cancel_turn' | 'mute' | 'unmute' | 'end_session'
}

/** What a client is sent on `/v1/live`. Each has a `seq`, one more than that of the message before. After a resume, messages that were missed keep the numbers that they had; sound is not among them, so that its numbers are left out. New types and fields may come and are to be ignored. */
export type LiveServerMessage = LiveHelloAck | LiveTranscriptDelta | LiveUtteranceFinal | LiveTurnState | LiveAssistantTextDelta | LiveAssistantAudioStart | LiveAssistantAudioChunkHeader | LiveAssistantAudioChunk | LiveAssistantAudioEnd | LiveAudioReset | LiveToolCall | LiveRunEvent | LiveTurnComplete | LiveTurnCancelled | LiveTurnMetrics | LiveAudioUnavailable | LiveWarning | LiveError | LiveSessionEnd

/** The session is open; its clock, on which every `timestamp_ms` and `end_ms` is, stands at 0. That of a session that was resumed goes on, and its `seq` is the `last_server_seq` that the client has named (1 where that is 0): what follows has greater numbers. */
export interface LiveHelloAck {
  type: 'hello_ack'
  seq: LiveSeq
  session_id: string
  /** For `hello.resume`. It opens this session to whoever has it. */
  resume_token: string
  protocol_version: string
  is_resumed: boolean
  /** The full id of the model that answers. */
  model?: string
  /** The full id of the model that hears; absent without a microphone. */
  stt_model?: string
  /** Who speaks, as `provider/voice`. */
  voice?: string
  audio_in?: LiveAudioFormat
  audio_out: LiveAudioFormat
  features: LiveFeatures
  turn?: LiveTurnOptions
  limits: LiveLimits
}

/** The message's number in its session. */
export type LiveSeq = number

/** What the session is held to. */
export interface LiveLimits {
  /** The largest message of the client. */
  message_bytes: number
  /** The largest frame of sound of the client. */
  audio_frame_bytes: number
  /** How many messages besides sound may come, lastingly. */
  messages_per_second: number
  /** The longest text of a turn, spoken or typed. */
  text_characters: number
  /** How long the session waits for a client whose socket was lost. */
  resume_ms: number
  /** How long nobody may say anything. */
  idle_ms: number
  /** How long the session may last. */
  total_ms: number
  /** How much of its sound may be with the client unplayed. */
  unplayed_ms: number
}

/** What the user said since the last that was final, as it is understood so far; each replaces the one before. */
export interface LiveTranscriptDelta {
  type: 'transcript_delta'
  seq: LiveSeq
  utterance_id: string
  /** Whether this text will not change any more. */
  is_final: boolean
  text: string
  /** How certain it is, where the model that hears tells. */
  stability?: number
  timestamp_ms: number
}

/** The user has finished; this is what was said. */
export interface LiveUtteranceFinal {
  type: 'utterance_final'
  seq: LiveSeq
  utterance_id: string
  text: string
  /** When the user fell silent. */
  end_ms: number
}

export interface LiveTurnState {
  type: 'turn_state'
  seq: LiveSeq
  state: 'idle' | 'listening' | 'committing' | 'thinking' | 'speaking' | 'interrupted' | 'ending'
  /** null where there is no turn. */
  turn_id: string | null
}

/** What the assistant is going to say. */
export interface LiveAssistantTextDelta {
  type: 'assistant_text_delta'
  seq: LiveSeq
  turn_id: string
  text: string
}

/** A segment of the assistant's sound begins. There is one at a time. */
export interface LiveAssistantAudioStart {
  type: 'assistant_audio_start'
  seq: LiveSeq
  assistant_audio_id: string
  turn_id: string
  format: LiveAudioFormat
}

/** The next frame is binary and holds so many bytes of the segment's sound. */
export interface LiveAssistantAudioChunkHeader {
  type: 'assistant_audio_chunk_header'
  seq: LiveSeq
  assistant_audio_id: string
  bytes: number
  alignment?: Alignment
}

/** Sound of the segment, where no binary frames are agreed. In MessagePack `audio` is its bytes, in place of `audio_b64`. */
export interface LiveAssistantAudioChunk {
  type: 'assistant_audio_chunk'
  seq: LiveSeq
  assistant_audio_id: string
  audio_b64?: string
  alignment?: Alignment
}

/** The segment has no more sound. */
export interface LiveAssistantAudioEnd {
  type: 'assistant_audio_end'
  seq: LiveSeq
  assistant_audio_id: string
}

/** Whatever of this segment has not been played is thrown away, at once; a mark with the state `stopped` tells how much was. */
export interface LiveAudioReset {
  type: 'audio_reset'
  seq: LiveSeq
  reason: 'barge_in' | 'grace' | 'backpressure' | 'cancelled'
  assistant_audio_id: string
}

/** The model calls a tool of the client's, which answers with `tool_result`. */
export interface LiveToolCall {
  type: 'tool_call'
  seq: LiveSeq
  tool_use_id: string
  name: string
  input: Record<string, unknown>
}

/** Something that happened in the turn's run, where `features.want_run_events` asks for it. */
export interface LiveRunEvent {
  type: 'run_event'
  seq: LiveSeq
  turn_id: string
  event: ToolCallStartEvent | ToolResultEvent | StepCompleteEvent
}

/** A turn is over, and something of it stays. */
export interface LiveTurnComplete {
  type: 'turn_complete'
  seq: LiveSeq
  turn_id: string
  /** Why it ended: the run's own reason (`end_turn`, `max_tokens`, `error`, …), or `barge_in`, `interrupted`, `cancelled`, `backpressure`, `shutdown`, `session_end`. */
  stop_reason: string
  /** What was heard of the answer. */
  played_text: string
  /** What the turn adds to the conversation as the model sees it. Whoever joins it to the messages before it has the same history as the gateway; two messages of one role in a row are one. */
  append: MessageParam[]
}

/** A turn is over of which nothing stays but, unless it was taken back (`grace`), its question. */
export interface LiveTurnCancelled {
  type: 'turn_cancelled'
  seq: LiveSeq
  turn_id: string
  /** As the `stop_reason` of `turn_complete`, or `grace`. */
  reason: string
  /** As in `turn_complete`. */
  append?: MessageParam[]
}

/** How long the parts of a turn took, as far as there were any, where `features.want_metrics` asks for it. */
export interface LiveTurnMetrics {
  type: 'turn_metrics'
  seq: LiveSeq
  turn_id: string
  /** From the end of speech until the turn was taken for complete. */
  eou_delay_ms?: number
  /** From the end of speech until its last words were final. */
  stt_final_ms?: number
  /** From asking the model until its first words, or its first call. */
  llm_ttft_ms?: number
  /** From the first sentence until its first sound. */
  tts_ttfb_ms?: number
  /** From the end of speech until the first sound was sent. */
  voice_to_voice_ms?: number
  /** From the first word of an interruption until the sound was stopped. */
  interruption_stop_ms?: number
  input_tokens?: number
  output_tokens?: number
  /** How much was given to the voice. */
  characters?: number
}

/** This part of the answer cannot be spoken; its text is told instead. */
export interface LiveAudioUnavailable {
  type: 'audio_unavailable'
  seq: LiveSeq
  turn_id: string
  text: string
}

/** Something is not as it should be, and the session goes on. */
export interface LiveWarning {
  type: 'warning'
  seq: LiveSeq
  code: string
  message: string
}

/** Something went wrong with a turn, or with the session; where `close` is true, the socket is closed after it. */
export interface LiveError {
  type: 'error'
  seq: LiveSeq
  scope: 'session' | 'turn'
  error_type: ErrorType
  code: string
  message: string
  /** The path of the wrong field, as far as it is one. */
  param?: string
  /** Everything that is wrong with a message. */
  issues?: Issue[]
  /** Whether the same may well succeed a moment later. */
  retryable: boolean
  close: boolean
}

/** The last message of a session. */
export interface LiveSessionEnd {
  type: 'session_end'
  seq: LiveSeq
  reason: 'end_session' | 'idle' | 'limit' | 'restart' | 'resume_expired' | 'error'
  usage: LiveUsage
}

/** What the session came to. */
export interface LiveUsage {
  turns: number
  duration_ms: number
  seconds_heard: number
  characters_spoken: number
  input_tokens?: number
  output_tokens?: number
  /** Of models and voices together; absent where one of them has no known price. */
  cost_usd?: number
}

export interface Index {
  name: string
  version: string
  /** The path of a page to read and try this contract. */
  docs: string
}

export interface Health {
  status: 'ok'
}

export interface Readiness {
  status: 'ready' | 'not_ready'
  /** What was looked at, each `ok` or what is the matter. */
  checks: Record<string, string>
  /** With `deep=1`, by the provider's id whether it can be reached, `ok` or what is the matter. */
  providers?: Record<string, string>
}

/** The services for which a caller may bring a key, as they stand in `X-Provider-Key-…`. */
export type KnownProviderKey = 'anthropic' | 'openai' | 'gemini' | 'vertexai' | 'groq' | 'cerebras' | 'openrouter' | 'deepgram' | 'cartesia' | 'elevenlabs' | 'google' | 'tavily' | 'exa' | 'brave' | 'firecrawl'
