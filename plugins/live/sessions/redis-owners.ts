import type { Clock } from '../../../api/clock.ts'
import { FrailRedis } from '../../../api/redis.ts'
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
  readonly #redis: FrailRedis
  readonly #prefix: string

  constructor({ prefix, commandMs = usualCommandMs, ...options }: RedisSessionOwnersOptions) {
    this.#prefix = prefix
    this.#redis = new FrailRedis({
      ...options,
      commandMs,
      name: 'the Redis that knows the owners of live sessions',
      without: 'none is found elsewhere',
    })
  }

  async own(sessions: readonly string[], owner: string, ttlMs: number): Promise<void> {
    for (let from = 0; from < sessions.length && this.#redis.isThere; from += mostAtOnce) {
      const pipeline = this.#redis.client.pipeline()
      for (const session of sessions.slice(from, from + mostAtOnce)) pipeline.set(this.#nameOf(session), owner, 'PX', ttlMs)
      await this.#redis.inTime(pipeline.exec())
    }
  }

  async disown(sessions: readonly string[]): Promise<void> {
    for (let from = 0; from < sessions.length && this.#redis.isThere; from += mostAtOnce) {
      const names = sessions.slice(from, from + mostAtOnce).map((session) => this.#nameOf(session))
      await this.#redis.inTime(this.#redis.client.del(names))
    }
  }

  async ownerOf(session: string): Promise<string | undefined> {
    if (!this.#redis.isThere) return undefined
    return (await this.#redis.inTime(this.#redis.client.get(this.#nameOf(session)))) ?? undefined
  }

  close(): void {
    this.#redis.close()
  }

  #nameOf(session: string): string {
    return `${this.#prefix}:live:${session}`
  }
}

const mostAtOnce = 500
const usualCommandMs = 500
