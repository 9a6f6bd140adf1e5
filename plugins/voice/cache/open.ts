import type { CachedSpeech, SpeechCache } from './cache.ts'
import { MemorySpeechCache } from './memory.ts'
import type { RedisSpeechCacheOptions } from './redis.ts'

export interface SpeechCacheOptions {
  /** The most that is kept in this process; 0 for nothing. */
  readonly memoryBytes: number
  /** Where speech is kept for all gateways; undefined for this one alone. */
  readonly redis: RedisSpeechCacheOptions | undefined
}

/** The cache that the operator configured: memory alone, or memory before Redis. Waits for nobody. */
export async function openSpeechCache({ memoryBytes, redis }: SpeechCacheOptions): Promise<SpeechCache> {
  const memory = new MemorySpeechCache(memoryBytes)
  if (!redis) return memory
  // Few have one; the others need not load its client.
  const { RedisSpeechCache } = await import('./redis.ts')
  return layered(memory, new RedisSpeechCache(redis))
}

/** One cache before another: what only the other has comes into the first when it is asked for. */
export function layered(near: SpeechCache, far: SpeechCache): SpeechCache {
  return {
    async get(key) {
      return (await near.get(key)) ?? (await fetched(key))
    },
    put(key, speech) {
      near.put(key, speech)
      far.put(key, speech)
    },
    close() {
      near.close()
      far.close()
    },
  }

  async function fetched(key: string): Promise<CachedSpeech | undefined> {
    const speech = await far.get(key)
    if (speech) near.put(key, speech)
    return speech
  }
}
