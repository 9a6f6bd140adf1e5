import type { ContentBlockParam, MessageParam, MessageRequest } from '../../api/schemas.gen.ts'
import { withPicturesMoved } from '../pictures.ts'
import { isForeignCitation, sealOwner } from '../sealed.ts'
import { callIdOf, isServerBlock } from '../server-blocks.ts'
import { type ToolIdRule, withToolIds } from '../tool-ids.ts'

/**
 * The conversation without what only another provider can read: its thinking, its own tools and their results, its citations; and
 * without its empty lines before a call, which Anthropic refuses. Pictures that a model made are shown in the user's next turn. Ids of
 * tool calls that Anthropic would refuse are replaced. The list itself is returned where all of it is Anthropic's.
 */
export function withoutForeign(request: MessageRequest): readonly MessageParam[] {
  const messages = withPicturesMoved(withToolIds(request, toolIdRule).messages)
  if (!messages.some(({ content }) => typeof content !== 'string' && isTouched(content))) return messages
  return messages.flatMap((message) => {
    if (typeof message.content === 'string') return [message]
    const isBlankToo = isOthersTurn(message.content)
    const content = message.content.filter((block) => !isForeign(block) && !(isBlankToo && isBlank(block))).map(withOwnCitations)
    // Anthropic refuses an empty turn.
    return content.length > 0 || message.content.length === 0 ? [{ ...message, content }] : []
  })
}

/**
 * Whether thinking with a budget has to be off for this request: the model's own turn began at another provider and is in the middle
 * of its tool calls. Anthropic wants such a turn to begin with thinking of its own, which there is none of.
 */
export function cannotThink({ thinking, messages }: MessageRequest): boolean {
  if (thinking?.type !== 'enabled' || messages.at(-1)?.role !== 'user') return false
  const turn = messages.findLast(({ role }) => role === 'assistant')
  const result = messages.at(-1)
  if (!turn || !result || typeof turn.content === 'string' || typeof result.content === 'string') return false
  if (!result.content.some(({ type }) => type === 'tool_result')) return false
  const own = turn.content.filter((block) => !isForeign(block))
  const begins = own[0]?.type === 'thinking' || own[0]?.type === 'redacted_thinking'
  return !begins && turn.content.some((block) => block.type === 'tool_use' && !ownToolId.test(block.id))
}

/** What is the id of a turn that is Anthropic's own, so that it is for Anthropic to say what is wrong with it. */
const ownToolId = /^toolu_01[a-zA-Z0-9]{18,22}$/

const toolIdRule: ToolIdRule = { accepts: /^[a-zA-Z0-9_-]+$/, length: 24 }

function isTouched(content: readonly ContentBlockParam[]): boolean {
  return content.some(hasForeign) || (content.some(isBlank) && isOthersTurn(content))
}

function hasForeign(block: ContentBlockParam): boolean {
  return isForeign(block) || (block.type === 'text' && (block.citations ?? []).some(isForeignCitation))
}

/** Whether another provider wrote the turn. Only what it left in it tells: a turn of nothing but text might be anybody's. */
function isOthersTurn(content: readonly ContentBlockParam[]): boolean {
  return content.some((block) => isForeign(block) || (block.type === 'tool_use' && !ownToolId.test(block.id)))
}

function isBlank(block: ContentBlockParam): boolean {
  return block.type === 'text' && block.text.trim() === ''
}

function isForeign(block: ContentBlockParam): boolean {
  if (block.type === 'thinking') return block.signature === '' || sealOwner(block.signature) !== undefined
  return isServerBlock(block) && sealOwner(callIdOf(block)) !== undefined
}

function withOwnCitations(block: ContentBlockParam): ContentBlockParam {
  if (block.type !== 'text' || !block.citations?.some(isForeignCitation)) return block
  const { citations, ...rest } = block
  const own = citations.filter((citation) => !isForeignCitation(citation))
  return own.length > 0 ? { ...rest, citations: own } : rest
}
