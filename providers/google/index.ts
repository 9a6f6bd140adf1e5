import type { SpeechProvider } from '../speech.ts'
import { capabilities, check } from './capabilities.ts'
import { speak } from './speak.ts'
import { synthesize } from './synthesize.ts'
import { aboutVoice } from './voice.ts'

/**
 * Google Cloud Text-to-Speech over gRPC: the voices of Chirp 3: HD in streams, others and MP3 at once. A key is an API key or the
 * JSON of a service account, never the path of a file.
 */
export const google: SpeechProvider = {
  id: 'google',
  name: 'Google Cloud',
  upstream: {
    keyHeader: 'X-Provider-Key-Google',
    keyVariables: ['GOOGLE_TTS_KEY'],
    keyFileVariables: ['GOOGLE_APPLICATION_CREDENTIALS'],
    baseURLVariable: 'VAI_GOOGLE_TTS_ENDPOINT',
    defaultBaseURL: 'https://texttospeech.googleapis.com',
    takesHostAndPort: true,
  },
  tts: {
    models: [
      { name: 'chirp-3-hd', displayName: 'Chirp 3: HD', released: '2025-04-02' },
      { name: 'neural2', displayName: 'Neural2' },
      { name: 'studio', displayName: 'Studio' },
      { name: 'wavenet', displayName: 'WaveNet' },
      { name: 'standard', displayName: 'Standard' },
    ],
    capabilities,
    check,
    about: aboutVoice,
    synthesize,
    speak,
  },
}
