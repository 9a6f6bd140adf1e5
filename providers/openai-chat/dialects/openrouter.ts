import type { UserLocation } from '../../../api/schemas.gen.ts'
import type { ChatDialect } from '../dialect.ts'
import { dialectOf, type Identity, map, plainQuirks, type Quirks } from '../quirks.ts'
import { configIssues, type ServerTool, type ServerToolFields } from '../server-tools.ts'

const identity: Identity = {
  id: 'openrouter',
  name: 'OpenRouter',
  upstream: {
    keyHeader: 'X-Provider-Key-OpenRouter',
    keyVariables: ['OPENROUTER_API_KEY'],
    baseURLVariable: 'VAI_OPENROUTER_BASE_URL',
    defaultBaseURL: 'https://openrouter.ai/api/v1',
  },
}

const quirks: Quirks = {
  ...plainQuirks,
  top_k: true,
  max_stop_sequences: 4,
  reasoning_request: 'reasoning',
  reasoning_field: 'reasoning_details',
  think_tags: false,
  cache_control: true,
  files: 'file_or_url',
  video: true,
  prefill: 'plain',
  // An error may follow the reason for which the model stopped.
  always_done: true,
  cost: 'cost',
}

const base = dialectOf(identity, quirks)

/** OpenRouter, which passes a request on to the vendor of the model. */
export const openrouterDialect: ChatDialect = {
  ...base,
  matrix: {
    ...base.matrix,
    service_tier: map('auto stays auto; standard_only is default.'),
    'output.modalities': map('Sent as modalities. Pictures come as image blocks.'),
    'tool.web_search': map("OpenRouter's own search; the provider of the model may have one that is used instead."),
    'tool.web_fetch': map("OpenRouter's own fetching. Citations are refused."),
  },
  serviceTiers: { auto: 'auto', standard_only: 'default' },
  // Older deployments tell the cost only when they are asked.
  fields: { usage: { include: true } },
  serverTools,
  check: (request) => configIssues(request, 'OpenRouter', (_, member) => !member.startsWith('citations')),
  modalities: true,
}

function serverTools(tools: readonly ServerTool[]): ServerToolFields {
  return { tools: tools.map(serverTool) }
}

function serverTool(tool: ServerTool): object {
  const parameters = parametersOf(tool)
  return { type: `openrouter:${tool.type}`, ...(Object.keys(parameters).length > 0 && { parameters }) }
}

function parametersOf(tool: ServerTool): object {
  switch (tool.type) {
    case 'web_search': {
      const { max_uses: uses, allowed_domains: allowed, blocked_domains: blocked, user_location: place } = tool.config ?? {}
      return {
        ...(uses !== undefined && { max_uses: uses }),
        ...(allowed && { allowed_domains: allowed }),
        ...(blocked && { excluded_domains: blocked }),
        ...(place && { user_location: withoutNulls(place) }),
      }
    }
    case 'web_fetch': {
      const { citations: _, ...parameters } = tool.config ?? {}
      return parameters
    }
    case 'code_execution':
      return {}
  }
}

function withoutNulls(place: UserLocation): object {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== null))
}
