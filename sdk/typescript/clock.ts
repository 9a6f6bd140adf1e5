/** Time and chance, which tests have in their hands. */
export interface Clock {
  /** Milliseconds since some moment; for durations. */
  now(): number
  /** Milliseconds since 1970, for dates in headers. */
  wallclock(): number
  /** Calls back once in so many milliseconds. What it returns takes that back. */
  after(ms: number, callback: () => void): () => void
  /** From 0 to below 1. */
  random(): number
}

/** The longest that a timer can wait; what is more would be over at once. */
export const longestMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  wallclock: () => performance.timeOrigin + performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}
