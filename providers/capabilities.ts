/** What is known of a model. `unknown` is tried: the provider has the last word. */
export type Support = 'supported' | 'unsupported' | 'unknown'

export interface Capabilities {
  /** By feature; what is not listed is `unknown`. */
  readonly features: Readonly<Partial<Record<Feature, Support>>>
  /** The most tokens of one answer; undefined where unknown. */
  readonly maxOutputTokens?: number
  /** The most tokens of one request; undefined where unknown. */
  readonly contextWindow?: number
  /** What `max_tokens` becomes for a provider that must be given one, when the caller gives none. */
  readonly defaultMaxTokens: number
}

/**
 * What becomes of a part of a request:
 *   - `carry`: it has the same meaning at the provider and is passed on;
 *   - `map`: it is said in the provider's own way;
 *   - `reject`: it cannot be said; the request is refused with what would do instead;
 *   - `drop`: it is left out, and the answer says so in `metadata.warnings`.
 */
export type Treatment = 'carry' | 'map' | 'reject' | 'drop'

export interface MatrixEntry {
  readonly treatment: Treatment
  /** For `map`: how. For `reject`: what to do instead. For `drop`: why nothing is lost that matters, or what is. */
  readonly note?: string
}

/** For each feature of a request what a provider makes of it. The compatibility check and the documentation are made from it. */
export type Matrix = Readonly<Record<Feature, Treatment | MatrixEntry> & Record<BasicFeature, 'carry' | MatrixEntry>>

/** The parts of a request that every provider takes, one way or another; they are not looked up when a request is checked. */
export const basicFeatures = ['max_tokens', 'system', 'stream', 'block.text', 'block.tool_use', 'block.tool_result'] as const

export type BasicFeature = (typeof basicFeatures)[number]

/** The parts of a request that not every provider has, as the matrix names them. */
export const features = [
  // Fields
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'metadata.user_id',
  'service_tier',
  'cache_control',
  'container',
  'context_management',
  'mcp_servers',
  'inference_geo',
  'speed',
  'diagnostics',
  'safeguards',
  'thread',
  'user_profile_id',
  'workspace_id',
  'thinking.enabled',
  'thinking.disabled',
  'thinking.adaptive',
  'thinking.between_tools',
  'thinking.display',
  'output_config.effort',
  'output_format',
  'output_format.name',
  'output_format.strict',
  'output.modalities',
  'output.image',
  // Messages and blocks
  'message.system',
  'message.prefill',
  'block.text.citations',
  'block.text.citations.foreign',
  'block.image.base64',
  'block.image.url',
  'block.image.file',
  'block.image.assistant',
  'block.image.transformations',
  'block.document.pdf',
  'block.document.text',
  'block.document.content',
  'block.document.url',
  'block.document.file',
  'block.document.citations',
  'block.search_result',
  'block.audio',
  'block.video',
  'block.thinking',
  'block.thinking.foreign',
  'block.redacted_thinking',
  'block.server_tool',
  'block.server_tool.foreign',
  'block.mcp_tool',
  'block.mcp_tool.foreign',
  'block.container_upload',
  'block.tool_use.caller',
  'block.tool_result.error',
  'block.tool_result.image',
  'block.tool_result.document',
  'block.tool_result.search_result',
  'block.tool_result.tool_reference',
  'block.tool_result.browser_state',
  // Tools
  'tool.custom',
  'tool.strict',
  'tool.input_examples',
  'tool.defer_loading',
  'tool.allowed_callers',
  'tool.eager_input_streaming',
  'tool.web_search',
  'tool.web_fetch',
  'tool.code_execution',
  'tool.computer_use',
  'tool.file_search',
  'tool.text_editor',
  'tool.anthropic',
  'tool_choice.auto',
  'tool_choice.any',
  'tool_choice.tool',
  'tool_choice.none',
  'tool_choice.disable_parallel_tool_use',
] as const

export type Feature = (typeof features)[number]

/** The entry of a feature, whichever way it is written. */
export function matrixEntry(matrix: Matrix, feature: Feature | BasicFeature): MatrixEntry {
  const entry = matrix[feature]
  return typeof entry === 'string' ? { treatment: entry } : entry
}

/** A matrix whose cells follow a rule. */
export function matrixOf(entryOf: (feature: Feature) => Treatment | MatrixEntry): Matrix {
  const matrix: Partial<Record<Feature | BasicFeature, Treatment | MatrixEntry>> = {}
  for (const feature of basicFeatures) matrix[feature] = 'carry'
  for (const feature of features) matrix[feature] = entryOf(feature)
  // Every feature has its cell by now, which the type cannot see.
  return matrix as Matrix
}
