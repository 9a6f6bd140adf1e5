import { Accumulator } from '../../../api/accumulator.ts'
import type { ContentBlock, StreamEvent } from '../../../api/schemas.gen.ts'
import { type LiveResult, type LiveStep, speakingTool } from '../history.ts'

/** One answer of the model, as far as it came: what it says, what of that was to be heard, and what became of its calls. */
export class AnswerStep {
  readonly #accumulator = new Accumulator()
  /** How each block began, by its index. */
  readonly #begun = new Map<number, ContentBlock>()
  readonly #open = new Set<number>()
  /** The text of each call that speaks, as far as it was written, and what was to be heard of each block; by their indexes. */
  readonly #written = new Map<number, string>()
  readonly #said = new Map<number, string>()
  readonly #fillers: { readonly text: string; readonly behind: number }[] = []
  readonly #results: LiveResult[] = []

  add(event: StreamEvent): void {
    this.#accumulator.add(event)
    if (event.type === 'message_start') {
      for (const [index, block] of event.message.content.entries()) this.#begun.set(index, block)
    } else if (event.type === 'content_block_start') {
      this.#begun.set(event.index, event.content_block)
      this.#open.add(event.index)
    } else if (event.type === 'content_block_stop') this.#open.delete(event.index)
  }

  /** More of a call that speaks is certain. */
  wrote(index: number, text: string): void {
    this.#written.set(index, (this.#written.get(index) ?? '') + text)
  }

  said(index: number, text: string): void {
    this.#said.set(index, (this.#said.get(index) ?? '') + text)
  }

  result(result: LiveResult): void {
    this.#results.push(result)
  }

  /** Something that the model did not say was said after all that it has said so far. */
  filled(text: string): void {
    const [call] = this.#calls()
    this.#fillers.push({ text, behind: Math.max(call === undefined ? -1 : call - 1, ...this.#said.keys()) })
  }

  /** Whether it calls a tool that does not speak. */
  get hasCalls(): boolean {
    return this.#calls().length > 0
  }

  get hasSpoken(): boolean {
    return this.#said.size > 0
  }

  get soFar(): LiveStep {
    const content: ContentBlock[] = []
    const spoken: string[] = []
    const fill = (behind: number): void => {
      for (const filler of this.#fillers) {
        if (filler.behind !== behind) continue
        content.push({ type: 'text', text: filler.text.trim() })
        spoken.push(filler.text)
      }
    }
    fill(-1)
    const whole = (this.#accumulator.partial()?.content ?? [])[Symbol.iterator]()
    for (const [index, begun] of [...this.#begun].sort(([one], [other]) => one - other)) {
      const block = this.#open.has(index) && begun.type !== 'text' ? this.#unfinished(index, begun) : whole.next().value
      if (block) content.push(block)
      if (block && (block.type === 'text' || isSpeaking(block))) spoken.push(this.#said.get(index) ?? '')
      fill(index)
    }
    return { content, results: [...this.#results], spoken }
  }

  /** Of a call that breaks off only what it says is of use. */
  #unfinished(index: number, begun: ContentBlock): ContentBlock | undefined {
    if (begun.type !== 'tool_use' || !isSpeaking(begun)) return undefined
    return { ...begun, input: { text: this.#written.get(index) ?? '' } }
  }

  #calls(): number[] {
    return [...this.#begun].flatMap(([index, block]) => (block.type === 'tool_use' && !isSpeaking(block) ? [index] : []))
  }
}

function isSpeaking(block: ContentBlock): boolean {
  return block.type === 'tool_use' && block.name === speakingTool
}
