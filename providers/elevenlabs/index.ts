import type { SpeechProvider } from '../speech.ts'
import { hearingCapabilities, hearingModels, speakingCapabilities, speakingModels } from './capabilities.ts'
import { checkHearing, checkSpeaking } from './check.ts'
import { identity } from './identity.ts'
import { connect } from './line.ts'
import { speak } from './speak.ts'
import { synthesize } from './synthesize.ts'
import { transcribeFile } from './transcribe.ts'

/** ElevenLabs: speaks, whole texts and such as are still being written, and hears files. */
export const elevenlabs: SpeechProvider = {
  ...identity,
  upstream: {
    keyHeader: 'X-Provider-Key-ElevenLabs',
    keyVariables: ['ELEVENLABS_API_KEY'],
    baseURLVariable: 'VAI_ELEVENLABS_BASE_URL',
    defaultBaseURL: 'https://api.elevenlabs.io',
  },
  stt: { models: hearingModels, capabilities: hearingCapabilities, check: checkHearing, transcribeFile },
  tts: { models: speakingModels, capabilities: speakingCapabilities, check: checkSpeaking, synthesize, speak, connect },
}
