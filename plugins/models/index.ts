import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { GatewayError } from '../../api/error.ts'
import type { Model, ModelCapabilities, ModelList } from '../../api/schemas.gen.ts'
import type { KnownModel, LlmProvider } from '../../providers/provider.ts'
import { modelError, Registry } from '../../providers/registry.ts'

declare module 'fastify' {
  interface FastifyInstance {
    models: Models
  }
}

/** What can be called, and under which names. */
export interface Models {
  readonly registry: Registry
  list(page: Page): ModelList
  /**
   * The catalogue's entry, or one that says little for a model that is not in it but may well exist. Throws `unknown_provider`
   * or `unknown_model`, 404 both, with the `param` of the route.
   */
  get(id: string): Model
}

export interface Page {
  readonly limit?: number
  readonly after_id?: string
  readonly before_id?: string
}

export interface ModelsOptions {
  readonly providers: readonly LlmProvider[]
  /** Other names for models, by name. */
  readonly aliases: Readonly<Record<string, string>>
}

export const models = fp(
  async (app: FastifyInstance, { providers, aliases }: ModelsOptions) => {
    const registry = new Registry(providers, aliases)
    const catalogue = providers.flatMap((provider) => (provider.models ?? []).map((model) => entryOf(provider, model)))

    app.decorate('models', {
      registry,
      list: (page) => pageOf(catalogue, page),
      get(id) {
        const resolved = registry.resolve(id)
        if ('problem' in resolved) {
          throw resolved.problem.code === 'unknown_provider' ? modelError(resolved.problem, 'model_id') : unknownModel(id)
        }
        const known = catalogue.find((model) => model.id === resolved.id)
        if (known) return known
        // A demo provider has the models it has; any other may have some that this version has not heard of.
        if (resolved.provider.demo) throw unknownModel(id)
        return entryOf(resolved.provider, { name: resolved.name, displayName: resolved.name })
      },
    })
  },
  { name: 'models' },
)

/** A page of the catalogue: what follows `after_id`, or what stands right before `before_id`. */
function pageOf(catalogue: readonly Model[], page: Page): ModelList {
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
    issues: [{ param, code: 'unknown_model', message }],
  })
}

function unknownModel(id: string): GatewayError {
  return new GatewayError('unknown_model', {
    param: 'model_id',
    message: `There is no model ${JSON.stringify(id.slice(0, 200))}; GET /v1/models lists what there is.`,
  })
}

function entryOf(provider: LlmProvider, model: KnownModel): Model {
  const capabilities = provider.capabilities(model.name)
  const released = model.released === undefined ? 0 : Date.parse(`${model.released}T00:00:00Z`)
  const features: ModelCapabilities = Object.fromEntries(
    Object.entries(capabilities.features).map(([feature, state]) => [feature, { supported: state === 'supported', state }]),
  )
  return {
    id: `${provider.id}/${model.name}`,
    object: 'model',
    type: 'model',
    display_name: model.displayName,
    owned_by: provider.id,
    created: released / 1000,
    created_at: new Date(released).toISOString(),
    ...(provider.demo && { demo: true }),
    capabilities: Object.keys(features).length > 0 ? features : null,
    max_input_tokens: capabilities.contextWindow ?? null,
    max_tokens: capabilities.maxOutputTokens ?? null,
  }
}
