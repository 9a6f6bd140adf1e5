import type { Clock } from '../../../api/clock.ts'
import { FrailRedis } from '../../../api/redis.ts'
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
  readonly #redis: FrailRedis
  readonly #options: RedisSpeechCacheOptions
  /** What was sent to be kept and is not known to be. */
  #unsettledBytes = 0

  constructor(options: RedisSpeechCacheOptions) {
    const { url, commandMs = usualCommandMs, clock, log } = options
    this.#options = options
    this.#redis = new FrailRedis({
      url,
      commandMs,
      name: 'the Redis that keeps speech',
      without: 'sentences are spoken anew',
      clock,
      log,
    })
  }

  async get(key: string): Promise<CachedSpeech | undefined> {
    if (!this.#redis.isThere) return undefined
    const { maxEntryBytes } = this.#options
    // Whoever else writes there may leave what is too large to take.
    const entry = await this.#redis.inTime(this.#redis.client.getrangeBuffer(this.#nameOf(key), 0, maxEntryBytes))
    return entry && entry.length <= maxEntryBytes ? speechOf(entry) : undefined
  }

  put(key: string, speech: CachedSpeech): void {
    const { maxEntryBytes, ttlMs } = this.#options
    if (!this.#redis.isThere || speech.bytes.byteLength > maxEntryBytes) return
    const entry = entryOf(speech)
    if (entry.length > maxEntryBytes || this.#unsettledBytes + entry.length > mostUnsettledBytes) return
    this.#unsettledBytes += entry.length
    const settle = (): void => {
      this.#unsettledBytes -= entry.length
    }
    const asked = this.#redis.client.set(this.#nameOf(key), entry, 'PX', ttlMs)
    asked.then(settle, settle)
    // Nobody waits for it, but a Redis that is too slow is seen here as well.
    void this.#redis.inTime(asked)
  }

  close(): void {
    this.#redis.close()
  }

  #nameOf(key: string): string {
    return `${this.#options.prefix}:speech:${key}`
  }
}

const usualCommandMs = 250
/** More than lies on its way to a Redis that is well. */
const mostUnsettledBytes = 32 * 1024 * 1024
