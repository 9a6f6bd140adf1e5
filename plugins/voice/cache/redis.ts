import { Redis } from 'ioredis'
import type { Clock } from '../../../api/clock.ts'
import type { Secret } from '../../../api/secret.ts'
import type { Log } from '../../../providers/provider.ts'
import type { CachedSpeech, SpeechCache } from './cache.ts'
import { entryOf, speechOf } from './entry.ts'

export interface RedisSpeechCacheOptions {
  /** `redis://…` or `rediss://…`, with the password in it. */
  readonly url: Secret
  /** What the names of keys begin with. */
  readonly prefix: string
  /** How long speech is kept, in milliseconds. */
  readonly ttlMs: number
  /** The largest entry. */
  readonly maxEntryBytes: number
  /** How long Redis may take for one command, in milliseconds. */
  readonly commandMs?: number
  readonly clock: Clock
  readonly log: Log
}

/**
 * Keeps speech in Redis, for all gateways. Where Redis is gone nothing is there, at once; where it does not answer, nothing is there after
 * `commandMs`, and then at once for a while. The connection comes back by itself.
 */
export class RedisSpeechCache implements SpeechCache {
  readonly #redis: Redis
  readonly #options: RedisSpeechCacheOptions
  /** Until when a Redis that was too slow is left alone, by the clock. */
  #restsUntil = Number.NEGATIVE_INFINITY
  /** What was sent to be kept and is not known to be. */
  #unsettledBytes = 0
  /** Whether the operator was told that Redis is gone, and not yet that it is back. */
  #isTold = false

  constructor(options: RedisSpeechCacheOptions) {
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
      if (this.#isTold) options.log.warn({}, 'the Redis that keeps speech is back')
      this.#isTold = false
    })
    // Nobody waits for it: what it would have is spoken anew until then. How it fails is told as an error above.
    this.#redis.connect().catch(() => undefined)
  }

  async get(key: string): Promise<CachedSpeech | undefined> {
    if (!this.#isThere) return undefined
    const { maxEntryBytes } = this.#options
    // Whoever else writes there may leave what is too large to take.
    const entry = await this.#inTime(this.#redis.getrangeBuffer(this.#nameOf(key), 0, maxEntryBytes))
    return entry && entry.length <= maxEntryBytes ? speechOf(entry) : undefined
  }

  put(key: string, speech: CachedSpeech): void {
    const { maxEntryBytes, ttlMs } = this.#options
    if (!this.#isThere || speech.bytes.byteLength > maxEntryBytes) return
    const entry = entryOf(speech)
    if (entry.length > maxEntryBytes || this.#unsettledBytes + entry.length > mostUnsettledBytes) return
    this.#unsettledBytes += entry.length
    const settle = (): void => {
      this.#unsettledBytes -= entry.length
    }
    const asked = this.#redis.set(this.#nameOf(key), entry, 'PX', ttlMs)
    asked.then(settle, settle)
    // Nobody waits for it, but a Redis that is too slow is seen here as well.
    void this.#inTime(asked)
  }

  close(): void {
    this.#redis.disconnect()
  }

  get #isThere(): boolean {
    return this.#redis.status === 'ready' && this.#options.clock.now() >= this.#restsUntil
  }

  #nameOf(key: string): string {
    return `${this.#options.prefix}:speech:${key}`
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
    this.#options.log.warn({ code }, 'the Redis that keeps speech cannot be used; sentences are spoken anew')
  }
}

const usualCommandMs = 250
/** How long a Redis that was too slow is left alone, lest everybody wait for it. */
const restMs = 1000
/** More than lies on its way to a Redis that is well. */
const mostUnsettledBytes = 32 * 1024 * 1024
const connectMs = 2000
const socketTimeoutMs = 2000
const firstRetryMs = 50
const mostRetryMs = 2000
