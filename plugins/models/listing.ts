import { GatewayError } from '../../api/error.ts'
import { issueAt } from '../../api/issues.ts'
import type { Model, ModelCapabilities, ModelList, ModelPrices } from '../../api/schemas.gen.ts'
import { type Capabilities, type Feature, matrixEntry, type Support } from '../../providers/capabilities.ts'
import type { CatalogueEntry } from '../../providers/catalogue/entry.ts'
import type { LlmProvider } from '../../providers/provider.ts'

/** Which part of a list is asked for. */
export interface Page {
  readonly limit?: number
  readonly after_id?: string
  readonly before_id?: string
}

/** A page of the catalogue: what follows `after_id`, or what stands right before `before_id`. */
export function pageOf(catalogue: readonly Model[], page: Page): ModelList {
  const start = page.after_id === undefined ? 0 : positionOf(catalogue, page.after_id, 'after_id') + 1
  const end = page.before_id === undefined ? catalogue.length : positionOf(catalogue, page.before_id, 'before_id')
  const rest = catalogue.slice(start, end)
  const limit = page.limit ?? rest.length
  const data = page.before_id === undefined ? rest.slice(0, limit) : rest.slice(Math.max(0, rest.length - limit))
  return {
    object: 'list',
    data,
    has_more: data.length < rest.length,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  }
}

function positionOf(catalogue: readonly Model[], id: string, param: string): number {
  const position = catalogue.findIndex((model) => model.id === id)
  if (position >= 0) return position
  const message = `no model of the list has the id ${JSON.stringify(id.slice(0, 200))}`
  throw new GatewayError('invalid_request', {
    message: `${param}: ${message}.`,
    param,
    code: 'unknown_model',
    issues: [issueAt([param], 'unknown_model', message)],
  })
}

/** What is said of one model. */
export interface Described {
  /** `provider/name`. */
  readonly id: string
  readonly provider: LlmProvider
  /** Undefined for a model that the catalogue does not know. */
  readonly entry: CatalogueEntry | undefined
  readonly capabilities: Capabilities
  /** Those that count today. */
  readonly prices: ModelPrices | undefined
  /** Other names for it that can be used, the operator's own among them. */
  readonly aliases: readonly string[]
}

/** A model as the OpenAI and the Anthropic client both read it. */
export function modelOf({ id, provider, entry, capabilities, prices, aliases }: Described): Model {
  const released = entry?.released === undefined ? 0 : Date.parse(`${entry.released}T00:00:00Z`)
  return {
    id,
    object: 'model',
    type: 'model',
    display_name: entry?.display_name ?? id.slice(provider.id.length + 1),
    owned_by: provider.id,
    created: released / 1000,
    created_at: new Date(released).toISOString(),
    ...(provider.demo && { demo: true }),
    capabilities: supportOf(provider, capabilities),
    max_input_tokens: capabilities.contextWindow ?? null,
    max_tokens: capabilities.maxOutputTokens ?? null,
    ...(aliases.length > 0 && { aliases: [...aliases] }),
    ...(entry?.deprecation && { deprecation: entry.deprecation }),
    ...(prices && { prices }),
  }
}

/** What the model can, and what of it can be had here: what the provider's API cannot say, its models do not support here. */
function supportOf({ matrix }: LlmProvider, { features }: Capabilities): ModelCapabilities | null {
  const known = Object.entries(features).map(([feature, support]) => {
    const state: Support =
      isFeatureOf(matrix, feature) && matrixEntry(matrix, feature).treatment === 'reject' ? 'unsupported' : support
    return [feature, { supported: state === 'supported', state }]
  })
  return known.length > 0 ? Object.fromEntries(known) : null
}

function isFeatureOf(matrix: LlmProvider['matrix'], name: string): name is Feature {
  return Object.hasOwn(matrix, name)
}
