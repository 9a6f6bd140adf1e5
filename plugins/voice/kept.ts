import type { CachedSpeech, SpeechCache } from './cache/cache.ts'
import { cacheKey } from './cache/key.ts'
import type { CachedSound, SentenceCache } from './speak/parts.ts'

/** The one scope of what all tenants share. */
export const everybody = 'all'
/** The scope of what the operator has spoken in advance, which all have and which is never given up. */
export const operators = 'operators'

/** The sentences that were spoken: what the operator had spoken in advance, for all, and what each has had spoken since. */
export class KeptSentences implements SentenceCache {
  readonly #cache: SpeechCache | undefined
  /** Where vendors are reached, by their id. */
  readonly #baseURLs: ReadonlyMap<string, URL>
  readonly #greetings = new Map<string, CachedSpeech>()

  constructor(cache: SpeechCache | undefined, baseURLs: ReadonlyMap<string, URL>) {
    this.#cache = cache
    this.#baseURLs = baseURLs
  }

  /** The key of all who share it, and behind it that of the scope. */
  keyOf(sound: CachedSound): string {
    const { scope, format, rate } = sound
    const origin = this.#baseURLs.get(sound.provider)?.href
    const encoded = format === 'pcm' ? ({ encoding: 'pcm', rate: rate ?? 0 } as const) : ({ encoding: format } as const)
    const shared = cacheKey({ ...sound, origin, format: encoded, tenant: undefined })
    if (scope === everybody) return `${shared} ${shared}`
    return `${shared} ${scope === operators ? operators : cacheKey({ ...sound, origin, format: encoded, tenant: scope })}`
  }

  async get(key: string): Promise<CachedSpeech | undefined> {
    const [shared = '', own = ''] = key.split(' ')
    return this.#greetings.get(shared) ?? (own === operators ? undefined : await this.#cache?.get(own))
  }

  put(key: string, speech: CachedSpeech): void {
    const [shared = '', own = ''] = key.split(' ')
    if (own === operators) this.#greetings.set(shared, speech)
    else this.#cache?.put(own, speech)
  }
}
