import { issueAt } from '../../api/issues.ts'
import { paramOf } from '../../api/param.ts'
import type { ContentBlockParam, Issue, MessageRequest, Warning } from '../../api/schemas.gen.ts'
import { type Feature, matrixEntry } from '../capabilities.ts'
import { strictnessWarnings } from '../output-schema.ts'
import { strandedPictures } from '../pictures.ts'
import type { ChatDialect } from './dialect.ts'
import { audioFormatOf } from './parts.ts'
import { heededWish, isForced } from './reasoning-request.ts'

/** What Chat Completions refuses by its value or its place, which the matrix cannot tell. */
export function check(request: MessageRequest, model: string, dialect: ChatDialect): Issue[] {
  const { maxStopSequences: most, name } = dialect
  const { stop_sequences: stop, messages } = request
  const issues: Issue[] = [...(dialect.check?.(request, model) ?? [])]
  if (dialect.choiceStopsThinking && isForced(request) && request.thinking?.type === 'enabled') {
    const message = `${name} can be made to call a tool only where it does not think; disable thinking, or choose auto`
    issues.push(issueAt(['tool_choice', 'type'], 'unsupported_parameter', message))
  }
  if (stop && most !== undefined && stop.length > most) {
    issues.push(issueAt(['stop_sequences'], 'unsupported_parameter', `${name} takes at most ${most}, not ${stop.length}`))
  }
  for (const [index, { role, content }] of messages.entries()) {
    if (typeof content === 'string') continue
    for (const [at, block] of content.entries())
      issues.push(...blockIssues(block, role, ['messages', index, 'content', at], name))
  }
  return issues
}

/** What is left out of a request though the matrix says that such things are passed on. */
export function warningsOf(request: MessageRequest, model: string, dialect: ChatDialect): Warning[] {
  return [
    ...(dialect.warnings?.(request, model) ?? []),
    ...thinkingWarnings(request, model, dialect),
    ...strictnessWarnings(request, model, dialect.strictMode(model)),
    ...(dialect.cacheControl ? markWarnings(request, dialect) : []),
    ...strandedPictures(request.messages),
  ]
}

/** What a caller asks of the model's thinking and the server has no word for. */
function thinkingWarnings(request: MessageRequest, model: string, dialect: ChatDialect): Warning[] {
  const { matrix, name } = dialect
  const wish = heededWish(request, dialect)
  const isMapped = (feature: Feature): boolean => matrixEntry(matrix, feature).treatment === 'map'
  const warnings: Warning[] = []
  if (wish.thinks === false && request.thinking?.type !== 'disabled') {
    const message = `${name} can be made to call a tool only where it does not think; it was told not to.`
    warnings.push({ param: request.thinking ? 'thinking' : 'tool_choice', code: 'dropped', message })
  }
  if (wish.thinks === false && wish.effort && isMapped('output_config.effort')) {
    const message = `${name} takes an effort for thinking alone, and thinking is disabled; it was left out.`
    warnings.push({ param: 'output_config.effort', code: 'dropped', message })
  }
  // A dialect that knows its models tells of them itself.
  if (dialect.warnings) return warnings
  const thinks = dialect.capabilities(model).features['thinking.enabled'] !== 'unsupported'
  // Adaptive thinking is also what a model does that is told nothing.
  const isAdaptive = wish.thinks === true && wish.budget === undefined
  const feature = wish.thinks === undefined || isAdaptive ? undefined : wish.thinks ? 'thinking.enabled' : 'thinking.disabled'
  if (!thinks || !feature || !isMapped(feature)) return warnings
  if (Object.keys(dialect.reasoningRequest(wish, model)).length > 0) return warnings
  return [...warnings, { param: 'thinking', code: 'dropped', message: `${name} has no word for it; ${model} thinks as it does.` }]
}

function markWarnings({ messages }: MessageRequest, { name }: ChatDialect): Warning[] {
  for (const [index, { role, content }] of messages.entries()) {
    if (role !== 'assistant' || typeof content === 'string') continue
    const at = content.findIndex((block) => block.type === 'tool_use' && block.cache_control)
    if (at < 0) continue
    const message = `${name} takes no mark on a call of a tool; it was left out. Mark the result of the call instead.`
    return [{ param: paramOf(['messages', index, 'content', at, 'cache_control']), code: 'dropped', message }]
  }
  return []
}

function blockIssues(
  block: ContentBlockParam,
  role: MessageRequest['messages'][number]['role'],
  path: readonly (string | number)[],
  name: string,
): Issue[] {
  if (role === 'assistant' && block.type === 'audio') {
    return [issueAt([...path, 'type'], 'unsupported_block', `${name} takes no audio back from the assistant`)]
  }
  if (block.type === 'video' && block.source.type === 'file') {
    return [issueAt([...path, 'source', 'type'], 'unsupported_block', `${name} takes a video as base64 or by url`)]
  }
  if (block.type !== 'audio' || audioFormatOf(block.source)) return []
  if (block.source.type !== 'base64') {
    return [issueAt([...path, 'source', 'type'], 'unsupported_block', `${name} takes audio as base64 alone`)]
  }
  const message = `${name} takes wav and mp3, not ${block.source.media_type}`
  return [issueAt([...path, 'source', 'media_type'], 'unsupported_media_type', message)]
}
