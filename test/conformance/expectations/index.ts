import { alibaba } from './alibaba.ts'
import { anthropic } from './anthropic.ts'
import { azure } from './azure.ts'
import { cerebras } from './cerebras.ts'
import { crusoeVllm } from './crusoe-vllm.ts'
import { deepseek } from './deepseek.ts'
import { gemini } from './gemini.ts'
import { gpustackVllm } from './gpustack-vllm.ts'
import { groq } from './groq.ts'
import { huggingface } from './huggingface.ts'
import { lmstudio } from './lmstudio.ts'
import { mistral } from './mistral.ts'
import { ollama } from './ollama.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { openaiResponses } from './openai-responses.ts'
import { openrouter } from './openrouter.ts'
import { perplexity } from './perplexity.ts'
import type { Expectations } from './row.ts'
import { snowflake } from './snowflake.ts'
import { xai } from './xai.ts'
import { zai } from './zai.ts'

/** A row for every recording. */
export const expectations: Expectations = {
  ...anthropic,
  ...openaiChat,
  ...openaiResponses,
  ...gemini,
  ...groq,
  ...cerebras,
  ...openrouter,
  ...deepseek,
  ...mistral,
  ...xai,
  ...huggingface,
  ...crusoeVllm,
  ...gpustackVllm,
  ...ollama,
  ...lmstudio,
  ...zai,
  ...azure,
  ...perplexity,
  ...openaiCompatible,
  ...alibaba,
  ...snowflake,
}
