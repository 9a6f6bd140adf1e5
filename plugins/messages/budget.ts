import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Reservation } from '../limits/index.ts'
import { type Answered, type Need, needOf, spentOn } from './need.ts'
import type { PreparedRequest, Target } from './prepare.ts'

/** What was taken of a caller's limits for one call. */
export interface Budget {
  /** A provider answers. What has come of the answer is asked when all is settled; until this is called there is none. */
  answers(target: Target, answer: () => Answered): void
  /** To be called once, at the end, however that came. */
  settle(): void
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
  let target = targets[0]
  // Whoever does not wait for the answer is not spared what it costs to read the question.
  let answered = (): Answered | undefined => {
    const wasGivenUp = request.lifetime.signal.aborted && request.facts.attempts !== undefined
    return wasGivenUp ? { usage: {}, bytes: 0, isStream: stream, isComplete: false } : undefined
  }
  return {
    answers(by, answer) {
      target = by
      answered = answer
    },
    settle() {
      reservation.settle(() => {
        const answer = answered()
        return need && answer ? spentOn(answer, need, app.models.prices(target.model)) : nothing
      })
    },
  }
}

const nothing = { tokens: 0, nanodollars: 0 }
