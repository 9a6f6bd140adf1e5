import type { FastifyInstance } from 'fastify'
import type { MessageParam, Usage } from '../../api/schemas.gen.ts'
import { sumOf, withoutTotals } from '../../api/usage.ts'
import type { GivenContainer } from '../messages/extend.ts'
import type { Caller } from '../messages/index.ts'
import type { OpenedStream } from '../messages/open.ts'
import type { PreparedRequest } from '../messages/prepare.ts'
import type { RunCaller } from './index.ts'
import type { Conversation, OpenAnswer, SinceRequest, TurnCall } from './runner.ts'
import type { RunWatch, StepWatch } from './watch.ts'

/** The turns of one run with its models, what they may cost, and their traces. */
export class ModelConversation implements Conversation {
  readonly #app: FastifyInstance
  readonly #caller: RunCaller
  readonly #watch: RunWatch
  /** The request with what was said since and stays, and how much of that is in it. */
  #request: PreparedRequest
  #said = 0
  #jsonBytes: number
  #answeredBy: string
  #container: GivenContainer | undefined
  /** What each answer came to, or has come to so far. */
  readonly #usages: (() => Usage)[] = []

  constructor(app: FastifyInstance, request: PreparedRequest, caller: RunCaller, watch: RunWatch) {
    this.#app = app
    this.#caller = caller
    this.#watch = watch
    this.#request = request
    this.#jsonBytes = caller.jsonBytes
    this.#answeredBy = request.targets[0].model.id
  }

  get answeredBy(): string {
    return this.#answeredBy
  }

  get usage(): Usage {
    return sumOf(this.#usages.map((usage) => usage()))
  }

  begin(index: number): TurnCall {
    const step = this.#watch.turn(index)
    return {
      ask: (since, signal) => this.#ask(index, step, since, signal),
      get wasAsked() {
        return step.watch.hasCalled
      },
      tool: (name, id) => step.tool(name, id),
      end: () => step.end(),
    }
  }

  async #ask(index: number, { watch }: StepWatch, since: SinceRequest, signal: AbortSignal): Promise<OpenAnswer> {
    const { messages } = this.#app
    const caller: Caller = { ...this.#caller, signal, watch }
    const request = this.#requestWith(since)
    const isStream = this.#caller.isStream && index === 0
    const turn = { jsonBytes: this.#jsonBytes, isStream, caller }
    const budget = await messages.budget(request, turn, this.#caller.occasion)
    try {
      const { result, target } = await messages.stream(request, caller)
      this.#answeredBy = target.model.id
      const answer = messages.follow(target)
      const source = new CountedStream(result)
      let isComplete = false
      this.#usages.push(() => (isComplete ? answer.usage : withoutTotals(answer.usage)))
      budget.answers(target, () => ({ usage: answer.usage, bytes: source.bytes, isStream: true, isComplete }))
      return {
        source,
        add: (event) => answer.add(event),
        get usage() {
          return answer.usage
        },
        end: (how) => {
          isComplete = how === 'complete'
          // An answer that runs no code says nothing of the container, which is still there.
          if (answer.containerId !== undefined) this.#container = { id: answer.containerId, givenBy: target.model.id }
          budget.settle()
          watch.turnEnded(target, how, answer)
        },
      }
    } catch (error) {
      budget.settle()
      throw error
    }
  }

  /** What stays is written once, however many turns follow. */
  #requestWith({ said, pending }: SinceRequest): PreparedRequest {
    const added = said.slice(this.#said)
    if (added.length > 0) {
      this.#request = this.#extended(added)
      this.#said = said.length
      this.#jsonBytes += Buffer.byteLength(JSON.stringify(added))
    }
    return pending.length > 0 ? this.#extended(pending) : this.#request
  }

  #extended(append: readonly MessageParam[]): PreparedRequest {
    return this.#app.messages.extend(this.#request, { append, answeredBy: this.#answeredBy, container: this.#container })
  }
}

/** A stream of which it is known about how much has come. */
class CountedStream {
  readonly head: OpenedStream['head']
  readonly #stream: OpenedStream
  #bytes = 0

  constructor(stream: OpenedStream) {
    this.#stream = stream
    this.head = stream.head
    for (const item of stream.head) this.#count(item)
  }

  get bytes(): number {
    return this.#bytes
  }

  async next(): ReturnType<OpenedStream['next']> {
    const next = await this.#stream.next()
    if (!next.done) this.#count(next.value)
    return next
  }

  close(): Promise<void> {
    return this.#stream.close()
  }

  #count(item: OpenedStream['head'][number]): void {
    this.#bytes += item.type === 'wire' ? item.bytes.byteLength : bytesOfEvent
  }
}

/** An event carries a few letters; what it would take on the wire. */
const bytesOfEvent = 128
