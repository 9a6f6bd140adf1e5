import { createHash } from 'node:crypto'
import type { SpeechFormat } from '../../../providers/speech.ts'

/** All that decides how a text sounds, and whose it is. */
export interface CacheKeyParts {
  /** The id of the tenant whose speech it is; `undefined` where the operator lets all tenants share. */
  readonly tenant: string | undefined
  readonly provider: string
  /** Where it is reached: two servers may have one name. */
  readonly origin: string | undefined
  /** The model and the voice as the vendor knows them. */
  readonly model: string
  readonly voice: string
  readonly format: SpeechFormat
  readonly language: string | undefined
  readonly speed: number | undefined
  readonly volume: number | undefined
  readonly emotion: string | undefined
  /** Whether times are wanted. */
  readonly alignment: boolean
  readonly text: string
}

/** A name of 64 hexadecimal digits. Two have the same only where all parts are the same: no tenant comes upon what is another's. */
export function cacheKey(parts: CacheKeyParts): string {
  const { tenant, provider, origin, model, voice, format, language, speed, volume, emotion, alignment, text } = parts
  const sound = [format.encoding, 'rate' in format ? format.rate : null]
  // As JSON, because then nothing in one part can look like the end of it.
  const told = [tenant, provider, origin, model, voice, sound, language, speed, volume, emotion, alignment, text]
  return createHash('sha256')
    .update(JSON.stringify(told.map((part) => part ?? null)))
    .digest('hex')
}
