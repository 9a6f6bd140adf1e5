import type { MessageParam } from '@vai/sdk'

/** A question on its way, and what was said before it. */
export interface Attempt {
  readonly before: readonly MessageParam[]
  readonly question: MessageParam
}

/** What was asked and answered. A question stands in it once it has an answer, so that it can be sent at any time. */
export class Conversation {
  #messages: readonly MessageParam[] = []
  /** The question that got no answer last. */
  #unanswered: Attempt | undefined

  get messages(): readonly MessageParam[] {
    return this.#messages
  }

  ask(text: string): Attempt {
    return { before: this.#messages, question: { role: 'user', content: text } }
  }

  /** The last question once more, without the answer that it got; undefined where there is none. */
  again(): Attempt | undefined {
    if (this.#unanswered) return this.#unanswered
    const at = this.#messages.findLastIndex(isQuestion)
    const question = this.#messages[at]
    return question && { before: this.#messages.slice(0, at), question }
  }

  /** The question has an answer: what was said since. */
  answered({ before, question }: Attempt, since: readonly MessageParam[]): void {
    this.#messages = [...before, question, ...since]
    this.#unanswered = undefined
  }

  /** The question has none, and can be asked `again`. Everything else is as before. */
  failed(attempt: Attempt): void {
    this.#unanswered = attempt
  }

  /** Takes the place of what there was. */
  begin(messages: readonly MessageParam[]): void {
    this.#messages = messages
    this.#unanswered = undefined
  }
}

/** Whether it is somebody's own message: results of tools are the user's as well, by the contract. */
function isQuestion({ role, content }: MessageParam): boolean {
  return role === 'user' && (typeof content === 'string' || !content.some(({ type }) => type === 'tool_result'))
}
