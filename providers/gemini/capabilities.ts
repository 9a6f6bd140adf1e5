import type { Capabilities, Feature, Matrix, MatrixEntry, Support } from '../capabilities.ts'
import { anotherShape } from '../matrix-base.ts'
import { budgetNote } from '../thinking-wish.ts'
import { familyOf } from './families.ts'

const leftOut = 'The text that was made of it is sent.'

const sampling: MatrixEntry = {
  treatment: 'carry',
  note: 'Left out for gemini-4-argon, which samples as it sees fit; a warning says so.',
}

/** What the Gemini API makes of each part of a request. */
export const matrix: Matrix = {
  ...anotherShape,
  max_tokens: { treatment: 'map', note: 'Sent as maxOutputTokens, which count thinking too.' },
  system: { treatment: 'map', note: 'Sent as systemInstruction.' },
  stream: { treatment: 'map', note: 'Asks streamGenerateContent.' },
  'block.text': 'carry',
  'block.tool_use': { treatment: 'map', note: 'Sent as functionCall with the thought signature that came with it.' },
  'block.tool_result': { treatment: 'map', note: 'Sent as functionResponse; its text is the member output.' },
  temperature: sampling,
  top_p: sampling,
  top_k: sampling,
  stop_sequences: {
    treatment: 'map',
    note: 'Sent as stopSequences, at most 5. Which one was met is not told: stop_sequence stays null.',
  },
  'metadata.user_id': { treatment: 'drop', note: 'The Gemini API takes no id of an end user.' },
  service_tier: {
    treatment: 'map',
    note: 'standard_only is serviceTier standard, auto leaves it to the provider; ask for flex or priority in its extensions.',
  },
  cache_control: { treatment: 'drop', note: 'Prefixes are cached without being marked.' },
  container: { treatment: 'reject', note: 'Code runs in a container that cannot be chosen; leave the field out.' },
  mcp_servers: { treatment: 'reject', note: 'Offer the tools of the server as tools of your own, or use an anthropic model.' },
  inference_geo: { treatment: 'reject', note: 'Where inference runs is decided by the base URL that the operator sets.' },
  'thinking.enabled': {
    treatment: 'map',
    note: `Gemini 2.5: budget_tokens become thinkingBudget, kept within what the model takes. Gemini 3: thinkingLevel, ${budgetNote}. output_config.effort goes before it.`,
  },
  'thinking.disabled': {
    treatment: 'map',
    note: 'Sent as thinkingBudget 0 or the lowest thinkingLevel; models that cannot but think do as little of it as they can.',
  },
  'thinking.adaptive': { treatment: 'map', note: 'The model decides unless output_config.effort says otherwise.' },
  'thinking.display': { treatment: 'map', note: 'Sent as includeThoughts: false where it is omitted. Thoughts are summaries.' },
  'output_config.effort': {
    treatment: 'map',
    note: 'Gemini 3: thinkingLevel LOW, MEDIUM or HIGH. Gemini 2.5: thinkingBudget 1024, 8192 or the largest, at most three quarters of max_tokens.',
  },
  output_format: { treatment: 'map', note: 'Sent as responseMimeType application/json and responseJsonSchema.' },
  'output_format.name': { treatment: 'drop', note: 'The schema alone is sent.' },
  'output_format.strict': { treatment: 'drop', note: 'Answers are held to the schema in any case.' },
  'output.modalities': { treatment: 'map', note: 'Sent as responseModalities; text and image, no audio.' },
  'output.image': {
    treatment: 'map',
    note: 'size becomes imageConfig.aspectRatio or imageSize; quality is refused, and so is format.',
  },
  'message.system': { treatment: 'map', note: 'Sent in the same place as a text of the user between <system> tags.' },
  'message.prefill': {
    treatment: 'reject',
    note: 'The conversation has to end with the user; say in the prompt how the answer begins, or use output_format.',
  },
  'block.image.base64': { treatment: 'map', note: 'Sent as inlineData.' },
  'block.image.url': { treatment: 'map', note: 'Sent as fileData, its type by the ending of the URL.' },
  'block.image.file': { treatment: 'map', note: 'Sent as fileData: the name of an uploaded file, or its URI.' },
  'block.image.assistant': {
    treatment: 'map',
    note: "Sent as inlineData. To Gemini 3 one without a thought signature is shown at the beginning of the user's next turn.",
  },
  'block.document.pdf': { treatment: 'map', note: 'Sent as inlineData, framed with its title and context.' },
  'block.document.url': { treatment: 'map', note: 'Sent as fileData, its type by the ending of the URL.' },
  'block.document.file': { treatment: 'map', note: 'Sent as fileData: the name of an uploaded file, or its URI.' },
  'block.audio': { treatment: 'map', note: 'Sent as inlineData or fileData.' },
  'block.video': { treatment: 'map', note: 'Sent as inlineData or fileData; URLs of YouTube too.' },
  'block.thinking': { treatment: 'map', note: 'Thoughts and thought signatures go back to the parts that they came on.' },
  'block.server_tool': {
    treatment: 'map',
    note: 'Code and its results go back as the parts they were; searches are no parts of an answer and stay out.',
  },
  'block.mcp_tool': { treatment: 'drop', note: leftOut },
  'block.tool_result.error': { treatment: 'map', note: 'The text is the member error of the response instead of output.' },
  'block.tool_result.image': {
    treatment: 'map',
    note: 'Gemini 3 gets it inside of the functionResponse. Otherwise, and by URL, it follows in the same turn.',
  },
  'block.tool_result.document': {
    treatment: 'map',
    note: 'Text is part of the response; a file is sent as an image would be.',
  },
  'tool.custom': { treatment: 'map', note: 'Sent as a functionDeclaration; the schema is its parametersJsonSchema.' },
  'tool.strict': { treatment: 'drop', note: 'There is no strict mode; tool_choice any makes calls follow the schema.' },
  'tool.eager_input_streaming': { treatment: 'drop', note: 'Input is streamed as it comes.' },
  'tool.web_search': { treatment: 'map', note: 'Sent as googleSearch, which takes no config.' },
  'tool.web_fetch': {
    treatment: 'map',
    note: 'Sent as urlContext, which takes no config. What was fetched is told in metadata.provider.urlContextMetadata.',
  },
  'tool.code_execution': { treatment: 'map', note: 'Sent as codeExecution.' },
  'tool.computer_use': { treatment: 'reject', note: 'Define the actions as tools of your own, or use an anthropic model.' },
  'tool.file_search': {
    treatment: 'map',
    note: 'Sent as fileSearch: vector_store_ids are the names of file search stores, max_num_results is topK.',
  },
  'tool.anthropic': { treatment: 'reject', note: 'Use the portable form, web_search for example, or an anthropic model.' },
  'tool_choice.auto': { treatment: 'map', note: 'Sent as mode AUTO.' },
  'tool_choice.any': { treatment: 'map', note: 'Sent as mode ANY.' },
  'tool_choice.tool': { treatment: 'map', note: 'Sent as mode ANY with the one allowedFunctionNames.' },
  'tool_choice.none': { treatment: 'map', note: "Sent as mode NONE; the provider's own tools are left out." },
  'tool_choice.disable_parallel_tool_use': {
    treatment: 'drop',
    note: 'The model may call several tools at once; answer each of the calls.',
  },
}

/** What Vertex AI makes of it in another way. */
export const vertexMatrix: Matrix = {
  ...matrix,
  'metadata.user_id': {
    treatment: 'map',
    note: 'Sent as the label user_id; one that is no value of a label as its SHA-256 in hexadecimal.',
  },
  inference_geo: { treatment: 'reject', note: 'A key of the express mode is served by the global endpoint.' },
  'output.image': {
    treatment: 'map',
    note: 'size becomes imageConfig.aspectRatio or imageSize, format is imageOutputOptions.mimeType; quality is refused.',
  },
  'block.image.file': { treatment: 'map', note: 'Sent as fileData: a gs:// URI.' },
  'block.document.file': { treatment: 'map', note: 'Sent as fileData: a gs:// URI.' },
  'tool.web_search': {
    treatment: 'map',
    note: 'Sent as googleSearch; blocked_domains are its excludeDomains, the rest of config is refused.',
  },
  'tool.file_search': { treatment: 'reject', note: 'Use a gem-dev model, which searches file search stores.' },
}

/** What is known of a model by its family. A model that is not known is tried. */
export function capabilitiesOf(model: string): Capabilities {
  const { thinking, images, picturesAlone, isKnown } = familyOf(model)
  const answers = images === undefined ? {} : support(images ? 'supported' : 'unsupported', imageOutput)
  const thinks = support(thinking.by === 'none' ? 'unsupported' : 'supported', reasoning)
  const sees = images === false ? support('supported', picturesAlone ? pictures : input) : {}
  // The API needs no `max_tokens`; this is for estimates alone.
  return { defaultMaxTokens: 8192, features: isKnown ? { ...sees, ...thinks, ...answers } : {} }
}

const imageOutput = ['output.modalities', 'output.image'] as const
// Adaptive thinking is none where the model does not think, so that every model takes it.
const reasoning = ['thinking.enabled', 'output_config.effort'] as const
const pictures = ['block.image.base64', 'tool.custom'] as const
const input = [...pictures, 'block.document.pdf', 'block.audio', 'block.video'] as const

function support(as: Support, features: readonly Feature[]): Partial<Record<Feature, Support>> {
  return Object.fromEntries(features.map((feature) => [feature, as]))
}
