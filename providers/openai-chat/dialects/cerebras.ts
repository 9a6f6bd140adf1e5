import type { Capabilities } from '../../capabilities.ts'
import { effortOf, nearestEffort, type ReasoningEffort, type ThinkingWish } from '../../thinking-wish.ts'
import type { ChatDialect } from '../dialect.ts'
import { dialectOf, type Identity, map, plainQuirks, type Quirks } from '../quirks.ts'

const identity: Identity = {
  id: 'cerebras',
  name: 'Cerebras',
  upstream: {
    keyHeader: 'X-Provider-Key-Cerebras',
    keyVariables: ['CEREBRAS_API_KEY'],
    baseURLVariable: 'VAI_CEREBRAS_BASE_URL',
    defaultBaseURL: 'https://api.cerebras.ai/v1',
  },
}

const quirks: Quirks = {
  ...plainQuirks,
  max_tokens_field: 'max_completion_tokens',
  max_stop_sequences: 4,
  reasoning_efforts: ['none', 'low', 'medium', 'high'],
  reasoning_field: 'reasoning',
  files: 'none',
  audio: false,
}

const base = dialectOf(identity, quirks)

/** Cerebras: models of others on its own machines. */
export const cerebrasDialect: ChatDialect = {
  ...base,
  matrix: {
    ...base.matrix,
    service_tier: map('auto stays auto; standard_only is default.'),
    'thinking.disabled': map('Sent as reasoning_effort none; gpt-oss cannot but think: sent as low.'),
    'block.thinking': map('Its text is sent as reasoning; for GLM in the content, between think tags.'),
  },
  capabilities: (model) => (textAlone.test(model) ? withoutImages : unknown),
  serviceTiers: { auto: 'auto', standard_only: 'default' },
  reasoningRequest,
  reasoningField: (model) => (glm.test(model) ? 'think_tags' : 'reasoning'),
}

function reasoningRequest(wish: ThinkingWish, model: string): Record<string, unknown> {
  const isOff = wish.thinks === false
  const effort = isOff ? (gptOss.test(model) ? 'low' : 'none') : effortOf(wish)
  return {
    ...(effort && { reasoning_effort: effort === 'none' ? effort : nearestEffort(effort, degrees) }),
    // What earlier turns thought would be taken out again.
    ...(glm.test(model) && { clear_thinking: false }),
    ...(mixesReasoning.test(model) && { reasoning_format: 'parsed' }),
  }
}

const degrees: readonly ReasoningEffort[] = ['low', 'medium', 'high']

const gptOss = /^gpt-oss/
const glm = /^zai-glm/
/** Whose reasoning stands in the text unless it is asked for apart. */
const mixesReasoning = /^qwen(?!.*(?:coder|instruct))/
const textAlone = /^(?:gpt-oss|zai-glm|llama3|llama-3|qwen-3-)/

const unknown: Capabilities = { defaultMaxTokens: 4096, features: {} }
const withoutImages: Capabilities = {
  ...unknown,
  features: { 'block.image.base64': 'unsupported', 'block.image.url': 'unsupported' },
}
