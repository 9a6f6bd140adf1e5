import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../../../api/clock.ts'
import type { NewResampler } from '../../../audio/resample.ts'
import type { RawFormat, SpeechCall } from '../../../providers/speech.ts'
import type { Admission } from '../../breaker/index.ts'
import type { VoiceMetrics } from '../../metrics/voice.ts'
import type { SpeechTrace } from '../../tracing/index.ts'
import type { SpeakingVoice } from '../../voice/plan.ts'
import type { LiveSpeaking } from '../plan.ts'
import type { MouthListener } from './mouth.ts'

/** What a mouth is made of. */
export interface MouthParts extends SpeakingParts {
  readonly speaking: LiveSpeaking
  /** What the client is sent. */
  readonly audioOut: RawFormat
  /** Whether pieces of sound tell of the words that begin in them. */
  readonly alignment: boolean
  /** Started once a process, where a vendor does not make the rate that is wanted. */
  readonly resampling: () => Promise<NewResampler>
  readonly listener: MouthListener
}

/** What it takes to have a vendor speak. */
export interface SpeakingParts {
  /** A call to a voice's vendor, which ends by `signal`. Throws where there is no key for it. */
  readonly call: (voice: SpeakingVoice, signal: AbortSignal) => SpeechCall
  /** Asked before each call: throws `provider_unavailable` while the vendor is left alone. */
  readonly enter: (voice: SpeakingVoice) => Admission
  readonly metrics: VoiceMetrics
  readonly trace: SpeechTrace | undefined
  readonly clock: Clock
  readonly log: Pick<FastifyBaseLogger, 'info' | 'error'>
}
