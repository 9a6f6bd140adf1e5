import type { ContentBlock } from '../../api/schemas.gen.ts'
import type { BlockSequencer, ToolCallBlock, ToolInput } from '../blocks.ts'
import { type Item, sealKept } from './kept.ts'

/**
 * Writes what the items of an answer say as blocks, and keeps, in the signatures of blocks of thinking, what the API has to see
 * again: each reasoning item whole, and what belongs to the block that follows.
 *
 * The signature of a reasoning item waits until it is known what follows it, so that one block can keep both. Where no reasoning
 * stands before, an empty block keeps what belongs to the next: but only in answers that have reasoning, because elsewhere the
 * API does not miss it.
 */
export class AnswerWriter {
  readonly #sequencer: BlockSequencer
  readonly #owner: string
  /** Whole items that no signature keeps yet. */
  #pending: Item[] = []
  /** The reasoning that is being told, in a block of thinking that has no signature yet. */
  #reasoning: Reasoning | undefined
  /** Whether a block of thinking has no signature yet. */
  #unsigned = false
  #reasoned = false
  /** What wrote last; another's words are another block. */
  #speaker: object | undefined

  constructor(sequencer: BlockSequencer, owner: string) {
    this.#sequencer = sequencer
    this.#owner = owner
  }

  /** Text of one part of a message. `next` is what the message has besides its text, for the first text of it. */
  text(speaker: object, text: string, next?: Next): void {
    if (this.#speaker !== speaker) this.beginText(speaker, next)
    this.#sequencer.text(text)
  }

  /** Makes what follows the text of this speaker. */
  beginText(speaker: object, next?: Next): void {
    if (this.#speaker === speaker) return
    this.#begin(speaker, next)
    this.#sequencer.endBlock()
  }

  tool(block: ToolCallBlock, next?: Next): ToolInput {
    this.#begin(undefined, next)
    return this.#sequencer.tool(block)
  }

  block(block: ContentBlock, next?: Next): void {
    this.#begin(undefined, next)
    this.#sequencer.block(block)
  }

  /** The result of a tool that the API ran, and the item that both are made of. */
  result(block: ContentBlock, item: Item): void {
    this.#pending.push(item)
    this.block(block)
  }

  /** An item that no block shows. */
  keep(item: Item): void {
    if (this.#reasoning) this.#sign()
    this.#pending.push(item)
    this.#speaker = undefined
  }

  thinking(reasoning: Reasoning, text: string): void {
    if (this.#pending.length > 0 || (this.#reasoning && this.#reasoning !== reasoning)) this.#sign()
    if (!reasoning.signed) this.#reasoning = reasoning
    this.#speaker = undefined
    this.#unsigned = true
    this.#sequencer.thinking(text)
  }

  /** The reasoning is complete; what follows may still be kept beside it. */
  reasoned(reasoning: Reasoning, item: Item): void {
    if (this.#reasoning && this.#reasoning !== reasoning) this.#sign()
    this.#reasoning = undefined
    this.#reasoned = true
    this.#speaker = undefined
    this.#pending.push(item)
  }

  /** Nothing follows. */
  end(): void {
    if (this.#pending.length > 0 || this.#unsigned) this.#sign()
  }

  #begin(speaker: object | undefined, next: Next | undefined): void {
    const signs = this.#pending.length > 0 || this.#unsigned
    const kept = next && (next.needed || signs || this.#reasoned) ? next.item : undefined
    if (kept || signs) this.#sign(kept)
    this.#speaker = speaker
  }

  #sign(next?: Item): void {
    const items = this.#pending
    this.#pending = []
    if (this.#reasoning) {
      // Something else came before its end was told: what is known of it by now is what can be kept.
      this.#reasoning.signed = true
      this.#reasoned = true
      items.push(this.#reasoning.known())
      this.#reasoning = undefined
    }
    this.#unsigned = false
    this.#sequencer.signature(sealKept(this.#owner, { items, next }))
  }
}

/** What the item of a block has besides its content, and whether it has to be kept even where there is no reasoning. */
export interface Next {
  readonly item: Item
  readonly needed: boolean
}

/** A reasoning item while it is being told. */
export interface Reasoning {
  /** Whether a signature keeps it already. */
  signed: boolean
  /** The item as far as it was told. */
  known(): Item
}
