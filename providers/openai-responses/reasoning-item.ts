import { stringOf } from '../../api/json.ts'
import type { Reasoning } from './answer-writer.ts'
import type { Item } from './kept.ts'
import { type AnswerContext, type OutputItem, records } from './output-item.ts'

/** What the model thinks: a summary of it, or the thoughts themselves, each in parts, which become paragraphs of one block. */
export class ReasoningItem implements OutputItem, Reasoning {
  readonly type = 'reasoning'
  signed = false
  readonly #item: Item
  readonly #answer: AnswerContext
  readonly #summary: Parts = new Map()
  readonly #content: Parts = new Map()
  // The part that was told last.
  #list: Parts | undefined
  #index = 0
  #done = false

  constructor(item: Item, answer: AnswerContext) {
    this.#item = item
    this.#answer = answer
  }

  event(type: string, event: Item): boolean {
    switch (type) {
      case 'response.reasoning_summary_text.delta':
        this.#think(this.#summary, event.summary_index, stringOf(event.delta))
        return true
      case 'response.reasoning_text.delta':
        this.#think(this.#content, event.content_index, stringOf(event.delta))
        return true
      case 'response.reasoning_summary_text.done':
        this.#thinkRest(this.#summary, event.summary_index, event.text)
        return true
      case 'response.reasoning_text.done':
        this.#thinkRest(this.#content, event.content_index, event.text)
        return true
      default:
        return false
    }
  }

  done(item: Item): void {
    if (this.#done) return
    this.#done = true
    for (const [index, { text }] of records(item.summary).entries()) this.#thinkRest(this.#summary, index, text)
    for (const [index, { text }] of records(item.content).entries()) this.#thinkRest(this.#content, index, text)
    if (!this.signed) this.#answer.writer.reasoned(this, item)
    else if (item.encrypted_content) this.#warn()
  }

  known(): Item {
    return {
      ...this.#item,
      summary: inOrder(this.#summary).map((text) => ({ type: 'summary_text', text })),
      ...(this.#content.size > 0 && { content: inOrder(this.#content).map((text) => ({ type: 'reasoning_text', text })) }),
    }
  }

  #think(list: Parts, index: unknown, text: string): void {
    if (text === '') return
    const at = typeof index === 'number' ? index : 0
    const { writer } = this.#answer
    if (this.#list !== list || this.#index !== at) {
      if (this.#list) writer.thinking(this, '\n\n')
      this.#list = list
      this.#index = at
    }
    list.set(at, (list.get(at) ?? '') + text)
    writer.thinking(this, text)
  }

  #thinkRest(list: Parts, index: unknown, whole: unknown): void {
    const at = typeof index === 'number' ? index : 0
    this.#think(list, at, stringOf(whole).slice(list.get(at)?.length ?? 0))
  }

  #warn(): void {
    const message = 'The provider went on before its reasoning was complete; what it needs to see of it again is not whole.'
    this.#answer.sequencer.warn({ code: 'reasoning_incomplete', message })
  }
}

/** Texts by the index that the provider gives them. It may be any number, so that no list is made as long as that. */
type Parts = Map<number, string>

function inOrder(parts: Parts): readonly string[] {
  return [...parts].sort(([one], [other]) => one - other).map(([, text]) => text)
}
