import type { ContentBlockParam, ThinkingBlockParam } from '../../api/schemas.gen.ts'
import { unseal } from '../sealed.ts'
import { isServerBlock } from '../server-blocks.ts'
import { markOf, markOn, type PartDialect, plain, refuse, type TextPart, textPart } from './parts.ts'
import { openDetails, type ReasoningField } from './reasoning-blocks.ts'

/** How an assistant's message is written for a model. */
export interface AssistantDialect extends PartDialect {
  /** The provider whose seals are opened. */
  readonly id: string
  readonly reasoning: ReasoningField
}

/** OpenAI's message, and where servers want their reasoning back. */
export interface AssistantMessage {
  role: 'assistant'
  content: string | null | (TextPart | ThinkingPart)[]
  tool_calls?: ToolCall[]
  reasoning?: string
  reasoning_content?: string
  reasoning_details?: readonly Record<string, unknown>[]
}

interface ToolCall {
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}

interface ThinkingPart {
  readonly type: 'thinking'
  readonly thinking: readonly TextPart[]
  readonly signature?: string
}

/** What the assistant said in one turn, as one message. */
export function assistantMessage(
  content: readonly ContentBlockParam[],
  path: string,
  dialect: AssistantDialect,
): AssistantMessage {
  const texts: TextPart[] = []
  const thoughts: Thought[] = []
  // Texts that stood next to each other are one text; where something stood between them, they are paragraphs.
  let interrupted = false
  const toolCalls: ToolCall[] = []
  for (const [at, block] of content.entries()) {
    switch (block.type) {
      case 'text':
        if (addText(texts, block, interrupted, dialect)) interrupted = false
        continue
      case 'tool_use':
        toolCalls.push({ id: block.id, type: 'function', function: { name: block.name, arguments: JSON.stringify(block.input) } })
        break
      case 'thinking': {
        const payload = unseal(dialect.id, block.signature)
        if (payload !== undefined) thoughts.push({ block, payload })
        break
      }
      // The matrix says that it is left out, and so are the tools of servers.
      case 'redacted_thinking':
        break
      default:
        if (!isServerBlock(block)) return refuse(`${block.type} of the assistant`, `${path}[${at}]`)
    }
    interrupted = true
  }
  const said = plain(texts)
  const message: AssistantMessage = {
    role: 'assistant',
    content: toolCalls.length > 0 && said === '' ? null : said,
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  }
  return thoughts.length > 0 ? withThoughts(message, thoughts, texts, dialect.reasoning) : message
}

/** Whether the block says anything. Parts are made only of those that do. */
function addText(
  texts: TextPart[],
  block: ContentBlockParam & { type: 'text' },
  interrupted: boolean,
  dialect: PartDialect,
): boolean {
  const last = texts.at(-1)
  const mark = markOf(block, dialect)
  const text = block.text !== '' && last && interrupted ? `\n\n${block.text}` : block.text
  // What is to be cached ends with its part.
  if (last && !markOn(last)) {
    last.text += text
    if (mark) Object.assign(last, mark)
  } else if (text !== '') {
    texts.push({ ...textPart(text), ...mark })
  }
  return block.text !== ''
}

/** A block of thinking of the server's own, and what it sealed with it. */
interface Thought {
  readonly block: ThinkingBlockParam
  readonly payload: string
}

function withThoughts(
  message: AssistantMessage,
  thoughts: readonly Thought[],
  texts: readonly TextPart[],
  field: ReasoningField,
): AssistantMessage {
  const text = thoughts.map(({ block }) => block.thinking).join('')
  switch (field) {
    case 'none':
      return message
    case 'reasoning':
    case 'reasoning_content':
      return text === '' ? message : { ...message, [field]: text }
    case 'reasoning_details': {
      // Without any seal the text is all there was.
      if (thoughts.every(({ payload }) => payload === '')) return text === '' ? message : { ...message, reasoning: text }
      const details = thoughts.flatMap(({ block, payload }) => openDetails(payload, block.thinking))
      return details.length > 0 ? { ...message, reasoning_details: details } : message
    }
    case 'content': {
      const parts = thoughts.map(({ block, payload }): ThinkingPart => {
        return { type: 'thinking', thinking: [textPart(block.thinking)], ...(payload !== '' && { signature: payload }) }
      })
      return { ...message, content: [...parts, ...texts] }
    }
    case 'think_tags': {
      const [first, ...rest] = texts
      const tagged = { ...textPart(''), ...first, text: `<think>${text}</think>${first?.text ?? ''}` }
      return text === '' ? message : { ...message, content: plain([tagged, ...rest]) }
    }
  }
}
