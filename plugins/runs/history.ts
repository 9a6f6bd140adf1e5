import { asParam } from '../../api/block-param.ts'
import type {
  ContentBlock,
  ContentBlockParam,
  MessageParam,
  StreamEvent,
  ToolResultContentBlockParam,
} from '../../api/schemas.gen.ts'

export type ToolUse = Extract<ContentBlock, { type: 'tool_use' }>

/** A result of a call. */
export interface Result {
  readonly tool_use_id: string
  readonly content: string
  readonly is_error: boolean
  /** What the model is told instead, where that is more than text. */
  readonly blocks?: readonly ToolResultContentBlockParam[]
}

/**
 * The messages that an answer and the results of its calls, in their order, add to the history; `isLast` where no turn follows. They can
 * be sent again to any provider: no text without a word, no message without content; and at the end no thought before nothing, and no
 * call that only its own provider could go on with.
 */
export function historyOf(content: readonly ContentBlock[], results: readonly Result[], isLast: boolean): MessageParam[] {
  const said = withoutLoose(content, isLast).map(asParam)
  const answers = results.map(
    ({ tool_use_id, content: text, is_error, blocks }): ContentBlockParam => ({
      type: 'tool_result',
      tool_use_id,
      content: blocks ? [...blocks] : text,
      ...(is_error && { is_error }),
    }),
  )
  return [
    ...(said.length > 0 ? [{ role: 'assistant' as const, content: said }] : []),
    ...(answers.length > 0 ? [{ role: 'user' as const, content: answers }] : []),
  ]
}

export function isToolUse(block: ContentBlock): block is ToolUse {
  return block.type === 'tool_use'
}

/** Some providers write text of nothing but space between blocks, which others refuse. */
function withoutLoose(content: readonly ContentBlock[], isLast: boolean): readonly ContentBlock[] {
  const worded = content.filter((block) => block.type !== 'text' || /\S/.test(block.text))
  if (!isLast) return worded
  const callers = new Set(content.flatMap((block) => callerOf(block) ?? []))
  const answered = worded.filter((block) => !isPending(block, content) || ('id' in block && callers.has(block.id)))
  // A thought before nothing is refused by the provider that had it.
  return answered.slice(0, answered.findLastIndex((block) => !isThought(block)) + 1)
}

/** A call of the provider's own tools that it has not answered itself. */
function isPending(block: ContentBlock, content: readonly ContentBlock[]): boolean {
  if (block.type !== 'server_tool_use' && block.type !== 'mcp_tool_use') return false
  return !content.some((other) => 'tool_use_id' in other && other.tool_use_id === block.id)
}

/** The id of the provider's own tool that has called this one: the call means nothing without it. */
function callerOf(block: ContentBlock): string | undefined {
  if (!isToolUse(block) || !block.caller || !('tool_id' in block.caller)) return undefined
  return typeof block.caller.tool_id === 'string' ? block.caller.tool_id : undefined
}

function isThought({ type }: ContentBlock): boolean {
  return type === 'thinking' || type === 'redacted_thinking'
}

/** Every id of a call in a conversation. */
export function idsIn(messages: readonly MessageParam[]): Set<string> {
  const blocks = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content))
  return new Set(blocks.flatMap((block) => (block.type === 'tool_use' ? [block.id] : [])))
}

/** All text of messages, in bytes. */
export function textBytesOf(messages: readonly MessageParam[]): number {
  return messages.reduce((sum, { content }) => sum + bytesOf(content), 0)
}

function bytesOf(content: MessageParam['content']): number {
  return typeof content === 'string' ? Buffer.byteLength(content) : content.reduce((sum, block) => sum + bytesOfBlock(block), 0)
}

function bytesOfBlock(block: ContentBlockParam): number {
  switch (block.type) {
    case 'text':
      return Buffer.byteLength(block.text)
    case 'thinking':
      return Buffer.byteLength(block.thinking)
    case 'tool_result':
      return typeof block.content === 'string'
        ? Buffer.byteLength(block.content)
        : (block.content ?? []).reduce((sum, part) => sum + (part.type === 'text' ? Buffer.byteLength(part.text) : 0), 0)
    default:
      return 0
  }
}

/**
 * The event with an id of its own for the call that it begins: some servers count theirs anew in each answer, and a history in which two
 * calls have one id is refused by others. `taken` holds the ids of the conversation so far, and learns this one. A name that no tool can
 * have becomes one that a tool could have.
 */
export function withOwnId(event: StreamEvent, taken: Set<string>, newId: () => string): StreamEvent {
  if (event.type !== 'content_block_start' || !isToolUse(event.content_block)) return event
  const { id, name } = event.content_block
  const own = { id: id === '' || taken.has(id) ? newId() : id, name: nameFor(name) }
  taken.add(own.id)
  return own.id === id && own.name === name ? event : { ...event, content_block: { ...event.content_block, ...own } }
}

function nameFor(name: string): string {
  return /^[\w-]{1,128}$/.test(name) ? name : name.slice(0, 64).replace(/[^\w-]/g, '_') || 'unnamed'
}
