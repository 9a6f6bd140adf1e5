import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Amounts } from '../limits/amounts.ts'
import type { Reservation } from '../limits/index.ts'
import type { Metrics } from '../metrics/index.ts'
import type { TurnTrace } from '../tracing/index.ts'

/** What models are asked for, and who is told of it: a request over HTTP, or a turn of somebody who talks. */
export interface Occasion {
  /** What the log is to say of it. Never content, never keys. */
  readonly facts: Record<string, string | number | boolean>
  /** The trace that it belongs to; undefined where it belongs to none. */
  readonly trace: TurnTrace | undefined
  readonly metrics: Metrics
  /** Milliseconds since it began. */
  readonly elapsedMs: number
  /** How many of them it took to arrive. */
  readonly receivingMs: number
  /** Says something in the head of the answer; nothing where that is gone, or where there is none. */
  header(name: string, value: string | number): void
  /**
   * Takes what a call of a model may need of the limits, and the place of a stream where it is one. Throws where they do not let it
   * pass, as `limits.reserve` does.
   */
  reserve(isStream: boolean, amounts: () => Amounts): Promise<Reservation>
}

/** Of a request whose hooks have run. */
export function occasionOf(request: FastifyRequest, reply: FastifyReply): Occasion {
  const { server, facts, trace } = request
  return {
    facts,
    trace,
    metrics: server.metrics,
    get elapsedMs() {
      return reply.elapsedTime
    },
    get receivingMs() {
      return request.receivingMs
    },
    header(name, value) {
      if (!reply.raw.headersSent) reply.header(name, value)
    },
    reserve: (isStream, amounts) => server.limits.reserve(request, reply, isStream, amounts),
  }
}
