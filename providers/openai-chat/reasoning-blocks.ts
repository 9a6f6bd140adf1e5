import { arrayOf, isRecord, parseJson, stringOf } from '../../api/json.ts'
import type { BlockSequencer } from '../blocks.ts'
import { seal } from '../sealed.ts'

/**
 * Where a server wants its reasoning back, in the assistant's message:
 *   - `none`: nowhere, or it refuses it;
 *   - `reasoning`, `reasoning_content`: the text, in a field of that name;
 *   - `reasoning_details`: OpenRouter's list, unchanged;
 *   - `content`: Mistral's parts of the content;
 *   - `think_tags`: in the content, between the tags in which the model wrote it.
 */
export type ReasoningField = (typeof reasoningFields)[number]

export const reasoningFields = ['none', 'reasoning', 'reasoning_content', 'reasoning_details', 'content', 'think_tags'] as const

/**
 * Writes the blocks of thinking of one answer, and seals each for the server that wrote it.
 *
 * The text stands in the block; the seal holds what else the server wants to see again: the elements of `reasoning_details` without
 * the text of the block, or the signature of Mistral's part.
 */
export class ReasoningBlocks {
  readonly #sequencer: BlockSequencer
  readonly #owner: string
  #isOpen = false
  // Whether the open block holds text that belongs to none of the details.
  #isPlain = false
  readonly #details: Detail[] = []
  // Whether one of them has a text for people.
  #hasField = false
  #signature = ''

  constructor(sequencer: BlockSequencer, owner: string) {
    this.#sequencer = sequencer
    this.#owner = owner
  }

  /** Reasoning as plain text. */
  text(text: string): void {
    if (text === '') return
    if (this.#hasField) this.end()
    this.#isPlain = true
    this.#write(text)
  }

  /**
   * Elements of `reasoning_details`. `said` is the reasoning that stands beside them as text, mostly the same; in a stream they are
   * pieces, in a whole message each is complete.
   */
  details(list: readonly unknown[], said: string, isWhole: boolean): void {
    const details = list.filter(isRecord)
    if (said !== '' && !details.some((detail) => textOf(detail) !== '')) this.text(said)
    for (const detail of details) this.#detail(detail, isWhole)
  }

  /** Mistral's signature of the part that is being written. */
  signature(signature: string): void {
    if (signature === '') return
    this.#signature = signature
    this.#isOpen = true
  }

  /** Seals what was written. To be called before anything else of the answer is, and at its end. */
  end(): void {
    if (!this.#isOpen && this.#details.length === 0) return
    const payload = this.#details.length > 0 ? this.#sealedDetails() : this.#signature
    // A beginning without a word or a signature says nothing.
    if (this.#isOpen || payload !== '') this.#sequencer.signature(seal(this.#owner, payload))
    this.#isOpen = false
    this.#isPlain = false
    this.#details.length = 0
    this.#hasField = false
    this.#signature = ''
  }

  #detail(said: Record<string, unknown>, isWhole: boolean): void {
    const field = fieldOf(said)
    const last = this.#details.at(-1)
    let detail = !isWhole && last && continues(last, said) ? last : undefined
    if (!detail) {
      // One text for each block, so that the seal need not repeat it.
      if (field && (this.#isPlain || this.#hasField)) this.end()
      detail = { members: {}, field, hasText: false }
      this.#details.push(detail)
      if (field) this.#hasField = true
    }
    const { members } = detail
    for (const name in said) {
      if (name === field) continue
      const value = said[name]
      if (!Object.hasOwn(members, name) || (value !== null && value !== '')) members[name] = value
    }
    const text = textOf(said)
    if (text === '') return
    detail.hasText = true
    this.#write(text)
  }

  #write(text: string): void {
    this.#isOpen = true
    this.#sequencer.thinking(text)
  }

  #sealedDetails(): string {
    const worth = this.#details.filter(
      ({ members, hasText }) => hasText || members.signature || members.data || members.tool_name,
    )
    return worth.length === 0 ? '' : JSON.stringify(worth.map(({ members }) => members))
  }
}

/** One element of `reasoning_details` as it grows. */
interface Detail {
  /** All but the text, which stands in the block. */
  readonly members: Record<string, unknown>
  /** Which of its members is text for people. */
  readonly field: 'text' | 'summary' | undefined
  hasText: boolean
}

/** The elements that a seal stands for; the text of the block belongs to the one that has none. */
export function openDetails(payload: string, thinking: string): readonly Record<string, unknown>[] {
  if (payload === '') return thinking === '' ? [] : [{ type: 'reasoning.text', text: thinking }]
  return arrayOf(parseJson(payload))
    .filter(isRecord)
    .map((detail) => {
      const field = fieldOf(detail)
      return field ? { ...detail, [field]: thinking } : detail
    })
}

function fieldOf(detail: Record<string, unknown>): 'text' | 'summary' | undefined {
  if (detail.type === 'reasoning.text') return 'text'
  return detail.type === 'reasoning.summary' ? 'summary' : undefined
}

function textOf(detail: Record<string, unknown>): string {
  const field = fieldOf(detail)
  return field ? stringOf(detail[field]) : ''
}

/** Pieces of one element have one kind and one index; what is encrypted comes whole. */
function continues({ members, field }: Detail, said: Record<string, unknown>): boolean {
  return field !== undefined && members.type === said.type && members.index === said.index && !otherId(members.id, said.id)
}

function otherId(one: unknown, other: unknown): boolean {
  return typeof one === 'string' && typeof other === 'string' && one !== other
}
