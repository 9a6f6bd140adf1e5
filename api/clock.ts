/** Time, handed to whoever needs it, so that a test can be its master. */
export interface Clock {
  /** Milliseconds that only ever grow; for durations and deadlines. */
  now(): number
  /** Milliseconds since 1970; for dates that people read. */
  wallclock(): number
  /** Calls `callback` once after `ms` milliseconds, unless cancelled before. Never keeps the process alive. */
  after(ms: number, callback: () => void): Timer
}

export interface Timer {
  cancel(): void
  /** Starts the wait anew, with the same length. */
  restart(): void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallclock: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms).unref()
    return { cancel: () => clearTimeout(timer), restart: () => void timer.refresh() }
  },
}

/** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const timer = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = (): void => {
      timer.cancel()
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
