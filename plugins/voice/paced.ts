import { setImmediate } from 'node:timers/promises'
import type { Steps } from '../../audio/steps.ts'

/** Does work step by step. Throws the signal's reason where it aborts in between. */
export type Paced = <Result>(steps: Steps<Result>, signal: AbortSignal) => Promise<Result>

/** All that is done by the same one has a single step in each turn of the process, in order of asking: however many ask, everybody else goes on. */
export function createPaced(): Paced {
  let last: Promise<unknown> = Promise.resolve()
  const turn = (): Promise<unknown> => {
    last = last.then(() => setImmediate())
    return last
  }
  return async (steps, signal) => {
    for (;;) {
      await turn()
      signal.throwIfAborted()
      const step = steps.next()
      if (step.done) return step.value
    }
  }
}
