/** How many messages in a minute a client may get wrong before its socket is closed. */
export const mostErrors = 20

/** What one client got wrong of late. Times are milliseconds of any clock. */
export class Patience {
  /** When the last ones were, in a ring; at `#next` the oldest. */
  readonly #times: number[] = []
  #next = 0

  /** Notes one more of those that do not close the socket, at a time that never goes back. True where it is one too many. */
  isOver(at: number): boolean {
    const oldest = this.#times[this.#next]
    this.#times[this.#next] = at
    this.#next = (this.#next + 1) % mostErrors
    return oldest !== undefined && at - oldest < minuteMs
  }
}

const minuteMs = 60_000
