import { GatewayError } from '../../api/error.ts'

/**
 * What the request bodies that arrive at the same time may take of memory, all together. Counted is what has arrived, not what was
 * announced: a body that is announced and does not come takes no room from anybody.
 *
 * Large bodies have three quarters. The rest is kept for small ones, so that whoever fills the budget with a few large bodies does not
 * keep all others out.
 */
export class BodyBudget {
  readonly #bytes: number
  readonly #forLarge: number
  readonly #small: number
  readonly #onShed: () => void
  #used = 0

  /** `onShed` is called for each body that there is no room for. */
  constructor(bytes: number, onShed: () => void = () => undefined) {
    this.#bytes = bytes
    this.#onShed = onShed
    this.#forLarge = Math.floor(bytes * 0.75)
    this.#small = Math.min(256 * 1024, Math.floor(bytes / 64))
  }

  /** Bytes of bodies that are being received. */
  get used(): number {
    return this.#used
  }

  /**
   * Begins to count a body; `announced` is its length where that is known. Throws `overloaded` where there is no room for as much, and
   * `request_too_large` where there never is.
   */
  begin(announced: number | undefined): BodyCount {
    if (announced !== undefined) this.#check(announced, this.#used + announced)
    let received = 0
    return {
      add: (bytes) => {
        received += bytes
        this.#used += bytes
        this.#check(received, this.#used)
      },
      release: () => {
        this.#used -= received
        received = 0
      },
    }
  }

  #check(body: number, all: number): void {
    if (body > this.#forLarge) {
      throw new GatewayError('request_too_large', { message: `The gateway takes no body larger than ${this.#forLarge} bytes.` })
    }
    if (all <= (body <= this.#small ? this.#bytes : this.#forLarge)) return
    this.#onShed()
    throw new GatewayError('overloaded', { retryAfter })
  }
}

/** One body as it arrives. */
export interface BodyCount {
  /** Counts what has come; throws as `begin` does. */
  add(bytes: number): void
  /** Gives back what was counted. May be called again, and then does nothing. */
  release(): void
}

/** Seconds. A body is soon received. */
const retryAfter = 1
