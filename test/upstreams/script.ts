import type { Behaviour, Delivery } from './behaviour.ts'
import type { RecordedRequest } from './upstream.ts'

/** One entry of a simulated vendor's script: an answer in the vendor's terms, or anything an upstream can do. */
export type Step<Answer extends Delivery> = Answer | Behaviour | ((request: RecordedRequest) => Answer | Behaviour)

/** Hands out the steps one after the other; the last one repeats. */
export function inTurn<Answer extends Delivery>(
  script: Step<Answer> | readonly Step<Answer>[],
  render: (answer: Answer, request: RecordedRequest) => Behaviour,
): (request: RecordedRequest) => Promise<Behaviour> {
  const steps = isList(script) ? script : [script]
  let next = 0
  return async (request) => {
    const step = steps[Math.min(next++, steps.length - 1)]
    if (step === undefined) throw new Error('the script has no step')
    const chosen = typeof step === 'function' ? await step(request) : step
    return typeof chosen === 'function' || 'kind' in chosen ? chosen : render(chosen, request)
  }
}

/** An answer's delivery alone, without the answer. */
export function deliveryOf(answer: Delivery): Delivery {
  const { chunks, paceMs, delayMs, firstByteDelayMs, headerPaceMs, stallAt, dieAt, gzip } = answer
  return {
    ...(chunks !== undefined && { chunks }),
    ...(paceMs !== undefined && { paceMs }),
    ...(delayMs !== undefined && { delayMs }),
    ...(firstByteDelayMs !== undefined && { firstByteDelayMs }),
    ...(headerPaceMs !== undefined && { headerPaceMs }),
    ...(stallAt !== undefined && { stallAt }),
    ...(dieAt !== undefined && { dieAt }),
    ...(gzip !== undefined && { gzip }),
  }
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}
