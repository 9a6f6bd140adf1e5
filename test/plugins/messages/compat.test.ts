import { describe, expect, it } from 'vitest'
import type { MessageRequest } from '../../../api/schemas.gen.ts'
import { checkCompatibility } from '../../../plugins/messages/compat.ts'
import {
  basicFeatures,
  type Capabilities,
  type Feature,
  features,
  type Matrix,
  matrixOf,
  type Treatment,
} from '../../../providers/capabilities.ts'
import { providers } from '../../../providers/index.ts'
import { seal } from '../../../providers/sealed.ts'

const base: MessageRequest = { model: 'test/model', messages: [{ role: 'user', content: 'Hi.' }] }
const nothingKnown: Capabilities = { features: {}, defaultMaxTokens: 100 }
const schema = { type: 'object' as const }

type Changes = Partial<MessageRequest>
type Content = Exclude<MessageRequest['messages'][number]['content'], string>

const says = (...content: Content): Changes => ({ messages: [{ role: 'user', content }] })
const answers = (...content: Content): Changes => ({
  messages: [...base.messages, { role: 'assistant', content }, { role: 'user', content: 'x' }],
})
const result = (...content: Exclude<Extract<Content[number], { type: 'tool_result' }>['content'], string | undefined>): Changes =>
  says({ type: 'tool_result', tool_use_id: 'a', content })
const has = (...tools: NonNullable<MessageRequest['tools']>): Changes => ({ tools })
const data = 'aGk='

const web = { type: 'url' as const, url: 'https://a.test' }
const file = { type: 'file' as const, file_id: 'file_1' }
const pdf = { type: 'base64' as const, media_type: 'application/pdf' as const, data }
const png = { type: 'base64' as const, media_type: 'image/png' as const, data }
// Written by the gateway for another provider.
const uncitable = { type: 'web_search_result_location', encrypted_index: '' }
const plainText = { type: 'text' as const, media_type: 'text/plain' as const, data: 'x' }

/** Each feature with requests that use it, and where it is found in them. Features that are looked for elsewhere have no row. */
const uses: readonly [Feature, string, Changes][] = [
  ['temperature', 'temperature', { temperature: 0 }],
  ['top_p', 'top_p', { top_p: 0 }],
  ['top_k', 'top_k', { top_k: 0 }],
  ['stop_sequences', 'stop_sequences', { stop_sequences: ['x'] }],
  ['metadata.user_id', 'metadata.user_id', { metadata: { user_id: 'u' } }],
  ['service_tier', 'service_tier', { service_tier: 'auto' }],
  ['cache_control', 'cache_control', { cache_control: { type: 'ephemeral' } }],
  [
    'cache_control',
    'messages[0].content[0].cache_control',
    says({ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }),
  ],
  ['cache_control', 'system[0].cache_control', { system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }] }],
  ['cache_control', 'tools[0].cache_control', has({ name: 'f', input_schema: schema, cache_control: { type: 'ephemeral' } })],
  ['container', 'container', { container: 'c' }],
  ['context_management', 'context_management', { context_management: {} }],
  ['mcp_servers', 'mcp_servers', { mcp_servers: [{ type: 'url', name: 's', url: 'https://a.test' }] }],
  ['inference_geo', 'inference_geo', { inference_geo: 'eu' }],
  ['speed', 'speed', { speed: 'fast' }],
  ['diagnostics', 'diagnostics', { diagnostics: {} }],
  ['user_profile_id', 'user_profile_id', { user_profile_id: 'u' }],
  ['workspace_id', 'workspace_id', { workspace_id: 'w' }],
  ['thinking.enabled', 'thinking', { thinking: { type: 'enabled', budget_tokens: 1024 } }],
  ['thinking.disabled', 'thinking', { thinking: { type: 'disabled' } }],
  ['thinking.adaptive', 'thinking', { thinking: { type: 'adaptive' } }],
  ['thinking.between_tools', 'thinking', { thinking: { type: 'between_tools' } }],
  ['thinking.display', 'thinking.display', { thinking: { type: 'adaptive', display: 'omitted' } }],
  ['output_config.effort', 'output_config.effort', { output_config: { effort: 'low' } }],
  ['output_format', 'output_format', { output_format: { type: 'json_schema', schema } }],
  ['output_format.name', 'output_format.name', { output_format: { type: 'json_schema', schema, name: 'n' } }],
  ['output_format.strict', 'output_format.strict', { output_format: { type: 'json_schema', schema, strict: true } }],
  ['output_format', 'output_config.format', { output_config: { format: { type: 'json_schema', schema } } }],
  ['output.modalities', 'output.modalities', { output: { modalities: ['text', 'image'] } }],
  ['output.image', 'output.image', { output: { image: {} } }],
  ['voice', 'voice', { voice: {} }],
  ['stt_model', 'stt_model', { stt_model: 'a/b' }],
  ['tts_model', 'tts_model', { tts_model: 'a/b' }],
  ['message.system', 'messages[1].role', { messages: [...base.messages, { role: 'system', content: 'x' }] }],
  ['message.prefill', 'messages[1].role', { messages: [...base.messages, { role: 'assistant', content: 'x' }] }],
  [
    'block.text.citations',
    'messages[1].content[0].citations',
    answers({ type: 'text', text: 'x', citations: [{ type: 'char_location' }] }),
  ],
  ['block.image.base64', 'messages[0].content[0].source.type', says({ type: 'image', source: png })],
  ['block.image.url', 'messages[0].content[0].source.type', says({ type: 'image', source: web })],
  ['block.image.file', 'messages[0].content[0].source.type', says({ type: 'image', source: file })],
  [
    'block.image.transformations',
    'messages[0].content[0].transformations',
    says({ type: 'image', source: web, transformations: {} }),
  ],
  ['block.document.pdf', 'messages[0].content[0].source.type', says({ type: 'document', source: pdf })],
  ['block.document.text', 'messages[0].content[0].source.type', says({ type: 'document', source: plainText })],
  [
    'block.document.content',
    'messages[0].content[0].source.type',
    says({ type: 'document', source: { type: 'content', content: 'x' } }),
  ],
  ['block.document.url', 'messages[0].content[0].source.type', says({ type: 'document', source: web })],
  ['block.document.file', 'messages[0].content[0].source.type', says({ type: 'document', source: file })],
  [
    'block.document.citations',
    'messages[0].content[0].citations',
    says({ type: 'document', source: plainText, citations: { enabled: true } }),
  ],
  ['block.search_result', 'messages[0].content[0].type', says({ type: 'search_result', source: 's', title: 't', content: [] })],
  ['block.audio', 'messages[0].content[0].type', says({ type: 'audio', source: web })],
  ['block.audio_stt', 'messages[0].content[0].type', says({ type: 'audio_stt', source: web })],
  ['block.video', 'messages[0].content[0].type', says({ type: 'video', source: web })],
  ['block.thinking', 'messages[1].content[0].type', answers({ type: 'thinking', thinking: 'x', signature: seal('test', 's') })],
  ['block.thinking.foreign', 'messages[1].content[0].type', answers({ type: 'thinking', thinking: 'x', signature: 's' })],
  ['block.thinking.foreign', 'messages[1].content[0].type', answers({ type: 'thinking', thinking: 'x', signature: '' })],
  [
    'block.thinking.foreign',
    'messages[1].content[0].type',
    answers({ type: 'thinking', thinking: 'x', signature: seal('other', 's') }),
  ],
  [
    'block.server_tool.foreign',
    'messages[1].content[0].type',
    answers({ type: 'server_tool_use', id: 'a', name: 'web_search', input: {} }),
  ],
  [
    'block.server_tool.foreign',
    'messages[1].content[0].type',
    answers({ type: 'web_search_tool_result', tool_use_id: seal('other', 'a'), content: [] }),
  ],
  [
    'block.mcp_tool.foreign',
    'messages[1].content[0].type',
    answers({ type: 'mcp_tool_use', id: 'a', name: 'f', server_name: 's', input: {} }),
  ],
  [
    'block.mcp_tool.foreign',
    'messages[1].content[0].type',
    answers({ type: 'mcp_tool_result', tool_use_id: seal('other', 'a'), content: 'x' }),
  ],
  [
    'block.text.citations.foreign',
    'messages[1].content[0].citations',
    answers({ type: 'text', text: 'x', citations: [uncitable] }),
  ],
  ['block.redacted_thinking', 'messages[1].content[0].type', answers({ type: 'redacted_thinking', data })],
  [
    'block.server_tool',
    'messages[1].content[0].type',
    answers({ type: 'server_tool_use', id: seal('test', 'a'), name: 'web_search', input: {} }),
  ],
  [
    'block.server_tool',
    'messages[1].content[0].type',
    answers({ type: 'web_search_tool_result', tool_use_id: seal('test', 'a'), content: [] }),
  ],
  [
    'block.mcp_tool',
    'messages[1].content[0].type',
    answers({ type: 'mcp_tool_use', id: seal('test', 'a'), name: 'f', server_name: 's', input: {} }),
  ],
  ['block.container_upload', 'messages[0].content[0].type', says({ type: 'container_upload', file_id: 'f' })],
  [
    'block.tool_use.caller',
    'messages[1].content[0].caller',
    answers({ type: 'tool_use', id: 'a', name: 'f', input: {}, caller: { type: 'code_execution_20250825' } }),
  ],
  ['block.tool_result.error', 'messages[0].content[0].is_error', says({ type: 'tool_result', tool_use_id: 'a', is_error: true })],
  [
    'block.tool_result.image',
    'messages[0].content[0].content[1].type',
    result({ type: 'text', text: 'x' }, { type: 'image', source: web }),
  ],
  ['block.image.url', 'messages[0].content[0].content[0].source.type', result({ type: 'image', source: web })],
  ['block.tool_result.document', 'messages[0].content[0].content[0].type', result({ type: 'document', source: web })],
  ['block.document.url', 'messages[0].content[0].content[0].source.type', result({ type: 'document', source: web })],
  [
    'block.tool_result.search_result',
    'messages[0].content[0].content[0].type',
    result({ type: 'search_result', source: 's', title: 't', content: [] }),
  ],
  [
    'block.tool_result.tool_reference',
    'messages[0].content[0].content[0].type',
    result({ type: 'tool_reference', tool_name: 'f' }),
  ],
  ['block.tool_result.browser_state', 'messages[0].content[0].content[0].type', result({ type: 'browser_state' })],
  [
    'cache_control',
    'messages[0].content[0].content[0].cache_control',
    result({ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }),
  ],
  ['tool.custom', 'tools[0]', has({ name: 'f', input_schema: schema })],
  ['tool.custom', 'tools[0]', has({ type: 'function', name: 'f', input_schema: schema })],
  ['tool.strict', 'tools[0].strict', has({ name: 'f', input_schema: schema, strict: true })],
  ['tool.input_examples', 'tools[0].input_examples', has({ name: 'f', input_schema: schema, input_examples: [{}] })],
  ['tool.defer_loading', 'tools[0].defer_loading', has({ name: 'f', input_schema: schema, defer_loading: true })],
  [
    'tool.allowed_callers',
    'tools[0].allowed_callers',
    has({ name: 'f', input_schema: schema, allowed_callers: ['code_execution_20250825'] }),
  ],
  [
    'tool.eager_input_streaming',
    'tools[0].eager_input_streaming',
    has({ name: 'f', input_schema: schema, eager_input_streaming: true }),
  ],
  ['tool.web_search', 'tools[1].type', has({ name: 'f', input_schema: schema }, { type: 'web_search' })],
  ['tool.web_fetch', 'tools[0].type', has({ type: 'web_fetch' })],
  ['tool.code_execution', 'tools[0].type', has({ type: 'code_execution' })],
  ['tool.computer_use', 'tools[0].type', has({ type: 'computer_use', config: { display_width_px: 1, display_height_px: 1 } })],
  ['tool.file_search', 'tools[0].type', has({ type: 'file_search', config: { vector_store_ids: ['v'] } })],
  ['tool.text_editor', 'tools[0].type', has({ type: 'text_editor' })],
  ['tool.anthropic', 'tools[0].type', has({ type: 'web_search_20250305', name: 'web_search' })],
  ['tool_choice.auto', 'tool_choice.type', { tool_choice: { type: 'auto' } }],
  ['tool_choice.any', 'tool_choice.type', { tool_choice: { type: 'any' } }],
  ['tool_choice.tool', 'tool_choice.type', { tool_choice: { type: 'tool', name: 'f' } }],
  ['tool_choice.none', 'tool_choice.type', { tool_choice: { type: 'none' } }],
  [
    'tool_choice.disable_parallel_tool_use',
    'tool_choice.disable_parallel_tool_use',
    { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
  ],
]

/** A provider that has everything but one feature. */
function without(feature: Feature, treatment: Treatment): { id: string; name: string; matrix: Matrix } {
  return {
    id: 'test',
    name: 'Test',
    matrix: matrixOf((name) => (name === feature ? { treatment, note: 'Do something else.' } : 'carry')),
  }
}

describe('a feature', () => {
  it.each(uses)('%s that the provider must refuse is found at %s', (feature, param, changes) => {
    const { issues, warnings } = checkCompatibility({ ...base, ...changes }, without(feature, 'reject'), nothingKnown)
    expect(issues).toContainEqual({
      param,
      code: expect.stringMatching(/^unsupported_(?:block|tool|parameter)$/),
      message: 'Test does not take this. Do something else.',
    })
    expect(warnings).toEqual([])
  })

  it.each(uses)('%s that the provider leaves out is told of at %s', (feature, param, changes) => {
    const { issues, warnings } = checkCompatibility({ ...base, ...changes }, without(feature, 'drop'), nothingKnown)
    expect(issues).toEqual([])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject({ param, code: 'dropped' })
  })

  it.each(uses)('%s that the model lacks is refused, though the provider has it', (feature, param, changes) => {
    const capabilities: Capabilities = { ...nothingKnown, features: { [feature]: 'unsupported' } }
    const { issues } = checkCompatibility({ ...base, ...changes }, without(feature, 'carry'), capabilities)
    expect(issues).toContainEqual({ param, code: expect.any(String), message: expect.stringContaining('test/model') })
  })

  it('of each kind has a row above', () => {
    expect(features.filter((feature) => !uses.some(([name]) => name === feature))).toEqual([])
  })

  it.each(['carry', 'map'] as const)('that the provider can %s is nothing to speak of', (treatment) => {
    const matrix = matrixOf(() => treatment)
    for (const [, , changes] of uses) {
      expect(checkCompatibility({ ...base, ...changes }, { id: 'test', name: 'Test', matrix }, nothingKnown)).toEqual({
        issues: [],
        warnings: [],
      })
    }
  })
})

describe('a request that uses nothing special', () => {
  it.each<Changes>([
    {},
    {
      stop_sequences: [],
      mcp_servers: [],
      metadata: {},
      output: { modalities: ['text'] },
      max_tokens: 5,
      stream: true,
      system: 'x',
    },
    { container: null, context_management: null, cache_control: null, output_format: null },
    says(
      { type: 'text', text: 'x', cache_control: null },
      { type: 'tool_result', tool_use_id: 'a', content: 'x', is_error: false },
    ),
    answers({ type: 'tool_use', id: 'a', name: 'f', input: {}, caller: { type: 'direct' } }),
  ])('is taken by every provider: %j', (changes) => {
    const matrix = matrixOf(() => 'reject')
    expect(checkCompatibility({ ...base, ...changes }, { id: 'test', name: 'Test', matrix }, nothingKnown).issues).toEqual([])
  })
})

describe('the code of an issue', () => {
  it.each<[Feature, Changes, string]>([
    ['block.video', says({ type: 'video', source: web }), 'unsupported_block'],
    ['message.prefill', { messages: [{ role: 'assistant', content: 'x' }] }, 'unsupported_block'],
    ['tool.web_search', has({ type: 'web_search' }), 'unsupported_tool'],
    ['top_k', { top_k: 1 }, 'unsupported_parameter'],
    ['tool_choice.none', { tool_choice: { type: 'none' } }, 'unsupported_parameter'],
  ])('of %s is its kind', (feature, changes, code) => {
    expect(checkCompatibility({ ...base, ...changes }, without(feature, 'reject'), nothingKnown).issues[0]).toMatchObject({
      code,
    })
  })
})

describe('many uses', () => {
  it('are all refused, and told of once where they are left out', () => {
    const twice = says({ type: 'video', source: web }, { type: 'video', source: web })
    expect(checkCompatibility({ ...base, ...twice }, without('block.video', 'reject'), nothingKnown).issues).toHaveLength(2)
    expect(checkCompatibility({ ...base, ...twice }, without('block.video', 'drop'), nothingKnown).warnings).toMatchObject([
      { param: 'messages[0].content[0].type' },
    ])
  })
})

describe('the matrix of a provider', () => {
  it.each(providers)('$id has a cell for every feature, and says what to do where it refuses or leaves out', ({ matrix }) => {
    expect(Object.keys(matrix).sort()).toEqual([...basicFeatures, ...features].sort())
    for (const cell of Object.values(matrix)) {
      const { treatment, note } = typeof cell === 'string' ? { treatment: cell, note: undefined } : cell
      if (treatment === 'reject' || treatment === 'drop') expect(note).toMatch(/^[A-Z].*\.$/)
    }
  })
})
