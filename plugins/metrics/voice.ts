import { type GatewayError, knownCode } from '../../api/error.ts'
import { definitions } from './definitions.ts'
import type { Instruments } from './instruments.ts'

/** What is measured of voice. Times are in seconds. */
export interface VoiceMetrics {
  /** A block whose sound was heard, or could not be: how long that took, and how long its sound is where that is known. */
  heard(provider: string, outcome: VoiceOutcome, seconds: number, soundSeconds: number | undefined): void
  /** The first sound of a sentence is there, so long after it was asked for. */
  sentenceBegan(provider: string, seconds: number): void
  /** A sentence was spoken, or could not be. */
  sentenceOver(provider: string, outcome: VoiceOutcome, characters: number, soundSeconds: number): void
  /** The first sound of an answer, so long after the request came. */
  firstAudio(provider: string, seconds: number): void
  /** An answer is spoken: how often, and for how long in all, whoever plays it as it comes had to wait for more. */
  gaps(provider: string, count: number, seconds: number): void
  /** Whether a sentence was in the cache. */
  cacheAsked(result: 'hit' | 'miss'): void
}

export type VoiceOutcome = 'ok' | 'cancelled' | GatewayError

export function voiceMetricsIn({ counter, histogram }: Instruments): VoiceMetrics {
  const sttCalls = counter(definitions.sttCalls)
  const sttSeconds = histogram(definitions.sttSeconds)
  const heardSeconds = counter(definitions.heardSeconds)
  const ttsCalls = counter(definitions.ttsCalls)
  const ttsFirstSeconds = histogram(definitions.ttsFirstSeconds)
  const spokenSeconds = counter(definitions.spokenSeconds)
  const spokenCharacters = counter(definitions.spokenCharacters)
  const firstAudioSeconds = histogram(definitions.firstAudioSeconds)
  const gapCount = counter(definitions.voiceGaps)
  const gapSeconds = counter(definitions.voiceGapSeconds)
  const cache = counter(definitions.ttsCache)
  // Prometheus sees no increase in a series that comes to be with its first count.
  for (const result of ['hit', 'miss']) cache.inc({ result }, 0)
  return {
    heard(provider, outcome, seconds, soundSeconds) {
      sttCalls.inc({ provider, outcome: wordFor(outcome) })
      sttSeconds.observe({ provider }, seconds)
      if (soundSeconds) heardSeconds.inc({ provider }, soundSeconds)
    },
    sentenceBegan: (provider, seconds) => ttsFirstSeconds.observe({ provider }, seconds),
    sentenceOver(provider, outcome, characters, soundSeconds) {
      ttsCalls.inc({ provider, outcome: wordFor(outcome) })
      if (characters > 0) spokenCharacters.inc({ provider }, characters)
      if (soundSeconds > 0) spokenSeconds.inc({ provider }, soundSeconds)
    },
    firstAudio: (provider, seconds) => firstAudioSeconds.observe({ provider }, seconds),
    gaps(provider, count, seconds) {
      gapCount.inc({ provider }, count)
      gapSeconds.inc({ provider }, seconds)
    },
    cacheAsked: (result) => cache.inc({ result }),
  }
}

function wordFor(outcome: VoiceOutcome): string {
  return typeof outcome === 'string' ? outcome : knownCode(outcome)
}
