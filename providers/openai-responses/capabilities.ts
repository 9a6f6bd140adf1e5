import type { Matrix } from '../capabilities.ts'
import { openaiShape } from '../matrix-base.ts'
import { marksNote } from '../openai-cache.ts'
import { budgetNote } from '../thinking-wish.ts'

const sampling = 'Models that think refuse any but 1.'
const ownTool =
  'What the API has to see of it again is kept in the signature of a thinking block beside it, and goes back with that block.'

/** What the Responses API makes of each part of a request. A dialect that differs spreads it and says what is different. */
export const matrix: Matrix = {
  ...openaiShape,
  max_tokens: {
    treatment: 'map',
    note: 'Sent as max_output_tokens, which count reasoning too; less than 16 is raised to 16, with a warning.',
  },
  system: { treatment: 'map', note: 'Sent as instructions; several blocks are paragraphs of one text.' },
  'block.text': { treatment: 'map', note: 'Sent as input_text, or as the output_text of a message of the assistant.' },
  'block.tool_use': { treatment: 'map', note: 'Sent as a function_call item.' },
  'block.tool_result': { treatment: 'map', note: 'Sent as a function_call_output item.' },
  temperature: { treatment: 'carry', note: sampling },
  top_p: { treatment: 'carry', note: sampling },
  stop_sequences: {
    treatment: 'reject',
    note: 'The Responses API knows none; models that do not reason take them over Chat Completions, as openai/<model>.',
  },
  cache_control: { treatment: 'map', note: marksNote },
  container: {
    treatment: 'reject',
    note: 'Leave it out: code_execution goes on in the container of the calls that are in the conversation.',
  },
  mcp_servers: {
    treatment: 'map',
    note: 'Sent as tools of type mcp, whose calls need no approval; servers that are not enabled are left out.',
  },
  'thinking.enabled': {
    treatment: 'map',
    note: `budget_tokens becomes reasoning.effort: ${budgetNote}; output_config.effort goes before it. A summary of the reasoning is asked for.`,
  },
  'thinking.disabled': {
    treatment: 'map',
    note: "Sent as the model's lowest reasoning.effort, where it has one; where that is not none, a warning says so.",
  },
  'thinking.adaptive': {
    treatment: 'map',
    note: 'Sent as reasoning.effort medium for models that have it off by themselves, GPT-5.1 and later; others decide. output_config.effort goes before it. A summary of the reasoning is asked for.',
  },
  'thinking.display': { treatment: 'map', note: 'omitted asks for no summary of the reasoning.' },
  'output_config.effort': {
    treatment: 'map',
    note: 'Sent as reasoning.effort: the next higher that the model has, or its highest.',
  },
  output_format: {
    treatment: 'map',
    note: 'Sent as text.format json_schema, with strict where the schema allows it: every object says additionalProperties: false and requires all of its properties. Otherwise the model is not held to the schema, and a warning not_guaranteed says so.',
  },
  'output.modalities': {
    treatment: 'map',
    note: 'image adds the tool image_generation, which is the one to be called where text is not asked for; audio is refused.',
  },
  'output.image': { treatment: 'map', note: 'Sent as options of the tool image_generation.' },
  'block.image.base64': { treatment: 'map', note: 'Sent as input_image with a data URL.' },
  'block.image.url': { treatment: 'map', note: 'Sent as input_image.' },
  'block.image.file': { treatment: 'map', note: "Sent as input_image with the provider's own file id." },
  'block.image.assistant': {
    treatment: 'map',
    note: "One that the API made itself goes back as it came, where its thinking block stands before it. Others are shown at the beginning of the user's next turn; they are left out, with a warning, where none follows.",
  },
  'block.document.pdf': { treatment: 'map', note: 'Sent as input_file; the title is its name.' },
  'block.document.url': { treatment: 'map', note: 'Sent as input_file with file_url.' },
  'block.document.file': { treatment: 'map', note: "Sent as input_file with the provider's own file id." },
  'block.audio': {
    treatment: 'reject',
    note: 'Send it as audio_stt, which the gateway hears, or use a model of openai/ that hears.',
  },
  'block.thinking': {
    treatment: 'map',
    note: 'Its signature keeps the reasoning item, which goes back as it came; one that nothing followed is left out.',
  },
  'block.server_tool': { treatment: 'map', note: ownTool },
  'block.mcp_tool': { treatment: 'map', note: ownTool },
  'block.tool_result.image': { treatment: 'map', note: 'Sent as input_image in the output of the call.' },
  'block.tool_result.document': { treatment: 'map', note: 'Sent as text or input_file in the output of the call.' },
  'tool.web_search': {
    treatment: 'map',
    note: 'Sent as web_search. max_uses needs it to be the only tool that the provider runs itself; blocked_domains are refused.',
  },
  'tool.web_fetch': { treatment: 'reject', note: 'Use web_search, which opens pages too.' },
  'tool.code_execution': { treatment: 'map', note: 'Sent as code_interpreter with a container of its own.' },
  'tool.computer_use': { treatment: 'reject', note: 'Define it as a tool of your own, or use an anthropic model.' },
  'tool.file_search': { treatment: 'carry' },
  'tool.anthropic': {
    treatment: 'reject',
    note: 'Use the portable tools, such as web_search and code_execution without a version, or an anthropic model.',
  },
  'tool_choice.tool': { treatment: 'map', note: "Sent as a named function, or as the provider's own tool." },
}
