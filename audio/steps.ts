/**
 * Work on many bytes that gives others a turn now and then: each `yield` is a place where it may wait. Whoever does not mind takes
 * all steps at once.
 */
export type Steps<Result> = Generator<undefined, Result, undefined>

/** How many bytes are looked at in one step: a few milliseconds' work, whatever they are. */
export const stepBytes = 64 * 1024

export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
