import type { Clock } from '../../../api/clock.ts'
import type { NewResampler } from '../../../audio/resample.ts'
import type { VoiceMetrics } from '../../metrics/voice.ts'
import type { CachedSpeech } from '../cache/cache.ts'
import type { Calls } from '../calls.ts'
import type { SpeakingPlan, SpeakingVoice, VoiceCaller } from '../plan.ts'

/** What speaking needs of the gateway. */
export interface SpeakingParts {
  readonly calls: Pick<Calls, 'to' | 'enter'>
  readonly metrics: VoiceMetrics
  readonly clock: Clock
  /** Where sentences are kept that were spoken before; undefined where none are. */
  readonly cache: SentenceCache | undefined
  /** Called only where a vendor does not make the rate that is wanted; starts once a process. */
  readonly resampling: () => Promise<NewResampler>
  readonly limits: SpeakingLimits
}

export interface SpeakingLimits {
  /** How many sentences are made beyond the one that is being given out. */
  readonly ahead: number
  /** How long a vendor may take to the first sound of a sentence, and between two pieces of it, in milliseconds. */
  readonly firstAudioMs: number
  readonly idleMs: number
  /** How much of one answer is spoken, in UTF-16 units. */
  readonly maxCharacters: number
  /** How large the sound of an answer in one piece may be. */
  readonly maxBytes: number
}

/** One answer that is to be spoken. */
export interface SpokenAnswer {
  readonly plan: SpeakingPlan
  readonly caller: VoiceCaller
  /** Whose sentences in the cache it may share: the tenant's id, or one word for all. */
  readonly scope: string
  /** When the request came, by the clock. */
  readonly requestStartedAt: number
}

/** Keeps sentences that were spoken. Never throws and is never waited for long: a store that fails has nothing. */
export interface SentenceCache {
  keyOf(sound: CachedSound): string
  get(key: string): Promise<CachedSpeech | undefined>
  put(key: string, speech: CachedSpeech): void
}

/** Everything that the sound of a sentence depends on. */
export interface CachedSound {
  readonly scope: string
  readonly provider: string
  /** As the provider knows it; `voice` likewise. */
  readonly model: string
  readonly voice: string
  readonly format: 'pcm' | 'mp3' | 'opus'
  /** Hertz, of `pcm`: those that are given out, whichever the vendor made. */
  readonly rate: number | undefined
  readonly speed: number | undefined
  readonly volume: number | undefined
  readonly emotion: string | undefined
  readonly language: string | undefined
  readonly alignment: boolean
  readonly text: string
}

/** The plan's voices in the order in which they are asked. */
export function voicesOf({ voice, fallbacks }: SpeakingPlan): readonly SpeakingVoice[] {
  return [voice, ...fallbacks]
}

/** Whether the sound is PCM, which is given out to the sample; else it is the vendor's own bytes. */
export function isPcm({ format }: SpeakingPlan): boolean {
  return format === 'wav' || format === 'pcm'
}

/** No piece of sound that is given out is longer, in bytes; a whole number of samples. */
export const longestPiece = 64 * 1024
