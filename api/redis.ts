import { Redis } from 'ioredis'
import type { Clock } from './clock.ts'
import type { Secret } from './secret.ts'

export interface FrailRedisOptions {
  /** `redis://…` or `rediss://…`, with the password in it. */
  readonly url: Secret
  /** How long Redis may take for one command, in milliseconds. */
  readonly commandMs: number
  /** What it is for, and what becomes of that while it is gone: for the log. */
  readonly name: string
  readonly without: string
  readonly clock: Clock
  readonly log: { warn(fields: object, message: string): void }
}

/**
 * A Redis that one can do without. Where it is gone nothing is asked of it; where it does not answer, it is given up after `commandMs`, and then left
 * alone for a while. The connection comes back by itself.
 */
export class FrailRedis {
  readonly client: Redis
  readonly #options: FrailRedisOptions
  /** Until when a Redis that was too slow is left alone, by the clock. */
  #restsUntil = Number.NEGATIVE_INFINITY
  /** Whether the operator was told that Redis is gone, and not yet that it is back. */
  #isTold = false

  constructor(options: FrailRedisOptions) {
    this.#options = options
    this.client = newRedis(options.url)
    this.client.on('error', (error) => this.#lost(error))
    this.client.on('ready', () => {
      if (this.#isTold) options.log.warn({}, `${options.name} is back`)
      this.#isTold = false
    })
    // Nobody waits for it. How it fails is told as an error above.
    this.client.connect().catch(() => undefined)
  }

  /** Whether anything may be asked of it. */
  get isThere(): boolean {
    return this.client.status === 'ready' && this.#options.clock.now() >= this.#restsUntil
  }

  /** Undefined where it fails, or where nothing has come in time. What comes later is dropped. */
  inTime<Result>(asked: Promise<Result>): Promise<Result | undefined> {
    const { clock, commandMs } = this.#options
    return new Promise((resolve) => {
      const late = (): void => {
        this.#restsUntil = clock.now() + restMs
        resolve(undefined)
      }
      // Where the process itself was held up, the answer may lie there already: it is read before the second timer fires.
      let timer = clock.after(commandMs, () => {
        timer = clock.after(0, late)
      })
      asked.then(resolve, () => resolve(undefined)).finally(() => timer.cancel())
    })
  }

  close(): void {
    this.client.disconnect()
  }

  #lost(error: Error): void {
    if (this.#isTold) return
    this.#isTold = true
    const { log, name, without } = this.#options
    log.warn({ code: redisCodeOf(error) }, `${name} cannot be used; ${without}`)
  }
}

/** Not connected yet. It comes back by itself, and no command waits for that. */
export function newRedis(url: Secret, connectMs = usualConnectMs): Redis {
  return new Redis(url.reveal(), {
    lazyConnect: true,
    connectTimeout: connectMs,
    // A command that finds nobody fails at once; none waits, and none is sent again, because it may have been carried out.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // A connection whose other end is gone without a word.
    socketTimeout: socketTimeoutMs,
    retryStrategy: (times) => Math.min(firstRetryMs * 2 ** Math.min(times - 1, 10), mostRetryMs),
    // After a failover the old connection may lead to a server that does not write.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  })
}

/**
 * Node's code (`ECONNREFUSED`), or the first word of what Redis said (`WRONGPASS`). The client's own errors hold what was sent, the password among
 * it: nothing else of them is to be told.
 */
export function redisCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return /^[A-Z]{2,20}(?= )/.exec(error.message)?.[0]
}

/** How long a Redis that was too slow is left alone, lest everybody wait for it. */
const restMs = 1000
const usualConnectMs = 2000
const socketTimeoutMs = 2000
const firstRetryMs = 50
const mostRetryMs = 2000
