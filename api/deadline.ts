import type { Clock } from './clock.ts'

/** When something is over: after a time, or when another signal says so, whichever comes first. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #stop: () => void

  /** Ends in `ms` milliseconds with the reason that `late` gives then, or with `outer` and its reason. To be closed. */
  constructor(clock: Clock, ms: number, outer: AbortSignal, late: () => unknown) {
    if (outer.aborted) this.#controller.abort(outer.reason)
    const onAbort = (): void => this.close(outer.reason)
    const timer = outer.aborted ? undefined : clock.after(ms, () => this.close(late()))
    outer.addEventListener('abort', onAbort, { once: true })
    this.#stop = () => {
      timer?.cancel()
      outer.removeEventListener('abort', onAbort)
    }
  }

  /** Aborted once it is over. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Nothing is waited for any more. With a reason, whatever still heeds the signal is ended with it; without, it is left alone. */
  close(reason?: unknown): void {
    this.#stop()
    if (reason !== undefined) this.#controller.abort(reason)
  }
}

/**
 * Runs something that ends by its signal: after `ms` milliseconds, or when `outer` aborts. What it throws once that is so gives way to
 * the reason: what `late` gives, or that of `outer`.
 */
export async function within<Result>(
  clock: Clock,
  ms: number,
  outer: AbortSignal,
  late: () => unknown,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const deadline = new Deadline(clock, ms, outer, late)
  try {
    return await run(deadline.signal)
  } catch (error) {
    deadline.signal.throwIfAborted()
    throw error
  } finally {
    deadline.close()
  }
}
