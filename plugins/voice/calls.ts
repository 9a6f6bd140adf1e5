import type { SpeechCall, SpeechProvider } from '../../providers/speech.ts'
import type { Admission } from '../breaker/index.ts'
import type { VoiceCaller } from './plan.ts'

/** How vendors of speech are called; the plugin gives it to whoever hears and speaks. */
export interface Calls {
  /**
   * A call to a model of a vendor, which ends by `signal`. Throws where there is no key for it, as `credentials.keyFor` does.
   */
  to(
    vendor: Pick<SpeechProvider, 'id' | 'name' | 'upstream'>,
    model: string,
    caller: VoiceCaller,
    signal: AbortSignal,
  ): SpeechCall
  /** Asked before each call: throws `provider_unavailable` while the vendor is left alone. Hearing and speaking count apart. */
  enter(vendor: SpeechProvider, kind: 'stt' | 'tts'): Admission
}
