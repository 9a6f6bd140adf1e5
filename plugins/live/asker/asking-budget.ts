import type { Clock } from '../../../api/clock.ts'
import { GatewayError } from '../../../api/error.ts'
import type { MessageParam } from '../../../api/schemas.gen.ts'
import { Bucket } from '../door/bucket.ts'
import { sizeOf } from '../history-size.ts'

/**
 * How much one session may have the model asked with. All messages are checked and written down anew for each turn, on the thread that carries the
 * sound of everybody; a client that asks on and on with a long history is slowed down before that.
 */
export class AskingBudget {
  readonly #clock: Clock
  readonly #bytes = new Bucket(bytesPerSecond, bytesAtOnce)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Throws `request_rate_limit`. */
  charge(messages: readonly MessageParam[]): void {
    const { textBytes, base64Bytes } = sizeOf(messages)
    const bytes = textBytes + Math.ceil((base64Bytes * 4) / 3)
    if (this.#bytes.take(this.#clock.now(), Math.min(bytes, bytesAtOnce))) return
    throw new GatewayError('request_rate_limit', { message: tooOften, retryAfter: Math.ceil(bytes / bytesPerSecond) })
  }
}

/** A turn a second with the longest text; at once, two with all pictures that there may be. */
const bytesPerSecond = 8 * 1024 ** 2
const bytesAtOnce = 80 * 1024 ** 2
const tooOften = 'So long a conversation cannot be asked with so often; say it again in a moment.'
