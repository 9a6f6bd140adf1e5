import { anthropic } from './anthropic/index.ts'
import { cartesia } from './cartesia/index.ts'
import { deepgram } from './deepgram/index.ts'
import { demo } from './demo/index.ts'
import { demoSpeech } from './demo/speech.ts'
import { elevenlabs } from './elevenlabs/index.ts'
import { geminiApi, vertexAi } from './gemini/index.ts'
import { google } from './google/index.ts'
import { defineSpeechProviders, openaiAudio } from './openai-audio/index.ts'
import { openai } from './openai-chat/index.ts'
import { cerebras, groq, openrouter } from './openai-compatible.ts'
import { openaiResponses } from './openai-responses/index.ts'
import type { LlmProvider } from './provider.ts'
import type { SpeechProvider } from './speech.ts'

/** Every provider of language models that this version knows, in the order of the catalogue. */
export const providers: readonly LlmProvider[] = [
  anthropic,
  openai,
  openaiResponses,
  geminiApi,
  vertexAi,
  groq,
  cerebras,
  openrouter,
  demo,
]

/** Every vendor of speech that this version knows; where nothing else tells, the first whose key is there hears. */
export const speechProviders: readonly SpeechProvider[] = [deepgram, openaiAudio, cartesia, elevenlabs, google, demoSpeech]

export type { Capabilities, Feature, Matrix, MatrixEntry, Support, Treatment } from './capabilities.ts'
export type { Call, KnownModel, LlmProvider, Log, Timeouts, UpstreamSettings, WholeMessage } from './provider.ts'
export type {
  Alignment,
  AudioFile,
  SpeechCall,
  SpeechFormat,
  SpeechIssue,
  SpeechProvider,
  SpeechToText,
  SttCapabilities,
  SttEvent,
  SttOptions,
  TextToSpeech,
  Transcript,
  TtsCapabilities,
  TtsEvent,
  TtsOptions,
} from './speech.ts'
export { defineSpeechProviders }
