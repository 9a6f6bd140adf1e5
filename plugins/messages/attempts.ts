import { type Clock, sleep } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'

export interface RetryPolicy {
  /** How often one target is tried again. */
  readonly retries: number
  /** All waits together, in milliseconds. */
  readonly budgetMs: number
}

export interface Attempted<Target, Result> {
  readonly result: Result
  readonly target: Target
  /** How many upstream calls were made. */
  readonly attempts: number
}

export interface AttemptContext {
  readonly policy: RetryPolicy
  readonly clock: Clock
  /** From 0 to 1, for the jitter of waits. */
  readonly random: () => number
  /** Aborted once nobody waits for the answer. */
  readonly signal: AbortSignal
  /** Told of each failure that another try follows. */
  readonly onRetry: (error: GatewayError, attempts: number) => void
}

/**
 * Tries the targets in turn, each again while it fails for a transient reason and the budget lasts, until one succeeds. Nothing
 * may have reached the caller before `attempt` resolves. Throws the last failure, and at once what is not transient.
 */
export async function firstSuccess<Target, Result>(
  targets: readonly Target[],
  attempt: (target: Target) => Promise<Result>,
  context: AttemptContext,
): Promise<Attempted<Target, Result>> {
  const { policy, clock, signal } = context
  let budgetMs = policy.budgetMs
  let attempts = 0
  let failure: unknown
  for (const target of targets) {
    for (let tries = 0; tries <= policy.retries; tries++) {
      signal.throwIfAborted()
      attempts++
      try {
        return { result: await attempt(target), target, attempts }
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof GatewayError) || !error.transient) throw error
        failure = error
        if (tries === policy.retries) break
        const waitMs = waitBefore(tries, error, context.random)
        // A provider that wants a longer pause than there is time for is asked no more; the caller is told its hint.
        if (waitMs > budgetMs) break
        budgetMs -= waitMs
        context.onRetry(error, attempts)
        await sleep(clock, waitMs, signal)
      }
    }
  }
  throw failure
}

/** The provider's own hint, else half a second that doubles, with a jitter that keeps many callers apart. */
function waitBefore(tries: number, error: GatewayError, random: () => number): number {
  if (error.retryAfter !== undefined) return error.retryAfter * 1000
  return 500 * 2 ** tries * (0.5 + random() / 2)
}
