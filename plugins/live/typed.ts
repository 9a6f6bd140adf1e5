import type { ContentBlockParam, Issue } from '../../api/schemas.gen.ts'
import type { Allotment } from '../limits/allotment.ts'
import type { LiveHistory } from './history.ts'
import { type HistorySize, sizeOf } from './history-size.ts'

export interface TypedBounds {
  /** In UTF-16 units, as for what is said. */
  readonly characters: number
  readonly sizes: Allotment['sizes']
}

/** Why something that a user types is not taken. */
export type TypedProblem =
  | { readonly type: 'invalid'; readonly issues: readonly Issue[] }
  | { readonly type: 'refused'; readonly code: 'history_too_long'; readonly message: string }

/**
 * What speaks against taking what a user types: that it is nothing, or too much by itself, or together with all that the model is asked with.
 * `waiting` is what was typed before and is not in the history yet. Nothing that is refused becomes part of the conversation.
 */
export function typedProblem(
  content: string | readonly ContentBlockParam[],
  history: LiveHistory,
  waiting: readonly unknown[],
  { characters, sizes }: TypedBounds,
): TypedProblem | undefined {
  const texts = typeof content === 'string' ? [content] : content.flatMap((block) => (block.type === 'text' ? [block.text] : []))
  const length = texts.reduce((sum, text) => sum + text.length, 0)
  if (length > characters) return invalid('too_large', `has ${length} characters of text; at most ${characters} are allowed`)
  const isBlank = texts.every((text) => text.trim() === '') && (typeof content === 'string' || texts.length === content.length)
  if (isBlank) return invalid('empty', 'there is no word in it')
  const { played, asked, attached } = history
  if (fits(sizeOf([played, asked, attached, waiting, content]), played.length, sizes)) return undefined
  return { type: 'refused', code: historyTooLong.code, message: historyTooLong.message }
}

/** What a turn fails with, too, where what was said and what tools answered is too long by itself. */
export const historyTooLong = {
  code: 'history_too_long',
  message:
    'With this the conversation is longer than the model may be asked with. Begin a new session, with those of its messages in hello that are still wanted.',
} as const

/** Two more: the question and its answer. */
function fits({ textBytes, base64Bytes }: HistorySize, messages: number, sizes: Allotment['sizes']): boolean {
  return textBytes <= sizes.textBytes && base64Bytes <= sizes.base64Bytes && messages + 2 <= sizes.messages
}

function invalid(code: 'too_large' | 'empty', message: string): TypedProblem {
  return { type: 'invalid', issues: [{ param: 'content', code, message }] }
}
