import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Cancelled, GatewayError } from '../../../api/error.ts'
import type { RunStopReason } from '../../../api/schemas.gen.ts'
import { routesAreFor } from '../../../plugins/auth/routes.ts'
import { requestsAreLimited } from '../../../plugins/limits/scope.ts'
import { StreamAnswer } from '../../../plugins/messages/answer.ts'
import { type Occasion, occasionOf } from '../../../plugins/messages/occasion.ts'
import { Watch } from '../../../plugins/messages/watch.ts'
import { RunWatch, type StepWatch } from '../../../plugins/runs/watch.ts'
import type { SseEnd } from '../../../plugins/sse/index.ts'
import type { ToolOutcome } from '../../../plugins/tracing/index.ts'

/** What `POST /v1/turns` takes: turns that are asked one after the other, whatever the answers say. */
export interface TurnsRequest {
  readonly model: string
  readonly fallbacks?: readonly string[]
  /** Whether the caller is answered with `200` once the first turn is over, and held until the last. */
  readonly stream?: boolean
  readonly turns: readonly Turn[]
}

interface Turn {
  readonly maxTokens: number
  readonly text: string
  readonly tools?: readonly {
    readonly name: string
    readonly id: string
    readonly outcome: ToolOutcome
    readonly bytes: number
  }[]
}

/** What it answers at the end. */
export interface TurnsAnswer {
  readonly turns: number
  readonly output_tokens: number
  /** The code of what ended it. */
  readonly error?: string
  /** For each tool, where its trace goes on. */
  readonly traces: readonly string[]
}

/** The tools that a model is offered here. */
export const offered: ReadonlySet<string> = new Set(['lookup', 'slow_one'])

export interface TurnsOptions {
  /** What a turn ends by besides the request's own end. */
  readonly signalOf?: (index: number) => AbortSignal | undefined
}

/**
 * A route that takes several turns for one request as a run does, without the logic of one: every turn has its budget and its watch,
 * and what goes wrong after the first ends it with a 200.
 */
export function turnsRoute(options: TurnsOptions = {}): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    await app.register(
      async (v1) => {
        routesAreFor('client', v1)
        requestsAreLimited(v1)
        v1.post<{ Body: TurnsRequest }>('/turns', (request, reply) => new Turns(app, request, reply, options).take(request.body))
      },
      { prefix: '/v1' },
    )
  }
}

class Turns {
  readonly #app: FastifyInstance
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #occasion: Occasion
  readonly #signalOf: (index: number) => AbortSignal | undefined
  readonly #traces: string[] = []
  #done = 0
  #outputTokens = 0

  constructor(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, { signalOf = () => undefined }: TurnsOptions) {
    this.#app = app
    this.#request = request
    this.#reply = reply
    this.#occasion = occasionOf(request, reply)
    this.#signalOf = signalOf
  }

  async take(asked: TurnsRequest): Promise<FastifyReply> {
    const isStream = asked.stream ?? false
    const run = new RunWatch(this.#occasion, new Watch(this.#occasion), { isStream, tools: offered })
    run.begin()
    let failure: unknown
    try {
      for (const [index, turn] of asked.turns.entries()) {
        const step = run.turn(index)
        try {
          await this.#turn(asked, turn, index, step)
          this.#tools(turn, step)
        } finally {
          step.end()
        }
        this.#done++
        if (isStream && index === 0) this.#beginStream()
      }
    } catch (error) {
      failure = error
    }
    const error = failure instanceof GatewayError ? failure : undefined
    const stopReason: RunStopReason = failure instanceof Cancelled ? 'cancelled' : failure === undefined ? 'end_turn' : 'error'
    run.end(stopReason, error?.code)
    if (failure !== undefined && this.#done === 0) throw failure
    return this.#answer(error)
  }

  async #turn(asked: TurnsRequest, { maxTokens, text }: Turn, index: number, { watch }: StepWatch): Promise<void> {
    const { id: requestId, principal, headers, log, lifetime, allotment } = this.#request
    const body = {
      model: asked.model,
      max_tokens: maxTokens,
      messages: [{ role: 'user', content: text }],
      ...(asked.fallbacks && { fallbacks: asked.fallbacks }),
    }
    const json = Buffer.from(JSON.stringify(body))
    const raw = { body, json, roundedNumberAt: undefined, schemaError: undefined, hasBeta: false }
    const prepared = this.#app.messages.prepare(raw, principal, allotment.sizes)
    const own = this.#signalOf(index)
    const signal = own ? AbortSignal.any([own, lifetime.signal]) : lifetime.signal
    const caller = { principal, times: allotment.times, requestId, headers, query: '', signal, log, watch }
    const isStream = index === 0 && asked.stream === true
    const turn = { jsonBytes: json.byteLength, isStream, caller }
    const budget = await this.#app.messages.budget(prepared, turn, this.#occasion)
    try {
      const { result: source, target } = await this.#app.messages.stream(prepared, caller)
      const answer = new StreamAnswer(target.warnings, this.#app.models.prices(target.model))
      let how: SseEnd = 'cancelled'
      budget.answers(target, () => ({ usage: answer.usage, bytes: 0, isStream: true, isComplete: how === 'complete' }))
      try {
        for (const event of source.head) if (event.type !== 'wire') answer.add(event)
        for (let next = await source.next(); !next.done; next = await source.next())
          if (next.value.type !== 'wire') answer.add(next.value)
        how = 'complete'
      } catch (error) {
        if (error instanceof GatewayError) how = error
        throw error
      } finally {
        watch.turnEnded(target, how, answer)
        this.#outputTokens += answer.usage.output_tokens ?? 0
        await source.close()
      }
    } finally {
      budget.settle()
      budget.settle()
    }
  }

  #tools({ tools = [] }: Turn, step: StepWatch): void {
    for (const { name, id, outcome, bytes } of tools) {
      const watch = step.tool(name, id)
      this.#traces.push(watch.trace?.traceparent ?? '')
      watch.end(outcome, bytes)
      watch.end('error', 1)
    }
  }

  #beginStream(): void {
    this.#reply.hijack()
    this.#reply.raw.writeHead(200, { 'content-type': 'application/json' })
    this.#reply.raw.write(' ')
  }

  #answer(error: GatewayError | undefined): FastifyReply {
    const answer: TurnsAnswer = {
      turns: this.#done,
      output_tokens: this.#outputTokens,
      traces: this.#traces,
      ...(error && { error: error.code }),
    }
    if (!this.#reply.raw.headersSent) return this.#reply.send(answer)
    this.#reply.raw.end(JSON.stringify(answer))
    return this.#reply
  }
}
