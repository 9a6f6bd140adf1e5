import { arrayOf, isRecord } from '../../api/json.ts'
import type { BlockSequencer } from '../blocks.ts'
import type { Carried } from '../carried.ts'
import type { AnswerWriter, Next } from './answer-writer.ts'
import type { Item } from './kept.ts'

/** One item of an answer while it is being told. */
export interface OutputItem {
  readonly type: string
  /** One of its events, by the event's type. False where the event says nothing that is known. */
  event(type: string, event: Item): boolean
  /** The item as a whole: what no event has told of it is told now. Only the first call counts. */
  done(item: Item): void
}

/** What the items of one answer share. */
export interface AnswerContext {
  readonly owner: string
  readonly writer: AnswerWriter
  readonly sequencer: BlockSequencer
  readonly carried: Carried
  readonly newId: (prefix: 'msg' | 'toolu') => string
  /** What the items come to. */
  readonly tally: { hasToolCalls: boolean; refused: boolean; searches: number; fileSearches: number; pictures: number }
}

/** What an item has besides its content, so that it can be written again. */
export function nextOf(item: Item, content: readonly string[], needed: boolean): Next {
  const rest = Object.entries(item).filter(([name, value]) => name !== 'status' && value !== null && !content.includes(name))
  return { item: Object.fromEntries(rest), needed }
}

/** The objects of a list. */
export function records(value: unknown): readonly Item[] {
  return arrayOf(value).filter(isRecord)
}
