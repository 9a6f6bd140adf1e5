import type { SpeechProvider } from '../speech.ts'
import { createOpenAiAudio } from './adapter.ts'
import { openaiAudioDialect } from './capabilities.ts'

export { createOpenAiAudio } from './adapter.ts'
export { type DefinedSpeech, defineSpeechProviders } from './define.ts'
export type { AudioDialect } from './dialect.ts'

/** OpenAI's audio: transcriptions of files and of sockets, and speech. */
export const openaiAudio: SpeechProvider = createOpenAiAudio(openaiAudioDialect)
