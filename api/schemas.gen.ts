// Generated from openapi.yaml by `npm run generate`. Do not edit.

/** A JSON schema of the contract. */
export interface ContractSchema {
  readonly $id: string
  readonly [keyword: string]: unknown
}

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
export const MessageRequest: ContractSchema = {
  $id: 'MessageRequest',
  type: 'object',
  required: ['model', 'messages'],
  properties: {
    model: {
      type: 'string',
      minLength: 1,
      maxLength: 512,
    },
    messages: {
      type: 'array',
      minItems: 1,
      maxItems: 10000,
      items: {
        $ref: 'MessageParam#',
      },
    },
    max_tokens: {
      type: 'integer',
      minimum: 1,
    },
    system: {
      type: ['string', 'array'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          $ref: 'SystemBlockParams#',
        },
      }],
    },
    temperature: {
      type: 'number',
      minimum: 0,
      maximum: 2,
    },
    top_p: {
      type: 'number',
      minimum: 0,
      maximum: 1,
    },
    top_k: {
      type: 'integer',
      minimum: 0,
    },
    stop_sequences: {
      type: 'array',
      items: {
        type: 'string',
        minLength: 1,
      },
    },
    stream: {
      type: 'boolean',
    },
    tools: {
      type: 'array',
      items: {
        $ref: 'Tool#',
      },
    },
    tool_choice: {
      $ref: 'ToolChoice#',
    },
    thinking: {
      $ref: 'ThinkingConfig#',
    },
    metadata: {
      type: 'object',
      properties: {
        user_id: {
          type: ['string', 'null'],
          allOf: [{
            if: {
              type: 'string',
            },
            then: {
              type: 'string',
              maxLength: 512,
            },
          }],
        },
      },
      additionalProperties: false,
    },
    service_tier: {
      type: 'string',
      enum: ['auto', 'standard_only'],
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
    container: {
      type: ['string', 'object', 'null'],
      allOf: [{
        if: {
          type: 'string',
        },
        then: {
          type: 'string',
          minLength: 1,
        },
      }, {
        if: {
          type: 'object',
        },
        then: {
          $ref: 'ContainerParams#',
        },
      }],
    },
    context_management: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'ContextManagement#',
        },
      }],
    },
    mcp_servers: {
      type: 'array',
      items: {
        $ref: 'McpServer#',
      },
    },
    output_config: {
      $ref: 'OutputConfig#',
    },
    output_format: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'OutputFormat#',
        },
      }],
    },
    inference_geo: {
      type: ['string', 'null'],
    },
    speed: {
      type: ['string', 'null'],
      allOf: [{
        if: {
          type: 'string',
        },
        then: {
          type: 'string',
          enum: ['standard', 'fast'],
        },
      }],
    },
    diagnostics: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'DiagnosticsParam#',
        },
      }],
    },
    safeguards: {
      type: 'array',
      items: {
        $ref: 'Safeguard#',
      },
    },
    thread: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'ThreadParam#',
        },
      }],
    },
    user_profile_id: {
      type: 'string',
      minLength: 1,
    },
    workspace_id: {
      type: 'string',
      minLength: 1,
    },
    output: {
      $ref: 'OutputOptions#',
    },
    voice: {
      $ref: 'VoiceOptions#',
    },
    stt_model: {
      type: 'string',
      minLength: 1,
    },
    tts_model: {
      type: 'string',
      minLength: 1,
    },
    extensions: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        additionalProperties: true,
      },
    },
    fallbacks: {
      type: 'array',
      maxItems: 8,
      items: {
        type: 'string',
        minLength: 1,
      },
    },
  },
  additionalProperties: false,
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
export const CountTokensRequest: ContractSchema = {
  $id: 'CountTokensRequest',
  type: 'object',
  required: ['model', 'messages'],
  properties: {
    model: {
      type: 'string',
      minLength: 1,
      maxLength: 512,
    },
    messages: {
      type: 'array',
      minItems: 1,
      maxItems: 10000,
      items: {
        $ref: 'MessageParam#',
      },
    },
    system: {
      type: ['string', 'array'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          $ref: 'SystemBlockParams#',
        },
      }],
    },
    tools: {
      type: 'array',
      items: {
        $ref: 'Tool#',
      },
    },
    tool_choice: {
      $ref: 'ToolChoice#',
    },
    thinking: {
      $ref: 'ThinkingConfig#',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
    context_management: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'ContextManagement#',
        },
      }],
    },
    mcp_servers: {
      type: 'array',
      items: {
        $ref: 'McpServer#',
      },
    },
    output_config: {
      $ref: 'OutputConfig#',
    },
    output_format: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'OutputFormat#',
        },
      }],
    },
    speed: {
      type: ['string', 'null'],
      allOf: [{
        if: {
          type: 'string',
        },
        then: {
          type: 'string',
          enum: ['standard', 'fast'],
        },
      }],
    },
    user_profile_id: {
      type: 'string',
      minLength: 1,
    },
    workspace_id: {
      type: 'string',
      minLength: 1,
    },
  },
  additionalProperties: false,
}

export interface MessageParam {
  /** Who speaks. `system` may stand later in a conversation, never first. */
  role: 'user' | 'assistant' | 'system'
  content: string | ContentBlockParams
}
export const MessageParam: ContractSchema = {
  $id: 'MessageParam',
  type: 'object',
  required: ['role', 'content'],
  properties: {
    role: {
      type: 'string',
      enum: ['user', 'assistant', 'system'],
    },
    content: {
      type: ['string', 'array'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          $ref: 'ContentBlockParams#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export type SystemBlockParams = SystemBlockParam[]
export const SystemBlockParams: ContractSchema = {
  $id: 'SystemBlockParams',
  type: 'array',
  items: {
    $ref: 'SystemBlockParam#',
  },
}

export type SystemBlockParam = TextBlockParam
export const SystemBlockParam: ContractSchema = {
  $id: 'SystemBlockParam',
  type: 'object',
  'x-unknown-code': 'unsupported_block_type',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'TextBlockParam#',
  }],
}

export type ContentBlockParams = ContentBlockParam[]
export const ContentBlockParams: ContractSchema = {
  $id: 'ContentBlockParams',
  type: 'array',
  items: {
    $ref: 'ContentBlockParam#',
  },
}

/** A block of a message. The assistant's are `tool_use`, thinking and server-tool blocks; `tool_result` is the user's. */
export type ContentBlockParam = TextBlockParam | ImageBlockParam | DocumentBlockParam | SearchResultBlockParam | AudioBlockParam | AudioSttBlockParam | VideoBlockParam | ThinkingBlockParam | RedactedThinkingBlockParam | ToolUseBlockParam | ToolResultBlockParam | ServerToolUseBlockParam | WebSearchToolResultBlockParam | ServerToolResultBlockParam | McpToolUseBlockParam | McpToolResultBlockParam | ContainerUploadBlockParam
export const ContentBlockParam: ContractSchema = {
  $id: 'ContentBlockParam',
  type: 'object',
  'x-unknown-code': 'unknown_block_type',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'TextBlockParam#',
  }, {
    $ref: 'ImageBlockParam#',
  }, {
    $ref: 'DocumentBlockParam#',
  }, {
    $ref: 'SearchResultBlockParam#',
  }, {
    $ref: 'AudioBlockParam#',
  }, {
    $ref: 'AudioSttBlockParam#',
  }, {
    $ref: 'VideoBlockParam#',
  }, {
    $ref: 'ThinkingBlockParam#',
  }, {
    $ref: 'RedactedThinkingBlockParam#',
  }, {
    $ref: 'ToolUseBlockParam#',
  }, {
    $ref: 'ToolResultBlockParam#',
  }, {
    $ref: 'ServerToolUseBlockParam#',
  }, {
    $ref: 'WebSearchToolResultBlockParam#',
  }, {
    $ref: 'ServerToolResultBlockParam#',
  }, {
    $ref: 'McpToolUseBlockParam#',
  }, {
    $ref: 'McpToolResultBlockParam#',
  }, {
    $ref: 'ContainerUploadBlockParam#',
  }],
}

export interface TextBlockParam {
  type: 'text'
  text: string
  cache_control?: CacheControl | null
  /** The citations of an earlier answer, sent back as they came. */
  citations?: TextCitation[] | null
}
export const TextBlockParam: ContractSchema = {
  $id: 'TextBlockParam',
  type: 'object',
  required: ['type', 'text'],
  properties: {
    type: {
      type: 'string',
      const: 'text',
    },
    text: {
      type: 'string',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
    citations: {
      type: ['array', 'null'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          type: 'array',
          items: {
            $ref: 'TextCitation#',
          },
        },
      }],
    },
  },
  additionalProperties: false,
}

export interface ImageBlockParam {
  type: 'image'
  source: ImageSource
  cache_control?: CacheControl | null
  transformations?: ImageTransformations | null
}
export const ImageBlockParam: ContractSchema = {
  $id: 'ImageBlockParam',
  type: 'object',
  required: ['type', 'source'],
  properties: {
    type: {
      type: 'string',
      const: 'image',
    },
    source: {
      $ref: 'ImageSource#',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
    transformations: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'ImageTransformations#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export interface ImageTransformations {
  oversized_image?: 'downsize' | 'error'
}
export const ImageTransformations: ContractSchema = {
  $id: 'ImageTransformations',
  type: 'object',
  properties: {
    oversized_image: {
      type: 'string',
      enum: ['downsize', 'error'],
    },
  },
  additionalProperties: false,
}

export type ImageSource = Base64ImageSource | UrlSource | FileSource
export const ImageSource: ContractSchema = {
  $id: 'ImageSource',
  type: 'object',
  'x-unknown-code': 'unknown_source_type',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'Base64ImageSource#',
  }, {
    $ref: 'UrlSource#',
  }, {
    $ref: 'FileSource#',
  }],
}

export interface Base64ImageSource {
  type: 'base64'
  media_type: 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp'
  /** The image, base64. */
  data: string
}
export const Base64ImageSource: ContractSchema = {
  $id: 'Base64ImageSource',
  type: 'object',
  required: ['type', 'media_type', 'data'],
  properties: {
    type: {
      type: 'string',
      const: 'base64',
    },
    media_type: {
      type: 'string',
      enum: ['image/jpeg', 'image/png', 'image/gif', 'image/webp'],
    },
    data: {
      type: 'string',
      minLength: 1,
    },
  },
  additionalProperties: false,
}

export interface UrlSource {
  type: 'url'
  url: string
}
export const UrlSource: ContractSchema = {
  $id: 'UrlSource',
  type: 'object',
  required: ['type', 'url'],
  properties: {
    type: {
      type: 'string',
      const: 'url',
    },
    url: {
      type: 'string',
      minLength: 1,
      maxLength: 8192,
    },
  },
  additionalProperties: false,
}

export interface FileSource {
  type: 'file'
  /** The id of a file that the provider keeps. */
  file_id: string
}
export const FileSource: ContractSchema = {
  $id: 'FileSource',
  type: 'object',
  required: ['type', 'file_id'],
  properties: {
    type: {
      type: 'string',
      const: 'file',
    },
    file_id: {
      type: 'string',
      minLength: 1,
    },
  },
  additionalProperties: false,
}

export interface DocumentBlockParam {
  type: 'document'
  source: DocumentSource
  title?: string | null
  context?: string | null
  citations?: CitationsConfig | null
  cache_control?: CacheControl | null
}
export const DocumentBlockParam: ContractSchema = {
  $id: 'DocumentBlockParam',
  type: 'object',
  required: ['type', 'source'],
  properties: {
    type: {
      type: 'string',
      const: 'document',
    },
    source: {
      $ref: 'DocumentSource#',
    },
    title: {
      type: ['string', 'null'],
    },
    context: {
      type: ['string', 'null'],
    },
    citations: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CitationsConfig#',
        },
      }],
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export type DocumentSource = Base64PdfSource | PlainTextSource | UrlSource | ContentSource | FileSource
export const DocumentSource: ContractSchema = {
  $id: 'DocumentSource',
  type: 'object',
  'x-unknown-code': 'unknown_source_type',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'Base64PdfSource#',
  }, {
    $ref: 'PlainTextSource#',
  }, {
    $ref: 'UrlSource#',
  }, {
    $ref: 'ContentSource#',
  }, {
    $ref: 'FileSource#',
  }],
}

export interface Base64PdfSource {
  type: 'base64'
  media_type: 'application/pdf'
  /** The document, base64. */
  data: string
}
export const Base64PdfSource: ContractSchema = {
  $id: 'Base64PdfSource',
  type: 'object',
  required: ['type', 'media_type', 'data'],
  properties: {
    type: {
      type: 'string',
      const: 'base64',
    },
    media_type: {
      type: 'string',
      enum: ['application/pdf'],
    },
    data: {
      type: 'string',
      minLength: 1,
    },
  },
  additionalProperties: false,
}

export interface PlainTextSource {
  type: 'text'
  media_type: 'text/plain'
  data: string
}
export const PlainTextSource: ContractSchema = {
  $id: 'PlainTextSource',
  type: 'object',
  required: ['type', 'media_type', 'data'],
  properties: {
    type: {
      type: 'string',
      const: 'text',
    },
    media_type: {
      type: 'string',
      enum: ['text/plain'],
    },
    data: {
      type: 'string',
    },
  },
  additionalProperties: false,
}

export interface ContentSource {
  type: 'content'
  content: string | ContentSourceBlockParams
}
export const ContentSource: ContractSchema = {
  $id: 'ContentSource',
  type: 'object',
  required: ['type', 'content'],
  properties: {
    type: {
      type: 'string',
      const: 'content',
    },
    content: {
      type: ['string', 'array'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          $ref: 'ContentSourceBlockParams#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export type ContentSourceBlockParams = ContentSourceBlockParam[]
export const ContentSourceBlockParams: ContractSchema = {
  $id: 'ContentSourceBlockParams',
  type: 'array',
  items: {
    $ref: 'ContentSourceBlockParam#',
  },
}

export type ContentSourceBlockParam = TextBlockParam | ImageBlockParam
export const ContentSourceBlockParam: ContractSchema = {
  $id: 'ContentSourceBlockParam',
  type: 'object',
  'x-unknown-code': 'unsupported_block_type',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'TextBlockParam#',
  }, {
    $ref: 'ImageBlockParam#',
  }],
}

export interface SearchResultBlockParam {
  type: 'search_result'
  source: string
  title: string
  content: SystemBlockParam[]
  citations?: CitationsConfig
  cache_control?: CacheControl | null
}
export const SearchResultBlockParam: ContractSchema = {
  $id: 'SearchResultBlockParam',
  type: 'object',
  required: ['type', 'source', 'title', 'content'],
  properties: {
    type: {
      type: 'string',
      const: 'search_result',
    },
    source: {
      type: 'string',
    },
    title: {
      type: 'string',
    },
    content: {
      type: 'array',
      items: {
        $ref: 'SystemBlockParam#',
      },
    },
    citations: {
      $ref: 'CitationsConfig#',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
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
export const AudioBlockParam: ContractSchema = {
  $id: 'AudioBlockParam',
  type: 'object',
  required: ['type', 'source'],
  properties: {
    type: {
      type: 'string',
      const: 'audio',
    },
    source: {
      $ref: 'AudioSource#',
    },
    transcript: {
      type: ['string', 'null'],
    },
    sample_rate_hz: {
      type: 'integer',
      minimum: 1,
    },
    alignment: {
      type: 'object',
      additionalProperties: true,
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
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
export const AudioSttBlockParam: ContractSchema = {
  $id: 'AudioSttBlockParam',
  type: 'object',
  required: ['type', 'source'],
  properties: {
    type: {
      type: 'string',
      const: 'audio_stt',
    },
    source: {
      $ref: 'AudioSource#',
    },
    language: {
      type: 'string',
      minLength: 1,
    },
    sample_rate: {
      type: 'integer',
      minimum: 4000,
      maximum: 384000,
    },
    channels: {
      type: 'integer',
      minimum: 1,
      maximum: 8,
    },
  },
  additionalProperties: false,
}

export type AudioSource = Base64AudioSource | UrlSource | FileSource
export const AudioSource: ContractSchema = {
  $id: 'AudioSource',
  type: 'object',
  'x-unknown-code': 'unknown_source_type',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'Base64AudioSource#',
  }, {
    $ref: 'UrlSource#',
  }, {
    $ref: 'FileSource#',
  }],
}

export interface Base64AudioSource {
  type: 'base64'
  media_type: 'audio/wav' | 'audio/x-wav' | 'audio/mpeg' | 'audio/mp3' | 'audio/flac' | 'audio/ogg' | 'audio/opus' | 'audio/webm' | 'audio/aac' | 'audio/mp4' | 'audio/aiff' | 'audio/pcm' | 'audio/basic'
  data: string
}
export const Base64AudioSource: ContractSchema = {
  $id: 'Base64AudioSource',
  type: 'object',
  required: ['type', 'media_type', 'data'],
  properties: {
    type: {
      type: 'string',
      const: 'base64',
    },
    media_type: {
      type: 'string',
      enum: ['audio/wav', 'audio/x-wav', 'audio/mpeg', 'audio/mp3', 'audio/flac', 'audio/ogg', 'audio/opus', 'audio/webm', 'audio/aac', 'audio/mp4', 'audio/aiff', 'audio/pcm', 'audio/basic'],
    },
    data: {
      type: 'string',
      minLength: 1,
    },
  },
  additionalProperties: false,
}

export interface VideoBlockParam {
  type: 'video'
  source: VideoSource
  cache_control?: CacheControl | null
}
export const VideoBlockParam: ContractSchema = {
  $id: 'VideoBlockParam',
  type: 'object',
  required: ['type', 'source'],
  properties: {
    type: {
      type: 'string',
      const: 'video',
    },
    source: {
      $ref: 'VideoSource#',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export type VideoSource = Base64VideoSource | UrlSource | FileSource
export const VideoSource: ContractSchema = {
  $id: 'VideoSource',
  type: 'object',
  'x-unknown-code': 'unknown_source_type',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'Base64VideoSource#',
  }, {
    $ref: 'UrlSource#',
  }, {
    $ref: 'FileSource#',
  }],
}

export interface Base64VideoSource {
  type: 'base64'
  media_type: 'video/mp4' | 'video/mpeg' | 'video/quicktime' | 'video/webm' | 'video/x-msvideo' | 'video/x-flv' | 'video/3gpp' | 'video/x-ms-wmv'
  data: string
}
export const Base64VideoSource: ContractSchema = {
  $id: 'Base64VideoSource',
  type: 'object',
  required: ['type', 'media_type', 'data'],
  properties: {
    type: {
      type: 'string',
      const: 'base64',
    },
    media_type: {
      type: 'string',
      enum: ['video/mp4', 'video/mpeg', 'video/quicktime', 'video/webm', 'video/x-msvideo', 'video/x-flv', 'video/3gpp', 'video/x-ms-wmv'],
    },
    data: {
      type: 'string',
      minLength: 1,
    },
  },
  additionalProperties: false,
}

export interface ThinkingBlockParam {
  type: 'thinking'
  thinking: string
  /** Opaque; what the provider needs to see its own reasoning again. */
  signature: string
}
export const ThinkingBlockParam: ContractSchema = {
  $id: 'ThinkingBlockParam',
  type: 'object',
  required: ['type', 'thinking', 'signature'],
  properties: {
    type: {
      type: 'string',
      const: 'thinking',
    },
    thinking: {
      type: 'string',
    },
    signature: {
      type: 'string',
    },
  },
  additionalProperties: false,
}

export interface RedactedThinkingBlockParam {
  type: 'redacted_thinking'
  data: string
}
export const RedactedThinkingBlockParam: ContractSchema = {
  $id: 'RedactedThinkingBlockParam',
  type: 'object',
  required: ['type', 'data'],
  properties: {
    type: {
      type: 'string',
      const: 'redacted_thinking',
    },
    data: {
      type: 'string',
    },
  },
  additionalProperties: false,
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
export const ToolUseBlockParam: ContractSchema = {
  $id: 'ToolUseBlockParam',
  type: 'object',
  required: ['type', 'id', 'name', 'input'],
  properties: {
    type: {
      type: 'string',
      const: 'tool_use',
    },
    id: {
      type: 'string',
      minLength: 1,
    },
    name: {
      type: 'string',
      minLength: 1,
    },
    input: {
      type: 'object',
      additionalProperties: true,
    },
    caller: {
      $ref: 'ToolCaller#',
    },
    toolset_name: {
      type: ['string', 'null'],
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

/** What called the tool, as the provider said it. */
export interface ToolCaller {
  type: string
  tool_id?: string
}
export const ToolCaller: ContractSchema = {
  $id: 'ToolCaller',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
    },
    tool_id: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export interface ToolResultBlockParam {
  type: 'tool_result'
  tool_use_id: string
  content?: string | ToolResultContentBlockParams
  is_error?: boolean
  toolset_name?: string | null
  cache_control?: CacheControl | null
}
export const ToolResultBlockParam: ContractSchema = {
  $id: 'ToolResultBlockParam',
  type: 'object',
  required: ['type', 'tool_use_id'],
  properties: {
    type: {
      type: 'string',
      const: 'tool_result',
    },
    tool_use_id: {
      type: 'string',
      minLength: 1,
    },
    content: {
      type: ['string', 'array'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          $ref: 'ToolResultContentBlockParams#',
        },
      }],
    },
    is_error: {
      type: 'boolean',
    },
    toolset_name: {
      type: ['string', 'null'],
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export type ToolResultContentBlockParams = ToolResultContentBlockParam[]
export const ToolResultContentBlockParams: ContractSchema = {
  $id: 'ToolResultContentBlockParams',
  type: 'array',
  items: {
    $ref: 'ToolResultContentBlockParam#',
  },
}

export type ToolResultContentBlockParam = TextBlockParam | ImageBlockParam | DocumentBlockParam | SearchResultBlockParam | ToolReferenceBlockParam | BrowserStateBlockParam
export const ToolResultContentBlockParam: ContractSchema = {
  $id: 'ToolResultContentBlockParam',
  type: 'object',
  'x-unknown-code': 'unsupported_block_type',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'TextBlockParam#',
  }, {
    $ref: 'ImageBlockParam#',
  }, {
    $ref: 'DocumentBlockParam#',
  }, {
    $ref: 'SearchResultBlockParam#',
  }, {
    $ref: 'ToolReferenceBlockParam#',
  }, {
    $ref: 'BrowserStateBlockParam#',
  }],
}

export interface ToolReferenceBlockParam {
  type: 'tool_reference'
  tool_name: string
  cache_control?: CacheControl | null
}
export const ToolReferenceBlockParam: ContractSchema = {
  $id: 'ToolReferenceBlockParam',
  type: 'object',
  required: ['type', 'tool_name'],
  properties: {
    type: {
      type: 'string',
      const: 'tool_reference',
    },
    tool_name: {
      type: 'string',
      minLength: 1,
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

/** The state of a browser toolset; its fields are Anthropic's. */
export interface BrowserStateBlockParam {
  type: 'browser_state'
}
export const BrowserStateBlockParam: ContractSchema = {
  $id: 'BrowserStateBlockParam',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'browser_state',
    },
  },
  additionalProperties: true,
}

export interface ServerToolUseBlockParam {
  type: 'server_tool_use'
  id: string
  name: string
  input: Record<string, unknown>
  caller?: ToolCaller
  cache_control?: CacheControl | null
}
export const ServerToolUseBlockParam: ContractSchema = {
  $id: 'ServerToolUseBlockParam',
  type: 'object',
  required: ['type', 'id', 'name', 'input'],
  properties: {
    type: {
      type: 'string',
      const: 'server_tool_use',
    },
    id: {
      type: 'string',
      minLength: 1,
    },
    name: {
      type: 'string',
      minLength: 1,
    },
    input: {
      type: 'object',
      additionalProperties: true,
    },
    caller: {
      $ref: 'ToolCaller#',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export interface WebSearchToolResultBlockParam {
  type: 'web_search_tool_result'
  tool_use_id: string
  content: ServerToolOutputs | ServerToolOutput
  caller?: ToolCaller
  cache_control?: CacheControl | null
}
export const WebSearchToolResultBlockParam: ContractSchema = {
  $id: 'WebSearchToolResultBlockParam',
  type: 'object',
  required: ['type', 'tool_use_id', 'content'],
  properties: {
    type: {
      type: 'string',
      const: 'web_search_tool_result',
    },
    tool_use_id: {
      type: 'string',
      minLength: 1,
    },
    content: {
      type: ['array', 'object'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          $ref: 'ServerToolOutputs#',
        },
      }, {
        if: {
          type: 'object',
        },
        then: {
          $ref: 'ServerToolOutput#',
        },
      }],
    },
    caller: {
      $ref: 'ToolCaller#',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

/** What a tool that the provider ran has found, or why it could not. The fields depend on `type` and are the provider's. */
export interface ServerToolOutput {
  type?: string
}
export const ServerToolOutput: ContractSchema = {
  $id: 'ServerToolOutput',
  type: 'object',
  properties: {
    type: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export type ServerToolOutputs = ServerToolOutput[]
export const ServerToolOutputs: ContractSchema = {
  $id: 'ServerToolOutputs',
  type: 'array',
  items: {
    $ref: 'ServerToolOutput#',
  },
}

/** The result of a tool that the provider ran. Its content goes back as it came. */
export interface ServerToolResultBlockParam {
  type: 'web_fetch_tool_result' | 'code_execution_tool_result' | 'bash_code_execution_tool_result' | 'text_editor_code_execution_tool_result' | 'tool_search_tool_result' | 'file_search_tool_result'
  tool_use_id: string
  content: Record<string, unknown>
  caller?: ToolCaller
  cache_control?: CacheControl | null
}
export const ServerToolResultBlockParam: ContractSchema = {
  $id: 'ServerToolResultBlockParam',
  type: 'object',
  required: ['type', 'tool_use_id', 'content'],
  properties: {
    type: {
      type: 'string',
      enum: ['web_fetch_tool_result', 'code_execution_tool_result', 'bash_code_execution_tool_result', 'text_editor_code_execution_tool_result', 'tool_search_tool_result', 'file_search_tool_result'],
    },
    tool_use_id: {
      type: 'string',
      minLength: 1,
    },
    content: {
      type: 'object',
      additionalProperties: true,
    },
    caller: {
      $ref: 'ToolCaller#',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export interface McpToolUseBlockParam {
  type: 'mcp_tool_use'
  id: string
  name: string
  server_name: string
  input: Record<string, unknown>
  cache_control?: CacheControl | null
}
export const McpToolUseBlockParam: ContractSchema = {
  $id: 'McpToolUseBlockParam',
  type: 'object',
  required: ['type', 'id', 'name', 'server_name', 'input'],
  properties: {
    type: {
      type: 'string',
      const: 'mcp_tool_use',
    },
    id: {
      type: 'string',
      minLength: 1,
    },
    name: {
      type: 'string',
      minLength: 1,
    },
    server_name: {
      type: 'string',
      minLength: 1,
    },
    input: {
      type: 'object',
      additionalProperties: true,
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export interface McpToolResultBlockParam {
  type: 'mcp_tool_result'
  tool_use_id: string
  is_error?: boolean
  content?: string | SystemBlockParams
  cache_control?: CacheControl | null
}
export const McpToolResultBlockParam: ContractSchema = {
  $id: 'McpToolResultBlockParam',
  type: 'object',
  required: ['type', 'tool_use_id'],
  properties: {
    type: {
      type: 'string',
      const: 'mcp_tool_result',
    },
    tool_use_id: {
      type: 'string',
      minLength: 1,
    },
    is_error: {
      type: 'boolean',
    },
    content: {
      type: ['string', 'array'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          $ref: 'SystemBlockParams#',
        },
      }],
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export interface ContainerUploadBlockParam {
  type: 'container_upload'
  file_id: string
  cache_control?: CacheControl | null
}
export const ContainerUploadBlockParam: ContractSchema = {
  $id: 'ContainerUploadBlockParam',
  type: 'object',
  required: ['type', 'file_id'],
  properties: {
    type: {
      type: 'string',
      const: 'container_upload',
    },
    file_id: {
      type: 'string',
      minLength: 1,
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export interface CacheControl {
  type: 'ephemeral'
  ttl?: '5m' | '1h'
  /** Who else may share what is cached. A beta, whose values are Anthropic's. */
  scope?: string
}
export const CacheControl: ContractSchema = {
  $id: 'CacheControl',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      enum: ['ephemeral'],
    },
    ttl: {
      type: 'string',
      enum: ['5m', '1h'],
    },
    scope: {
      type: 'string',
      minLength: 1,
    },
  },
  additionalProperties: false,
}

export interface CitationsConfig {
  enabled?: boolean
}
export const CitationsConfig: ContractSchema = {
  $id: 'CitationsConfig',
  type: 'object',
  properties: {
    enabled: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
}

/** Where a statement comes from. The fields depend on `type` and are the provider's. */
export interface TextCitation {
  type: string
  cited_text?: string
}
export const TextCitation: ContractSchema = {
  $id: 'TextCitation',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
    },
    cited_text: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

/** A tool the model may call. Without `type`, or with `custom` or `function`, it is the caller's own; the other forms are tools that the provider defines or runs. */
export type Tool = CustomTool | FunctionTool | WebSearchTool | WebFetchTool | CodeExecutionTool | ComputerUseTool | FileSearchTool | TextEditorTool | AnthropicWebSearchTool | AnthropicWebFetchTool | AnthropicCodeExecutionTool | AnthropicToolSearchTool | AnthropicClientTool | AnthropicComputerTool | AnthropicToolset | McpToolset
export const Tool: ContractSchema = {
  $id: 'Tool',
  type: 'object',
  if: {
    properties: {
      type: {
        enum: ['custom', null],
      },
    },
  },
  then: {
    $ref: 'CustomTool#',
  },
  else: {
    type: 'object',
    'x-unknown-code': 'unknown_tool_type',
    required: ['type'],
    discriminator: {
      propertyName: 'type',
    },
    oneOf: [{
      $ref: 'FunctionTool#',
    }, {
      $ref: 'WebSearchTool#',
    }, {
      $ref: 'WebFetchTool#',
    }, {
      $ref: 'CodeExecutionTool#',
    }, {
      $ref: 'ComputerUseTool#',
    }, {
      $ref: 'FileSearchTool#',
    }, {
      $ref: 'TextEditorTool#',
    }, {
      $ref: 'AnthropicWebSearchTool#',
    }, {
      $ref: 'AnthropicWebFetchTool#',
    }, {
      $ref: 'AnthropicCodeExecutionTool#',
    }, {
      $ref: 'AnthropicToolSearchTool#',
    }, {
      $ref: 'AnthropicClientTool#',
    }, {
      $ref: 'AnthropicComputerTool#',
    }, {
      $ref: 'AnthropicToolset#',
    }, {
      $ref: 'McpToolset#',
    }],
  },
}

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
export const CustomTool: ContractSchema = {
  $id: 'CustomTool',
  type: 'object',
  required: ['name', 'input_schema'],
  properties: {
    type: {
      type: ['string', 'null'],
      allOf: [{
        if: {
          type: 'string',
        },
        then: {
          type: 'string',
          enum: ['custom'],
        },
      }],
    },
    name: {
      type: 'string',
      minLength: 1,
      maxLength: 128,
    },
    description: {
      type: 'string',
    },
    input_schema: {
      $ref: 'ToolInputSchema#',
    },
    strict: {
      type: 'boolean',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
    allowed_callers: {
      $ref: 'AllowedCallers#',
    },
    defer_loading: {
      type: 'boolean',
    },
    eager_input_streaming: {
      type: ['boolean', 'null'],
    },
    input_examples: {
      $ref: 'InputExamples#',
    },
  },
  additionalProperties: false,
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
export const FunctionTool: ContractSchema = {
  $id: 'FunctionTool',
  type: 'object',
  required: ['type', 'name', 'input_schema'],
  properties: {
    type: {
      type: 'string',
      const: 'function',
    },
    name: {
      type: 'string',
      minLength: 1,
      maxLength: 128,
    },
    description: {
      type: 'string',
    },
    input_schema: {
      $ref: 'ToolInputSchema#',
    },
    strict: {
      type: 'boolean',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

/** A JSON schema of the tool's arguments; its `type` is `object`. */
export interface ToolInputSchema {
  type: 'object'
}
export const ToolInputSchema: ContractSchema = {
  $id: 'ToolInputSchema',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'object',
    },
  },
  additionalProperties: true,
}

export type AllowedCallers = string[]
export const AllowedCallers: ContractSchema = {
  $id: 'AllowedCallers',
  type: 'array',
  items: {
    type: 'string',
    minLength: 1,
  },
}

export type InputExamples = Record<string, unknown>[]
export const InputExamples: ContractSchema = {
  $id: 'InputExamples',
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: true,
  },
}

export interface UserLocation {
  type: 'approximate'
  city?: string | null
  region?: string | null
  country?: string | null
  timezone?: string | null
}
export const UserLocation: ContractSchema = {
  $id: 'UserLocation',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      enum: ['approximate'],
    },
    city: {
      type: ['string', 'null'],
    },
    region: {
      type: ['string', 'null'],
    },
    country: {
      type: ['string', 'null'],
    },
    timezone: {
      type: ['string', 'null'],
    },
  },
  additionalProperties: false,
}

export type DomainList = string[] | null
export const DomainList: ContractSchema = {
  $id: 'DomainList',
  type: ['array', 'null'],
  allOf: [{
    if: {
      type: 'array',
    },
    then: {
      type: 'array',
      items: {
        type: 'string',
        minLength: 1,
      },
    },
  }],
}

export type NullablePositiveInteger = number | null
export const NullablePositiveInteger: ContractSchema = {
  $id: 'NullablePositiveInteger',
  type: ['integer', 'null'],
  allOf: [{
    if: {
      type: 'integer',
    },
    then: {
      type: 'integer',
      minimum: 1,
    },
  }],
}

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
export const WebSearchTool: ContractSchema = {
  $id: 'WebSearchTool',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'web_search',
    },
    config: {
      type: 'object',
      properties: {
        max_uses: {
          type: 'integer',
          minimum: 1,
        },
        allowed_domains: {
          type: 'array',
          items: {
            type: 'string',
            minLength: 1,
          },
        },
        blocked_domains: {
          type: 'array',
          items: {
            type: 'string',
            minLength: 1,
          },
        },
        user_location: {
          $ref: 'UserLocation#',
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
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
export const WebFetchTool: ContractSchema = {
  $id: 'WebFetchTool',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'web_fetch',
    },
    config: {
      type: 'object',
      properties: {
        max_uses: {
          type: 'integer',
          minimum: 1,
        },
        allowed_domains: {
          type: 'array',
          items: {
            type: 'string',
            minLength: 1,
          },
        },
        blocked_domains: {
          type: 'array',
          items: {
            type: 'string',
            minLength: 1,
          },
        },
        max_content_tokens: {
          type: 'integer',
          minimum: 1,
        },
        citations: {
          $ref: 'CitationsConfig#',
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
}

/** Code execution, portable. */
export interface CodeExecutionTool {
  type: 'code_execution'
  config?: Record<string, never>
}
export const CodeExecutionTool: ContractSchema = {
  $id: 'CodeExecutionTool',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'code_execution',
    },
    config: {
      type: 'object',
      additionalProperties: false,
    },
  },
  additionalProperties: false,
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
export const ComputerUseTool: ContractSchema = {
  $id: 'ComputerUseTool',
  type: 'object',
  required: ['type', 'config'],
  properties: {
    type: {
      type: 'string',
      const: 'computer_use',
    },
    config: {
      type: 'object',
      required: ['display_width_px', 'display_height_px'],
      properties: {
        display_width_px: {
          type: 'integer',
          minimum: 1,
        },
        display_height_px: {
          type: 'integer',
          minimum: 1,
        },
        display_number: {
          type: 'integer',
          minimum: 0,
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
}

/** Search in files that the provider keeps, portable. */
export interface FileSearchTool {
  type: 'file_search'
  config: {
    vector_store_ids: string[]
    max_num_results?: number
  }
}
export const FileSearchTool: ContractSchema = {
  $id: 'FileSearchTool',
  type: 'object',
  required: ['type', 'config'],
  properties: {
    type: {
      type: 'string',
      const: 'file_search',
    },
    config: {
      type: 'object',
      required: ['vector_store_ids'],
      properties: {
        vector_store_ids: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'string',
            minLength: 1,
          },
        },
        max_num_results: {
          type: 'integer',
          minimum: 1,
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
}

/** A text editor that the caller runs, portable. */
export interface TextEditorTool {
  type: 'text_editor'
  config?: {
    max_characters?: number
  }
}
export const TextEditorTool: ContractSchema = {
  $id: 'TextEditorTool',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'text_editor',
    },
    config: {
      type: 'object',
      properties: {
        max_characters: {
          type: 'integer',
          minimum: 1,
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
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
export const AnthropicWebSearchTool: ContractSchema = {
  $id: 'AnthropicWebSearchTool',
  type: 'object',
  required: ['type', 'name'],
  properties: {
    type: {
      type: 'string',
      enum: ['web_search_20250305', 'web_search_20260209', 'web_search_20260318'],
    },
    name: {
      type: 'string',
      const: 'web_search',
    },
    max_uses: {
      $ref: 'NullablePositiveInteger#',
    },
    allowed_domains: {
      $ref: 'DomainList#',
    },
    blocked_domains: {
      $ref: 'DomainList#',
    },
    user_location: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'UserLocation#',
        },
      }],
    },
    response_inclusion: {
      type: 'string',
      enum: ['full', 'excluded'],
    },
    strict: {
      type: 'boolean',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
    allowed_callers: {
      $ref: 'AllowedCallers#',
    },
    defer_loading: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
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
export const AnthropicWebFetchTool: ContractSchema = {
  $id: 'AnthropicWebFetchTool',
  type: 'object',
  required: ['type', 'name'],
  properties: {
    type: {
      type: 'string',
      enum: ['web_fetch_20250910', 'web_fetch_20260209', 'web_fetch_20260309', 'web_fetch_20260318'],
    },
    name: {
      type: 'string',
      const: 'web_fetch',
    },
    max_uses: {
      $ref: 'NullablePositiveInteger#',
    },
    allowed_domains: {
      $ref: 'DomainList#',
    },
    blocked_domains: {
      $ref: 'DomainList#',
    },
    max_content_tokens: {
      $ref: 'NullablePositiveInteger#',
    },
    citations: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CitationsConfig#',
        },
      }],
    },
    use_cache: {
      type: 'boolean',
    },
    response_inclusion: {
      type: 'string',
      enum: ['full', 'excluded'],
    },
    url_sources: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          type: 'object',
          additionalProperties: true,
        },
      }],
    },
    strict: {
      type: 'boolean',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
    allowed_callers: {
      $ref: 'AllowedCallers#',
    },
    defer_loading: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
}

export interface AnthropicCodeExecutionTool {
  type: 'code_execution_20250522' | 'code_execution_20250825' | 'code_execution_20260120' | 'code_execution_20260521'
  name: 'code_execution'
  strict?: boolean
  cache_control?: CacheControl | null
  allowed_callers?: AllowedCallers
  defer_loading?: boolean
}
export const AnthropicCodeExecutionTool: ContractSchema = {
  $id: 'AnthropicCodeExecutionTool',
  type: 'object',
  required: ['type', 'name'],
  properties: {
    type: {
      type: 'string',
      enum: ['code_execution_20250522', 'code_execution_20250825', 'code_execution_20260120', 'code_execution_20260521'],
    },
    name: {
      type: 'string',
      const: 'code_execution',
    },
    strict: {
      type: 'boolean',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
    allowed_callers: {
      $ref: 'AllowedCallers#',
    },
    defer_loading: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
}

export interface AnthropicToolSearchTool {
  type: 'tool_search_tool_bm25_20251119' | 'tool_search_tool_bm25' | 'tool_search_tool_regex_20251119' | 'tool_search_tool_regex'
  name: 'tool_search_tool_bm25' | 'tool_search_tool_regex'
  strict?: boolean
  cache_control?: CacheControl | null
  allowed_callers?: AllowedCallers
  defer_loading?: boolean
}
export const AnthropicToolSearchTool: ContractSchema = {
  $id: 'AnthropicToolSearchTool',
  type: 'object',
  required: ['type', 'name'],
  properties: {
    type: {
      type: 'string',
      enum: ['tool_search_tool_bm25_20251119', 'tool_search_tool_bm25', 'tool_search_tool_regex_20251119', 'tool_search_tool_regex'],
    },
    name: {
      type: 'string',
      enum: ['tool_search_tool_bm25', 'tool_search_tool_regex'],
    },
    strict: {
      type: 'boolean',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
    allowed_callers: {
      $ref: 'AllowedCallers#',
    },
    defer_loading: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
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
export const AnthropicClientTool: ContractSchema = {
  $id: 'AnthropicClientTool',
  type: 'object',
  required: ['type', 'name'],
  properties: {
    type: {
      type: 'string',
      enum: ['bash_20241022', 'bash_20250124', 'text_editor_20241022', 'text_editor_20250124', 'text_editor_20250429', 'text_editor_20250728', 'memory_20250818'],
    },
    name: {
      type: 'string',
      enum: ['bash', 'str_replace_editor', 'str_replace_based_edit_tool', 'memory'],
    },
    max_characters: {
      $ref: 'NullablePositiveInteger#',
    },
    input_examples: {
      $ref: 'InputExamples#',
    },
    strict: {
      type: 'boolean',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
    allowed_callers: {
      $ref: 'AllowedCallers#',
    },
    defer_loading: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
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
export const AnthropicComputerTool: ContractSchema = {
  $id: 'AnthropicComputerTool',
  type: 'object',
  required: ['type', 'name', 'display_width_px', 'display_height_px'],
  properties: {
    type: {
      type: 'string',
      enum: ['computer_20241022', 'computer_20250124', 'computer_20251124'],
    },
    name: {
      type: 'string',
      const: 'computer',
    },
    display_width_px: {
      type: 'integer',
      minimum: 1,
    },
    display_height_px: {
      type: 'integer',
      minimum: 1,
    },
    display_number: {
      type: ['integer', 'null'],
      allOf: [{
        if: {
          type: 'integer',
        },
        then: {
          type: 'integer',
          minimum: 0,
        },
      }],
    },
    enable_zoom: {
      type: 'boolean',
    },
    input_examples: {
      $ref: 'InputExamples#',
    },
    strict: {
      type: 'boolean',
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
    allowed_callers: {
      $ref: 'AllowedCallers#',
    },
    defer_loading: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
}

export interface AnthropicToolset {
  type: 'browser_toolset_20260801' | 'computer_toolset_20260801'
  configs?: Record<string, unknown> | null
  cache_control?: CacheControl | null
}
export const AnthropicToolset: ContractSchema = {
  $id: 'AnthropicToolset',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      enum: ['browser_toolset_20260801', 'computer_toolset_20260801'],
    },
    configs: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          type: 'object',
          additionalProperties: true,
        },
      }],
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export interface McpToolset {
  type: 'mcp_toolset'
  mcp_server_name: string
  default_config?: Record<string, unknown>
  configs?: Record<string, unknown> | null
  tools?: Record<string, unknown>[] | null
  cache_control?: CacheControl | null
}
export const McpToolset: ContractSchema = {
  $id: 'McpToolset',
  type: 'object',
  required: ['type', 'mcp_server_name'],
  properties: {
    type: {
      type: 'string',
      const: 'mcp_toolset',
    },
    mcp_server_name: {
      type: 'string',
      minLength: 1,
    },
    default_config: {
      type: 'object',
      additionalProperties: true,
    },
    configs: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          type: 'object',
          additionalProperties: true,
        },
      }],
    },
    tools: {
      type: ['array', 'null'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          type: 'array',
          items: {
            type: 'object',
            additionalProperties: true,
          },
        },
      }],
    },
    cache_control: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'CacheControl#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export type ToolChoice = ToolChoiceAuto | ToolChoiceAny | ToolChoiceTool | ToolChoiceNone
export const ToolChoice: ContractSchema = {
  $id: 'ToolChoice',
  type: 'object',
  'x-unknown-code': 'unknown_tool_choice',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'ToolChoiceAuto#',
  }, {
    $ref: 'ToolChoiceAny#',
  }, {
    $ref: 'ToolChoiceTool#',
  }, {
    $ref: 'ToolChoiceNone#',
  }],
}

export interface ToolChoiceAuto {
  type: 'auto'
  disable_parallel_tool_use?: boolean
}
export const ToolChoiceAuto: ContractSchema = {
  $id: 'ToolChoiceAuto',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'auto',
    },
    disable_parallel_tool_use: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
}

export interface ToolChoiceAny {
  type: 'any'
  disable_parallel_tool_use?: boolean
}
export const ToolChoiceAny: ContractSchema = {
  $id: 'ToolChoiceAny',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'any',
    },
    disable_parallel_tool_use: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
}

export interface ToolChoiceTool {
  type: 'tool'
  name: string
  disable_parallel_tool_use?: boolean
}
export const ToolChoiceTool: ContractSchema = {
  $id: 'ToolChoiceTool',
  type: 'object',
  required: ['type', 'name'],
  properties: {
    type: {
      type: 'string',
      const: 'tool',
    },
    name: {
      type: 'string',
      minLength: 1,
    },
    disable_parallel_tool_use: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
}

export interface ToolChoiceNone {
  type: 'none'
}
export const ToolChoiceNone: ContractSchema = {
  $id: 'ToolChoiceNone',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'none',
    },
  },
  additionalProperties: false,
}

export type ThinkingConfig = ThinkingEnabled | ThinkingDisabled | ThinkingAdaptive | ThinkingBetweenTools
export const ThinkingConfig: ContractSchema = {
  $id: 'ThinkingConfig',
  type: 'object',
  'x-unknown-code': 'unknown_thinking_type',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'ThinkingEnabled#',
  }, {
    $ref: 'ThinkingDisabled#',
  }, {
    $ref: 'ThinkingAdaptive#',
  }, {
    $ref: 'ThinkingBetweenTools#',
  }],
}

export interface ThinkingEnabled {
  type: 'enabled'
  budget_tokens: number
  display?: ThinkingDisplay
}
export const ThinkingEnabled: ContractSchema = {
  $id: 'ThinkingEnabled',
  type: 'object',
  required: ['type', 'budget_tokens'],
  properties: {
    type: {
      type: 'string',
      const: 'enabled',
    },
    budget_tokens: {
      type: 'integer',
      minimum: 1,
    },
    display: {
      $ref: 'ThinkingDisplay#',
    },
  },
  additionalProperties: false,
}

export interface ThinkingDisabled {
  type: 'disabled'
}
export const ThinkingDisabled: ContractSchema = {
  $id: 'ThinkingDisabled',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'disabled',
    },
  },
  additionalProperties: false,
}

export interface ThinkingAdaptive {
  type: 'adaptive'
  display?: ThinkingDisplay
}
export const ThinkingAdaptive: ContractSchema = {
  $id: 'ThinkingAdaptive',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'adaptive',
    },
    display: {
      $ref: 'ThinkingDisplay#',
    },
  },
  additionalProperties: false,
}

export interface ThinkingBetweenTools {
  type: 'between_tools'
}
export const ThinkingBetweenTools: ContractSchema = {
  $id: 'ThinkingBetweenTools',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'between_tools',
    },
  },
  additionalProperties: false,
}

export type ThinkingDisplay = 'summarized' | 'omitted' | 'updates' | null
export const ThinkingDisplay: ContractSchema = {
  $id: 'ThinkingDisplay',
  type: ['string', 'null'],
  allOf: [{
    if: {
      type: 'string',
    },
    then: {
      type: 'string',
      enum: ['summarized', 'omitted', 'updates'],
    },
  }],
}

export interface OutputConfig {
  effort?: 'low' | 'medium' | 'high' | 'xhigh' | 'max' | null
  format?: JsonOutputFormat | null
}
export const OutputConfig: ContractSchema = {
  $id: 'OutputConfig',
  type: 'object',
  properties: {
    effort: {
      type: ['string', 'null'],
      allOf: [{
        if: {
          type: 'string',
        },
        then: {
          type: 'string',
          enum: ['low', 'medium', 'high', 'xhigh', 'max'],
        },
      }],
    },
    format: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'JsonOutputFormat#',
        },
      }],
    },
  },
  additionalProperties: false,
}

/** Anthropic's own form of structured output. */
export interface JsonOutputFormat {
  type: 'json_schema'
  schema: Record<string, unknown>
}
export const JsonOutputFormat: ContractSchema = {
  $id: 'JsonOutputFormat',
  type: 'object',
  required: ['type', 'schema'],
  properties: {
    type: {
      type: 'string',
      const: 'json_schema',
    },
    schema: {
      type: 'object',
      additionalProperties: true,
    },
  },
  additionalProperties: false,
}

/** The answer is JSON that fits this schema. One of `json_schema` (portable) and `schema` (Anthropic's) is given. */
export interface OutputFormat {
  type: 'json_schema'
  json_schema?: Record<string, unknown>
  schema?: Record<string, unknown>
  name?: string
  strict?: boolean
}
export const OutputFormat: ContractSchema = {
  $id: 'OutputFormat',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'json_schema',
    },
    json_schema: {
      type: 'object',
      additionalProperties: true,
    },
    schema: {
      type: 'object',
      additionalProperties: true,
    },
    name: {
      type: 'string',
      minLength: 1,
      maxLength: 64,
    },
    strict: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
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
export const OutputOptions: ContractSchema = {
  $id: 'OutputOptions',
  type: 'object',
  properties: {
    modalities: {
      type: 'array',
      items: {
        type: 'string',
        enum: ['text', 'image', 'audio'],
      },
    },
    image: {
      type: 'object',
      properties: {
        size: {
          type: 'string',
        },
        quality: {
          type: 'string',
        },
        format: {
          type: 'string',
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
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
export const VoiceOptions: ContractSchema = {
  $id: 'VoiceOptions',
  type: 'object',
  properties: {
    input: {
      type: 'object',
      properties: {
        language: {
          type: 'string',
          minLength: 1,
        },
        hints: {
          type: 'array',
          maxItems: 500,
          items: {
            type: 'string',
            minLength: 1,
            maxLength: 200,
          },
        },
      },
      additionalProperties: false,
    },
    output: {
      $ref: 'VoiceOutput#',
    },
  },
  additionalProperties: false,
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
export const VoiceOutput: ContractSchema = {
  $id: 'VoiceOutput',
  type: 'object',
  required: ['voice'],
  properties: {
    voice: {
      type: 'string',
      minLength: 1,
      maxLength: 300,
    },
    format: {
      type: 'string',
      enum: ['wav', 'mp3', 'pcm', 'opus'],
    },
    sample_rate: {
      type: 'integer',
      minimum: 8000,
      maximum: 48000,
    },
    speed: {
      type: 'number',
      minimum: 0.25,
      maximum: 4,
    },
    volume: {
      type: 'number',
      minimum: 0,
      maximum: 2,
    },
    emotion: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
    },
    language: {
      type: 'string',
      minLength: 1,
    },
    alignment: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
}

export interface ContainerParams {
  id?: string | null
  skills?: SkillParams[] | null
}
export const ContainerParams: ContractSchema = {
  $id: 'ContainerParams',
  type: 'object',
  properties: {
    id: {
      type: ['string', 'null'],
    },
    skills: {
      type: ['array', 'null'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          type: 'array',
          items: {
            $ref: 'SkillParams#',
          },
        },
      }],
    },
  },
  additionalProperties: false,
}

export interface SkillParams {
  type: 'anthropic' | 'custom'
  skill_id: string
  version?: string
}
export const SkillParams: ContractSchema = {
  $id: 'SkillParams',
  type: 'object',
  required: ['type', 'skill_id'],
  properties: {
    type: {
      type: 'string',
      enum: ['anthropic', 'custom'],
    },
    skill_id: {
      type: 'string',
      minLength: 1,
    },
    version: {
      type: 'string',
      minLength: 1,
    },
  },
  additionalProperties: false,
}

export interface ContextManagement {
  edits?: ContextEdit[]
}
export const ContextManagement: ContractSchema = {
  $id: 'ContextManagement',
  type: 'object',
  properties: {
    edits: {
      type: 'array',
      items: {
        $ref: 'ContextEdit#',
      },
    },
  },
  additionalProperties: false,
}

/** An edit; its fields depend on `type` and are Anthropic's. */
export interface ContextEdit {
  type: string
}
export const ContextEdit: ContractSchema = {
  $id: 'ContextEdit',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      minLength: 1,
    },
  },
  additionalProperties: true,
}

export interface DiagnosticsParam {
  previous_message_id?: string | null
}
export const DiagnosticsParam: ContractSchema = {
  $id: 'DiagnosticsParam',
  type: 'object',
  properties: {
    previous_message_id: {
      type: ['string', 'null'],
    },
  },
  additionalProperties: false,
}

/** A check; its fields depend on `type` and are Anthropic's. */
export interface Safeguard {
  type: string
}
export const Safeguard: ContractSchema = {
  $id: 'Safeguard',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      minLength: 1,
    },
  },
  additionalProperties: true,
}

export type ThreadParam = ThreadCreate | ThreadContinue
export const ThreadParam: ContractSchema = {
  $id: 'ThreadParam',
  type: 'object',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'ThreadCreate#',
  }, {
    $ref: 'ThreadContinue#',
  }],
}

/** A conversation that begins, or is sent as a whole again. */
export interface ThreadCreate {
  type: 'create'
}
export const ThreadCreate: ContractSchema = {
  $id: 'ThreadCreate',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'create',
    },
  },
  additionalProperties: false,
}

/** A conversation that goes on. `messages` are those that came after the answer that is named; they may be none. */
export interface ThreadContinue {
  type: 'continue'
  previous_message_id: string
}
export const ThreadContinue: ContractSchema = {
  $id: 'ThreadContinue',
  type: 'object',
  required: ['type', 'previous_message_id'],
  properties: {
    type: {
      type: 'string',
      const: 'continue',
    },
    previous_message_id: {
      type: 'string',
      minLength: 1,
    },
  },
  additionalProperties: false,
}

export interface McpServer {
  type: 'url'
  name: string
  url: string
  authorization_token?: string | null
  tool_configuration?: McpToolConfiguration | null
}
export const McpServer: ContractSchema = {
  $id: 'McpServer',
  type: 'object',
  required: ['type', 'name', 'url'],
  properties: {
    type: {
      type: 'string',
      const: 'url',
    },
    name: {
      type: 'string',
      minLength: 1,
    },
    url: {
      type: 'string',
      minLength: 1,
    },
    authorization_token: {
      type: ['string', 'null'],
    },
    tool_configuration: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'McpToolConfiguration#',
        },
      }],
    },
  },
  additionalProperties: false,
}

export interface McpToolConfiguration {
  enabled?: boolean | null
  allowed_tools?: string[] | null
}
export const McpToolConfiguration: ContractSchema = {
  $id: 'McpToolConfiguration',
  type: 'object',
  properties: {
    enabled: {
      type: ['boolean', 'null'],
    },
    allowed_tools: {
      type: ['array', 'null'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          type: 'array',
          items: {
            type: 'string',
            minLength: 1,
          },
        },
      }],
    },
  },
  additionalProperties: false,
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
export const Message: ContractSchema = {
  $id: 'Message',
  type: 'object',
  required: ['id', 'type', 'role', 'model', 'content', 'stop_reason', 'stop_sequence', 'usage'],
  properties: {
    id: {
      type: 'string',
      minLength: 1,
    },
    type: {
      type: 'string',
      const: 'message',
    },
    role: {
      type: 'string',
      const: 'assistant',
    },
    model: {
      type: 'string',
    },
    content: {
      type: 'array',
      items: {
        $ref: 'ContentBlock#',
      },
    },
    stop_reason: {
      type: ['string', 'null'],
      allOf: [{
        if: {
          type: 'string',
        },
        then: {
          $ref: 'StopReason#',
        },
      }],
    },
    stop_sequence: {
      type: ['string', 'null'],
    },
    stop_details: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          type: 'object',
          additionalProperties: true,
        },
      }],
    },
    container: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          type: 'object',
          additionalProperties: true,
        },
      }],
    },
    usage: {
      $ref: 'Usage#',
    },
    metadata: {
      $ref: 'ResponseMetadata#',
    },
  },
  additionalProperties: true,
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
export const ResponseMetadata: ContractSchema = {
  $id: 'ResponseMetadata',
  type: 'object',
  properties: {
    warnings: {
      type: 'array',
      items: {
        $ref: 'Warning#',
      },
    },
    provider: {
      type: 'object',
      additionalProperties: true,
    },
    user_transcript: {
      type: 'string',
    },
    transcripts: {
      type: 'array',
      items: {
        $ref: 'Transcript#',
      },
    },
  },
  additionalProperties: true,
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
export const Transcript: ContractSchema = {
  $id: 'Transcript',
  type: 'object',
  required: ['param', 'text', 'model'],
  properties: {
    param: {
      type: 'string',
    },
    text: {
      type: 'string',
    },
    model: {
      type: 'string',
    },
    language: {
      type: 'string',
    },
    seconds: {
      type: 'number',
      minimum: 0,
    },
  },
  additionalProperties: true,
}

export interface Warning {
  param?: string
  code: string
  message: string
}
export const Warning: ContractSchema = {
  $id: 'Warning',
  type: 'object',
  required: ['code', 'message'],
  properties: {
    param: {
      type: 'string',
    },
    code: {
      type: 'string',
    },
    message: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

/** Anthropic's stop reasons; a later one of that API is passed on as it comes. */
export type StopReason = 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'pause_turn' | 'refusal' | 'model_context_window_exceeded' | 'compaction'
export const StopReason: ContractSchema = {
  $id: 'StopReason',
  type: 'string',
  enum: ['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'pause_turn', 'refusal', 'model_context_window_exceeded', 'compaction'],
}

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
export const Usage: ContractSchema = {
  $id: 'Usage',
  type: 'object',
  properties: {
    input_tokens: {
      type: 'integer',
      minimum: 0,
    },
    output_tokens: {
      type: 'integer',
      minimum: 0,
    },
    cache_read_input_tokens: {
      type: ['integer', 'null'],
      allOf: [{
        if: {
          type: 'integer',
        },
        then: {
          type: 'integer',
          minimum: 0,
        },
      }],
    },
    cache_creation_input_tokens: {
      type: ['integer', 'null'],
      allOf: [{
        if: {
          type: 'integer',
        },
        then: {
          type: 'integer',
          minimum: 0,
        },
      }],
    },
    output_tokens_details: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          type: 'object',
          properties: {
            thinking_tokens: {
              type: 'integer',
              minimum: 0,
            },
            audio_tokens: {
              type: 'integer',
              minimum: 0,
            },
          },
          additionalProperties: true,
        },
      }],
    },
    input_tokens_details: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          type: 'object',
          properties: {
            audio_tokens: {
              type: 'integer',
              minimum: 0,
            },
          },
          additionalProperties: true,
        },
      }],
    },
    total_tokens: {
      type: 'integer',
      minimum: 0,
    },
    voice: {
      $ref: 'VoiceUsage#',
    },
    cost_usd: {
      type: 'number',
      minimum: 0,
    },
  },
  additionalProperties: true,
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
export const VoiceUsage: ContractSchema = {
  $id: 'VoiceUsage',
  type: 'object',
  properties: {
    heard_seconds: {
      type: 'number',
      minimum: 0,
    },
    spoken_characters: {
      type: 'integer',
      minimum: 0,
    },
    spoken_seconds: {
      type: 'number',
      minimum: 0,
    },
    cost_usd: {
      type: 'number',
      minimum: 0,
    },
  },
  additionalProperties: true,
}

/** A block of the answer. New types may come; a client keeps and sends back those it does not know. */
export type ContentBlock = TextBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock | ServerToolUseBlock | ServerToolResultBlock | McpToolUseBlock | McpToolResultBlock | ContainerUploadBlock | CompactionBlock | FallbackBlock | ImageBlock | AudioBlock
export const ContentBlock: ContractSchema = {
  $id: 'ContentBlock',
  type: 'object',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'TextBlock#',
  }, {
    $ref: 'ThinkingBlock#',
  }, {
    $ref: 'RedactedThinkingBlock#',
  }, {
    $ref: 'ToolUseBlock#',
  }, {
    $ref: 'ServerToolUseBlock#',
  }, {
    $ref: 'ServerToolResultBlock#',
  }, {
    $ref: 'McpToolUseBlock#',
  }, {
    $ref: 'McpToolResultBlock#',
  }, {
    $ref: 'ContainerUploadBlock#',
  }, {
    $ref: 'CompactionBlock#',
  }, {
    $ref: 'FallbackBlock#',
  }, {
    $ref: 'ImageBlock#',
  }, {
    $ref: 'AudioBlock#',
  }],
}

export interface TextBlock {
  type: 'text'
  text: string
  citations?: TextCitation[] | null
}
export const TextBlock: ContractSchema = {
  $id: 'TextBlock',
  type: 'object',
  required: ['type', 'text'],
  properties: {
    type: {
      type: 'string',
      const: 'text',
    },
    text: {
      type: 'string',
    },
    citations: {
      type: ['array', 'null'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          type: 'array',
          items: {
            $ref: 'TextCitation#',
          },
        },
      }],
    },
  },
  additionalProperties: true,
}

export interface ThinkingBlock {
  type: 'thinking'
  thinking: string
  /** Opaque; send it back with the block. */
  signature: string
}
export const ThinkingBlock: ContractSchema = {
  $id: 'ThinkingBlock',
  type: 'object',
  required: ['type', 'thinking', 'signature'],
  properties: {
    type: {
      type: 'string',
      const: 'thinking',
    },
    thinking: {
      type: 'string',
    },
    signature: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export interface RedactedThinkingBlock {
  type: 'redacted_thinking'
  data: string
}
export const RedactedThinkingBlock: ContractSchema = {
  $id: 'RedactedThinkingBlock',
  type: 'object',
  required: ['type', 'data'],
  properties: {
    type: {
      type: 'string',
      const: 'redacted_thinking',
    },
    data: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export interface ToolUseBlock {
  type: 'tool_use'
  id: string
  name: string
  input: Record<string, unknown>
  caller?: ToolCaller
}
export const ToolUseBlock: ContractSchema = {
  $id: 'ToolUseBlock',
  type: 'object',
  required: ['type', 'id', 'name', 'input'],
  properties: {
    type: {
      type: 'string',
      const: 'tool_use',
    },
    id: {
      type: 'string',
    },
    name: {
      type: 'string',
    },
    input: {
      type: 'object',
      additionalProperties: true,
    },
    caller: {
      $ref: 'ToolCaller#',
    },
  },
  additionalProperties: true,
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
export const ImageBlock: ContractSchema = {
  $id: 'ImageBlock',
  type: 'object',
  required: ['type', 'source'],
  properties: {
    type: {
      type: 'string',
      const: 'image',
    },
    source: {
      type: 'object',
      required: ['type'],
      properties: {
        type: {
          type: 'string',
          enum: ['base64', 'url'],
        },
        media_type: {
          type: 'string',
        },
        data: {
          type: 'string',
        },
        url: {
          type: 'string',
        },
      },
      additionalProperties: true,
    },
  },
  additionalProperties: true,
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
export const AudioBlock: ContractSchema = {
  $id: 'AudioBlock',
  type: 'object',
  required: ['type', 'source', 'transcript'],
  properties: {
    type: {
      type: 'string',
      const: 'audio',
    },
    source: {
      type: 'object',
      required: ['type', 'media_type', 'data'],
      properties: {
        type: {
          type: 'string',
          const: 'base64',
        },
        media_type: {
          type: 'string',
        },
        data: {
          type: 'string',
        },
      },
      additionalProperties: true,
    },
    transcript: {
      type: 'string',
    },
    sample_rate_hz: {
      type: 'integer',
    },
    alignment: {
      $ref: 'Alignment#',
    },
  },
  additionalProperties: true,
}

/** When each word or character is spoken. The three lists are equally long. */
export interface Alignment {
  kind: 'char' | 'word'
  tokens: string[]
  /** From the beginning of the sound; of the sentence's in a stream. */
  start_ms: number[]
  dur_ms: number[]
}
export const Alignment: ContractSchema = {
  $id: 'Alignment',
  type: 'object',
  required: ['kind', 'tokens', 'start_ms', 'dur_ms'],
  properties: {
    kind: {
      type: 'string',
      enum: ['char', 'word'],
    },
    tokens: {
      type: 'array',
      items: {
        type: 'string',
      },
    },
    start_ms: {
      type: 'array',
      items: {
        type: 'number',
        minimum: 0,
      },
    },
    dur_ms: {
      type: 'array',
      items: {
        type: 'number',
        minimum: 0,
      },
    },
  },
  additionalProperties: true,
}

export interface ServerToolUseBlock {
  type: 'server_tool_use'
  id: string
  name: string
  input: Record<string, unknown>
  caller?: ToolCaller
}
export const ServerToolUseBlock: ContractSchema = {
  $id: 'ServerToolUseBlock',
  type: 'object',
  required: ['type', 'id', 'name', 'input'],
  properties: {
    type: {
      type: 'string',
      const: 'server_tool_use',
    },
    id: {
      type: 'string',
    },
    name: {
      type: 'string',
    },
    input: {
      type: 'object',
      additionalProperties: true,
    },
    caller: {
      $ref: 'ToolCaller#',
    },
  },
  additionalProperties: true,
}

export interface ServerToolResultBlock {
  type: 'web_search_tool_result' | 'web_fetch_tool_result' | 'code_execution_tool_result' | 'bash_code_execution_tool_result' | 'text_editor_code_execution_tool_result' | 'tool_search_tool_result' | 'file_search_tool_result' | 'advisor_tool_result'
  tool_use_id: string
  content: ServerToolOutputs | ServerToolOutput
}
export const ServerToolResultBlock: ContractSchema = {
  $id: 'ServerToolResultBlock',
  type: 'object',
  required: ['type', 'tool_use_id', 'content'],
  properties: {
    type: {
      type: 'string',
      enum: ['web_search_tool_result', 'web_fetch_tool_result', 'code_execution_tool_result', 'bash_code_execution_tool_result', 'text_editor_code_execution_tool_result', 'tool_search_tool_result', 'file_search_tool_result', 'advisor_tool_result'],
    },
    tool_use_id: {
      type: 'string',
    },
    content: {
      type: ['array', 'object'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          $ref: 'ServerToolOutputs#',
        },
      }, {
        if: {
          type: 'object',
        },
        then: {
          $ref: 'ServerToolOutput#',
        },
      }],
    },
  },
  additionalProperties: true,
}

export interface McpToolUseBlock {
  type: 'mcp_tool_use'
  id: string
  name: string
  server_name: string
  input: Record<string, unknown>
}
export const McpToolUseBlock: ContractSchema = {
  $id: 'McpToolUseBlock',
  type: 'object',
  required: ['type', 'id', 'name', 'server_name', 'input'],
  properties: {
    type: {
      type: 'string',
      const: 'mcp_tool_use',
    },
    id: {
      type: 'string',
    },
    name: {
      type: 'string',
    },
    server_name: {
      type: 'string',
    },
    input: {
      type: 'object',
      additionalProperties: true,
    },
  },
  additionalProperties: true,
}

export interface McpToolResultBlock {
  type: 'mcp_tool_result'
  tool_use_id: string
  is_error?: boolean
  content: string | ServerToolOutputs
}
export const McpToolResultBlock: ContractSchema = {
  $id: 'McpToolResultBlock',
  type: 'object',
  required: ['type', 'tool_use_id', 'content'],
  properties: {
    type: {
      type: 'string',
      const: 'mcp_tool_result',
    },
    tool_use_id: {
      type: 'string',
    },
    is_error: {
      type: 'boolean',
    },
    content: {
      type: ['string', 'array'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          $ref: 'ServerToolOutputs#',
        },
      }],
    },
  },
  additionalProperties: true,
}

export interface ContainerUploadBlock {
  type: 'container_upload'
  file_id: string
}
export const ContainerUploadBlock: ContractSchema = {
  $id: 'ContainerUploadBlock',
  type: 'object',
  required: ['type', 'file_id'],
  properties: {
    type: {
      type: 'string',
      const: 'container_upload',
    },
    file_id: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export interface CompactionBlock {
  type: 'compaction'
  content?: string | null
}
export const CompactionBlock: ContractSchema = {
  $id: 'CompactionBlock',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'compaction',
    },
    content: {
      type: ['string', 'null'],
    },
  },
  additionalProperties: true,
}

export interface FallbackBlock {
  type: 'fallback'
}
export const FallbackBlock: ContractSchema = {
  $id: 'FallbackBlock',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'fallback',
    },
  },
  additionalProperties: true,
}

/** One server-sent event. Its SSE `event` equals `type`. New types may come and are to be ignored. */
export type StreamEvent = MessageStartEvent | ContentBlockStartEvent | ContentBlockDeltaEvent | ContentBlockStopEvent | MessageDeltaEvent | MessageStopEvent | PingEvent | AudioChunkEvent | AudioUnavailableEvent | ErrorResponse
export const StreamEvent: ContractSchema = {
  $id: 'StreamEvent',
  type: 'object',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'MessageStartEvent#',
  }, {
    $ref: 'ContentBlockStartEvent#',
  }, {
    $ref: 'ContentBlockDeltaEvent#',
  }, {
    $ref: 'ContentBlockStopEvent#',
  }, {
    $ref: 'MessageDeltaEvent#',
  }, {
    $ref: 'MessageStopEvent#',
  }, {
    $ref: 'PingEvent#',
  }, {
    $ref: 'AudioChunkEvent#',
  }, {
    $ref: 'AudioUnavailableEvent#',
  }, {
    $ref: 'ErrorResponse#',
  }],
}

export interface MessageStartEvent {
  type: 'message_start'
  message: Message
}
export const MessageStartEvent: ContractSchema = {
  $id: 'MessageStartEvent',
  type: 'object',
  required: ['type', 'message'],
  properties: {
    type: {
      type: 'string',
      const: 'message_start',
    },
    message: {
      $ref: 'Message#',
    },
  },
  additionalProperties: true,
}

export interface ContentBlockStartEvent {
  type: 'content_block_start'
  index: number
  content_block: ContentBlock
}
export const ContentBlockStartEvent: ContractSchema = {
  $id: 'ContentBlockStartEvent',
  type: 'object',
  required: ['type', 'index', 'content_block'],
  properties: {
    type: {
      type: 'string',
      const: 'content_block_start',
    },
    index: {
      type: 'integer',
      minimum: 0,
    },
    content_block: {
      $ref: 'ContentBlock#',
    },
  },
  additionalProperties: true,
}

export interface ContentBlockDeltaEvent {
  type: 'content_block_delta'
  index: number
  delta: ContentBlockDelta
}
export const ContentBlockDeltaEvent: ContractSchema = {
  $id: 'ContentBlockDeltaEvent',
  type: 'object',
  required: ['type', 'index', 'delta'],
  properties: {
    type: {
      type: 'string',
      const: 'content_block_delta',
    },
    index: {
      type: 'integer',
      minimum: 0,
    },
    delta: {
      $ref: 'ContentBlockDelta#',
    },
  },
  additionalProperties: true,
}

export type ContentBlockDelta = TextDelta | InputJsonDelta | ThinkingDelta | SignatureDelta | CitationsDelta | CompactionDelta
export const ContentBlockDelta: ContractSchema = {
  $id: 'ContentBlockDelta',
  type: 'object',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'TextDelta#',
  }, {
    $ref: 'InputJsonDelta#',
  }, {
    $ref: 'ThinkingDelta#',
  }, {
    $ref: 'SignatureDelta#',
  }, {
    $ref: 'CitationsDelta#',
  }, {
    $ref: 'CompactionDelta#',
  }],
}

export interface TextDelta {
  type: 'text_delta'
  text: string
}
export const TextDelta: ContractSchema = {
  $id: 'TextDelta',
  type: 'object',
  required: ['type', 'text'],
  properties: {
    type: {
      type: 'string',
      const: 'text_delta',
    },
    text: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export interface InputJsonDelta {
  type: 'input_json_delta'
  partial_json: string
}
export const InputJsonDelta: ContractSchema = {
  $id: 'InputJsonDelta',
  type: 'object',
  required: ['type', 'partial_json'],
  properties: {
    type: {
      type: 'string',
      const: 'input_json_delta',
    },
    partial_json: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export interface ThinkingDelta {
  type: 'thinking_delta'
  thinking: string
}
export const ThinkingDelta: ContractSchema = {
  $id: 'ThinkingDelta',
  type: 'object',
  required: ['type', 'thinking'],
  properties: {
    type: {
      type: 'string',
      const: 'thinking_delta',
    },
    thinking: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export interface SignatureDelta {
  type: 'signature_delta'
  signature: string
}
export const SignatureDelta: ContractSchema = {
  $id: 'SignatureDelta',
  type: 'object',
  required: ['type', 'signature'],
  properties: {
    type: {
      type: 'string',
      const: 'signature_delta',
    },
    signature: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export interface CitationsDelta {
  type: 'citations_delta'
  citation: TextCitation
}
export const CitationsDelta: ContractSchema = {
  $id: 'CitationsDelta',
  type: 'object',
  required: ['type', 'citation'],
  properties: {
    type: {
      type: 'string',
      const: 'citations_delta',
    },
    citation: {
      $ref: 'TextCitation#',
    },
  },
  additionalProperties: true,
}

export interface CompactionDelta {
  type: 'compaction_delta'
  content?: string | null
}
export const CompactionDelta: ContractSchema = {
  $id: 'CompactionDelta',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'compaction_delta',
    },
    content: {
      type: ['string', 'null'],
    },
  },
  additionalProperties: true,
}

export interface ContentBlockStopEvent {
  type: 'content_block_stop'
  index: number
}
export const ContentBlockStopEvent: ContractSchema = {
  $id: 'ContentBlockStopEvent',
  type: 'object',
  required: ['type', 'index'],
  properties: {
    type: {
      type: 'string',
      const: 'content_block_stop',
    },
    index: {
      type: 'integer',
      minimum: 0,
    },
  },
  additionalProperties: true,
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
export const MessageDeltaEvent: ContractSchema = {
  $id: 'MessageDeltaEvent',
  type: 'object',
  required: ['type', 'delta', 'usage'],
  properties: {
    type: {
      type: 'string',
      const: 'message_delta',
    },
    delta: {
      type: 'object',
      required: ['stop_reason', 'stop_sequence'],
      properties: {
        stop_reason: {
          type: ['string', 'null'],
          allOf: [{
            if: {
              type: 'string',
            },
            then: {
              $ref: 'StopReason#',
            },
          }],
        },
        stop_sequence: {
          type: ['string', 'null'],
        },
      },
      additionalProperties: true,
    },
    usage: {
      $ref: 'Usage#',
    },
    metadata: {
      $ref: 'ResponseMetadata#',
    },
  },
  additionalProperties: true,
}

export interface MessageStopEvent {
  type: 'message_stop'
}
export const MessageStopEvent: ContractSchema = {
  $id: 'MessageStopEvent',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'message_stop',
    },
  },
  additionalProperties: true,
}

export interface PingEvent {
  type: 'ping'
}
export const PingEvent: ContractSchema = {
  $id: 'PingEvent',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'ping',
    },
  },
  additionalProperties: true,
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
export const AudioChunkEvent: ContractSchema = {
  $id: 'AudioChunkEvent',
  type: 'object',
  required: ['type', 'format', 'audio', 'text', 'seq', 'is_final'],
  properties: {
    type: {
      type: 'string',
      const: 'audio_chunk',
    },
    format: {
      type: 'string',
      enum: ['wav', 'mp3', 'pcm', 'opus'],
    },
    audio: {
      type: 'string',
    },
    sample_rate_hz: {
      type: 'integer',
    },
    text: {
      type: 'string',
    },
    seq: {
      type: 'integer',
      minimum: 0,
    },
    is_final: {
      type: 'boolean',
    },
    alignment: {
      $ref: 'Alignment#',
    },
  },
  additionalProperties: true,
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
export const AudioUnavailableEvent: ContractSchema = {
  $id: 'AudioUnavailableEvent',
  type: 'object',
  required: ['type', 'seq', 'error'],
  properties: {
    type: {
      type: 'string',
      const: 'audio_unavailable',
    },
    seq: {
      type: 'integer',
      minimum: 0,
    },
    error: {
      type: 'object',
      required: ['type', 'code', 'message'],
      properties: {
        type: {
          type: 'string',
        },
        code: {
          type: 'string',
        },
        message: {
          type: 'string',
        },
      },
      additionalProperties: true,
    },
  },
  additionalProperties: true,
}

export interface RunRequest {
  request: MessageRequest
  run?: RunOptions
  /** The names of the gateway's tools that the model may call; those of the operator too. */
  builtins?: string[]
}
export const RunRequest: ContractSchema = {
  $id: 'RunRequest',
  type: 'object',
  required: ['request'],
  properties: {
    request: {
      $ref: 'MessageRequest#',
    },
    run: {
      $ref: 'RunOptions#',
    },
    builtins: {
      type: 'array',
      maxItems: 64,
      items: {
        type: 'string',
        minLength: 1,
        maxLength: 64,
      },
    },
  },
  additionalProperties: false,
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
export const RunOptions: ContractSchema = {
  $id: 'RunOptions',
  type: 'object',
  properties: {
    max_turns: {
      type: 'integer',
      minimum: 1,
    },
    max_tool_calls: {
      type: 'integer',
      minimum: 0,
    },
    max_tokens: {
      type: 'integer',
      minimum: 0,
    },
    timeout_ms: {
      type: 'integer',
      minimum: 1,
    },
    tool_timeout_ms: {
      type: 'integer',
      minimum: 1,
    },
    parallel_tools: {
      type: 'boolean',
    },
    tool_config: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        additionalProperties: true,
      },
    },
  },
  additionalProperties: false,
}

export interface RunResponse {
  result: RunResult
}
export const RunResponse: ContractSchema = {
  $id: 'RunResponse',
  type: 'object',
  required: ['result'],
  properties: {
    result: {
      $ref: 'RunResult#',
    },
  },
  additionalProperties: true,
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
export const RunResult: ContractSchema = {
  $id: 'RunResult',
  type: 'object',
  required: ['response', 'steps', 'tool_call_count', 'turn_count', 'usage', 'stop_reason', 'messages'],
  properties: {
    response: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'Message#',
        },
      }],
    },
    steps: {
      type: 'array',
      items: {
        $ref: 'RunStep#',
      },
    },
    tool_call_count: {
      type: 'integer',
      minimum: 0,
    },
    turn_count: {
      type: 'integer',
      minimum: 0,
    },
    usage: {
      $ref: 'Usage#',
    },
    stop_reason: {
      $ref: 'RunStopReason#',
    },
    error: {
      $ref: 'ErrorDetail#',
    },
    messages: {
      type: 'array',
      items: {
        $ref: 'MessageParam#',
      },
    },
  },
  additionalProperties: true,
}

/** Why the run ended. `end_turn`: the model had no more to call; its own reason stands in `response.stop_reason`. `error`: what went wrong stands in `error`. */
export type RunStopReason = 'end_turn' | 'max_tool_calls' | 'max_turns' | 'max_tokens' | 'timeout' | 'cancelled' | 'error'
export const RunStopReason: ContractSchema = {
  $id: 'RunStopReason',
  type: 'string',
  enum: ['end_turn', 'max_tool_calls', 'max_turns', 'max_tokens', 'timeout', 'cancelled', 'error'],
}

/** One answer of the model, and what came of the tools that it called. */
export interface RunStep {
  index: number
  response: Message
  tool_calls: RunToolCall[]
  /** In the order of the calls. */
  tool_results: RunToolResult[]
  duration_ms: number
}
export const RunStep: ContractSchema = {
  $id: 'RunStep',
  type: 'object',
  required: ['index', 'response', 'tool_calls', 'tool_results', 'duration_ms'],
  properties: {
    index: {
      type: 'integer',
      minimum: 0,
    },
    response: {
      $ref: 'Message#',
    },
    tool_calls: {
      type: 'array',
      items: {
        $ref: 'RunToolCall#',
      },
    },
    tool_results: {
      type: 'array',
      items: {
        $ref: 'RunToolResult#',
      },
    },
    duration_ms: {
      type: 'integer',
      minimum: 0,
    },
  },
  additionalProperties: true,
}

export interface RunToolCall {
  id: string
  name: string
  input: Record<string, unknown>
}
export const RunToolCall: ContractSchema = {
  $id: 'RunToolCall',
  type: 'object',
  required: ['id', 'name', 'input'],
  properties: {
    id: {
      type: 'string',
    },
    name: {
      type: 'string',
    },
    input: {
      type: 'object',
      additionalProperties: true,
    },
  },
  additionalProperties: true,
}

export interface RunToolResult {
  tool_use_id: string
  name: string
  /** What the model is told. */
  content: string
  is_error: boolean
  duration_ms: number
}
export const RunToolResult: ContractSchema = {
  $id: 'RunToolResult',
  type: 'object',
  required: ['tool_use_id', 'name', 'content', 'is_error', 'duration_ms'],
  properties: {
    tool_use_id: {
      type: 'string',
    },
    name: {
      type: 'string',
    },
    content: {
      type: 'string',
    },
    is_error: {
      type: 'boolean',
    },
    duration_ms: {
      type: 'integer',
      minimum: 0,
    },
  },
  additionalProperties: true,
}

/** One server-sent event of a run. Its SSE `event` equals `type`. New types may come and are to be ignored. */
export type RunEvent = RunStartEvent | StepStartEvent | RunStreamEvent | ToolCallStartEvent | ToolResultEvent | StepCompleteEvent | HistoryDeltaEvent | RunCompleteEvent | PingEvent | ErrorResponse
export const RunEvent: ContractSchema = {
  $id: 'RunEvent',
  type: 'object',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'RunStartEvent#',
  }, {
    $ref: 'StepStartEvent#',
  }, {
    $ref: 'RunStreamEvent#',
  }, {
    $ref: 'ToolCallStartEvent#',
  }, {
    $ref: 'ToolResultEvent#',
  }, {
    $ref: 'StepCompleteEvent#',
  }, {
    $ref: 'HistoryDeltaEvent#',
  }, {
    $ref: 'RunCompleteEvent#',
  }, {
    $ref: 'PingEvent#',
  }, {
    $ref: 'ErrorResponse#',
  }],
}

export interface RunStartEvent {
  type: 'run_start'
  request_id: string
  /** The model that is asked first, as `provider/name`. */
  model: string
}
export const RunStartEvent: ContractSchema = {
  $id: 'RunStartEvent',
  type: 'object',
  required: ['type', 'request_id', 'model'],
  properties: {
    type: {
      type: 'string',
      const: 'run_start',
    },
    request_id: {
      type: 'string',
    },
    model: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export interface StepStartEvent {
  type: 'step_start'
  index: number
}
export const StepStartEvent: ContractSchema = {
  $id: 'StepStartEvent',
  type: 'object',
  required: ['type', 'index'],
  properties: {
    type: {
      type: 'string',
      const: 'step_start',
    },
    index: {
      type: 'integer',
      minimum: 0,
    },
  },
  additionalProperties: true,
}

/** An event of the model's answer, as `POST /v1/messages` streams it. */
export interface RunStreamEvent {
  type: 'stream_event'
  /** The step's. */
  index: number
  event: StreamEvent
}
export const RunStreamEvent: ContractSchema = {
  $id: 'RunStreamEvent',
  type: 'object',
  required: ['type', 'index', 'event'],
  properties: {
    type: {
      type: 'string',
      const: 'stream_event',
    },
    index: {
      type: 'integer',
      minimum: 0,
    },
    event: {
      $ref: 'StreamEvent#',
    },
  },
  additionalProperties: true,
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
export const ToolCallStartEvent: ContractSchema = {
  $id: 'ToolCallStartEvent',
  type: 'object',
  required: ['type', 'index', 'id', 'name', 'input'],
  properties: {
    type: {
      type: 'string',
      const: 'tool_call_start',
    },
    index: {
      type: 'integer',
      minimum: 0,
    },
    id: {
      type: 'string',
    },
    name: {
      type: 'string',
    },
    input: {
      type: 'object',
      additionalProperties: true,
    },
  },
  additionalProperties: true,
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
export const ToolResultEvent: ContractSchema = {
  $id: 'ToolResultEvent',
  type: 'object',
  required: ['type', 'index', 'tool_use_id', 'name', 'content', 'is_error', 'duration_ms'],
  properties: {
    type: {
      type: 'string',
      const: 'tool_result',
    },
    index: {
      type: 'integer',
      minimum: 0,
    },
    tool_use_id: {
      type: 'string',
    },
    name: {
      type: 'string',
    },
    content: {
      type: 'string',
    },
    is_error: {
      type: 'boolean',
    },
    duration_ms: {
      type: 'integer',
      minimum: 0,
    },
  },
  additionalProperties: true,
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
export const StepCompleteEvent: ContractSchema = {
  $id: 'StepCompleteEvent',
  type: 'object',
  required: ['type', 'index', 'stop_reason', 'usage', 'tool_call_count', 'duration_ms'],
  properties: {
    type: {
      type: 'string',
      const: 'step_complete',
    },
    index: {
      type: 'integer',
      minimum: 0,
    },
    stop_reason: {
      type: ['string', 'null'],
      allOf: [{
        if: {
          type: 'string',
        },
        then: {
          $ref: 'StopReason#',
        },
      }],
    },
    usage: {
      $ref: 'Usage#',
    },
    tool_call_count: {
      type: 'integer',
      minimum: 0,
    },
    duration_ms: {
      type: 'integer',
      minimum: 0,
    },
  },
  additionalProperties: true,
}

/** What is to be added to the messages that there are, of which there are `expected_len`. All of them, in order, make of the request's messages those of the result. */
export interface HistoryDeltaEvent {
  type: 'history_delta'
  expected_len: number
  append: MessageParam[]
}
export const HistoryDeltaEvent: ContractSchema = {
  $id: 'HistoryDeltaEvent',
  type: 'object',
  required: ['type', 'expected_len', 'append'],
  properties: {
    type: {
      type: 'string',
      const: 'history_delta',
    },
    expected_len: {
      type: 'integer',
      minimum: 0,
    },
    append: {
      type: 'array',
      items: {
        $ref: 'MessageParam#',
      },
    },
  },
  additionalProperties: true,
}

export interface RunCompleteEvent {
  type: 'run_complete'
  result: RunResult
}
export const RunCompleteEvent: ContractSchema = {
  $id: 'RunCompleteEvent',
  type: 'object',
  required: ['type', 'result'],
  properties: {
    type: {
      type: 'string',
      const: 'run_complete',
    },
    result: {
      $ref: 'RunResult#',
    },
  },
  additionalProperties: true,
}

export interface TokenCount {
  input_tokens: number
  /** True where the provider does not count tokens itself and the number is the gateway's estimate. */
  estimated?: boolean
  /** How an estimate was made. */
  method?: string
  metadata?: ResponseMetadata
}
export const TokenCount: ContractSchema = {
  $id: 'TokenCount',
  type: 'object',
  required: ['input_tokens'],
  properties: {
    input_tokens: {
      type: 'integer',
      minimum: 0,
    },
    estimated: {
      type: 'boolean',
    },
    method: {
      type: 'string',
    },
    metadata: {
      $ref: 'ResponseMetadata#',
    },
  },
  additionalProperties: true,
}

/** The one error object, in HTTP bodies and as the `error` event of a stream. */
export interface ErrorResponse {
  type: 'error'
  request_id: string
  error: ErrorDetail
}
export const ErrorResponse: ContractSchema = {
  $id: 'ErrorResponse',
  type: 'object',
  required: ['type', 'error', 'request_id'],
  properties: {
    type: {
      type: 'string',
      const: 'error',
    },
    request_id: {
      type: 'string',
    },
    error: {
      $ref: 'ErrorDetail#',
    },
  },
  additionalProperties: true,
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
export const ErrorDetail: ContractSchema = {
  $id: 'ErrorDetail',
  type: 'object',
  required: ['type', 'message', 'request_id'],
  properties: {
    type: {
      $ref: 'ErrorType#',
    },
    message: {
      type: 'string',
    },
    param: {
      type: 'string',
    },
    code: {
      type: 'string',
    },
    request_id: {
      type: 'string',
    },
    retry_after: {
      type: 'number',
      minimum: 0,
    },
    issues: {
      type: 'array',
      items: {
        $ref: 'Issue#',
      },
    },
    details: {
      type: 'object',
      additionalProperties: true,
    },
    provider_error: {
      type: 'object',
      properties: {
        provider: {
          type: 'string',
        },
        status: {
          type: 'integer',
        },
        body: {},
      },
      additionalProperties: true,
    },
  },
  additionalProperties: true,
}

export type ErrorType = 'invalid_request_error' | 'authentication_error' | 'permission_error' | 'not_found_error' | 'rate_limit_error' | 'timeout_error' | 'overloaded_error' | 'provider_error' | 'api_error'
export const ErrorType: ContractSchema = {
  $id: 'ErrorType',
  type: 'string',
  enum: ['invalid_request_error', 'authentication_error', 'permission_error', 'not_found_error', 'rate_limit_error', 'timeout_error', 'overloaded_error', 'provider_error', 'api_error'],
}

export interface Issue {
  param?: string
  code: string
  message: string
}
export const Issue: ContractSchema = {
  $id: 'Issue',
  type: 'object',
  required: ['code', 'message'],
  properties: {
    param: {
      type: 'string',
    },
    code: {
      type: 'string',
    },
    message: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export interface ModelList {
  object: 'list'
  data: Model[]
  has_more: boolean
  first_id: string | null
  last_id: string | null
}
export const ModelList: ContractSchema = {
  $id: 'ModelList',
  type: 'object',
  required: ['object', 'data', 'has_more', 'first_id', 'last_id'],
  properties: {
    object: {
      type: 'string',
      const: 'list',
    },
    data: {
      type: 'array',
      items: {
        $ref: 'Model#',
      },
    },
    has_more: {
      type: 'boolean',
    },
    first_id: {
      type: ['string', 'null'],
    },
    last_id: {
      type: ['string', 'null'],
    },
  },
  additionalProperties: true,
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
export const Model: ContractSchema = {
  $id: 'Model',
  type: 'object',
  required: ['id', 'object', 'type', 'display_name', 'owned_by', 'created', 'created_at'],
  properties: {
    id: {
      type: 'string',
    },
    object: {
      type: 'string',
      const: 'model',
    },
    type: {
      type: 'string',
      const: 'model',
    },
    display_name: {
      type: 'string',
    },
    owned_by: {
      type: 'string',
    },
    created: {
      type: 'integer',
    },
    created_at: {
      type: 'string',
    },
    demo: {
      type: 'boolean',
    },
    capabilities: {
      type: ['object', 'null'],
      allOf: [{
        if: {
          type: 'object',
        },
        then: {
          $ref: 'ModelCapabilities#',
        },
      }],
    },
    max_input_tokens: {
      type: ['integer', 'null'],
    },
    max_tokens: {
      type: ['integer', 'null'],
    },
    aliases: {
      type: 'array',
      items: {
        type: 'string',
      },
    },
    deprecation: {
      $ref: 'ModelDeprecation#',
    },
    prices: {
      $ref: 'ModelPrices#',
    },
  },
  additionalProperties: true,
}

/** The model is about to go, or has gone. */
export interface ModelDeprecation {
  deprecated_on?: string
  retires_on?: string
  /** The model to use instead, as `provider/name`. */
  replacement?: string
}
export const ModelDeprecation: ContractSchema = {
  $id: 'ModelDeprecation',
  type: 'object',
  properties: {
    deprecated_on: {
      type: 'string',
      pattern: '^\\d{4}-\\d{2}-\\d{2}$',
    },
    retires_on: {
      type: 'string',
      pattern: '^\\d{4}-\\d{2}-\\d{2}$',
    },
    replacement: {
      type: 'string',
    },
  },
  additionalProperties: true,
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
export const ModelPrices: ContractSchema = {
  $id: 'ModelPrices',
  type: 'object',
  required: ['as_of', 'source'],
  properties: {
    input: {
      type: 'number',
      minimum: 0,
    },
    output: {
      type: 'number',
      minimum: 0,
    },
    cache_read: {
      type: 'number',
      minimum: 0,
    },
    cache_write_5m: {
      type: 'number',
      minimum: 0,
    },
    cache_write_1h: {
      type: 'number',
      minimum: 0,
    },
    reasoning: {
      type: 'number',
      minimum: 0,
    },
    audio_input: {
      type: 'number',
      minimum: 0,
    },
    audio_output: {
      type: 'number',
      minimum: 0,
    },
    web_search: {
      type: 'number',
      minimum: 0,
    },
    above: {
      type: 'array',
      items: {
        $ref: 'ModelPricesAbove#',
      },
    },
    as_of: {
      type: 'string',
      pattern: '^\\d{4}-\\d{2}-\\d{2}$',
    },
    source: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export interface ModelPricesAbove {
  input_tokens: number
  input?: number
  output?: number
  cache_read?: number
  cache_write_5m?: number
  cache_write_1h?: number
}
export const ModelPricesAbove: ContractSchema = {
  $id: 'ModelPricesAbove',
  type: 'object',
  required: ['input_tokens'],
  properties: {
    input_tokens: {
      type: 'integer',
      minimum: 1,
    },
    input: {
      type: 'number',
      minimum: 0,
    },
    output: {
      type: 'number',
      minimum: 0,
    },
    cache_read: {
      type: 'number',
      minimum: 0,
    },
    cache_write_5m: {
      type: 'number',
      minimum: 0,
    },
    cache_write_1h: {
      type: 'number',
      minimum: 0,
    },
  },
  additionalProperties: true,
}

/** What the model is known to take and give. */
export type ModelCapabilities = Record<string, CapabilitySupport>
export const ModelCapabilities: ContractSchema = {
  $id: 'ModelCapabilities',
  type: 'object',
  additionalProperties: {
    $ref: 'CapabilitySupport#',
  },
}

export interface CapabilitySupport {
  supported: boolean
  state: 'supported' | 'unsupported' | 'unknown'
}
export const CapabilitySupport: ContractSchema = {
  $id: 'CapabilitySupport',
  type: 'object',
  required: ['supported', 'state'],
  properties: {
    supported: {
      type: 'boolean',
    },
    state: {
      type: 'string',
      enum: ['supported', 'unsupported', 'unknown'],
    },
  },
  additionalProperties: true,
}

/** What a client sends on `/v1/live`. Unknown types and fields are refused. */
export type LiveClientMessage = LiveHello | LiveAudioStreamStart | LiveAudioStreamEnd | LiveAudioFrame | LivePlaybackMark | LiveInputText | LiveToolResult | LiveSessionUpdate | LiveControl
export const LiveClientMessage: ContractSchema = {
  $id: 'LiveClientMessage',
  type: 'object',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'LiveHello#',
  }, {
    $ref: 'LiveAudioStreamStart#',
  }, {
    $ref: 'LiveAudioStreamEnd#',
  }, {
    $ref: 'LiveAudioFrame#',
  }, {
    $ref: 'LivePlaybackMark#',
  }, {
    $ref: 'LiveInputText#',
  }, {
    $ref: 'LiveToolResult#',
  }, {
    $ref: 'LiveSessionUpdate#',
  }, {
    $ref: 'LiveControl#',
  }],
}

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
export const LiveHello: ContractSchema = {
  $id: 'LiveHello',
  type: 'object',
  required: ['type', 'protocol_version'],
  properties: {
    type: {
      type: 'string',
      const: 'hello',
    },
    protocol_version: {
      type: 'string',
      minLength: 1,
      maxLength: 20,
    },
    client: {
      type: 'object',
      properties: {
        name: {
          type: 'string',
          maxLength: 100,
        },
        version: {
          type: 'string',
          maxLength: 100,
        },
        platform: {
          type: 'string',
          maxLength: 100,
        },
      },
      additionalProperties: false,
    },
    model: {
      type: 'string',
      minLength: 1,
      maxLength: 512,
    },
    system: {
      type: ['string', 'array'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          $ref: 'SystemBlockParams#',
        },
      }],
    },
    messages: {
      type: 'array',
      maxItems: 10000,
      items: {
        $ref: 'MessageParam#',
      },
    },
    max_tokens: {
      type: 'integer',
      minimum: 1,
    },
    tools: {
      $ref: 'LiveTools#',
    },
    auth: {
      type: 'object',
      required: ['gateway_api_key'],
      properties: {
        mode: {
          type: 'string',
          enum: ['api_key'],
        },
        gateway_api_key: {
          type: 'string',
          minLength: 1,
          maxLength: 500,
        },
      },
      additionalProperties: false,
    },
    byok: {
      type: 'object',
      required: ['keys'],
      properties: {
        keys: {
          type: 'object',
          additionalProperties: {
            type: 'string',
            minLength: 1,
            maxLength: 8192,
          },
        },
      },
      additionalProperties: false,
    },
    audio_in: {
      $ref: 'LiveAudioFormat#',
    },
    audio_out: {
      $ref: 'LiveAudioFormat#',
    },
    stt: {
      $ref: 'LiveStt#',
    },
    tts: {
      $ref: 'LiveTts#',
    },
    turn: {
      $ref: 'LiveTurnOptions#',
    },
    features: {
      $ref: 'LiveFeatures#',
    },
    greeting: {
      type: 'string',
      minLength: 1,
      maxLength: 2000,
    },
    resume: {
      type: 'object',
      required: ['session_id', 'token', 'last_server_seq'],
      properties: {
        session_id: {
          type: 'string',
          minLength: 1,
          maxLength: 100,
        },
        token: {
          type: 'string',
          minLength: 1,
          maxLength: 200,
        },
        last_server_seq: {
          type: 'integer',
          minimum: 0,
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
}

/** Sound of one channel without a container. As `audio_in`: PCM at 8000, 16000, 24000, 44100 or 48000 hertz, or µ-law at 8000. As `audio_out`: PCM at 8000, 16000, 24000 or 48000, or µ-law at 8000; PCM at 24000 where it is absent. Without `audio_in` there is no microphone. */
export interface LiveAudioFormat {
  encoding: 'pcm_s16le' | 'mulaw'
  sample_rate_hz: number
}
export const LiveAudioFormat: ContractSchema = {
  $id: 'LiveAudioFormat',
  type: 'object',
  required: ['encoding', 'sample_rate_hz'],
  properties: {
    encoding: {
      type: 'string',
      enum: ['pcm_s16le', 'mulaw'],
    },
    sample_rate_hz: {
      type: 'integer',
      minimum: 8000,
      maximum: 48000,
    },
  },
  additionalProperties: false,
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
export const LiveTools: ContractSchema = {
  $id: 'LiveTools',
  type: 'object',
  properties: {
    server_tools: {
      type: 'array',
      maxItems: 64,
      items: {
        type: 'string',
        minLength: 1,
        maxLength: 64,
      },
    },
    server_tool_config: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        additionalProperties: true,
      },
    },
    client_tools: {
      type: 'array',
      maxItems: 64,
      items: {
        $ref: 'LiveClientTool#',
      },
    },
    timeout_ms: {
      type: 'integer',
      minimum: 100,
      maximum: 600000,
    },
    max_tool_calls: {
      type: 'integer',
      minimum: 0,
      maximum: 64,
    },
    filler: {
      type: 'object',
      required: ['texts'],
      properties: {
        after_ms: {
          type: 'integer',
          minimum: 200,
          maximum: 60000,
        },
        texts: {
          type: 'array',
          minItems: 1,
          maxItems: 20,
          items: {
            type: 'string',
            minLength: 1,
            maxLength: 300,
          },
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
}

export interface LiveClientTool {
  name: string
  /** What the model is told of it. */
  description?: string
  input_schema: ToolInputSchema
  /** Whether a call changes nothing, so that the turn may still be taken back after it. False by default. */
  read_only?: boolean
}
export const LiveClientTool: ContractSchema = {
  $id: 'LiveClientTool',
  type: 'object',
  required: ['name', 'input_schema'],
  properties: {
    name: {
      type: 'string',
      minLength: 1,
      maxLength: 64,
    },
    description: {
      type: 'string',
      maxLength: 20000,
    },
    input_schema: {
      $ref: 'ToolInputSchema#',
    },
    read_only: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
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
export const LiveStt: ContractSchema = {
  $id: 'LiveStt',
  type: 'object',
  properties: {
    model: {
      type: 'string',
      minLength: 1,
      maxLength: 300,
    },
    language: {
      type: 'string',
      minLength: 1,
      maxLength: 40,
    },
    options: {
      type: 'object',
      properties: {
        hints: {
          type: 'array',
          maxItems: 500,
          items: {
            type: 'string',
            minLength: 1,
            maxLength: 200,
          },
        },
        end_threshold: {
          type: 'number',
          minimum: 0,
          maximum: 1,
        },
        eager_threshold: {
          type: 'number',
          minimum: 0,
          maximum: 1,
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
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
export const LiveTts: ContractSchema = {
  $id: 'LiveTts',
  type: 'object',
  required: ['voice'],
  properties: {
    voice: {
      type: 'string',
      minLength: 1,
      maxLength: 300,
    },
    model: {
      type: 'string',
      minLength: 1,
      maxLength: 300,
    },
    language: {
      type: 'string',
      minLength: 1,
      maxLength: 40,
    },
    speed: {
      type: 'number',
      minimum: 0.25,
      maximum: 4,
    },
    volume: {
      type: 'number',
      minimum: 0,
      maximum: 2,
    },
    options: {
      type: 'object',
      properties: {
        emotion: {
          type: 'string',
          minLength: 1,
          maxLength: 200,
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
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
export const LiveTurnOptions: ContractSchema = {
  $id: 'LiveTurnOptions',
  type: 'object',
  properties: {
    mode: {
      type: 'string',
      enum: ['silence', 'semantic'],
    },
    silence_ms: {
      type: 'integer',
      minimum: 100,
      maximum: 10000,
    },
    grace_ms: {
      type: 'integer',
      minimum: 0,
      maximum: 30000,
    },
    interruption: {
      type: 'string',
      enum: ['words', 'energy'],
    },
    speculation: {
      type: 'boolean',
    },
    thresholds: {
      type: 'object',
      properties: {
        min_characters: {
          type: 'integer',
          minimum: 1,
          maximum: 100,
        },
        min_characters_in_echo: {
          type: 'integer',
          minimum: 1,
          maximum: 100,
        },
        min_confidence: {
          type: 'number',
          minimum: 0,
          maximum: 1,
        },
        voice_margin_db: {
          type: 'number',
          minimum: 1,
          maximum: 40,
        },
        voice_least_db: {
          type: 'number',
          minimum: -90,
          maximum: -10,
        },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
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
export const LiveFeatures: ContractSchema = {
  $id: 'LiveFeatures',
  type: 'object',
  properties: {
    audio_transport: {
      type: 'string',
      enum: ['binary', 'base64_json'],
    },
    send_playback_marks: {
      type: 'boolean',
    },
    want_partial_transcripts: {
      type: 'boolean',
    },
    want_assistant_text: {
      type: 'boolean',
    },
    want_alignment: {
      type: 'boolean',
    },
    want_metrics: {
      type: 'boolean',
    },
    want_run_events: {
      type: 'boolean',
    },
    client_has_aec: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
}

/** Sound begins. Frames of sound without it are dropped. */
export interface LiveAudioStreamStart {
  type: 'audio_stream_start'
  stream_id?: string
  format?: LiveAudioFormat
}
export const LiveAudioStreamStart: ContractSchema = {
  $id: 'LiveAudioStreamStart',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'audio_stream_start',
    },
    stream_id: {
      type: 'string',
      minLength: 1,
      maxLength: 100,
    },
    format: {
      $ref: 'LiveAudioFormat#',
    },
  },
  additionalProperties: false,
}

export interface LiveAudioStreamEnd {
  type: 'audio_stream_end'
  stream_id?: string
}
export const LiveAudioStreamEnd: ContractSchema = {
  $id: 'LiveAudioStreamEnd',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'audio_stream_end',
    },
    stream_id: {
      type: 'string',
      minLength: 1,
      maxLength: 100,
    },
  },
  additionalProperties: false,
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
export const LiveAudioFrame: ContractSchema = {
  $id: 'LiveAudioFrame',
  type: 'object',
  required: ['type', 'seq'],
  properties: {
    type: {
      type: 'string',
      const: 'audio_frame',
    },
    seq: {
      type: 'integer',
      minimum: 0,
    },
    timestamp_ms: {
      type: 'number',
      minimum: 0,
    },
    data_b64: {
      type: 'string',
      maxLength: 90000,
    },
  },
  additionalProperties: false,
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
export const LivePlaybackMark: ContractSchema = {
  $id: 'LivePlaybackMark',
  type: 'object',
  required: ['type', 'assistant_audio_id', 'played_ms', 'state'],
  properties: {
    type: {
      type: 'string',
      const: 'playback_mark',
    },
    assistant_audio_id: {
      type: 'string',
      minLength: 1,
      maxLength: 100,
    },
    played_ms: {
      type: 'number',
      minimum: 0,
    },
    buffered_ms: {
      type: 'number',
      minimum: 0,
    },
    state: {
      type: 'string',
      enum: ['playing', 'paused', 'stopped', 'finished'],
    },
  },
  additionalProperties: false,
}

export type LiveInputBlocks = ContentBlockParam[]
export const LiveInputBlocks: ContractSchema = {
  $id: 'LiveInputBlocks',
  type: 'array',
  minItems: 1,
  maxItems: 100,
  items: {
    $ref: 'ContentBlockParam#',
  },
}

/** A typed turn; with `commit` false, something that goes with the next turn. */
export interface LiveInputText {
  type: 'input_text'
  content: string | LiveInputBlocks
  /** True by default. */
  commit?: boolean
}
export const LiveInputText: ContractSchema = {
  $id: 'LiveInputText',
  type: 'object',
  required: ['type', 'content'],
  properties: {
    type: {
      type: 'string',
      const: 'input_text',
    },
    content: {
      type: ['string', 'array'],
      allOf: [{
        if: {
          type: 'string',
        },
        then: {
          type: 'string',
          minLength: 1,
        },
      }, {
        if: {
          type: 'array',
        },
        then: {
          $ref: 'LiveInputBlocks#',
        },
      }],
    },
    commit: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
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
export const LiveToolResult: ContractSchema = {
  $id: 'LiveToolResult',
  type: 'object',
  required: ['type', 'tool_use_id', 'content'],
  properties: {
    type: {
      type: 'string',
      const: 'tool_result',
    },
    tool_use_id: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
    },
    content: {
      type: ['string', 'array'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          $ref: 'ToolResultContentBlockParams#',
        },
      }],
    },
    is_error: {
      type: 'boolean',
    },
  },
  additionalProperties: false,
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
export const LiveSessionUpdate: ContractSchema = {
  $id: 'LiveSessionUpdate',
  type: 'object',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      const: 'session_update',
    },
    system: {
      type: ['string', 'array'],
      allOf: [{
        if: {
          type: 'array',
        },
        then: {
          $ref: 'SystemBlockParams#',
        },
      }],
    },
    tools: {
      $ref: 'LiveTools#',
    },
    stt: {
      $ref: 'LiveStt#',
    },
    tts: {
      $ref: 'LiveTts#',
    },
    turn: {
      $ref: 'LiveTurnOptions#',
    },
  },
  additionalProperties: false,
}

export interface LiveControl {
  type: 'control'
  /** `interrupt` and `cancel_turn` stop the assistant; `mute` has nothing heard until `unmute`; `end_session` ends it all. */
  op: 'interrupt' | 'cancel_turn' | 'mute' | 'unmute' | 'end_session'
}
export const LiveControl: ContractSchema = {
  $id: 'LiveControl',
  type: 'object',
  required: ['type', 'op'],
  properties: {
    type: {
      type: 'string',
      const: 'control',
    },
    op: {
      type: 'string',
      enum: ['interrupt', 'cancel_turn', 'mute', 'unmute', 'end_session'],
    },
  },
  additionalProperties: false,
}

/** What a client is sent on `/v1/live`. Each has a `seq`, one more than that of the message before. After a resume, messages that were missed keep the numbers that they had; sound is not among them, so that its numbers are left out. New types and fields may come and are to be ignored. */
export type LiveServerMessage = LiveHelloAck | LiveTranscriptDelta | LiveUtteranceFinal | LiveTurnState | LiveAssistantTextDelta | LiveAssistantAudioStart | LiveAssistantAudioChunkHeader | LiveAssistantAudioChunk | LiveAssistantAudioEnd | LiveAudioReset | LiveToolCall | LiveRunEvent | LiveTurnComplete | LiveTurnCancelled | LiveTurnMetrics | LiveAudioUnavailable | LiveWarning | LiveError | LiveSessionEnd
export const LiveServerMessage: ContractSchema = {
  $id: 'LiveServerMessage',
  type: 'object',
  required: ['type'],
  discriminator: {
    propertyName: 'type',
  },
  oneOf: [{
    $ref: 'LiveHelloAck#',
  }, {
    $ref: 'LiveTranscriptDelta#',
  }, {
    $ref: 'LiveUtteranceFinal#',
  }, {
    $ref: 'LiveTurnState#',
  }, {
    $ref: 'LiveAssistantTextDelta#',
  }, {
    $ref: 'LiveAssistantAudioStart#',
  }, {
    $ref: 'LiveAssistantAudioChunkHeader#',
  }, {
    $ref: 'LiveAssistantAudioChunk#',
  }, {
    $ref: 'LiveAssistantAudioEnd#',
  }, {
    $ref: 'LiveAudioReset#',
  }, {
    $ref: 'LiveToolCall#',
  }, {
    $ref: 'LiveRunEvent#',
  }, {
    $ref: 'LiveTurnComplete#',
  }, {
    $ref: 'LiveTurnCancelled#',
  }, {
    $ref: 'LiveTurnMetrics#',
  }, {
    $ref: 'LiveAudioUnavailable#',
  }, {
    $ref: 'LiveWarning#',
  }, {
    $ref: 'LiveError#',
  }, {
    $ref: 'LiveSessionEnd#',
  }],
}

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
export const LiveHelloAck: ContractSchema = {
  $id: 'LiveHelloAck',
  type: 'object',
  required: ['type', 'seq', 'session_id', 'resume_token', 'protocol_version', 'is_resumed', 'audio_out', 'features', 'limits'],
  properties: {
    type: {
      type: 'string',
      const: 'hello_ack',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    session_id: {
      type: 'string',
    },
    resume_token: {
      type: 'string',
    },
    protocol_version: {
      type: 'string',
    },
    is_resumed: {
      type: 'boolean',
    },
    model: {
      type: 'string',
    },
    stt_model: {
      type: 'string',
    },
    voice: {
      type: 'string',
    },
    audio_in: {
      $ref: 'LiveAudioFormat#',
    },
    audio_out: {
      $ref: 'LiveAudioFormat#',
    },
    features: {
      $ref: 'LiveFeatures#',
    },
    turn: {
      $ref: 'LiveTurnOptions#',
    },
    limits: {
      $ref: 'LiveLimits#',
    },
  },
  additionalProperties: true,
}

/** The message's number in its session. */
export type LiveSeq = number
export const LiveSeq: ContractSchema = {
  $id: 'LiveSeq',
  type: 'integer',
  minimum: 1,
}

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
export const LiveLimits: ContractSchema = {
  $id: 'LiveLimits',
  type: 'object',
  required: ['message_bytes', 'audio_frame_bytes', 'messages_per_second', 'text_characters', 'resume_ms', 'idle_ms', 'total_ms', 'unplayed_ms'],
  properties: {
    message_bytes: {
      type: 'integer',
    },
    audio_frame_bytes: {
      type: 'integer',
    },
    messages_per_second: {
      type: 'integer',
    },
    text_characters: {
      type: 'integer',
    },
    resume_ms: {
      type: 'integer',
    },
    idle_ms: {
      type: 'integer',
    },
    total_ms: {
      type: 'integer',
    },
    unplayed_ms: {
      type: 'integer',
    },
  },
  additionalProperties: true,
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
export const LiveTranscriptDelta: ContractSchema = {
  $id: 'LiveTranscriptDelta',
  type: 'object',
  required: ['type', 'seq', 'utterance_id', 'is_final', 'text', 'timestamp_ms'],
  properties: {
    type: {
      type: 'string',
      const: 'transcript_delta',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    utterance_id: {
      type: 'string',
    },
    is_final: {
      type: 'boolean',
    },
    text: {
      type: 'string',
    },
    stability: {
      type: 'number',
      minimum: 0,
      maximum: 1,
    },
    timestamp_ms: {
      type: 'number',
    },
  },
  additionalProperties: true,
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
export const LiveUtteranceFinal: ContractSchema = {
  $id: 'LiveUtteranceFinal',
  type: 'object',
  required: ['type', 'seq', 'utterance_id', 'text', 'end_ms'],
  properties: {
    type: {
      type: 'string',
      const: 'utterance_final',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    utterance_id: {
      type: 'string',
    },
    text: {
      type: 'string',
    },
    end_ms: {
      type: 'number',
    },
  },
  additionalProperties: true,
}

export interface LiveTurnState {
  type: 'turn_state'
  seq: LiveSeq
  state: 'idle' | 'listening' | 'committing' | 'thinking' | 'speaking' | 'interrupted' | 'ending'
  /** null where there is no turn. */
  turn_id: string | null
}
export const LiveTurnState: ContractSchema = {
  $id: 'LiveTurnState',
  type: 'object',
  required: ['type', 'seq', 'state', 'turn_id'],
  properties: {
    type: {
      type: 'string',
      const: 'turn_state',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    state: {
      type: 'string',
      enum: ['idle', 'listening', 'committing', 'thinking', 'speaking', 'interrupted', 'ending'],
    },
    turn_id: {
      type: ['string', 'null'],
    },
  },
  additionalProperties: true,
}

/** What the assistant is going to say. */
export interface LiveAssistantTextDelta {
  type: 'assistant_text_delta'
  seq: LiveSeq
  turn_id: string
  text: string
}
export const LiveAssistantTextDelta: ContractSchema = {
  $id: 'LiveAssistantTextDelta',
  type: 'object',
  required: ['type', 'seq', 'turn_id', 'text'],
  properties: {
    type: {
      type: 'string',
      const: 'assistant_text_delta',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    turn_id: {
      type: 'string',
    },
    text: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

/** A segment of the assistant's sound begins. There is one at a time. */
export interface LiveAssistantAudioStart {
  type: 'assistant_audio_start'
  seq: LiveSeq
  assistant_audio_id: string
  turn_id: string
  format: LiveAudioFormat
}
export const LiveAssistantAudioStart: ContractSchema = {
  $id: 'LiveAssistantAudioStart',
  type: 'object',
  required: ['type', 'seq', 'assistant_audio_id', 'turn_id', 'format'],
  properties: {
    type: {
      type: 'string',
      const: 'assistant_audio_start',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    assistant_audio_id: {
      type: 'string',
    },
    turn_id: {
      type: 'string',
    },
    format: {
      $ref: 'LiveAudioFormat#',
    },
  },
  additionalProperties: true,
}

/** The next frame is binary and holds so many bytes of the segment's sound. */
export interface LiveAssistantAudioChunkHeader {
  type: 'assistant_audio_chunk_header'
  seq: LiveSeq
  assistant_audio_id: string
  bytes: number
  alignment?: Alignment
}
export const LiveAssistantAudioChunkHeader: ContractSchema = {
  $id: 'LiveAssistantAudioChunkHeader',
  type: 'object',
  required: ['type', 'seq', 'assistant_audio_id', 'bytes'],
  properties: {
    type: {
      type: 'string',
      const: 'assistant_audio_chunk_header',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    assistant_audio_id: {
      type: 'string',
    },
    bytes: {
      type: 'integer',
      minimum: 1,
    },
    alignment: {
      $ref: 'Alignment#',
    },
  },
  additionalProperties: true,
}

/** Sound of the segment, where no binary frames are agreed. In MessagePack `audio` is its bytes, in place of `audio_b64`. */
export interface LiveAssistantAudioChunk {
  type: 'assistant_audio_chunk'
  seq: LiveSeq
  assistant_audio_id: string
  audio_b64?: string
  alignment?: Alignment
}
export const LiveAssistantAudioChunk: ContractSchema = {
  $id: 'LiveAssistantAudioChunk',
  type: 'object',
  required: ['type', 'seq', 'assistant_audio_id'],
  properties: {
    type: {
      type: 'string',
      const: 'assistant_audio_chunk',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    assistant_audio_id: {
      type: 'string',
    },
    audio_b64: {
      type: 'string',
    },
    alignment: {
      $ref: 'Alignment#',
    },
  },
  additionalProperties: true,
}

/** The segment has no more sound. */
export interface LiveAssistantAudioEnd {
  type: 'assistant_audio_end'
  seq: LiveSeq
  assistant_audio_id: string
}
export const LiveAssistantAudioEnd: ContractSchema = {
  $id: 'LiveAssistantAudioEnd',
  type: 'object',
  required: ['type', 'seq', 'assistant_audio_id'],
  properties: {
    type: {
      type: 'string',
      const: 'assistant_audio_end',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    assistant_audio_id: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

/** Whatever of this segment has not been played is thrown away, at once; a mark with the state `stopped` tells how much was. */
export interface LiveAudioReset {
  type: 'audio_reset'
  seq: LiveSeq
  reason: 'barge_in' | 'grace' | 'backpressure' | 'cancelled'
  assistant_audio_id: string
}
export const LiveAudioReset: ContractSchema = {
  $id: 'LiveAudioReset',
  type: 'object',
  required: ['type', 'seq', 'reason', 'assistant_audio_id'],
  properties: {
    type: {
      type: 'string',
      const: 'audio_reset',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    reason: {
      type: 'string',
      enum: ['barge_in', 'grace', 'backpressure', 'cancelled'],
    },
    assistant_audio_id: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

/** The model calls a tool of the client's, which answers with `tool_result`. */
export interface LiveToolCall {
  type: 'tool_call'
  seq: LiveSeq
  tool_use_id: string
  name: string
  input: Record<string, unknown>
}
export const LiveToolCall: ContractSchema = {
  $id: 'LiveToolCall',
  type: 'object',
  required: ['type', 'seq', 'tool_use_id', 'name', 'input'],
  properties: {
    type: {
      type: 'string',
      const: 'tool_call',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    tool_use_id: {
      type: 'string',
    },
    name: {
      type: 'string',
    },
    input: {
      type: 'object',
      additionalProperties: true,
    },
  },
  additionalProperties: true,
}

/** Something that happened in the turn's run, where `features.want_run_events` asks for it. */
export interface LiveRunEvent {
  type: 'run_event'
  seq: LiveSeq
  turn_id: string
  event: ToolCallStartEvent | ToolResultEvent | StepCompleteEvent
}
export const LiveRunEvent: ContractSchema = {
  $id: 'LiveRunEvent',
  type: 'object',
  required: ['type', 'seq', 'turn_id', 'event'],
  properties: {
    type: {
      type: 'string',
      const: 'run_event',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    turn_id: {
      type: 'string',
    },
    event: {
      type: 'object',
      required: ['type'],
      discriminator: {
        propertyName: 'type',
      },
      oneOf: [{
        $ref: 'ToolCallStartEvent#',
      }, {
        $ref: 'ToolResultEvent#',
      }, {
        $ref: 'StepCompleteEvent#',
      }],
    },
  },
  additionalProperties: true,
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
export const LiveTurnComplete: ContractSchema = {
  $id: 'LiveTurnComplete',
  type: 'object',
  required: ['type', 'seq', 'turn_id', 'stop_reason', 'played_text', 'append'],
  properties: {
    type: {
      type: 'string',
      const: 'turn_complete',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    turn_id: {
      type: 'string',
    },
    stop_reason: {
      type: 'string',
    },
    played_text: {
      type: 'string',
    },
    append: {
      type: 'array',
      items: {
        $ref: 'MessageParam#',
      },
    },
  },
  additionalProperties: true,
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
export const LiveTurnCancelled: ContractSchema = {
  $id: 'LiveTurnCancelled',
  type: 'object',
  required: ['type', 'seq', 'turn_id', 'reason'],
  properties: {
    type: {
      type: 'string',
      const: 'turn_cancelled',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    turn_id: {
      type: 'string',
    },
    reason: {
      type: 'string',
    },
    append: {
      type: 'array',
      items: {
        $ref: 'MessageParam#',
      },
    },
  },
  additionalProperties: true,
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
export const LiveTurnMetrics: ContractSchema = {
  $id: 'LiveTurnMetrics',
  type: 'object',
  required: ['type', 'seq', 'turn_id'],
  properties: {
    type: {
      type: 'string',
      const: 'turn_metrics',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    turn_id: {
      type: 'string',
    },
    eou_delay_ms: {
      type: 'number',
    },
    stt_final_ms: {
      type: 'number',
    },
    llm_ttft_ms: {
      type: 'number',
    },
    tts_ttfb_ms: {
      type: 'number',
    },
    voice_to_voice_ms: {
      type: 'number',
    },
    interruption_stop_ms: {
      type: 'number',
    },
    input_tokens: {
      type: 'integer',
    },
    output_tokens: {
      type: 'integer',
    },
    characters: {
      type: 'integer',
    },
  },
  additionalProperties: true,
}

/** This part of the answer cannot be spoken; its text is told instead. */
export interface LiveAudioUnavailable {
  type: 'audio_unavailable'
  seq: LiveSeq
  turn_id: string
  text: string
}
export const LiveAudioUnavailable: ContractSchema = {
  $id: 'LiveAudioUnavailable',
  type: 'object',
  required: ['type', 'seq', 'turn_id', 'text'],
  properties: {
    type: {
      type: 'string',
      const: 'audio_unavailable',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    turn_id: {
      type: 'string',
    },
    text: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

/** Something is not as it should be, and the session goes on. */
export interface LiveWarning {
  type: 'warning'
  seq: LiveSeq
  code: string
  message: string
}
export const LiveWarning: ContractSchema = {
  $id: 'LiveWarning',
  type: 'object',
  required: ['type', 'seq', 'code', 'message'],
  properties: {
    type: {
      type: 'string',
      const: 'warning',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    code: {
      type: 'string',
    },
    message: {
      type: 'string',
    },
  },
  additionalProperties: true,
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
export const LiveError: ContractSchema = {
  $id: 'LiveError',
  type: 'object',
  required: ['type', 'seq', 'scope', 'error_type', 'code', 'message', 'retryable', 'close'],
  properties: {
    type: {
      type: 'string',
      const: 'error',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    scope: {
      type: 'string',
      enum: ['session', 'turn'],
    },
    error_type: {
      $ref: 'ErrorType#',
    },
    code: {
      type: 'string',
    },
    message: {
      type: 'string',
    },
    param: {
      type: 'string',
    },
    issues: {
      type: 'array',
      items: {
        $ref: 'Issue#',
      },
    },
    retryable: {
      type: 'boolean',
    },
    close: {
      type: 'boolean',
    },
  },
  additionalProperties: true,
}

/** The last message of a session. */
export interface LiveSessionEnd {
  type: 'session_end'
  seq: LiveSeq
  reason: 'end_session' | 'idle' | 'limit' | 'restart' | 'resume_expired' | 'error'
  usage: LiveUsage
}
export const LiveSessionEnd: ContractSchema = {
  $id: 'LiveSessionEnd',
  type: 'object',
  required: ['type', 'seq', 'reason', 'usage'],
  properties: {
    type: {
      type: 'string',
      const: 'session_end',
    },
    seq: {
      $ref: 'LiveSeq#',
    },
    reason: {
      type: 'string',
      enum: ['end_session', 'idle', 'limit', 'restart', 'resume_expired', 'error'],
    },
    usage: {
      $ref: 'LiveUsage#',
    },
  },
  additionalProperties: true,
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
export const LiveUsage: ContractSchema = {
  $id: 'LiveUsage',
  type: 'object',
  required: ['turns', 'duration_ms', 'seconds_heard', 'characters_spoken'],
  properties: {
    turns: {
      type: 'integer',
    },
    duration_ms: {
      type: 'integer',
    },
    seconds_heard: {
      type: 'number',
    },
    characters_spoken: {
      type: 'integer',
    },
    input_tokens: {
      type: 'integer',
    },
    output_tokens: {
      type: 'integer',
    },
    cost_usd: {
      type: 'number',
    },
  },
  additionalProperties: true,
}

export interface Index {
  name: string
  version: string
  /** The path of a page to read and try this contract. */
  docs: string
}
export const Index: ContractSchema = {
  $id: 'Index',
  type: 'object',
  required: ['name', 'version', 'docs'],
  properties: {
    name: {
      type: 'string',
    },
    version: {
      type: 'string',
    },
    docs: {
      type: 'string',
    },
  },
  additionalProperties: true,
}

export interface Health {
  status: 'ok'
}
export const Health: ContractSchema = {
  $id: 'Health',
  type: 'object',
  required: ['status'],
  properties: {
    status: {
      type: 'string',
      const: 'ok',
    },
  },
  additionalProperties: true,
}

export interface Readiness {
  status: 'ready' | 'not_ready'
  /** What was looked at, each `ok` or what is the matter. */
  checks: Record<string, string>
  /** With `deep=1`, by the provider's id whether it can be reached, `ok` or what is the matter. */
  providers?: Record<string, string>
}
export const Readiness: ContractSchema = {
  $id: 'Readiness',
  type: 'object',
  required: ['status', 'checks'],
  properties: {
    status: {
      type: 'string',
      enum: ['ready', 'not_ready'],
    },
    checks: {
      type: 'object',
      additionalProperties: {
        type: 'string',
      },
    },
    providers: {
      type: 'object',
      additionalProperties: {
        type: 'string',
      },
    },
  },
  additionalProperties: true,
}

/** Every schema, for a validator to know them by their `$id`. */
export const allSchemas: readonly ContractSchema[] = [
  MessageRequest,
  CountTokensRequest,
  MessageParam,
  SystemBlockParams,
  SystemBlockParam,
  ContentBlockParams,
  ContentBlockParam,
  TextBlockParam,
  ImageBlockParam,
  ImageTransformations,
  ImageSource,
  Base64ImageSource,
  UrlSource,
  FileSource,
  DocumentBlockParam,
  DocumentSource,
  Base64PdfSource,
  PlainTextSource,
  ContentSource,
  ContentSourceBlockParams,
  ContentSourceBlockParam,
  SearchResultBlockParam,
  AudioBlockParam,
  AudioSttBlockParam,
  AudioSource,
  Base64AudioSource,
  VideoBlockParam,
  VideoSource,
  Base64VideoSource,
  ThinkingBlockParam,
  RedactedThinkingBlockParam,
  ToolUseBlockParam,
  ToolCaller,
  ToolResultBlockParam,
  ToolResultContentBlockParams,
  ToolResultContentBlockParam,
  ToolReferenceBlockParam,
  BrowserStateBlockParam,
  ServerToolUseBlockParam,
  WebSearchToolResultBlockParam,
  ServerToolOutput,
  ServerToolOutputs,
  ServerToolResultBlockParam,
  McpToolUseBlockParam,
  McpToolResultBlockParam,
  ContainerUploadBlockParam,
  CacheControl,
  CitationsConfig,
  TextCitation,
  Tool,
  CustomTool,
  FunctionTool,
  ToolInputSchema,
  AllowedCallers,
  InputExamples,
  UserLocation,
  DomainList,
  NullablePositiveInteger,
  WebSearchTool,
  WebFetchTool,
  CodeExecutionTool,
  ComputerUseTool,
  FileSearchTool,
  TextEditorTool,
  AnthropicWebSearchTool,
  AnthropicWebFetchTool,
  AnthropicCodeExecutionTool,
  AnthropicToolSearchTool,
  AnthropicClientTool,
  AnthropicComputerTool,
  AnthropicToolset,
  McpToolset,
  ToolChoice,
  ToolChoiceAuto,
  ToolChoiceAny,
  ToolChoiceTool,
  ToolChoiceNone,
  ThinkingConfig,
  ThinkingEnabled,
  ThinkingDisabled,
  ThinkingAdaptive,
  ThinkingBetweenTools,
  ThinkingDisplay,
  OutputConfig,
  JsonOutputFormat,
  OutputFormat,
  OutputOptions,
  VoiceOptions,
  VoiceOutput,
  ContainerParams,
  SkillParams,
  ContextManagement,
  ContextEdit,
  DiagnosticsParam,
  Safeguard,
  ThreadParam,
  ThreadCreate,
  ThreadContinue,
  McpServer,
  McpToolConfiguration,
  Message,
  ResponseMetadata,
  Transcript,
  Warning,
  StopReason,
  Usage,
  VoiceUsage,
  ContentBlock,
  TextBlock,
  ThinkingBlock,
  RedactedThinkingBlock,
  ToolUseBlock,
  ImageBlock,
  AudioBlock,
  Alignment,
  ServerToolUseBlock,
  ServerToolResultBlock,
  McpToolUseBlock,
  McpToolResultBlock,
  ContainerUploadBlock,
  CompactionBlock,
  FallbackBlock,
  StreamEvent,
  MessageStartEvent,
  ContentBlockStartEvent,
  ContentBlockDeltaEvent,
  ContentBlockDelta,
  TextDelta,
  InputJsonDelta,
  ThinkingDelta,
  SignatureDelta,
  CitationsDelta,
  CompactionDelta,
  ContentBlockStopEvent,
  MessageDeltaEvent,
  MessageStopEvent,
  PingEvent,
  AudioChunkEvent,
  AudioUnavailableEvent,
  RunRequest,
  RunOptions,
  RunResponse,
  RunResult,
  RunStopReason,
  RunStep,
  RunToolCall,
  RunToolResult,
  RunEvent,
  RunStartEvent,
  StepStartEvent,
  RunStreamEvent,
  ToolCallStartEvent,
  ToolResultEvent,
  StepCompleteEvent,
  HistoryDeltaEvent,
  RunCompleteEvent,
  TokenCount,
  ErrorResponse,
  ErrorDetail,
  ErrorType,
  Issue,
  ModelList,
  Model,
  ModelDeprecation,
  ModelPrices,
  ModelPricesAbove,
  ModelCapabilities,
  CapabilitySupport,
  LiveClientMessage,
  LiveHello,
  LiveAudioFormat,
  LiveTools,
  LiveClientTool,
  LiveStt,
  LiveTts,
  LiveTurnOptions,
  LiveFeatures,
  LiveAudioStreamStart,
  LiveAudioStreamEnd,
  LiveAudioFrame,
  LivePlaybackMark,
  LiveInputBlocks,
  LiveInputText,
  LiveToolResult,
  LiveSessionUpdate,
  LiveControl,
  LiveServerMessage,
  LiveHelloAck,
  LiveSeq,
  LiveLimits,
  LiveTranscriptDelta,
  LiveUtteranceFinal,
  LiveTurnState,
  LiveAssistantTextDelta,
  LiveAssistantAudioStart,
  LiveAssistantAudioChunkHeader,
  LiveAssistantAudioChunk,
  LiveAssistantAudioEnd,
  LiveAudioReset,
  LiveToolCall,
  LiveRunEvent,
  LiveTurnComplete,
  LiveTurnCancelled,
  LiveTurnMetrics,
  LiveAudioUnavailable,
  LiveWarning,
  LiveError,
  LiveSessionEnd,
  LiveUsage,
  Index,
  Health,
  Readiness,
]
