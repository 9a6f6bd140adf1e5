import type { FastifyInstance } from 'fastify'
import type { Reservation } from '../limits/index.ts'
import type { Caller } from './index.ts'
import { type Answered, type Need, nanodollarsOf, needOf, onceHeard, spentOn, type VoiceCount, type VoiceNeed } from './need.ts'
import type { Occasion } from './occasion.ts'
import type { PreparedRequest, Target } from './prepare.ts'

/** What was taken of a caller's limits for one turn. */
export interface Budget {
  /** A provider answers. What has come of the answer is asked when all is settled; until this is called there is none. */
  answers(target: Target, answer: () => Answered): void
  /** To be called at the end of the turn, however that came. What comes after the first time does nothing. */
  settle(): void
}

/** One turn with a model, of which a request may have several, one after the other. */
export interface Turn {
  /** How long what is asked is as JSON, in bytes. */
  readonly jsonBytes: number
  /** Whether a place for a stream is taken besides, which is held until the response closes: with a request's first turn at most. */
  readonly isStream: boolean
  /** Who asks, and until when. The watch is this turn's own. */
  readonly caller: Pick<Caller, 'signal' | 'watch'>
  /** What the gateway itself hears and speaks in it, which counts also where no model has answered. */
  readonly voice?: VoiceCount | undefined
}

/** Takes what a turn may need of the caller's limits. Throws where they do not let it pass. */
export async function budgetFor(
  { targets }: PreparedRequest,
  { jsonBytes, isStream, caller, voice }: Turn,
  { models }: Pick<FastifyInstance, 'models'>,
  occasion: Occasion,
): Promise<Budget> {
  let need: Need | undefined
  let voiceNeed: VoiceNeed | undefined
  const reservation: Reservation = await occasion.reserve(isStream, () => {
    const candidates = targets.map(({ model }) => ({
      capabilities: models.capabilities(model),
      prices: models.prices(model),
    }))
    voiceNeed = voice?.need
    need = needOf(targets[0].request, jsonBytes, candidates, voiceNeed)
    return need
  })
  let target = targets[0]
  // Whoever does not wait for the answer is not spared what it costs to read the question.
  let answered = (): Answered | undefined => {
    const wasGivenUp = caller.signal.aborted && caller.watch.hasCalled
    return wasGivenUp ? { usage: {}, bytes: 0, isStream, isComplete: false } : undefined
  }
  let isSettled = false
  return {
    answers(by, answer) {
      target = by
      answered = answer
    },
    settle() {
      if (isSettled) return
      isSettled = true
      reservation.settle(() => {
        const answer = answered()
        const spent = voice?.spent
        const asked = need && voiceNeed && spent ? onceHeard(need, voiceNeed, spent) : need
        const { tokens, nanodollars } = asked && answer ? spentOn(answer, asked, models.prices(target.model)) : nothing
        return { tokens, nanodollars: nanodollars + nanodollarsOf(spent?.dollars) }
      })
    },
  }
}

const nothing = { tokens: 0, nanodollars: 0 }
