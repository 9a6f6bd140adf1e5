import type { Message } from '../generated/types.gen.ts'

/** The text of a message, without what stands in other blocks. */
export function textOf({ content }: Pick<Message, 'content'>): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}
