import type {
  ContentBlockParam,
  MessageRequest,
  SystemBlockParam,
  ToolResultBlockParam,
  ToolResultContentBlockParam,
} from '../../api/schemas.gen.ts'
import { withPicturesMoved } from '../pictures.ts'
import { unseal } from '../sealed.ts'
import { type AssistantDialect, type AssistantMessage, assistantMessage } from './assistant.ts'
import type { ChatDialect } from './dialect.ts'
import { markOf, markOn, type Part, type PartDialect, plain, refuse, type TextPart, textPart, userParts } from './parts.ts'
import type { ReasoningField } from './reasoning-blocks.ts'
import { heededWish } from './reasoning-request.ts'

/** OpenAI's messages, with what other servers know besides in their content. */
type Message =
  | { role: 'system' | 'developer'; content: string | TextPart[] }
  | { role: 'user'; content: string | Part[] }
  | { role: 'tool'; tool_call_id: string; content: string | TextPart[] }
  | AssistantMessage

/**
 * The system prompt and the conversation as messages of Chat Completions.
 *
 * What the matrix or the check rejects never comes here; should it come, it is refused rather than left out.
 */
export function encodeMessages(request: MessageRequest, model: string, dialect: ChatDialect): readonly object[] {
  const { id, systemRole, prefill, fileParts, videoParts } = dialect
  const marks = dialect.cacheControl ? 'cache_control' : dialect.breakpoints?.(model) ? 'prompt_cache_breakpoint' : undefined
  const parts: PartDialect = { fileParts, videoParts, marks }
  const assistant: AssistantDialect = {
    id,
    fileParts,
    videoParts,
    reasoning: dialect.reasoningField(model),
    // OpenAI's own marks stand on what the model reads alone.
    marks: marks === 'cache_control' ? marks : undefined,
  }
  const messages: Message[] = []
  if (request.system?.length) messages.push(systemMessage(request.system, systemRole, parts))
  const conversation = withPicturesMoved(request.messages, undefined, (block) => isUnread(block, dialect.id))
  for (const [index, { role, content }] of conversation.entries()) {
    const path = `messages[${index}].content`
    if (role === 'system') messages.push(systemMessage(textBlocks(content, path), systemRole, parts))
    else if (typeof content === 'string') messages.push({ role, content })
    else if (role === 'user') for (const message of userMessages(content, path, parts)) messages.push(message)
    else messages.push(assistantMessage(content, path, assistant))
  }
  if (dialect.emptyReasoning && heededWish(request, dialect).thinks !== false) addEmptyReasoning(messages, assistant.reasoning)
  const last = messages.at(-1)
  if (prefill && last?.role === 'assistant') messages.splice(-1, 1, { ...last, ...prefill })
  return messages
}

/** Whether a block is thinking that the server has not written. */
function isUnread(block: ContentBlockParam, owner: string): boolean {
  if (block.type === 'thinking') return unseal(owner, block.signature) === undefined
  return block.type === 'redacted_thinking'
}

/** A conversation that began elsewhere has calls of tools without the reasoning that the server wants to see with them. */
function addEmptyReasoning(messages: readonly Message[], field: ReasoningField): void {
  if (field !== 'reasoning' && field !== 'reasoning_content') return
  if (!messages.some((message) => message.role === 'assistant' && message.tool_calls)) return
  for (const message of messages) if (message.role === 'assistant') message[field] ??= ''
}

function systemMessage(
  content: string | readonly SystemBlockParam[],
  role: 'system' | 'developer',
  dialect: PartDialect,
): Message {
  if (typeof content === 'string') return { role, content }
  return { role, content: plain(content.map((block) => marked(textPart(block.text), block, dialect))) }
}

function marked(part: TextPart, block: object, dialect: PartDialect): TextPart {
  const mark = markOf(block, dialect)
  return mark ? { ...part, ...mark } : part
}

function textBlocks(content: string | readonly ContentBlockParam[], path: string): string | SystemBlockParam[] {
  if (typeof content === 'string') return content
  return content.map((block, at) => (block.type === 'text' ? block : refuse(block.type, `${path}[${at}]`)))
}

/** The results of tools, each as a message, and then what else the user says. */
function userMessages(content: readonly ContentBlockParam[], path: string, dialect: PartDialect): Message[] {
  const results: Message[] = []
  const attachments: Part[] = []
  const rest: Part[] = []
  for (const [at, block] of content.entries()) {
    if (block.type === 'tool_result') {
      const result = toolResult(block, `${path}[${at}]`, dialect)
      results.push({ role: 'tool', tool_call_id: block.tool_use_id, content: result.content })
      for (const part of result.attachments) attachments.push(part)
    } else {
      for (const part of userParts(block, `${path}[${at}]`, dialect)) rest.push(part)
    }
  }
  const said = [...attachments, ...rest]
  // A message without content stays one, so that the conversation keeps its turns.
  return said.length > 0 || results.length === 0 ? [...results, { role: 'user', content: plain(said) }] : results
}

/** A tool's message is text alone; files and images follow it in the user's message, named by the call they belong to. */
function toolResult(
  block: ToolResultBlockParam,
  path: string,
  dialect: PartDialect,
): { content: string | TextPart[]; attachments: Part[] } {
  const content = typeof block.content === 'string' ? [{ type: 'text' as const, text: block.content }] : (block.content ?? [])
  const texts: TextPart[] = []
  const attachments: Part[] = []
  for (const [at, item] of content.entries()) {
    const parts = resultParts(item, `${path}.content[${at}]`, dialect)
    if (parts.every((part) => part.type === 'text')) for (const part of parts) texts.push(part)
    else for (const part of parts) attachments.push(part)
  }
  if (attachments.length > 0) {
    texts.push(textPart('(More of this result follows in the next user message.)'))
    attachments.unshift(textPart(`Result of the tool call ${block.tool_use_id}:`))
  }
  const text = texts.map((part) => part.text).join('\n')
  const whole = textPart(block.is_error ? `Error: ${text}` : text)
  const mark = markOf(block, dialect) ?? markOn(texts.findLast(markOn) ?? {})
  return { content: plain([{ ...whole, ...mark }]), attachments }
}

function resultParts(item: ToolResultContentBlockParam, path: string, dialect: PartDialect): Part[] {
  if (item.type === 'tool_reference' || item.type === 'browser_state') return refuse(item.type, path)
  return userParts(item, path, dialect)
}
