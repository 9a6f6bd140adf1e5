import { paramOf } from '../../api/param.ts'
import type { ContentBlockParam, Issue, MessageRequest, Warning } from '../../api/schemas.gen.ts'
import type { ChatDialect } from './dialect.ts'
import { audioFormatOf } from './parts.ts'

/** What Chat Completions refuses by its value or its place, which the matrix cannot tell. */
export function check({ stop_sequences: stop, messages }: MessageRequest, dialect: ChatDialect): Issue[] {
  const { maxStopSequences: most, name } = dialect
  const issues: Issue[] = []
  if (stop && most !== undefined && stop.length > most) {
    issues.push(issue(['stop_sequences'], 'unsupported_parameter', `${name} takes at most ${most}, not ${stop.length}`))
  }
  for (const [index, { role, content }] of messages.entries()) {
    if (typeof content === 'string') continue
    for (const [at, block] of content.entries())
      issues.push(...blockIssues(block, role, ['messages', index, 'content', at], name))
  }
  return issues
}

/** What is left out of a request though the matrix says that such things are passed on. */
export function warningsOf({ messages }: MessageRequest, { name, cacheControl }: ChatDialect): Warning[] {
  if (!cacheControl) return []
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
  if (role === 'assistant' && (block.type === 'image' || block.type === 'audio')) {
    return [issue([...path, 'type'], 'unsupported_block', `${name} takes no ${block.type} back from the assistant`)]
  }
  if (block.type === 'video' && block.source.type === 'file') {
    return [issue([...path, 'source', 'type'], 'unsupported_block', `${name} takes a video as base64 or by url`)]
  }
  if (block.type !== 'audio' || audioFormatOf(block.source)) return []
  if (block.source.type !== 'base64') {
    return [issue([...path, 'source', 'type'], 'unsupported_block', `${name} takes audio as base64 alone`)]
  }
  const message = `${name} takes wav and mp3, not ${block.source.media_type}`
  return [issue([...path, 'source', 'media_type'], 'unsupported_media_type', message)]
}

function issue(path: readonly (string | number)[], code: string, message: string): Issue {
  return { param: paramOf(path), code, message }
}
