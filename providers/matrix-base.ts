import type { BasicFeature, Feature, MatrixEntry, Treatment } from './capabilities.ts'

/** What the matrices of several providers have in common. Each spreads it and says the rest. */

type Cells = Partial<Record<Feature, Treatment | MatrixEntry> & Record<BasicFeature, 'carry' | MatrixEntry>>

const anthropicOnly = 'This belongs to Anthropic; use an anthropic model.'

/** Of an API that has another shape than Anthropic's: what is said in text there, and what is Anthropic's alone. */
export const anotherShape = {
  context_management: { treatment: 'drop', note: 'The whole conversation is sent as it is; nothing is cleared from it.' },
  speed: { treatment: 'drop', note: 'The answer comes at the usual speed.' },
  diagnostics: { treatment: 'drop', note: 'It has no effect on the answer.' },
  safeguards: {
    treatment: 'drop',
    note: 'The answer has no safeguard_results; look at the calls of tools yourself before you run them.',
  },
  thread: { treatment: 'reject', note: 'Leave it out and send the whole conversation with each request.' },
  user_profile_id: { treatment: 'reject', note: anthropicOnly },
  workspace_id: { treatment: 'reject', note: anthropicOnly },
  'thinking.between_tools': { treatment: 'drop', note: 'When it thinks is up to the model.' },
  'block.text.citations': { treatment: 'drop', note: 'The text itself is sent.' },
  'block.text.citations.foreign': { treatment: 'drop', note: 'The text itself is sent.' },
  'block.image.transformations': { treatment: 'drop', note: 'The provider scales images by its own rules.' },
  'block.document.text': { treatment: 'map', note: 'Sent as text, framed with its title and context.' },
  'block.document.content': { treatment: 'map', note: 'Its text and images are sent, framed with title and context.' },
  'block.document.citations': { treatment: 'reject', note: 'Citations of documents come from anthropic models.' },
  'block.search_result': { treatment: 'map', note: 'Sent as text, framed with its title and source.' },
  'block.thinking.foreign': { treatment: 'drop', note: 'Only the provider that wrote it can read it.' },
  'block.redacted_thinking': { treatment: 'drop', note: 'Only the provider that wrote it can read it.' },
  'block.server_tool.foreign': { treatment: 'drop', note: 'The text that was made of it is sent.' },
  'block.mcp_tool.foreign': { treatment: 'drop', note: 'The text that was made of it is sent.' },
  'block.container_upload': { treatment: 'reject', note: anthropicOnly },
  'block.tool_use.caller': { treatment: 'drop', note: 'The call itself is sent.' },
  'block.tool_result.search_result': { treatment: 'map', note: 'Sent as text, framed with its title and source.' },
  'block.tool_result.tool_reference': { treatment: 'reject', note: anthropicOnly },
  'block.tool_result.browser_state': { treatment: 'reject', note: anthropicOnly },
  'tool.input_examples': { treatment: 'drop', note: 'Put examples into the description, where the model reads them.' },
  'tool.defer_loading': { treatment: 'drop', note: 'All tools are there from the beginning.' },
  'tool.allowed_callers': { treatment: 'drop', note: 'The model calls the tool itself.' },
  'tool.text_editor': { treatment: 'reject', note: 'Define it as a tool of your own, or use an anthropic model.' },
} as const satisfies Cells

/** Of the APIs of OpenAI. */
export const openaiShape = {
  ...anotherShape,
  stream: 'carry',
  top_k: { treatment: 'drop', note: 'Sampling goes by top_p and temperature alone.' },
  'metadata.user_id': {
    treatment: 'map',
    note: 'Sent as safety_identifier; one of more than 64 characters as its SHA-256 in hexadecimal.',
  },
  service_tier: { treatment: 'map', note: 'auto stays auto; standard_only is default.' },
  inference_geo: { treatment: 'reject', note: 'Where inference runs depends on the project that the key belongs to.' },
  'output_format.name': 'carry',
  'output_format.strict': 'carry',
  'message.system': { treatment: 'map', note: 'Sent as a system message in the same place.' },
  'message.prefill': {
    treatment: 'reject',
    note: 'The answer would begin anew instead of going on; say in the prompt how it begins, or use output_format.',
  },
  'block.video': { treatment: 'reject', note: 'Send single frames as images.' },
  'block.tool_result.error': { treatment: 'map', note: 'The result begins with "Error: ".' },
  'tool.custom': { treatment: 'map', note: 'Sent as a function.' },
  'tool.strict': 'carry',
  'tool.eager_input_streaming': { treatment: 'drop', note: 'Input is streamed as it is written anyway.' },
  'tool_choice.auto': 'carry',
  'tool_choice.any': { treatment: 'map', note: 'Sent as required.' },
  'tool_choice.none': 'carry',
  'tool_choice.disable_parallel_tool_use': { treatment: 'map', note: 'Sent as parallel_tool_calls: false.' },
} as const satisfies Cells
