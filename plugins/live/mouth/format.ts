import { rateFor } from '../../../audio/rate.ts'
import type { RawFormat, TtsCapabilities, TtsOptions } from '../../../providers/speech.ts'
import type { SpeakingVoice } from '../../voice/plan.ts'
import type { LiveSpeaking } from '../plan.ts'

/** What a vendor is asked for: raw sound, in the session's own format where the vendor makes that. */
export interface RawOptions extends TtsOptions {
  readonly format: RawFormat
}

export function optionsFor({ tts, name, voice }: SpeakingVoice, speaking: LiveSpeaking, audioOut: RawFormat): RawOptions {
  const { language, speed, volume, emotion } = speaking
  const capabilities = tts.capabilities(name)
  const format = madeFormat(capabilities, audioOut)
  return { voice, format, language, speed, volume, emotion, alignment: capabilities.alignment !== undefined }
}

/** The same, else PCM at the next rate above, from which nothing is lost, else at what the vendor makes best. */
function madeFormat({ mulaw, pcmRates }: TtsCapabilities, wanted: RawFormat): RawFormat {
  if (wanted.encoding === 'mulaw' && mulaw) return wanted
  return { encoding: 'pcm', rate: rateFor(wanted.rate, pcmRates) }
}
