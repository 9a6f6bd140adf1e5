import type { ContentBlockParam, MessageParam } from '@vai/sdk'
import { line } from '../printable.ts'

/** A conversation for people: a line for each thing that was said or done, the last ones where there are many. */
export function transcriptOf(messages: readonly MessageParam[]): string {
  if (messages.length === 0) return 'Nothing was said yet.'
  const lines = messages.flatMap(({ role, content }) =>
    typeof content === 'string' ? [said(role, content)] : content.map((block) => lineOf(role, block)),
  )
  const left = lines.length - mostLines
  return [...(left > 0 ? [`(${left} before)`] : []), ...lines.slice(-mostLines)].join('\n')
}

function lineOf(role: MessageParam['role'], block: ContentBlockParam): string {
  switch (block.type) {
    case 'text':
      return said(role, block.text)
    case 'thinking':
      return line(`thought: ${block.thinking}`, longest)
    case 'tool_use':
      return line(`⚙ ${block.name} ${JSON.stringify(block.input)}`, longest)
    case 'tool_result':
      return line(`${block.is_error ? '✗' : '✓'} ${resultOf(block.content)}`, longest)
    default:
      return `[${line(block.type)}]`
  }
}

function resultOf(content: Extract<ContentBlockParam, { type: 'tool_result' }>['content'] = ''): string {
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join(' ')
}

function said(role: MessageParam['role'], text: string): string {
  return line(`${role === 'user' ? 'you' : role}: ${text}`, longest)
}

/** Characters of a line. */
const longest = 200
const mostLines = 100
