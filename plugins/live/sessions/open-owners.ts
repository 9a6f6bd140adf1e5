import type { Clock } from '../../../api/clock.ts'
import { MemorySessionOwners } from './memory-owners.ts'
import type { SessionOwners } from './owners.ts'
import type { RedisSessionOwnersOptions } from './redis-owners.ts'

export interface SessionOwnersOptions {
  /** Somebody else who knows it for several processes. */
  readonly given: SessionOwners | undefined
  readonly redis: RedisSessionOwnersOptions | undefined
  readonly clock: Clock
}

/** Where it is known who holds which session: where it is given, in Redis, or in this process alone. Waits for nobody. */
export async function openSessionOwners({ given, redis, clock }: SessionOwnersOptions): Promise<SessionOwners> {
  if (given) return given
  if (!redis) return new MemorySessionOwners({ clock })
  // Few have one; the others need not load its client.
  const { RedisSessionOwners } = await import('./redis-owners.ts')
  return new RedisSessionOwners(redis)
}
