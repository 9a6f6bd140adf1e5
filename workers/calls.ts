import type { Clock, Timer } from '../api/clock.ts'
import type { Answers, Message, Question } from './messages.ts'

export interface CallsOptions<Theirs extends Question> {
  /** Sends a message to the other process; throws where it is gone. */
  readonly send: (message: Message<Question>) => void
  /** Answers what the other process asks. */
  readonly answer: (question: Theirs) => Promise<Answers[Theirs['ask']]>
  readonly clock: Clock
  /** How long an answer is waited for, in milliseconds. */
  readonly patienceMs?: number
  /** How many answers are waited for at the same time. */
  readonly maxWaiting?: number
}

/** Questions to another process and from it. */
export class Calls<Mine extends Question, Theirs extends Question> {
  readonly #send: (message: Message<Question>) => void
  readonly #answer: (question: Theirs) => Promise<unknown>
  readonly #clock: Clock
  readonly #patienceMs: number
  readonly #maxWaiting: number
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #isEnded = false

  constructor({ send, answer, clock, patienceMs = 2000, maxWaiting = 10_000 }: CallsOptions<Theirs>) {
    this.#send = send
    this.#answer = answer
    this.#clock = clock
    this.#patienceMs = patienceMs
    this.#maxWaiting = maxWaiting
  }

  /** Rejects where no answer comes in time, where too many are waited for already, and where the other process is gone or fails. */
  ask<Asked extends Mine>(question: Asked): Promise<Answers[Asked['ask']]> {
    return new Promise((resolve, reject) => {
      if (this.#isEnded) return reject(new Error(`${question.ask}: the other process is gone`))
      if (this.#waiting.size >= this.#maxWaiting)
        return reject(new Error(`${question.ask}: too many questions wait for an answer`))
      const id = ++this.#lastId
      const timer = this.#clock.after(this.#patienceMs, () => {
        // After a long pause of this process the answer may be there already, and is only to be read.
        setImmediate(() => this.#fail(id, `${question.ask}: no answer in time`))
      })
      // The other process answers each question with what belongs to it, which the type of a message cannot say.
      this.#waiting.set(id, { resolve: (value) => resolve(value as Answers[Asked['ask']]), reject, timer })
      try {
        this.#send({ kind: 'question', id, question })
      } catch (error) {
        this.#fail(id, `${question.ask}: ${error instanceof Error ? error.message : error}`)
      }
    })
  }

  /** Takes what the other process asked or answered. */
  receive(message: Exclude<Message<Theirs>, { kind: 'note' }>): void {
    switch (message.kind) {
      case 'question':
        void this.#reply(message.id, message.question)
        return
      case 'answer':
        this.#end(message.id)?.resolve(message.value)
        return
      case 'failure':
        this.#fail(message.id, message.reason)
    }
  }

  /** The other process is gone: nothing will be answered any more. */
  end(): void {
    this.#isEnded = true
    for (const id of [...this.#waiting.keys()]) this.#fail(id, 'the other process is gone')
  }

  async #reply(id: number, question: Theirs): Promise<void> {
    let message: Message<Question>
    try {
      message = { kind: 'answer', id, value: await this.#answer(question) }
    } catch (error) {
      message = { kind: 'failure', id, reason: error instanceof Error ? error.message : String(error) }
    }
    try {
      this.#send(message)
    } catch {
      // Who asked is gone.
    }
  }

  #fail(id: number, reason: string): void {
    this.#end(id)?.reject(new Error(reason))
  }

  #end(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.timer.cancel()
    return waiting
  }
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly timer: Timer
}
