import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Reservation } from '../limits/index.ts'
import { type Answered, type Need, needOf, spentOn } from './need.ts'
import type { PreparedRequest, Target } from './prepare.ts'

/** What was taken of a caller's limits for one call. One of its methods is to be called, once. */
export interface Budget {
  /** The answer is over, or as much of it as there will be. */
  answered(target: Target, answer: Answered): void
  /** There is no answer. */
  failed(): void
}

/** Takes what a request may need of the caller's limits. Throws where they do not let it pass. */
export async function budgetFor(
  prepared: PreparedRequest,
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Budget> {
  const { targets, stream } = prepared
  let need: Need | undefined
  const reservation: Reservation = await app.limits.reserve(request, reply, stream, () => {
    const candidates = targets.map(({ model }) => ({
      capabilities: app.models.capabilities(model),
      prices: app.models.prices(model),
    }))
    need = needOf(targets[0].request, request.bodyJson.byteLength, candidates)
    return need
  })
  const settle = (target: Target, answer: Answered): void =>
    reservation.settle(() => (need ? spentOn(answer, need, app.models.prices(target.model)) : nothing))
  return {
    answered: settle,
    failed() {
      const wasGivenUp = request.lifetime.signal.aborted && request.facts.attempts !== undefined
      // Whoever does not wait for the answer is not spared what it costs to read the question.
      if (wasGivenUp) settle(targets[0], { usage: {}, bytes: 0, isStream: stream, isComplete: false })
      else reservation.settle(() => nothing)
    },
  }
}

const nothing = { tokens: 0, nanodollars: 0 }
