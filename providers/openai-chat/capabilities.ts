import type { Matrix } from '../capabilities.ts'
import { openaiShape } from '../matrix-base.ts'
import { budgetNote } from '../thinking-wish.ts'

const noServerTools = 'Chat Completions has no tools of its own'

/** What Chat Completions makes of each part of a request. A dialect that differs spreads it and says what is different. */
export const matrix: Matrix = {
  ...openaiShape,
  max_tokens: { treatment: 'map', note: 'Sent as max_completion_tokens, which count reasoning too.' },
  system: { treatment: 'map', note: 'Sent as the first message.' },
  'block.text': 'carry',
  'block.tool_use': { treatment: 'map', note: 'Sent as a function call.' },
  'block.tool_result': { treatment: 'map', note: 'Sent as a message of the tool.' },
  temperature: 'carry',
  top_p: 'carry',
  stop_sequences: { treatment: 'map', note: 'Sent as stop, at most 4. Which one was met is not told: stop_sequence stays null.' },
  cache_control: { treatment: 'drop', note: 'Prefixes are cached without being marked.' },
  container: { treatment: 'reject', note: `${noServerTools}, and no container; use an anthropic model.` },
  mcp_servers: { treatment: 'reject', note: `${noServerTools}; use oai-resp, or an anthropic model.` },
  'thinking.enabled': {
    treatment: 'map',
    note: `budget_tokens becomes reasoning_effort: ${budgetNote}; output_config.effort goes before it.`,
  },
  'thinking.disabled': {
    treatment: 'map',
    note: "Sent as the model's lowest reasoning_effort, where it has one; where that is not none, a warning says so.",
  },
  'thinking.adaptive': {
    treatment: 'map',
    note: 'Sent as reasoning_effort medium for models that have it off by themselves, GPT-5.1 and later; others decide. output_config.effort goes before it.',
  },
  'thinking.display': { treatment: 'drop', note: 'Thinking is shown where the provider shows it.' },
  'output_config.effort': {
    treatment: 'map',
    note: 'Sent as reasoning_effort: the next higher that the model has, or its highest.',
  },
  output_format: {
    treatment: 'map',
    note: 'Sent as response_format json_schema, with strict where the schema allows it: every object says additionalProperties: false and requires all of its properties. Otherwise the model is not held to the schema, and a warning not_guaranteed says so.',
  },
  'output.modalities': { treatment: 'reject', note: 'Ask for text, or use a model that answers in this modality.' },
  'output.image': { treatment: 'reject', note: 'Use a model that makes images.' },
  'block.image.base64': { treatment: 'map', note: 'Sent as a data URL.' },
  'block.image.url': 'carry',
  'block.image.file': { treatment: 'reject', note: 'Send the image as base64 or by url.' },
  'block.image.assistant': {
    treatment: 'map',
    note: "Shown at the beginning of the user's next turn; left out, with a warning, where none follows or the model sees no pictures.",
  },
  'block.document.pdf': { treatment: 'map', note: 'Sent as a file part; the title is its name.' },
  'block.document.url': { treatment: 'reject', note: 'Send the document as base64, or use an anthropic model.' },
  'block.document.file': { treatment: 'map', note: "Sent as a file part with the provider's own file id." },
  'block.audio': { treatment: 'map', note: 'base64 wav and mp3 are sent as input_audio; other forms are refused.' },
  'block.thinking': { treatment: 'drop', note: 'Chat Completions takes no reasoning back.' },
  'block.server_tool': { treatment: 'drop', note: 'The text that was made of it is sent.' },
  'block.mcp_tool': { treatment: 'drop', note: 'The text that was made of it is sent.' },
  'block.tool_result.image': { treatment: 'map', note: 'Follows in a user message that names the tool call.' },
  'block.tool_result.document': { treatment: 'map', note: 'Text is part of the result; a file follows in a user message.' },
  'tool.web_search': { treatment: 'reject', note: `${noServerTools}; use oai-resp, or an anthropic model.` },
  'tool.web_fetch': { treatment: 'reject', note: `${noServerTools}; use an anthropic model, or one of gem-dev.` },
  'tool.code_execution': { treatment: 'reject', note: `${noServerTools}; use oai-resp, or an anthropic model.` },
  'tool.computer_use': { treatment: 'reject', note: 'Define the actions as tools of your own, or use an anthropic model.' },
  'tool.file_search': {
    treatment: 'reject',
    note: `${noServerTools}; use oai-resp or gem-dev, which search files that they keep, or send the passages as search_result blocks.`,
  },
  'tool.anthropic': { treatment: 'reject', note: 'Use the portable tools where the provider takes them, or an anthropic model.' },
  'tool_choice.tool': { treatment: 'map', note: 'Sent as a named function.' },
}
