import type { Capabilities, Feature, Support } from '../../capabilities.ts'
import { budgetNote, effortOf, nearestEffort, type ReasoningEffort, type ThinkingWish } from '../../thinking-wish.ts'
import type { ChatDialect } from '../dialect.ts'
import { dialectOf, drop, type Identity, map, plainQuirks, type Quirks } from '../quirks.ts'
import { configIssues, type ServerTool, type ServerToolFields } from '../server-tools.ts'

const identity: Identity = {
  id: 'groq',
  name: 'Groq',
  upstream: {
    keyHeader: 'X-Provider-Key-Groq',
    keyVariables: ['GROQ_API_KEY'],
    baseURLVariable: 'VAI_GROQ_BASE_URL',
    defaultBaseURL: 'https://api.groq.com/openai/v1',
  },
}

const quirks: Quirks = {
  ...plainQuirks,
  max_tokens_field: 'max_completion_tokens',
  max_stop_sequences: 4,
  reasoning_field: 'reasoning',
  // Asked for apart from the text wherever a model would mix them.
  think_tags: false,
  files: 'none',
  audio: false,
  // Told at the end of every stream.
  asks_for_usage: false,
}

const base = dialectOf(identity, quirks)

/** Groq: its own systems and models of others. */
export const groqDialect: ChatDialect = {
  ...base,
  matrix: {
    ...base.matrix,
    service_tier: map('auto stays auto; standard_only is on_demand.'),
    'thinking.enabled': map(`gpt-oss: budget_tokens becomes reasoning_effort, ${budgetNote}. Others think or not.`),
    'thinking.disabled': map('Qwen: sent as reasoning_effort none. gpt-oss cannot but think: sent as low.'),
    'output_config.effort': map('gpt-oss: sent as reasoning_effort, at most high. Others know no degrees.'),
    'tool.web_search': map(
      'Built into compound, where domains and country are kept; on gpt-oss browser_search. The rest of config is refused.',
    ),
    'tool.web_fetch': map('visit_website of compound, which takes no config.'),
    'tool.code_execution': map('code_interpreter of compound and gpt-oss.'),
    'block.server_tool': drop('The text that was made of it is sent.'),
  },
  capabilities: (model) => families.find(({ name }) => name.test(model))?.capabilities ?? unknown,
  serviceTiers: { auto: 'auto', standard_only: 'on_demand' },
  reasoningRequest,
  // Others follow a schema as well as they can.
  strictMode: (model) => (gptOss.test(model) ? 'common' : 'none'),
  serverTools,
  check: (request, model) => configIssues(request, 'Groq', (type, member) => isKept(model, type, member)),
}

/** The field's values, and whether it is taken at all, go by the model's family. */
function reasoningRequest(wish: ThinkingWish, model: string): Record<string, unknown> {
  if (gptOss.test(model)) {
    const effort = wish.thinks === false ? 'low' : effortOf(wish)
    return effort ? { reasoning_effort: nearestEffort(effort, degrees) } : {}
  }
  // They think in their own way, or not at all.
  if (compound.test(model) || thoughtless.test(model)) return {}
  const isOff = wish.thinks === false
  if (!mixesReasoning.test(model)) {
    const effort = isOff ? undefined : effortOf(wish)
    return { ...(isOff && { reasoning_effort: 'none' }), ...(effort && { reasoning_effort: nearestEffort(effort, degrees) }) }
  }
  return {
    reasoning_format: 'parsed',
    ...(isOff ? { reasoning_effort: 'none' } : (wish.budget !== undefined || wish.effort) && { reasoning_effort: 'default' }),
  }
}

function serverTools(tools: readonly ServerTool[], model: string): ServerToolFields {
  if (tools.length === 0) return { tools: [] }
  if (!compound.test(model)) return { tools: tools.map(({ type }) => ({ type: ownTools[type] })) }
  const search = tools.find((tool) => tool.type === 'web_search')?.config
  const { allowed_domains: include, blocked_domains: exclude, user_location: place } = search ?? {}
  const settings = {
    ...(include && { include_domains: include }),
    ...(exclude && { exclude_domains: exclude }),
    ...(place?.country && { country: place.country }),
  }
  return {
    tools: [],
    fields: {
      compound_custom: { tools: { enabled_tools: tools.map(({ type }) => systemTools[type]) } },
      ...(Object.keys(settings).length > 0 && { search_settings: settings }),
    },
  }
}

/** Whether what limits a tool can be said: only compound takes settings, and only of its search. */
function isKept(model: string, type: ServerTool['type'], member: string): boolean {
  return compound.test(model) && type === 'web_search' && searchSettings.has(member)
}

const searchSettings: ReadonlySet<string> = new Set(['allowed_domains', 'blocked_domains', 'user_location.country'])

/** What the models call them, and what the systems do. */
const ownTools = { web_search: 'browser_search', web_fetch: 'browser_search', code_execution: 'code_interpreter' } as const
const systemTools = { web_search: 'web_search', web_fetch: 'visit_website', code_execution: 'code_interpreter' } as const

const degrees: readonly ReasoningEffort[] = ['low', 'medium', 'high']

const gptOss = /^openai\/gpt-oss/
const compound = /^(?:groq\/)?compound/
/** Whose reasoning stands in the text unless it is asked for apart. */
const mixesReasoning = /^(?:qwen[/-]|deepseek-r1)/

const thoughtless = /^(?:llama-|meta-llama\/|moonshotai\/)/

const thinking = ['thinking.enabled', 'output_config.effort'] as const
const images = ['block.image.base64', 'block.image.url'] as const
const search = ['tool.web_search', 'tool.code_execution'] as const
const fetching = ['tool.web_fetch'] as const
const tools = ['tool.custom'] as const

const unknown: Capabilities = { defaultMaxTokens: 4096, features: {} }

const families: readonly { readonly name: RegExp; readonly capabilities: Capabilities }[] = [
  { name: gptOss, capabilities: knowing([...thinking, ...search, ...tools], [...images, ...fetching]) },
  { name: compound, capabilities: knowing([...search, ...fetching], [...tools, 'output_config.effort']) },
  { name: /^qwen\/qwen3-/, capabilities: knowing([...thinking, ...tools], [...images, ...search, ...fetching]) },
  { name: /^qwen\//, capabilities: knowing([...thinking, ...tools], [...search, ...fetching]) },
  { name: /^meta-llama\/llama-4/, capabilities: knowing([...images, ...tools], [...thinking, ...search, ...fetching]) },
  { name: /^(?:llama-|moonshotai\/)/, capabilities: knowing(tools, [...images, ...thinking, ...search, ...fetching]) },
]

function knowing(supported: readonly Feature[], unsupported: readonly Feature[]): Capabilities {
  const entries = [
    ...supported.map((feature): [Feature, Support] => [feature, 'supported']),
    ...unsupported.map((feature): [Feature, Support] => [feature, 'unsupported']),
  ]
  return { ...unknown, features: Object.fromEntries(entries) }
}
