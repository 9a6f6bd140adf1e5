import { type Clock, sleep } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import type { Admission } from '../breaker/index.ts'

export interface RetryPolicy {
  /** How often one target is tried again. */
  readonly retries: number
  /**
   * How long after the first call a target may still be tried again, in milliseconds: the waits count, and the time that calls took
   * before they failed. The first try of a further target is bound by nothing but the caller's patience.
   */
  readonly budgetMs: number
}

export interface Attempted<Target, Result> {
  readonly result: Result
  readonly target: Target
  /** How many upstream calls were made. */
  readonly attempts: number
  /** The targets before it, in order, with the last failure of each. */
  readonly passedOver: readonly PassedOver<Target>[]
}

export interface PassedOver<Target> {
  readonly target: Target
  readonly error: GatewayError
}

export interface Retry<Target> extends PassedOver<Target> {
  /** Calls made so far. */
  readonly attempts: number
  readonly waitMs: number
}

export interface AttemptContext<Target> {
  readonly policy: RetryPolicy
  readonly clock: Clock
  /** From 0 to 1, for the jitter of waits. */
  readonly random: () => number
  /** Aborted once nobody waits for the answer. */
  readonly signal: AbortSignal
  /** Asked before each call; throws a `GatewayError` where it is not to be made. */
  readonly enter: (target: Target) => Admission
  /** Told of each failure that another try follows. */
  readonly onRetry: (retry: Retry<Target>) => void
  /** Told of each target that another follows. */
  readonly onFallback: (passedOver: PassedOver<Target>, next: Target) => void
}

/** One call to a target. The admission is already told how the call itself went. */
export type Attempt<Target, Result> = (target: Target, admission: Admission) => Promise<Result>

/**
 * Asks the targets in turn until one answers: each again while its failure may pass and the budget lasts, and the next one where
 * another may do better. Nothing may have reached the caller before `attempt` resolves. Throws the failure of the last target that
 * was asked, and at once the failure that no other target would mend.
 */
export async function firstSuccess<Target, Result>(
  targets: readonly Target[],
  attempt: Attempt<Target, Result>,
  context: AttemptContext<Target>,
): Promise<Attempted<Target, Result>> {
  const progress: Progress = { startedAt: context.clock.now(), attempts: 0 }
  const passedOver: PassedOver<Target>[] = []
  for (const [index, target] of targets.entries()) {
    try {
      const result = await persist(target, attempt, context, progress)
      return { result, target, attempts: progress.attempts, passedOver }
    } catch (error) {
      context.signal.throwIfAborted()
      const next = targets[index + 1]
      if (!(error instanceof GatewayError) || error.recovery === 'none' || next === undefined) throw error
      passedOver.push({ target, error })
      context.onFallback({ target, error }, next)
    }
  }
  throw new GatewayError('internal_error')
}

interface Progress {
  readonly startedAt: number
  attempts: number
}

/** Asks one target until it answers or asking it again is of no use. */
async function persist<Target, Result>(
  target: Target,
  attempt: Attempt<Target, Result>,
  context: AttemptContext<Target>,
  progress: Progress,
): Promise<Result> {
  const { policy, clock, signal, random } = context
  let failure: GatewayError | undefined
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted()
    const admission = admitted(target, context, failure)
    progress.attempts++
    try {
      const result = await attempt(target, admission)
      admission.succeeded()
      return result
    } catch (error) {
      admission.failed(error)
      signal.throwIfAborted()
      if (!(error instanceof GatewayError) || error.recovery !== 'again' || tries >= policy.retries) throw error
      const leftMs = policy.budgetMs - (clock.now() - progress.startedAt)
      const waitMs = waitBefore(tries, error, leftMs, random)
      if (waitMs === undefined) throw error
      context.onRetry({ target, error, attempts: progress.attempts, waitMs })
      await sleep(clock, waitMs, signal)
      failure = error
    }
  }
}

/** A target that is refused only after it failed has failed for the reason it gave itself. */
function admitted<Target>(target: Target, context: AttemptContext<Target>, failure: GatewayError | undefined): Admission {
  try {
    return context.enter(target)
  } catch (refusal) {
    throw failure ?? refusal
  }
}

/**
 * Milliseconds, or undefined where too few are left: half a second that doubles, or the provider's own hint where that is longer.
 * Neither to the moment, lest all who failed together come back together.
 */
function waitBefore(tries: number, error: GatewayError, leftMs: number, random: () => number): number | undefined {
  const ownMs = 500 * 2 ** tries * (0.5 + random() / 2)
  const hintMs = (error.retryAfter ?? 0) * 1000
  if (hintMs === 0) return ownMs <= leftMs ? ownMs : undefined
  if (hintMs > leftMs) return undefined
  return Math.min(leftMs, Math.max(ownMs, hintMs + random() * Math.min(500, hintMs / 4)))
}
