import { type ModelEfforts, plainQuirks, type Quirks } from './quirks.ts'

/** A server that an operator can turn on by its name. */
export interface Preset {
  /** For people. */
  readonly name: string
  /** Undefined where each operator has an address of their own. */
  readonly baseURL?: string
  readonly keyVariable: string
  /** What OpenTelemetry's conventions call the service, where they have a name for it. */
  readonly conventionalName?: string
  /** True for servers on one's own machine. */
  readonly keyOptional?: boolean
  /** The header that takes the key; where it is absent the key is a bearer token. */
  readonly keyHeader?: string
  readonly quirks: Quirks
  /** What is known of its models beside the quirks, unless an operator says which efforts there are. */
  readonly modelEfforts?: ModelEfforts
}

export const presets = {
  ollama: {
    name: 'Ollama',
    baseURL: 'http://127.0.0.1:11434/v1',
    keyVariable: 'OLLAMA_API_KEY',
    keyOptional: true,
    quirks: {
      ...plainQuirks,
      user_field: 'none',
      reasoning_efforts: ['none', 'low', 'medium', 'high'],
      reasoning_field: 'reasoning',
      tool_choice: 'auto',
      parallel_tool_calls: false,
      image_urls: false,
      files: 'none',
      audio: false,
    },
  },
  vllm: {
    name: 'vLLM',
    baseURL: 'http://127.0.0.1:8000/v1',
    keyVariable: 'VLLM_API_KEY',
    keyOptional: true,
    quirks: {
      ...plainQuirks,
      top_k: true,
      reasoning_request: 'chat_template',
      reasoning_efforts: ['low', 'medium', 'high'],
      reasoning_field: 'reasoning',
      files: 'none',
      video: true,
      stop_reasons: { abort: 'error' },
    },
  },
  lmstudio: {
    name: 'LM Studio',
    baseURL: 'http://127.0.0.1:1234/v1',
    keyVariable: 'LMSTUDIO_API_KEY',
    keyOptional: true,
    quirks: {
      ...plainQuirks,
      user_field: 'none',
      top_k: true,
      reasoning_efforts: ['low', 'medium', 'high'],
      reasoning_field: 'reasoning_content',
      tool_choice: 'words',
      parallel_tool_calls: false,
      files: 'none',
      audio: false,
    },
  },
  deepseek: {
    name: 'DeepSeek',
    baseURL: 'https://api.deepseek.com',
    keyVariable: 'DEEPSEEK_API_KEY',
    conventionalName: 'deepseek',
    quirks: {
      ...plainQuirks,
      user_field: 'none',
      max_stop_sequences: 16,
      reasoning_request: 'thinking',
      // It knows three of them, and makes them of the others itself.
      reasoning_efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
      reasoning_field: 'reasoning_content',
      empty_reasoning: true,
      tool_choice: 'thoughtless',
      parallel_tool_calls: false,
      json_schema: false,
      files: 'none',
      audio: false,
    },
  },
  mistral: {
    name: 'Mistral',
    baseURL: 'https://api.mistral.ai/v1',
    keyVariable: 'MISTRAL_API_KEY',
    conventionalName: 'mistral_ai',
    quirks: {
      ...plainQuirks,
      user_field: 'none',
      // What is not known to take none may not think at all, and then refuses the field.
      reasoning_efforts: ['high'],
      reasoning_field: 'content',
      tool_ids: 'mistral',
      files: 'document_url',
      audio: false,
      prefill: 'prefix',
      asks_for_usage: false,
    },
    modelEfforts: mistralEfforts,
  },
  xai: {
    name: 'xAI',
    baseURL: 'https://api.x.ai/v1',
    keyVariable: 'XAI_API_KEY',
    conventionalName: 'x_ai',
    quirks: {
      ...plainQuirks,
      max_tokens_field: 'max_completion_tokens',
      reasoning_efforts: ['none', 'low', 'medium', 'high'],
      reasoning_field: 'reasoning_content',
      files: 'none',
      audio: false,
      reasoning_outside: true,
      cost: 'cost_in_usd_ticks',
    },
  },
  together: {
    name: 'Together',
    baseURL: 'https://api.together.xyz/v1',
    keyVariable: 'TOGETHER_API_KEY',
    quirks: {
      ...plainQuirks,
      user_field: 'none',
      top_k: true,
      reasoning_request: 'reasoning_enabled',
      reasoning_efforts: ['low', 'medium', 'high'],
      reasoning_field: 'reasoning',
      files: 'none',
      audio: false,
      video: true,
      stop_reasons: { eos: 'end_turn' },
    },
  },
  fireworks: {
    name: 'Fireworks',
    baseURL: 'https://api.fireworks.ai/inference/v1',
    keyVariable: 'FIREWORKS_API_KEY',
    quirks: {
      ...plainQuirks,
      top_k: true,
      max_stop_sequences: 4,
      reasoning_field: 'reasoning_content',
      files: 'none',
      audio: false,
    },
  },
  perplexity: {
    name: 'Perplexity',
    baseURL: 'https://api.perplexity.ai',
    keyVariable: 'PERPLEXITY_API_KEY',
    conventionalName: 'perplexity',
    quirks: {
      ...plainQuirks,
      user_field: 'none',
      top_k: true,
      reasoning_efforts: ['minimal', 'low', 'medium', 'high'],
      tools: false,
      parallel_tool_calls: false,
      files: 'none',
      audio: false,
      asks_for_usage: false,
      cost: 'cost.total_cost',
    },
  },
  azure: {
    name: 'Azure OpenAI',
    keyVariable: 'AZURE_OPENAI_API_KEY',
    conventionalName: 'azure.ai.openai',
    keyHeader: 'api-key',
    quirks: {
      ...plainQuirks,
      max_tokens_field: 'max_completion_tokens',
      max_stop_sequences: 4,
      tool_ids: 'openai',
    },
  },
} as const satisfies Record<string, Preset>

export type PresetName = keyof typeof presets

export const presetNames = Object.keys(presets)

export function presetOf(name: string): Preset | undefined {
  const all: Readonly<Record<string, Preset>> = presets
  return Object.hasOwn(all, name) ? all[name] : undefined
}

function mistralEfforts(model: string): ReturnType<ModelEfforts> {
  if (/^mistral-large-4/.test(model)) return ['none', 'low', 'medium', 'high']
  if (/^mistral-(small-(latest|2603|4)|medium-(latest|2604|3[-.]5))/.test(model)) return ['none', 'high']
  return /^mistral-large-(2[45]\d\d|3)/.test(model) ? [] : undefined
}

/** The presets, each with what is different from a server of which nothing is known. */
export function presetsInWords(): readonly PresetInWords[] {
  return Object.entries<Preset>(presets).map(([id, { name, baseURL, keyVariable, keyOptional, quirks }]) => {
    const own = Object.entries(quirks).filter(([quirk, value]) => !isPlain(quirk, value))
    const key = `\`${keyVariable}\`${keyOptional ? ', if it needs one' : ''}`
    return { id, name, baseURL, key, quirks: own.map(([quirk, value]) => `${quirk}: ${inYaml(value)}`) }
  })
}

export interface PresetInWords {
  readonly id: string
  readonly name: string
  readonly baseURL: string | undefined
  readonly key: string
  readonly quirks: readonly string[]
}

function isPlain(quirk: string, value: unknown): boolean {
  return Object.entries(plainQuirks).some(([name, plain]) => name === quirk && JSON.stringify(plain) === JSON.stringify(value))
}

function inYaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  return `{ ${Object.entries(value)
    .map(([name, member]) => `${name}: ${member}`)
    .join(', ')} }`
}
