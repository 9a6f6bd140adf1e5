import type { SpeechProvider } from '../speech.ts'
import { demoStt } from './speech-stt.ts'
import { demoTts } from './speech-tts.ts'

/** A voice and an ear that need no key, so that voice can be tried and tested. They say the same to the same request. */
export const demoSpeech: SpeechProvider = {
  id: 'demo',
  name: 'Demo',
  upstream: undefined,
  demo: true,
  stt: demoStt,
  tts: demoTts,
}
