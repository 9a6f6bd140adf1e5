import { anthropic } from './anthropic/index.ts'
import { demo } from './demo/index.ts'
import { geminiApi, vertexAi } from './gemini/index.ts'
import { openai } from './openai-chat/index.ts'
import { cerebras, groq, openrouter } from './openai-compatible.ts'
import { openaiResponses } from './openai-responses/index.ts'
import type { LlmProvider } from './provider.ts'

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

export type { Capabilities, Feature, Matrix, MatrixEntry, Support, Treatment } from './capabilities.ts'
export type { Call, KnownModel, LlmProvider, Log, Timeouts, UpstreamSettings, WholeMessage } from './provider.ts'
