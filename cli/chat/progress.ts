import { type Message, type MessageParam, type RunEvent, textOf, type Usage } from '@vai/sdk'

/** What has come of an answer that broke off: what of it can be sent again, and what it has used. */
export interface Part {
  readonly messages: readonly MessageParam[]
  readonly usage: readonly Usage[]
}

/** Of one that is not whole the text alone can be sent again, as calls want results and thoughts their ends. */
export function partOf(message: Message | undefined): Part {
  if (!message) return nothing
  const text = textOf(message)
  return { messages: text.trim() === '' ? [] : [{ role: 'assistant', content: text }], usage: [message.usage] }
}

/** A run on its way: what it has told of its messages and of its usage, which leaves the answer that is under way. */
export class RunProgress {
  /** How many messages the run is to have when it tells what to add. */
  #expected: number
  readonly #told: MessageParam[] = []
  readonly #used: Usage[] = []
  /** Whether the messages that were told have the last answer in them, and whether the usage has. */
  #isTold = false
  #isCounted = false

  /** `asked` is how many messages were sent. */
  constructor(asked: number) {
    this.#expected = asked
  }

  event(event: RunEvent): void {
    switch (event.type) {
      case 'step_start':
        this.#isTold = false
        this.#isCounted = false
        return
      case 'step_complete':
        this.#used.push(event.usage)
        this.#isCounted = true
        return
      case 'history_delta':
        // Whoever has missed something must not put later messages behind the gap.
        if (event.expected_len !== this.#expected) return
        this.#expected += event.append.length
        this.#told.push(...event.append)
        this.#isTold = true
        return
      default:
    }
  }

  /** What has come of the run, the last of whose answers is so far this. */
  partOf(last: Message | undefined): Part {
    const { messages, usage } = partOf(last)
    return {
      messages: this.#isTold ? this.#told : [...this.#told, ...messages],
      usage: this.#isCounted ? this.#used : [...this.#used, ...usage],
    }
  }
}

/** A message as it can be sent again: without empty text, which providers refuse; undefined where nothing is left. */
export function sayable({ role, content }: MessageParam): MessageParam | undefined {
  const blocks = typeof content === 'string' ? content : content.filter((block) => block.type !== 'text' || block.text !== '')
  return blocks.length > 0 ? { role, content: blocks } : undefined
}

const nothing: Part = { messages: [], usage: [] }
