import { issueAt } from '../../api/issues.ts'
import { paramOf } from '../../api/param.ts'
import type { ContentBlockParam, Issue, MessageRequest, Tool, Warning } from '../../api/schemas.gen.ts'
import { markWarnings } from '../openai-cache.ts'
import { samplingWarnings, thinkingWarnings } from '../openai-thinking.ts'
import { strictnessWarnings } from '../output-schema.ts'
import { strandedPictures } from '../pictures.ts'
import { unseal } from '../sealed.ts'
import { wishOf } from '../thinking-wish.ts'
import type { ResponsesDialect } from './dialect.ts'
import { isOwnPicture, openKept } from './kept.ts'
import { hasOtherServerTools } from './tools.ts'

/** What the Responses API refuses by its value or its place, which the matrix cannot tell. */
export function check(request: MessageRequest, { name }: ResponsesDialect): Issue[] {
  const issues: Issue[] = []
  const modality = request.output?.modalities?.indexOf('audio') ?? -1
  if (modality >= 0) {
    issues.push(
      issueAt(['output', 'modalities', modality], 'unsupported_parameter', `${name} answers in text and images, not audio`),
    )
  }
  for (const [at, tool] of (request.tools ?? []).entries()) issues.push(...toolIssues(tool, at, request, name))
  return issues
}

/** What is changed in a request, or left out of it, that the matrix cannot tell. */
export function warnings(request: MessageRequest, model: string, dialect: ResponsesDialect): Warning[] {
  const { id, name, minOutputTokens, effort } = dialect
  const wish = wishOf(request)
  const sent = effort(wish, model)
  const all = [
    ...thinkingWarnings(request, model, sent),
    ...samplingWarnings(request, model, sent),
    ...strictnessWarnings(request, model, dialect.strictMode(model)),
    ...markWarnings(request, model),
    ...strandedPictures(request.messages, (picture, before) => isOwnPicture(picture, before, id)),
  ]
  if (wish.thinks === false && wish.effort) {
    const message = `${name} takes an effort for thinking alone, and thinking is disabled; it was left out.`
    all.push({ param: 'output_config.effort', code: 'dropped', message })
  }
  const { max_tokens: most, messages } = request
  if (most !== undefined && most < minOutputTokens) {
    const message = `${name} takes no limit below ${minOutputTokens} tokens, which was sent instead of ${most}.`
    all.push({ param: 'max_tokens', code: 'raised', message })
  }
  for (const [index, { content }] of messages.entries()) {
    const at = typeof content === 'string' ? -1 : lostTool(content, id)
    if (at < 0) continue
    const message = 'The thinking block that keeps what the provider has to see of this is missing; it was left out.'
    all.push({ param: paramOf(['messages', index, 'content', at, 'id']), code: 'dropped', message })
  }
  return all
}

/** Where the provider's own tool is called without the item that both its call and its result are made of; -1 where nowhere. */
function lostTool(content: readonly ContentBlockParam[], owner: string): number {
  const kept = new Set<unknown>()
  for (const block of content) {
    if (block.type === 'thinking') for (const item of openKept(owner, block.signature)?.items ?? []) kept.add(item.id)
  }
  return content.findIndex((block) => {
    const sealed = block.type === 'server_tool_use' || block.type === 'mcp_tool_use' ? block.id : ''
    const own = unseal(owner, sealed)
    return own !== undefined && !kept.has(own)
  })
}

function toolIssues(tool: Tool, at: number, request: MessageRequest, name: string): Issue[] {
  if (tool.type !== 'web_search') return []
  const issues: Issue[] = []
  if (tool.config?.blocked_domains?.length) {
    const message = `${name} cannot leave domains out of a search; name those that are allowed`
    issues.push(issueAt(['tools', at, 'config', 'blocked_domains'], 'unsupported_parameter', message))
  }
  if (tool.config?.max_uses !== undefined && hasOtherServerTools(request)) {
    const message = `${name} limits searches only where web_search is the only tool that it runs itself`
    issues.push(issueAt(['tools', at, 'config', 'max_uses'], 'unsupported_parameter', message))
  }
  return issues
}
