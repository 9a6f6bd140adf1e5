import { APIError, ConnectionError, ConnectionTimeoutError, UnexpectedResponseError } from './errors.ts'

/** A request that has failed. */
export interface FailedTry {
  /** How often it was sent again before. */
  readonly retries: number
  /** How often it may be. */
  readonly maxRetries: number
  /** Whether it may be sent again where nobody knows if it was carried out. */
  readonly isRepeatable: boolean
  /** From 0 to below 1. */
  readonly random: number
}

/** Milliseconds to wait before the request is sent again; undefined where it is not, as it would fail again or has been sent often enough. */
export function waitBeforeRetry(error: unknown, attempt: FailedTry): number | undefined {
  const { retries, maxRetries, random } = attempt
  if (retries >= maxRetries || !isWorthIt(error, attempt)) return undefined
  const asked = error instanceof APIError || error instanceof UnexpectedResponseError ? error.retry_after : undefined
  if (asked !== undefined && asked >= 0) return asked <= longestWait ? asked * 1000 : undefined
  // Those who failed together should not come back together.
  return Math.min(500 * 2 ** retries, 8000) * (1 - random / 4)
}

/** Seconds. Whoever asks for more is not asked again without the caller. */
const longestWait = 60

function isWorthIt(error: unknown, { retries, isRepeatable }: FailedTry): boolean {
  if (error instanceof ConnectionTimeoutError) return false
  if (error instanceof ConnectionError) return isRepeatable
  // What stands between here and the gateway does not know what the gateway has done.
  if (error instanceof UnexpectedResponseError) return isRepeatable && passing.has(error.status)
  if (!(error instanceof APIError) || error.status === undefined) return false
  // What is used up is used up in a moment as well.
  if (error.code === 'provider_quota') return false
  // A fault of the gateway's own may have come at any time.
  if (error.status === 500) return isRepeatable && retries === 0
  return passing.has(error.status)
}

const passing: ReadonlySet<number> = new Set([408, 429, 502, 503, 504, 529])
