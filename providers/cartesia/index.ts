import type { SpeechProvider } from '../speech.ts'
import { sttCapabilities, sttModels, ttsCapabilities, ttsModels } from './capabilities.ts'
import { checkStt, checkTts } from './check.ts'
import { connect } from './line.ts'
import { speak } from './speak.ts'
import { synthesize } from './synthesize.ts'
import { transcribe } from './transcribe.ts'
import { transcribeFile } from './transcribe-file.ts'

/** Ink hears and Sonic speaks. */
export const cartesia: SpeechProvider = {
  id: 'cartesia',
  name: 'Cartesia',
  upstream: {
    keyHeader: 'X-Provider-Key-Cartesia',
    keyVariables: ['CARTESIA_API_KEY'],
    baseURLVariable: 'VAI_CARTESIA_BASE_URL',
    defaultBaseURL: 'https://api.cartesia.ai',
  },
  stt: { models: sttModels, capabilities: sttCapabilities, check: checkStt, transcribeFile, transcribe },
  tts: { models: ttsModels, capabilities: ttsCapabilities, check: checkTts, synthesize, speak, connect },
}
