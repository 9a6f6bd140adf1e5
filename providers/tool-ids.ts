import type { ContentBlockParam, MessageRequest } from '../api/schemas.gen.ts'
import { fingerprint } from '../text/fingerprint.ts'

/** What a provider asks of the ids of tool calls. */
export interface ToolIdRule {
  /** Matches every id that the provider takes. */
  readonly accepts: RegExp
  /** How long an id is that replaces another, at most 26; it consists of letters and digits. */
  readonly length: number
}

/**
 * The request with ids of tool calls that the provider takes. An id of another provider's is replaced by its fingerprint, in the call and
 * in its result alike, and is the same in every request. The request itself is returned where nothing has to be replaced.
 */
export function withToolIds(request: MessageRequest, rule: ToolIdRule): MessageRequest {
  if (!request.messages.some(({ content }) => typeof content !== 'string' && content.some((block) => needsId(block, rule))))
    return request
  const messages = request.messages.map((message) =>
    typeof message.content === 'string'
      ? message
      : { ...message, content: message.content.map((block) => withToolId(block, rule)) },
  )
  return { ...request, messages }
}

function needsId(block: ContentBlockParam, { accepts }: ToolIdRule): boolean {
  if (block.type === 'tool_use') return !accepts.test(block.id)
  return block.type === 'tool_result' && !accepts.test(block.tool_use_id)
}

function withToolId(block: ContentBlockParam, rule: ToolIdRule): ContentBlockParam {
  if (!needsId(block, rule)) return block
  if (block.type === 'tool_use') return { ...block, id: hashed(block.id, rule) }
  return block.type === 'tool_result' ? { ...block, tool_use_id: hashed(block.tool_use_id, rule) } : block
}

function hashed(id: string, { length }: ToolIdRule): string {
  // The last digits of each lane differ most; the first is seldom other than 0 or 1.
  return fingerprint(id).slice(-length)
}
