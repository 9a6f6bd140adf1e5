import type { Capabilities, Feature, Matrix, Support } from '../capabilities.ts'
import type { KnownModel } from '../provider.ts'

/** The API's own values; not every model takes each. */
export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

const anthropicOnly = 'This belongs to Anthropic; use an anthropic model.'
const noServerTools = 'Chat Completions has no tools of its own; use an anthropic model.'
const noVoice = 'This version of the gateway has no voice.'

/** What Chat Completions makes of each part of a request. A dialect that differs spreads it and says what is different. */
export const matrix: Matrix = {
  max_tokens: { treatment: 'map', note: 'Sent as max_completion_tokens, which count reasoning too.' },
  system: { treatment: 'map', note: 'Sent as the first message.' },
  stream: 'carry',
  'block.text': 'carry',
  'block.tool_use': { treatment: 'map', note: 'Sent as a function call.' },
  'block.tool_result': { treatment: 'map', note: 'Sent as a message of the tool.' },
  temperature: 'carry',
  top_p: 'carry',
  top_k: { treatment: 'drop', note: 'Sampling goes by top_p and temperature alone.' },
  stop_sequences: { treatment: 'map', note: 'Sent as stop, at most 4. Which one was met is not told: stop_sequence stays null.' },
  'metadata.user_id': {
    treatment: 'map',
    note: 'Sent as safety_identifier; one of more than 64 characters as its SHA-256 in hexadecimal.',
  },
  service_tier: { treatment: 'map', note: 'auto stays auto; standard_only is default.' },
  cache_control: { treatment: 'drop', note: 'Prefixes are cached without being marked.' },
  container: { treatment: 'reject', note: noServerTools },
  context_management: { treatment: 'drop', note: 'The whole conversation is sent as it is; nothing is cleared from it.' },
  mcp_servers: { treatment: 'reject', note: noServerTools },
  inference_geo: { treatment: 'reject', note: 'Where inference runs depends on the project that the key belongs to.' },
  speed: { treatment: 'drop', note: 'The answer comes at the usual speed.' },
  diagnostics: { treatment: 'drop', note: 'It has no effect on the answer.' },
  user_profile_id: { treatment: 'reject', note: anthropicOnly },
  workspace_id: { treatment: 'reject', note: anthropicOnly },
  'thinking.enabled': {
    treatment: 'map',
    note: 'budget_tokens becomes reasoning_effort: up to 2048 low, up to 8192 medium, above high; output_config.effort goes before it.',
  },
  'thinking.disabled': { treatment: 'map', note: "Sent as the model's lowest reasoning_effort, where it has one." },
  'thinking.adaptive': { treatment: 'map', note: 'The model decides unless output_config.effort says otherwise.' },
  'thinking.between_tools': { treatment: 'drop', note: 'When it thinks is up to the model.' },
  'thinking.display': { treatment: 'drop', note: 'Thinking is shown where the provider shows it.' },
  'output_config.effort': { treatment: 'map', note: 'Sent as reasoning_effort.' },
  output_format: { treatment: 'map', note: 'Sent as response_format json_schema.' },
  'output_format.name': 'carry',
  'output_format.strict': 'carry',
  'output.modalities': { treatment: 'reject', note: 'Ask for text, or use a model that answers in this modality.' },
  'output.image': { treatment: 'reject', note: 'Use a model that makes images.' },
  voice: { treatment: 'reject', note: noVoice },
  stt_model: { treatment: 'reject', note: noVoice },
  tts_model: { treatment: 'reject', note: noVoice },
  'message.system': { treatment: 'map', note: 'Sent as a system message in the same place.' },
  'message.prefill': {
    treatment: 'reject',
    note: 'The answer would begin anew instead of going on; say in the prompt how it begins, or use output_format.',
  },
  'block.text.citations': { treatment: 'drop', note: 'The text itself is sent.' },
  'block.text.citations.foreign': { treatment: 'drop', note: 'The text itself is sent.' },
  'block.image.base64': { treatment: 'map', note: 'Sent as a data URL.' },
  'block.image.url': 'carry',
  'block.image.file': { treatment: 'reject', note: 'Send the image as base64 or by url.' },
  'block.image.transformations': { treatment: 'drop', note: 'The provider scales images by its own rules.' },
  'block.document.pdf': { treatment: 'map', note: 'Sent as a file part; the title is its name.' },
  'block.document.text': { treatment: 'map', note: 'Sent as text, framed with its title and context.' },
  'block.document.content': { treatment: 'map', note: 'Its text and images are sent, framed with title and context.' },
  'block.document.url': { treatment: 'reject', note: 'Send the document as base64, or use an anthropic model.' },
  'block.document.file': { treatment: 'map', note: "Sent as a file part with the provider's own file id." },
  'block.document.citations': { treatment: 'reject', note: 'Citations of documents come from anthropic models.' },
  'block.search_result': { treatment: 'map', note: 'Sent as text, framed with its title and source.' },
  'block.audio': { treatment: 'map', note: 'base64 wav and mp3 are sent as input_audio; other forms are refused.' },
  'block.audio_stt': { treatment: 'reject', note: 'Send a transcript as text.' },
  'block.video': { treatment: 'reject', note: 'Send single frames as images.' },
  'block.thinking': { treatment: 'drop', note: 'Chat Completions takes no reasoning back.' },
  'block.thinking.foreign': { treatment: 'drop', note: 'Only the provider that wrote it can read it.' },
  'block.redacted_thinking': { treatment: 'drop', note: 'Only the provider that wrote it can read it.' },
  'block.server_tool': { treatment: 'drop', note: 'The text that was made of it is sent.' },
  'block.server_tool.foreign': { treatment: 'drop', note: 'The text that was made of it is sent.' },
  'block.mcp_tool': { treatment: 'drop', note: 'The text that was made of it is sent.' },
  'block.mcp_tool.foreign': { treatment: 'drop', note: 'The text that was made of it is sent.' },
  'block.container_upload': { treatment: 'reject', note: anthropicOnly },
  'block.tool_use.caller': { treatment: 'drop', note: 'The call itself is sent.' },
  'block.tool_result.error': { treatment: 'map', note: 'The result begins with "Error: ".' },
  'block.tool_result.image': { treatment: 'map', note: 'Follows in a user message that names the tool call.' },
  'block.tool_result.document': { treatment: 'map', note: 'Text is part of the result; a file follows in a user message.' },
  'block.tool_result.search_result': { treatment: 'map', note: 'Sent as text, framed with its title and source.' },
  'block.tool_result.tool_reference': { treatment: 'reject', note: anthropicOnly },
  'block.tool_result.browser_state': { treatment: 'reject', note: anthropicOnly },
  'tool.custom': { treatment: 'map', note: 'Sent as a function.' },
  'tool.strict': 'carry',
  'tool.input_examples': { treatment: 'drop', note: 'Put examples into the description, where the model reads them.' },
  'tool.defer_loading': { treatment: 'drop', note: 'All tools are there from the beginning.' },
  'tool.allowed_callers': { treatment: 'drop', note: 'The model calls the tool itself.' },
  'tool.eager_input_streaming': { treatment: 'drop', note: 'Input is streamed as it is written anyway.' },
  'tool.web_search': { treatment: 'reject', note: noServerTools },
  'tool.web_fetch': { treatment: 'reject', note: noServerTools },
  'tool.code_execution': { treatment: 'reject', note: noServerTools },
  'tool.computer_use': { treatment: 'reject', note: noServerTools },
  'tool.file_search': { treatment: 'reject', note: noServerTools },
  'tool.text_editor': { treatment: 'reject', note: 'Define it as a tool of your own, or use an anthropic model.' },
  'tool.anthropic': { treatment: 'reject', note: noServerTools },
  'tool_choice.auto': 'carry',
  'tool_choice.any': { treatment: 'map', note: 'Sent as required.' },
  'tool_choice.tool': { treatment: 'map', note: 'Sent as a named function.' },
  'tool_choice.none': 'carry',
  'tool_choice.disable_parallel_tool_use': { treatment: 'map', note: 'Sent as parallel_tool_calls: false.' },
}

/** What is known of OpenAI's models. A model that is not known is tried. */
export function capabilitiesOf(model: string): Capabilities {
  return families.find(({ prefix }) => model.startsWith(prefix))?.capabilities ?? unknown
}

/** The `reasoning_effort` nearest to no thinking at all; undefined for models that do not reason, which refuse the field. */
export function effortOfNoThinking(model: string): ReasoningEffort | undefined {
  const family = families.find(({ prefix }) => model.startsWith(prefix))
  return family ? family.lowestEffort : 'none'
}

interface Family {
  readonly prefix: string
  readonly capabilities: Capabilities
  /** Undefined where the models do not reason. */
  readonly lowestEffort?: ReasoningEffort
}

const images = ['block.image.base64', 'block.image.url'] as const
// Adaptive thinking is none where the model does not think, so that every model takes it.
const reasoning = ['thinking.enabled', 'output_config.effort'] as const
const audio = ['block.audio'] as const
const tools = ['tool.custom'] as const

// The longer prefix stands before the shorter: the first that fits counts.
const families: readonly Family[] = [
  { prefix: 'gpt-5-chat', capabilities: model(128_000, 16_384, known(images), missing(reasoning, audio)) },
  {
    prefix: 'gpt-5-',
    capabilities: model(400_000, 128_000, known(images, reasoning, tools), missing(audio)),
    lowestEffort: 'minimal',
  },
  { prefix: 'gpt-5.', capabilities: { ...unnumbered(), features: known(images, reasoning, tools) }, lowestEffort: 'none' },
  {
    prefix: 'gpt-5',
    capabilities: model(400_000, 128_000, known(images, reasoning, tools), missing(audio)),
    lowestEffort: 'minimal',
  },
  { prefix: 'gpt-4.1', capabilities: model(1_047_576, 32_768, known(images, tools), missing(reasoning, audio)) },
  { prefix: 'gpt-4o-audio', capabilities: model(128_000, 16_384, known(audio, tools), missing(reasoning)) },
  { prefix: 'gpt-4o-mini-audio', capabilities: model(128_000, 16_384, known(audio, tools), missing(reasoning)) },
  { prefix: 'gpt-4o', capabilities: model(128_000, 16_384, known(images), missing(reasoning, audio)) },
  { prefix: 'chatgpt-4o', capabilities: model(128_000, 16_384, known(images), missing(reasoning, audio)) },
  { prefix: 'gpt-4-turbo', capabilities: model(128_000, 4_096, known(images, tools), missing(reasoning, audio)) },
  { prefix: 'gpt-4', capabilities: { ...unnumbered(), features: missing(reasoning, audio) } },
  { prefix: 'gpt-3.5', capabilities: { ...unnumbered(), features: missing(reasoning, audio, images) } },
  { prefix: 'o1-mini', capabilities: model(128_000, 65_536, missing(images, audio, tools)), lowestEffort: 'low' },
  {
    prefix: 'o3-mini',
    capabilities: model(200_000, 100_000, known(reasoning, tools), missing(images, audio)),
    lowestEffort: 'low',
  },
  { prefix: 'o1', capabilities: { ...unnumbered(), features: missing(audio) }, lowestEffort: 'low' },
  { prefix: 'o3', capabilities: model(200_000, 100_000, known(images, reasoning, tools), missing(audio)), lowestEffort: 'low' },
  { prefix: 'o4', capabilities: model(200_000, 100_000, known(images, reasoning, tools), missing(audio)), lowestEffort: 'low' },
]

const unknown: Capabilities = { ...unnumbered(), features: {} }

/** The provider needs no `max_tokens`; this is for estimates alone. */
function unnumbered(): { defaultMaxTokens: number } {
  return { defaultMaxTokens: 4096 }
}

function model(contextWindow: number, maxOutputTokens: number, ...features: Partial<Record<Feature, Support>>[]): Capabilities {
  return { ...unnumbered(), contextWindow, maxOutputTokens, features: Object.assign({}, ...features) }
}

function known(...groups: (readonly Feature[])[]): Partial<Record<Feature, Support>> {
  return Object.fromEntries(groups.flat().map((feature) => [feature, 'supported']))
}

function missing(...groups: (readonly Feature[])[]): Partial<Record<Feature, Support>> {
  return Object.fromEntries(groups.flat().map((feature) => [feature, 'unsupported']))
}

export const models: readonly KnownModel[] = [
  { name: 'gpt-5.6-sol', displayName: 'GPT-5.6 Sol' },
  { name: 'gpt-5.6-terra', displayName: 'GPT-5.6 Terra' },
  { name: 'gpt-5.6-luna', displayName: 'GPT-5.6 Luna' },
  { name: 'gpt-5.4', displayName: 'GPT-5.4' },
  { name: 'gpt-5.4-mini', displayName: 'GPT-5.4 mini', released: '2026-03-17' },
  { name: 'gpt-5.4-nano', displayName: 'GPT-5.4 nano', released: '2026-03-17' },
  { name: 'gpt-5.2', displayName: 'GPT-5.2', released: '2025-12-11' },
  { name: 'gpt-5.1', displayName: 'GPT-5.1', released: '2025-11-13' },
  { name: 'gpt-5', displayName: 'GPT-5', released: '2025-08-07' },
  { name: 'gpt-5-mini', displayName: 'GPT-5 mini', released: '2025-08-07' },
  { name: 'gpt-5-nano', displayName: 'GPT-5 nano', released: '2025-08-07' },
  { name: 'gpt-4.1', displayName: 'GPT-4.1', released: '2025-04-14' },
  { name: 'gpt-4.1-mini', displayName: 'GPT-4.1 mini', released: '2025-04-14' },
  { name: 'gpt-4.1-nano', displayName: 'GPT-4.1 nano', released: '2025-04-14' },
  { name: 'o3', displayName: 'o3', released: '2025-04-16' },
  { name: 'o4-mini', displayName: 'o4-mini', released: '2025-04-16' },
  { name: 'o3-mini', displayName: 'o3-mini', released: '2025-01-31' },
  { name: 'gpt-4o', displayName: 'GPT-4o', released: '2024-05-13' },
  { name: 'gpt-4o-mini', displayName: 'GPT-4o mini', released: '2024-07-18' },
]
