import type { Clock } from '../../../api/clock.ts'
import type { Secret } from '../../../api/secret.ts'
import type { LimitStore } from '../store.ts'
import { MemoryLimitStore } from './memory.ts'
import { ResilientLimitStore, type ResilientStoreOptions } from './resilient.ts'

export interface StoreOptions extends Pick<ResilientStoreOptions, 'clock' | 'onLost' | 'onBack' | 'onBroken'> {
  /** One that somebody else counts in; it may be lost like any other. */
  readonly given: LimitStore | undefined
  readonly redis: { readonly url: Secret; readonly prefix: string } | undefined
  /** What is done while the store that counts for all is lost. */
  readonly whenLost: 'local' | 'refuse'
}

/** Where this process counts: where it is told to, in Redis, or in its own memory. */
export async function openStore({ given, redis, whenLost, ...rest }: StoreOptions): Promise<OpenStore> {
  const shared = given ?? (redis && (await openRedis(redis, rest.clock)))
  if (!shared) return { store: new MemoryLimitStore({ clock: rest.clock }), isLost: () => false }
  const local = whenLost === 'local' ? new MemoryLimitStore({ clock: rest.clock }) : undefined
  const store = new ResilientLimitStore({ ...rest, shared, local })
  // So that it is known before the first request whether the store is there.
  await store.take([]).catch(() => undefined)
  return { store, isLost: () => store.isLost }
}

export interface OpenStore {
  readonly store: LimitStore
  /** Whether the store that counts for all cannot be reached. */
  isLost(): boolean
}

async function openRedis(redis: { readonly url: Secret; readonly prefix: string }, clock: Clock): Promise<LimitStore> {
  // Few have one; the others need not load its client.
  const { RedisLimitStore } = await import('./redis.ts')
  return await RedisLimitStore.open({ ...redis, clock })
}
