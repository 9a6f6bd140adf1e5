import { isRecord, stringOf } from '../../api/json.ts'
import { foreignCitation } from '../sealed.ts'
import type { Item } from './kept.ts'
import { type AnswerContext, nextOf, type OutputItem, records } from './output-item.ts'

/** What the model says, in one part or several: each is a block of text. */
export class MessageItem implements OutputItem {
  readonly type = 'message'
  readonly #item: Item
  readonly #answer: AnswerContext
  /** By the index that the provider gives them, which may be any number. */
  readonly #parts = new Map<number, Part>()
  #begun = false
  #done = false

  constructor(item: Item, answer: AnswerContext) {
    this.#item = item
    this.#answer = answer
  }

  event(type: string, event: Item): boolean {
    switch (type) {
      case 'response.output_text.delta':
        this.#say(this.#part(event.content_index), event.delta)
        return true
      case 'response.output_text.done':
        this.#sayRest(this.#part(event.content_index), event.text)
        return true
      case 'response.refusal.delta':
        this.#answer.tally.refused = true
        this.#say(this.#part(event.content_index), event.delta)
        return true
      case 'response.refusal.done':
        this.#answer.tally.refused = true
        this.#sayRest(this.#part(event.content_index), event.refusal)
        return true
      case 'response.output_text.annotation.added':
        this.#annotate(this.#part(event.content_index), event.annotation)
        return true
      default:
        return false
    }
  }

  done(item: Item): void {
    if (this.#done) return
    this.#done = true
    for (const [index, content] of records(item.content).entries()) {
      const part = this.#part(index)
      if (content.type === 'output_text' || content.type === 'text') {
        this.#sayRest(part, content.text)
        for (const annotation of records(content.annotations).slice(part.annotations)) this.#annotate(part, annotation)
        this.#answer.carried.append('logprobs', content.logprobs)
      } else if (content.type === 'refusal') {
        this.#answer.tally.refused = true
        this.#sayRest(part, content.refusal)
      } else {
        this.#answer.carried.append('content', [content])
      }
    }
  }

  #part(index: unknown): Part {
    const at = typeof index === 'number' ? index : 0
    let part = this.#parts.get(at)
    if (!part) {
      part = { length: 0, annotations: 0 }
      this.#parts.set(at, part)
    }
    return part
  }

  #say(part: Part, said: unknown): void {
    const text = stringOf(said)
    if (text === '') return
    if (!this.#begun) this.#begin(part)
    part.length += text.length
    this.#answer.writer.text(part, text)
  }

  #sayRest(part: Part, whole: unknown): void {
    this.#say(part, stringOf(whole).slice(part.length))
  }

  /** A message that says nothing is none. */
  #begin(part: Part): void {
    this.#begun = true
    this.#answer.writer.beginText(part, nextOf(this.#item, ['content'], typeof this.#item.phase === 'string'))
  }

  #annotate(part: Part, annotation: unknown): void {
    part.annotations++
    if (!isRecord(annotation)) return
    const { writer, sequencer, carried } = this.#answer
    if (annotation.type !== 'url_citation') {
      carried.append('annotations', [annotation])
      return
    }
    if (!this.#begun) this.#begin(part)
    else writer.beginText(part)
    sequencer.citation(foreignCitation(stringOf(annotation.url), stringOf(annotation.title), ''))
  }
}

interface Part {
  /** Characters that were said. */
  length: number
  annotations: number
}
