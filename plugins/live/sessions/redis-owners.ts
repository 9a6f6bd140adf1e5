import { Redis } from 'ioredis'
import type { Clock } from '../../../api/clock.ts'
import type { Secret } from '../../../api/secret.ts'
import type { Log } from '../../../providers/provider.ts'
import type { SessionOwners } from './owners.ts'

export interface RedisSessionOwnersOptions {
  /** `redis://…` or `rediss://…`, with the password in it. */
  readonly url: Secret
  /** What the names of keys begin with. */
  readonly prefix: string
  /** How long Redis may take for one command, in milliseconds. */
  readonly commandMs?: number
  readonly clock: Clock
  readonly log: Log
}

/**
 * Knows it in Redis, for all gateways. Where Redis is gone nothing is known, at once; where it does not answer, nothing is after `commandMs`, and then
 * at once for a while. The connection comes back by itself, and what is owned is said again before long.
 */
export class RedisSessionOwners implements SessionOwners {
  readonly #redis: Redis
  readonly #options: RedisSessionOwnersOptions
  /** Until when a Redis that was too slow is left alone, by the clock. */
  #restsUntil = Number.NEGATIVE_INFINITY
  /** Whether the operator was told that Redis is gone, and not yet that it is back. */
  #isTold = false

  constructor(options: RedisSessionOwnersOptions) {
    this.#options = options
    this.#redis = new Redis(options.url.reveal(), {
      lazyConnect: true,
      connectTimeout: connectMs,
      // A command that finds nobody fails at once; none waits, and none is sent again.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      // A connection whose other end is gone without a word.
      socketTimeout: socketTimeoutMs,
      retryStrategy: (times) => Math.min(firstRetryMs * 2 ** Math.min(times - 1, 10), mostRetryMs),
      // After a failover the old connection may lead to a server that does not write.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    })
    this.#redis.on('error', (error) => this.#lost(error))
    this.#redis.on('ready', () => {
      if (this.#isTold) options.log.warn({}, 'the Redis that knows the owners of live sessions is back')
      this.#isTold = false
    })
    // Nobody waits for it: sessions need it only to be resumed elsewhere. How it fails is told as an error above.
    this.#redis.connect().catch(() => undefined)
  }

  async own(sessions: readonly string[], owner: string, ttlMs: number): Promise<void> {
    for (let from = 0; from < sessions.length && this.#isThere; from += mostAtOnce) {
      const pipeline = this.#redis.pipeline()
      for (const session of sessions.slice(from, from + mostAtOnce)) pipeline.set(this.#nameOf(session), owner, 'PX', ttlMs)
      await this.#inTime(pipeline.exec())
    }
  }

  async disown(sessions: readonly string[]): Promise<void> {
    for (let from = 0; from < sessions.length && this.#isThere; from += mostAtOnce) {
      const names = sessions.slice(from, from + mostAtOnce).map((session) => this.#nameOf(session))
      await this.#inTime(this.#redis.del(names))
    }
  }

  async ownerOf(session: string): Promise<string | undefined> {
    if (!this.#isThere) return undefined
    return (await this.#inTime(this.#redis.get(this.#nameOf(session)))) ?? undefined
  }

  close(): void {
    this.#redis.disconnect()
  }

  get #isThere(): boolean {
    return this.#redis.status === 'ready' && this.#options.clock.now() >= this.#restsUntil
  }

  #nameOf(session: string): string {
    return `${this.#options.prefix}:live:${session}`
  }

  /** Undefined where it fails, or where nothing has come in time. What comes later is dropped. */
  #inTime<Result>(asked: Promise<Result>): Promise<Result | undefined> {
    const { clock, commandMs = usualCommandMs } = this.#options
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

  /** The client's own errors hold what was sent, the password among it: nothing but their code is told. */
  #lost(error: Error): void {
    if (this.#isTold) return
    this.#isTold = true
    const code = 'code' in error && typeof error.code === 'string' ? error.code : /^[A-Z]{2,20}(?= )/.exec(error.message)?.[0]
    this.#options.log.warn({ code }, 'the Redis that knows the owners of live sessions cannot be used; none is found elsewhere')
  }
}

const mostAtOnce = 500
const usualCommandMs = 500
/** How long a Redis that was too slow is left alone, lest everybody wait for it. */
const restMs = 1000
const connectMs = 2000
const socketTimeoutMs = 2000
const firstRetryMs = 50
const mostRetryMs = 2000
