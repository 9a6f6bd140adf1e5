import type { Capabilities, Matrix, MatrixEntry } from '../capabilities.ts'
import type { StopReasons } from '../provider.ts'

const usualSampling: MatrixEntry = {
  treatment: 'carry',
  note: 'Refused for models from Claude 4.7 on, but for a temperature of 1 and a top_p from 0.99 on.',
}

/** The canonical shape is Anthropic's own, so that nearly all of it is carried. */
export const matrix: Matrix = {
  max_tokens: { treatment: 'map', note: 'Where the caller gives none, it is what the model is known to write at least.' },
  system: 'carry',
  stream: 'carry',
  'block.text': 'carry',
  'block.tool_use': {
    treatment: 'map',
    note: "Another provider's id that has other characters than Anthropic's is replaced by its hash.",
  },
  'block.tool_result': { treatment: 'map', note: 'Its id is that of the call.' },
  temperature: usualSampling,
  top_p: usualSampling,
  top_k: usualSampling,
  stop_sequences: 'carry',
  'metadata.user_id': 'carry',
  service_tier: 'carry',
  cache_control: 'carry',
  container: 'carry',
  context_management: 'carry',
  mcp_servers: 'carry',
  inference_geo: 'carry',
  speed: 'carry',
  diagnostics: 'carry',
  safeguards: 'carry',
  thread: 'carry',
  user_profile_id: 'carry',
  workspace_id: 'carry',
  'thinking.enabled': 'carry',
  'thinking.disabled': 'carry',
  'thinking.adaptive': 'carry',
  'thinking.between_tools': 'carry',
  'thinking.display': 'carry',
  'output_config.effort': 'carry',
  output_format: { treatment: 'map', note: 'Sent as output_config.format.' },
  'output_format.name': { treatment: 'drop', note: 'A schema has no name there.' },
  'output_format.strict': { treatment: 'drop', note: 'Every schema is kept to.' },
  'output.modalities': { treatment: 'reject', note: 'Its models answer in text.' },
  'output.image': { treatment: 'reject', note: 'Its models answer in text.' },
  'message.system': 'carry',
  'message.prefill': 'carry',
  'block.text.citations': 'carry',
  'block.text.citations.foreign': {
    treatment: 'drop',
    note: 'Only citations that Anthropic wrote can go back to it; the text itself is sent.',
  },
  'block.image.base64': 'carry',
  'block.image.url': 'carry',
  'block.image.file': 'carry',
  'block.image.assistant': {
    treatment: 'map',
    note: "Shown at the beginning of the user's next turn; left out, with a warning, where none follows.",
  },
  'block.image.transformations': 'carry',
  'block.document.pdf': 'carry',
  'block.document.text': 'carry',
  'block.document.content': 'carry',
  'block.document.url': 'carry',
  'block.document.file': 'carry',
  'block.document.citations': 'carry',
  'block.search_result': 'carry',
  'block.audio': { treatment: 'reject', note: 'Send it as audio_stt, which the gateway hears, or use a model that hears.' },
  'block.video': { treatment: 'reject', note: 'Send single frames as images.' },
  'block.thinking': 'carry',
  'block.thinking.foreign': { treatment: 'drop', note: 'Only the provider that wrote it can read its signature.' },
  'block.redacted_thinking': 'carry',
  'block.server_tool': 'carry',
  'block.server_tool.foreign': { treatment: 'drop', note: 'The text that was made of it is sent.' },
  'block.mcp_tool': 'carry',
  'block.mcp_tool.foreign': { treatment: 'drop', note: 'The text that was made of it is sent.' },
  'block.container_upload': 'carry',
  'block.tool_use.caller': 'carry',
  'block.tool_result.error': 'carry',
  'block.tool_result.image': 'carry',
  'block.tool_result.document': 'carry',
  'block.tool_result.search_result': 'carry',
  'block.tool_result.tool_reference': 'carry',
  'block.tool_result.browser_state': 'carry',
  'tool.custom': 'carry',
  'tool.strict': 'carry',
  'tool.input_examples': 'carry',
  'tool.defer_loading': 'carry',
  'tool.allowed_callers': 'carry',
  'tool.eager_input_streaming': 'carry',
  'tool.web_search': { treatment: 'map', note: 'Sent as web_search_20250305.' },
  'tool.web_fetch': { treatment: 'map', note: 'Sent as web_fetch_20250910.' },
  'tool.code_execution': { treatment: 'map', note: 'Sent as code_execution_20250825.' },
  'tool.computer_use': {
    treatment: 'map',
    note: 'Sent as computer_20251124 or computer_20250124, whichever the model has, with its beta header; refused for models that have computer_toolset_20260801 alone.',
  },
  'tool.file_search': { treatment: 'reject', note: 'Put the passages into search_result blocks.' },
  'tool.text_editor': { treatment: 'map', note: 'Sent as text_editor_20250728.' },
  'tool.anthropic': 'carry',
  'tool_choice.auto': 'carry',
  'tool_choice.any': 'carry',
  'tool_choice.tool': 'carry',
  'tool_choice.none': 'carry',
  'tool_choice.disable_parallel_tool_use': 'carry',
}

/** The canonical reasons are Anthropic's own. */
export const stopReasons: StopReasons = {
  end_turn: 'end_turn',
  max_tokens: 'max_tokens',
  stop_sequence: 'stop_sequence',
  tool_use: 'tool_use',
  pause_turn: 'pause_turn',
  refusal: 'refusal',
  model_context_window_exceeded: 'model_context_window_exceeded',
  compaction: 'compaction',
}

/** Models whose name says nothing of a smaller limit can write at least this much. */
const usualMaxTokens = 8192

export function capabilitiesOf(model: string): Capabilities {
  // The first generation of Claude 3 wrote no more than 4,096 tokens.
  if (/^claude-3-(?:opus|sonnet|haiku)-/.test(model)) return { ...usual, defaultMaxTokens: 4096, maxOutputTokens: 4096 }
  return usual
}

const usual: Capabilities = { features: {}, defaultMaxTokens: usualMaxTokens }
