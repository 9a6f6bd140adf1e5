import type { ContentBlockParam, MessageRequest, ToolResultContentBlockParam } from '../api/schemas.gen.ts'
import type { BasicFeature, Feature } from '../providers/capabilities.ts'
import { seal } from '../providers/sealed.ts'

/** A part of a request that the matrix names, in a request that uses it, beside the same request without it. */
export interface FeatureSample {
  readonly feature: Feature
  /** Where the feature is found. */
  readonly param: string
  readonly changes: Changes
  readonly without: Changes
}

/** What differs from `base`. */
export type Changes = Partial<MessageRequest>

export const base: MessageRequest = { model: 'test/model', messages: [{ role: 'user', content: 'Hi.' }] }

/** What only its own provider can read, as that provider has written it; what stands before a block may belong to it. */
export interface OwnBlocks {
  readonly thinking: readonly ContentBlockParam[]
  readonly serverTool: readonly ContentBlockParam[]
  readonly mcpTool: readonly ContentBlockParam[]
}

/** Blocks with the signature and the ids that a provider gives. */
export function ownBlocks(signature: string, id: string): OwnBlocks {
  return {
    thinking: [{ type: 'thinking', thinking: 'hm', signature }],
    serverTool: [serverTool(id), serverToolResult(id)],
    mcpTool: [mcpTool(id), mcpToolResult(id)],
  }
}

/** Samples of every feature, all of them requests that the contract takes. */
export function featureSamples(own: OwnBlocks): readonly FeatureSample[] {
  return [...fieldSamples, ...blockSamples, ...resultSamples, ...ownSamples(own), ...toolSamples]
}

type Sample = (feature: Feature, param: string, changes: Changes, without?: Changes) => FeatureSample
const sample: Sample = (feature, param, changes, without = {}) => ({ feature, param, changes, without })

const schema = { type: 'object' as const, properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
const tool = { name: 'f', input_schema: schema }
const ephemeral = { type: 'ephemeral' as const }
const json = { type: 'json_schema' as const }

const fieldSamples: readonly FeatureSample[] = [
  sample('temperature', 'temperature', { temperature: 0.5 }),
  sample('top_p', 'top_p', { top_p: 0.5 }),
  sample('top_k', 'top_k', { top_k: 5 }),
  sample('stop_sequences', 'stop_sequences', { stop_sequences: ['###'] }),
  sample('metadata.user_id', 'metadata.user_id', { metadata: { user_id: 'u-77' } }),
  sample('service_tier', 'service_tier', { service_tier: 'standard_only' }),
  sample('cache_control', 'cache_control', { cache_control: ephemeral }),
  sample(
    'cache_control',
    'messages[0].content[0].cache_control',
    says({ ...text('x'), cache_control: ephemeral }),
    says(text('x')),
  ),
  sample(
    'cache_control',
    'system[0].cache_control',
    { system: [{ type: 'text', text: 'x', cache_control: ephemeral }] },
    { system: [{ type: 'text', text: 'x' }] },
  ),
  sample('cache_control', 'tools[0].cache_control', { tools: [{ ...tool, cache_control: ephemeral }] }, { tools: [tool] }),
  sample('container', 'container', { container: 'container_1' }),
  sample('context_management', 'context_management', { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } }),
  sample('mcp_servers', 'mcp_servers', { mcp_servers: [{ type: 'url', name: 's', url: 'https://mcp.test' }] }),
  sample('inference_geo', 'inference_geo', { inference_geo: 'eu' }),
  sample('speed', 'speed', { speed: 'fast' }),
  sample('diagnostics', 'diagnostics', { diagnostics: { previous_message_id: 'msg_1' } }),
  sample('safeguards', 'safeguards', { safeguards: [{ type: 'dangerous_tool_use' }] }),
  sample('thread', 'thread', { thread: { type: 'create' } }),
  sample('user_profile_id', 'user_profile_id', { user_profile_id: 'profile_1' }),
  sample('workspace_id', 'workspace_id', { workspace_id: 'workspace_1' }),
  sample(
    'thinking.enabled',
    'thinking',
    { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 4096 },
    { max_tokens: 4096 },
  ),
  sample('thinking.disabled', 'thinking', { thinking: { type: 'disabled' } }),
  sample('thinking.adaptive', 'thinking', { thinking: { type: 'adaptive' } }),
  sample('thinking.between_tools', 'thinking', { thinking: { type: 'between_tools' } }),
  sample(
    'thinking.display',
    'thinking.display',
    { thinking: { type: 'adaptive', display: 'omitted' } },
    { thinking: { type: 'adaptive' } },
  ),
  sample('output_config.effort', 'output_config.effort', { output_config: { effort: 'low' } }),
  sample('output_format', 'output_format', { output_format: { ...json, json_schema: schema } }),
  sample('output_format', 'output_config.format', { output_config: { format: { ...json, schema } } }),
  sample(
    'output_format.name',
    'output_format.name',
    { output_format: { ...json, schema, name: 'weather' } },
    { output_format: { ...json, schema } },
  ),
  sample(
    'output_format.strict',
    'output_format.strict',
    { output_format: { ...json, schema, strict: false } },
    { output_format: { ...json, schema } },
  ),
  sample('output.modalities', 'output.modalities', { output: { modalities: ['text', 'image'] } }),
  sample(
    'output.image',
    'output.image',
    { output: { modalities: ['text', 'image'], image: { size: '1024x1024' } } },
    { output: { modalities: ['text', 'image'] } },
  ),
  sample(
    'message.system',
    'messages[2].role',
    conversation({ role: 'assistant', content: 'x' }, { role: 'system', content: 'y' }, { role: 'user', content: 'z' }),
    conversation({ role: 'assistant', content: 'x' }, { role: 'user', content: 'z' }),
  ),
  sample('message.prefill', 'messages[1].role', conversation({ role: 'assistant', content: 'It is' })),
]

const data = 'aGk='
const png = { type: 'base64' as const, media_type: 'image/png' as const, data }
const pdf = { type: 'base64' as const, media_type: 'application/pdf' as const, data }
const wav = { type: 'base64' as const, media_type: 'audio/wav' as const, data }
const plainText = { type: 'text' as const, media_type: 'text/plain' as const, data: 'a document' }
const picture = { type: 'url' as const, url: 'https://files.test/a.png' }
const paper = { type: 'url' as const, url: 'https://files.test/a.pdf' }
const film = { type: 'base64' as const, media_type: 'video/mp4' as const, data }
const file = { type: 'file' as const, file_id: 'file_1' }
const found = {
  type: 'search_result' as const,
  source: 'https://a.test',
  title: 'A',
  content: [{ type: 'text' as const, text: 'found' }],
}

const blockSamples: readonly FeatureSample[] = [
  inUser('block.image.base64', 'source.type', { type: 'image', source: png }),
  inUser('block.image.url', 'source.type', { type: 'image', source: picture }),
  inUser('block.image.file', 'source.type', { type: 'image', source: file }),
  inUser(
    'block.image.transformations',
    'transformations',
    { type: 'image', source: png, transformations: { oversized_image: 'downsize' } },
    { type: 'image', source: png },
  ),
  inAssistant('block.image.assistant', { type: 'image', source: png }),
  inUser('block.document.pdf', 'source.type', { type: 'document', source: pdf }),
  inUser('block.document.text', 'source.type', { type: 'document', source: plainText }),
  inUser('block.document.content', 'source.type', { type: 'document', source: { type: 'content', content: 'a document' } }),
  inUser('block.document.url', 'source.type', { type: 'document', source: paper }),
  inUser('block.document.file', 'source.type', { type: 'document', source: file }),
  inUser(
    'block.document.citations',
    'citations',
    { type: 'document', source: plainText, citations: { enabled: true } },
    { type: 'document', source: plainText },
  ),
  inUser('block.search_result', 'type', found),
  inUser('block.document.citations', 'citations', { ...found, citations: { enabled: true } }, found),
  inUser('block.audio', 'type', { type: 'audio', source: wav }),
  inUser('block.video', 'type', { type: 'video', source: film }),
  inUser('block.container_upload', 'type', { type: 'container_upload', file_id: 'file_1' }),
  sample(
    'block.text.citations',
    'messages[1].content[0].citations',
    answered({ ...text('x'), citations: [{ type: 'char_location', cited_text: 'y' }] }),
    answered(text('x')),
  ),
  sample(
    'block.text.citations.foreign',
    'messages[1].content[0].citations',
    answered({ ...text('x'), citations: [uncitable()] }),
    answered(text('x')),
  ),
  inAssistant('block.thinking.foreign', { type: 'thinking', thinking: 'hm', signature: '' }),
  inAssistant('block.thinking.foreign', { type: 'thinking', thinking: 'hm', signature: seal('another', 'abc') }),
  inAssistant('block.redacted_thinking', { type: 'redacted_thinking', data: 'EmwKAhgB' }),
  inAssistant('block.server_tool.foreign', serverTool(seal('another', '1'))),
  inAssistant('block.server_tool.foreign', serverToolResult(seal('another', '1'))),
  inAssistant('block.mcp_tool.foreign', mcpTool(seal('another', '1'))),
  inAssistant('block.mcp_tool.foreign', mcpToolResult(seal('another', '1'))),
]

const resultSamples: readonly FeatureSample[] = [
  sample(
    'block.tool_use.caller',
    'messages[1].content[0].caller',
    toolRound({ content: 'x' }, { caller: { type: 'code_execution_20250825', tool_id: 'srvtoolu_1' } }),
    toolRound({ content: 'x' }),
  ),
  sample(
    'block.tool_result.error',
    'messages[2].content[0].is_error',
    toolRound({ content: 'x', is_error: true }),
    toolRound({ content: 'x' }),
  ),
  inResult('block.tool_result.image', 'type', { type: 'image', source: png }),
  inResult('block.image.base64', 'source.type', { type: 'image', source: png }),
  inResult('block.tool_result.document', 'type', { type: 'document', source: plainText }),
  inResult('block.document.text', 'source.type', { type: 'document', source: plainText }),
  inResult('block.tool_result.search_result', 'type', found),
  inResult('block.tool_result.tool_reference', 'type', { type: 'tool_reference', tool_name: 'f' }),
  inResult('block.tool_result.browser_state', 'type', { type: 'browser_state' }),
  sample(
    'cache_control',
    'messages[2].content[0].content[0].cache_control',
    toolRound({ content: [{ type: 'text', text: 'x', cache_control: ephemeral }] }),
    toolRound({ content: [{ type: 'text', text: 'x' }] }),
  ),
]

const toolSamples: readonly FeatureSample[] = [
  sample('tool.custom', 'tools[0]', { tools: [tool] }),
  sample('tool.custom', 'tools[0]', { tools: [{ type: 'function', ...tool }] }),
  sample('tool.strict', 'tools[0].strict', { tools: [{ ...tool, strict: true }] }, { tools: [tool] }),
  sample(
    'tool.input_examples',
    'tools[0].input_examples',
    { tools: [{ ...tool, input_examples: [{ a: 'x' }] }] },
    { tools: [tool] },
  ),
  sample('tool.defer_loading', 'tools[0].defer_loading', { tools: [{ ...tool, defer_loading: true }] }, { tools: [tool] }),
  sample(
    'tool.allowed_callers',
    'tools[0].allowed_callers',
    { tools: [{ ...tool, allowed_callers: ['code_execution_20250825'] }] },
    { tools: [tool] },
  ),
  sample(
    'tool.eager_input_streaming',
    'tools[0].eager_input_streaming',
    { tools: [{ ...tool, eager_input_streaming: true }] },
    { tools: [tool] },
  ),
  sample('tool.web_search', 'tools[0].type', { tools: [{ type: 'web_search' }] }),
  sample('tool.web_fetch', 'tools[0].type', { tools: [{ type: 'web_fetch' }] }),
  sample('tool.code_execution', 'tools[0].type', { tools: [{ type: 'code_execution' }] }),
  sample('tool.computer_use', 'tools[0].type', {
    tools: [{ type: 'computer_use', config: { display_width_px: 800, display_height_px: 600 } }],
  }),
  sample('tool.file_search', 'tools[0].type', { tools: [{ type: 'file_search', config: { vector_store_ids: ['vs_1'] } }] }),
  sample('tool.text_editor', 'tools[0].type', { tools: [{ type: 'text_editor' }] }),
  sample('tool.anthropic', 'tools[0].type', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }),
  chosen('tool_choice.auto', { type: 'auto' }),
  chosen('tool_choice.any', { type: 'any' }),
  chosen('tool_choice.tool', { type: 'tool', name: 'f' }),
  chosen('tool_choice.none', { type: 'none' }),
  sample(
    'tool_choice.disable_parallel_tool_use',
    'tool_choice.disable_parallel_tool_use',
    { tools: [tool], tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    { tools: [tool], tool_choice: { type: 'auto' } },
  ),
]

/** Each of the features that every provider takes, with a request that uses it and one that does not. */
export const basicSamples: readonly { readonly feature: BasicFeature; readonly changes: Changes; readonly without: Changes }[] = [
  { feature: 'max_tokens', changes: { max_tokens: 77 }, without: {} },
  { feature: 'system', changes: { system: 'Be brief.' }, without: {} },
  { feature: 'block.text', changes: says(text('Hello.'), text('Again.')), without: says(text('Hello.')) },
  {
    feature: 'block.tool_use',
    changes: toolRound({ content: 'sunny' }),
    without: { messages: [...base.messages, { role: 'assistant', content: 'x' }, { role: 'user', content: 'sunny' }] },
  },
  { feature: 'block.tool_result', changes: toolRound({ content: 'sunny' }), without: toolRound({ content: 'rainy' }) },
]

function ownSamples({ thinking, serverTool: tool, mcpTool: mcp }: OwnBlocks): FeatureSample[] {
  return [
    ownSample('block.thinking', thinking, 'thinking'),
    ownSample('block.server_tool', tool, 'server_tool_use'),
    ownSample('block.mcp_tool', mcp, 'mcp_tool_use'),
  ]
}

function ownSample(feature: Feature, blocks: readonly ContentBlockParam[], type: ContentBlockParam['type']): FeatureSample {
  const at = blocks.findIndex((block) => block.type === type)
  return sample(feature, `messages[1].content[${at}].type`, answered(...blocks, text('x')), answered(text('x')))
}

// ── Requests ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function text(value: string): { type: 'text'; text: string } {
  return { type: 'text', text: value }
}

/** A citation that the gateway wrote for a provider other than Anthropic. */
function uncitable(): { type: string; url: string; title: string; encrypted_index: string; cited_text: string } {
  return { type: 'web_search_result_location', url: 'https://a.test', title: 'A', encrypted_index: '', cited_text: 'x' }
}

function conversation(...rest: MessageRequest['messages']): Changes {
  return { messages: [...base.messages, ...rest] }
}

function says(...content: ContentBlockParam[]): Changes {
  return { messages: [{ role: 'user', content }] }
}

function answered(...content: ContentBlockParam[]): Changes {
  return conversation({ role: 'assistant', content }, { role: 'user', content: 'Go on.' })
}

/** A call of a tool and its result, which is `messages[2]`. */
function toolRound(
  result: Partial<Extract<ContentBlockParam, { type: 'tool_result' }>>,
  call: Partial<Extract<ContentBlockParam, { type: 'tool_use' }>> = {},
): Changes {
  return {
    tools: [tool],
    ...conversation(
      { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'f', input: { a: 'x' }, ...call }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', ...result }] },
    ),
  }
}

function inUser(feature: Feature, param: string, block: ContentBlockParam, without?: ContentBlockParam): FeatureSample {
  const rest = text('What is it?')
  return sample(feature, `messages[0].content[0].${param}`, says(block, rest), without ? says(without, rest) : says(rest))
}

function inAssistant(feature: Feature, block: ContentBlockParam): FeatureSample {
  return sample(feature, 'messages[1].content[0].type', answered(block, text('x')), answered(text('x')))
}

function inResult(feature: Feature, param: string, part: ToolResultContentBlockParam): FeatureSample {
  return sample(
    feature,
    `messages[2].content[0].content[0].${param}`,
    toolRound({ content: [part, text('x')] }),
    toolRound({ content: [text('x')] }),
  )
}

function chosen(feature: Feature, choice: NonNullable<MessageRequest['tool_choice']>): FeatureSample {
  return sample(feature, 'tool_choice.type', { tools: [tool], tool_choice: choice }, { tools: [tool] })
}

function serverTool(id: string): ContentBlockParam {
  return { type: 'server_tool_use', id, name: 'web_search', input: { query: 'x' } }
}

function serverToolResult(id: string): ContentBlockParam {
  return { type: 'web_search_tool_result', tool_use_id: id, content: [] }
}

function mcpTool(id: string): ContentBlockParam {
  return { type: 'mcp_tool_use', id, name: 'f', server_name: 's', input: {} }
}

function mcpToolResult(id: string): ContentBlockParam {
  return { type: 'mcp_tool_result', tool_use_id: id, content: 'x' }
}
