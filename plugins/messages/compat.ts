import type { IssueCode } from '../../api/issue-codes.ts'
import { issueAt } from '../../api/issues.ts'
import { paramOf } from '../../api/param.ts'
import type { ContentBlockParam, Issue, MessageRequest, Tool, Warning } from '../../api/schemas.gen.ts'
import { type Capabilities, type Feature, features, matrixEntry } from '../../providers/capabilities.ts'
import { isShown } from '../../providers/pictures.ts'
import type { LlmProvider } from '../../providers/provider.ts'
import { isForeignCitation, sealOwner } from '../../providers/sealed.ts'
import { callIdOf, isServerBlock, serverFeatureOf } from '../../providers/server-blocks.ts'

/** What a provider makes of a request: what it must refuse, and what it leaves out and says so. */
export interface Compatibility {
  readonly issues: readonly Issue[]
  readonly warnings: readonly Warning[]
}

/** Looks up every feature that a request uses in the provider's matrix and in what is known of the model. */
export function checkCompatibility(
  request: MessageRequest,
  provider: Pick<LlmProvider, 'id' | 'name' | 'matrix' | 'native'>,
  capabilities: Capabilities,
): Compatibility {
  const issues: Issue[] = []
  const warnings = new Map<Feature, Warning>()
  const self = provider.native ? nobody : provider.id
  for (const { feature: used, path, owner = self, picture } of featuresOf(request)) {
    const feature = owner === self ? used : foreign(used)
    // Newer than the contract: a beta, which the caller sends to a provider that reads the request itself.
    if (!Object.hasOwn(provider.matrix, feature)) continue
    const { treatment, note } = matrixEntry(provider.matrix, feature)
    const param = paramOf(path)
    if (picture && !isShown(picture, provider.matrix, capabilities)) {
      const message = `The model ${request.model} cannot be shown this picture of the assistant; it was left out.`
      if (!warnings.has(feature)) warnings.set(feature, { param, code: 'dropped', message })
      continue
    }
    // How something is mapped is no help where it is not supported.
    const hint = note && treatment !== 'map' ? ` ${note}` : ''
    if (treatment === 'reject') {
      issues.push(issueAt(path, codeOf(feature), `${provider.name} does not take this.${hint}`))
    } else if (capabilities.features[feature] === 'unsupported') {
      issues.push(issueAt(path, codeOf(feature), `the model ${request.model} does not support this.${hint}`))
    } else if (treatment === 'drop' && !warnings.has(feature)) {
      warnings.set(feature, { param, code: 'dropped', message: `${provider.name} does not take this; it was left out.${hint}` })
    }
  }
  return { issues, warnings: [...warnings.values()] }
}

interface Use {
  readonly feature: Feature
  readonly path: readonly (string | number)[]
  /** Which provider wrote a block that only its own provider can read. */
  readonly owner?: string
  /** A picture that a model made. */
  readonly picture?: Extract<ContentBlockParam, { type: 'image' }>
}

/** Whose a block is that no provider has sealed: it has the canonical shape's own form. */
const nobody = ''
/** Whose a block is that nothing vouches for. */
const unknown = '?'

function foreign(feature: Feature): Feature {
  const name: string = `${feature}.foreign`
  return isFeature(name) ? name : feature
}

function isFeature(name: string): name is Feature {
  return (features as readonly string[]).includes(name)
}

function* featuresOf(request: MessageRequest): Generator<Use> {
  yield* fieldsOf(request)
  for (const [index, message] of request.messages.entries()) {
    const path = ['messages', index]
    if (message.role === 'system') yield { feature: 'message.system', path: [...path, 'role'] }
    if (typeof message.content === 'string') continue
    for (const [at, block] of message.content.entries()) {
      const place = [...path, 'content', at]
      // What is done with the picture itself depends on what the model can be shown.
      if (block.type === 'image' && block.source.type !== 'file' && message.role === 'assistant') {
        yield { feature: 'block.image.assistant', path: [...place, 'type'], picture: block }
      } else {
        yield* blockFeatures(block, place)
      }
    }
  }
  if (request.messages.at(-1)?.role === 'assistant') {
    yield { feature: 'message.prefill', path: ['messages', request.messages.length - 1, 'role'] }
  }
  if (Array.isArray(request.system)) {
    for (const [at, block] of request.system.entries()) yield* knownFeatures(block, ['system', at], ['text'])
  }
  for (const [at, tool] of (request.tools ?? []).entries()) yield* toolFeatures(tool, ['tools', at])
}

/** Fields that mean something only when they are given, and not null. */
const plainFields = [
  'temperature',
  'top_p',
  'top_k',
  'service_tier',
  'cache_control',
  'container',
  'context_management',
  'inference_geo',
  'speed',
  'diagnostics',
  'thread',
  'user_profile_id',
  'workspace_id',
  'output_format',
] as const satisfies readonly (Feature & keyof MessageRequest)[]

function* fieldsOf(request: MessageRequest): Generator<Use> {
  for (const field of plainFields) {
    if (request[field] !== undefined && request[field] !== null) yield { feature: field, path: [field] }
  }
  if (request.stop_sequences?.length) yield { feature: 'stop_sequences', path: ['stop_sequences'] }
  if (request.safeguards?.length) yield { feature: 'safeguards', path: ['safeguards'] }
  if (request.mcp_servers?.length) yield { feature: 'mcp_servers', path: ['mcp_servers'] }
  if (request.metadata?.user_id) yield { feature: 'metadata.user_id', path: ['metadata', 'user_id'] }
  if (request.thinking) {
    yield { feature: `thinking.${request.thinking.type}`, path: ['thinking'] }
    if ('display' in request.thinking && request.thinking.display)
      yield { feature: 'thinking.display', path: ['thinking', 'display'] }
  }
  if (request.output_config?.effort) yield { feature: 'output_config.effort', path: ['output_config', 'effort'] }
  if (request.output_config?.format) yield { feature: 'output_format', path: ['output_config', 'format'] }
  if (request.output_format?.name !== undefined) yield { feature: 'output_format.name', path: ['output_format', 'name'] }
  if (request.output_format?.strict !== undefined) yield { feature: 'output_format.strict', path: ['output_format', 'strict'] }
  if (request.output?.modalities?.some((modality) => modality !== 'text'))
    yield { feature: 'output.modalities', path: ['output', 'modalities'] }
  if (request.output?.image) yield { feature: 'output.image', path: ['output', 'image'] }
  const choice = request.tool_choice
  if (choice) {
    yield { feature: `tool_choice.${choice.type}`, path: ['tool_choice', 'type'] }
    if ('disable_parallel_tool_use' in choice && choice.disable_parallel_tool_use) {
      yield { feature: 'tool_choice.disable_parallel_tool_use', path: ['tool_choice', 'disable_parallel_tool_use'] }
    }
  }
}

function* blockFeatures(block: ContentBlockParam, path: Use['path']): Generator<Use> {
  if ('cache_control' in block && block.cache_control) yield { feature: 'cache_control', path: [...path, 'cache_control'] }
  const type: Use['path'] = [...path, 'type']
  switch (block.type) {
    case 'text':
      if (block.citations?.length) {
        const own = block.citations.filter((citation) => !isForeignCitation(citation))
        if (own.length > 0) yield { feature: 'block.text.citations', path: [...path, 'citations'] }
        if (own.length < block.citations.length) yield { feature: 'block.text.citations.foreign', path: [...path, 'citations'] }
      }
      return
    case 'image':
      yield { feature: `block.image.${block.source.type}`, path: [...path, 'source', 'type'] }
      if (block.transformations) yield { feature: 'block.image.transformations', path: [...path, 'transformations'] }
      return
    case 'document': {
      const { source } = block
      yield {
        feature: source.type === 'base64' ? 'block.document.pdf' : `block.document.${source.type}`,
        path: [...path, 'source', 'type'],
      }
      if (block.citations?.enabled) yield { feature: 'block.document.citations', path: [...path, 'citations'] }
      if (source.type !== 'content' || typeof source.content === 'string') return
      for (const [at, part] of source.content.entries()) {
        yield* knownFeatures(part, [...path, 'source', 'content', at], ['text', 'image'])
      }
      return
    }
    case 'tool_use':
      if (block.caller && block.caller.type !== 'direct') yield { feature: 'block.tool_use.caller', path: [...path, 'caller'] }
      return
    case 'tool_result':
      if (block.is_error) yield { feature: 'block.tool_result.error', path: [...path, 'is_error'] }
      if (typeof block.content === 'string') return
      for (const [at, part] of (block.content ?? []).entries()) {
        if (part.type !== 'text') yield { feature: `block.tool_result.${part.type}`, path: [...path, 'content', at, 'type'] }
        if (part.type === 'text' || part.type === 'image' || part.type === 'document' || part.type === 'search_result') {
          yield* blockFeatures(part, [...path, 'content', at])
        } else if ('cache_control' in part && part.cache_control) {
          yield { feature: 'cache_control', path: [...path, 'content', at, 'cache_control'] }
        }
      }
      return
    case 'thinking':
      // Without a signature no provider knows it for its own.
      yield {
        feature: 'block.thinking',
        path: type,
        owner: block.signature === '' ? unknown : (sealOwner(block.signature) ?? nobody),
      }
      return
    case 'search_result':
      yield { feature: 'block.search_result', path: type }
      if (block.citations?.enabled) yield { feature: 'block.document.citations', path: [...path, 'citations'] }
      for (const [at, part] of block.content.entries()) yield* knownFeatures(part, [...path, 'content', at], ['text'])
      return
    case 'audio':
    case 'video':
    case 'redacted_thinking':
    case 'container_upload':
      yield { feature: `block.${block.type}`, path: type }
      return
    default:
      if (isServerBlock(block)) yield { feature: serverFeatureOf(block), path: type, owner: sealOwner(callIdOf(block)) ?? nobody }
  }
}

/** A beta may put a block where the contract has none of its kind; then no schema has vouched for what is in it. */
function* knownFeatures(
  block: ContentBlockParam,
  path: Use['path'],
  expected: readonly ContentBlockParam['type'][],
): Generator<Use> {
  if (expected.includes(block.type)) yield* blockFeatures(block, path)
}

function* toolFeatures(tool: Tool, path: Use['path']): Generator<Use> {
  if ('cache_control' in tool && tool.cache_control) yield { feature: 'cache_control', path: [...path, 'cache_control'] }
  switch (tool.type) {
    case undefined:
    case null:
    case 'custom':
    case 'function':
      yield { feature: 'tool.custom', path }
      break
    case 'web_search':
    case 'web_fetch':
    case 'code_execution':
    case 'computer_use':
    case 'file_search':
    case 'text_editor':
      yield { feature: `tool.${tool.type}`, path: [...path, 'type'] }
      return
    default:
      yield { feature: 'tool.anthropic', path: [...path, 'type'] }
      return
  }
  if (tool.strict) yield { feature: 'tool.strict', path: [...path, 'strict'] }
  if ('input_examples' in tool && tool.input_examples?.length)
    yield { feature: 'tool.input_examples', path: [...path, 'input_examples'] }
  if ('defer_loading' in tool && tool.defer_loading) yield { feature: 'tool.defer_loading', path: [...path, 'defer_loading'] }
  if ('allowed_callers' in tool && tool.allowed_callers?.some((caller) => caller !== 'direct')) {
    yield { feature: 'tool.allowed_callers', path: [...path, 'allowed_callers'] }
  }
  if ('eager_input_streaming' in tool && tool.eager_input_streaming) {
    yield { feature: 'tool.eager_input_streaming', path: [...path, 'eager_input_streaming'] }
  }
}

function codeOf(feature: Feature): IssueCode {
  if (feature.startsWith('block.') || feature.startsWith('message.')) return 'unsupported_block'
  if (feature.startsWith('tool.')) return 'unsupported_tool'
  return 'unsupported_parameter'
}
