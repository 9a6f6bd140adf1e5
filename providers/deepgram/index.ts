import type { SpeechProvider } from '../speech.ts'
import { checkStt, checkTts, sttCapabilities, sttModels, ttsCapabilities, ttsModels } from './capabilities.ts'
import { id, name } from './failure.ts'
import { transcribeFile } from './stt-file.ts'
import { transcribe } from './stt-stream.ts'
import { synthesize } from './tts-file.ts'
import { connect } from './tts-line.ts'
import { speak } from './tts-stream.ts'
import { aboutVoice } from './voices.ts'

export const deepgram: SpeechProvider = {
  id,
  name,
  upstream: {
    keyHeader: 'X-Provider-Key-Deepgram',
    keyVariables: ['DEEPGRAM_API_KEY'],
    baseURLVariable: 'VAI_DEEPGRAM_BASE_URL',
    defaultBaseURL: 'https://api.deepgram.com',
  },
  stt: { models: sttModels, capabilities: sttCapabilities, check: checkStt, transcribeFile, transcribe },
  tts: { models: ttsModels, capabilities: ttsCapabilities, check: checkTts, about: aboutVoice, synthesize, speak, connect },
}
