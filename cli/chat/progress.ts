import type { MessageParam, RunEvent, StreamEvent, Usage } from '@vai/sdk'

/** An answer on its way: what of it could be sent again if it broke off now, and what it has used. */
export class Progress {
  /** How many messages the run is to have when it tells what to add. */
  #expected: number
  readonly #whole: MessageParam[] = []
  /** Of the answer that is not whole. */
  #said = ''
  readonly #used: Usage[] = []
  #using: Usage | undefined

  /** `asked` is how many messages were sent. */
  constructor(asked: number) {
    this.#expected = asked
  }

  event(event: StreamEvent | RunEvent): void {
    switch (event.type) {
      case 'stream_event':
        this.event(event.event)
        return
      case 'message_start':
        this.#said = ''
        this.#using = event.message.usage
        return
      case 'content_block_start':
        if (event.content_block.type === 'text') this.#said += event.content_block.text
        return
      case 'content_block_delta':
        if (event.delta.type === 'text_delta') this.#said += event.delta.text
        return
      case 'message_delta':
        this.#using = { ...this.#using, ...event.usage }
        return
      case 'step_complete':
        this.#used.push(event.usage)
        this.#using = undefined
        return
      case 'history_delta':
        // Whoever has missed something must not put later messages behind the gap.
        if (event.expected_len !== this.#expected) return
        this.#expected += event.append.length
        this.#whole.push(...event.append)
        this.#said = ''
        return
      default:
    }
  }

  /** What was said so far, as messages: of what is not whole the text alone, as calls want results and thoughts their ends. */
  get messages(): readonly MessageParam[] {
    const said: MessageParam[] = this.#said.trim() === '' ? [] : [{ role: 'assistant', content: this.#said }]
    return [...this.#whole, ...said]
  }

  get usage(): readonly Usage[] {
    return this.#using ? [...this.#used, this.#using] : this.#used
  }
}

/** A message as it can be sent again: without empty text, which providers refuse; undefined where nothing is left. */
export function sayable({ role, content }: MessageParam): MessageParam | undefined {
  const blocks = typeof content === 'string' ? content : content.filter((block) => block.type !== 'text' || block.text !== '')
  return blocks.length > 0 ? { role, content: blocks } : undefined
}
