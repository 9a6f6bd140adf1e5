import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import type { Model, ModelList, ModelPrices } from '../../api/schemas.gen.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { Catalogue } from '../../providers/catalogue/catalogue.ts'
import { type CatalogueEntry, pricesOn } from '../../providers/catalogue/entry.ts'
import { type ModelPolicy, policyOf } from '../../providers/model-policy.ts'
import type { LlmProvider } from '../../providers/provider.ts'
import { modelError, Registry, type ResolvedModel } from '../../providers/registry.ts'
import type { Principal } from '../auth/principal.ts'
import type { PriceList } from '../messages/cost.ts'
import { type Described, modelOf, type Page, pageOf } from './listing.ts'

export type { Page } from './listing.ts'

declare module 'fastify' {
  interface FastifyInstance {
    models: Models
  }
}

/** What can be called, under which names, and what is known of it. */
export interface Models {
  readonly registry: Registry
  /** Which models the operator allows at all; who asks may be allowed fewer. */
  readonly isAllowed: ModelPolicy
  /** What the family of a model is known to do, and over it what the catalogue says of the model itself. */
  capabilities(model: ResolvedModel): Capabilities
  /** What the tokens of a model's answer are priced by today. */
  prices(model: ResolvedModel): PriceList
  /** The models that somebody may use. */
  list(page: Page, caller: ModelUser): ModelList
  /**
   * What is known of a model, which is little for one that is not in the catalogue but may well exist. Throws
   * `unknown_provider` or `unknown_model`, 404 both, with the `param` of the route; a model that the caller may not use is unknown.
   */
  get(id: string, caller: ModelUser): Model
}

/** Who asks, as far as models are concerned. */
export type ModelUser = Pick<Principal, 'mayUse'>

export interface ModelsOptions {
  readonly providers: readonly LlmProvider[]
  /** Other names for models, by name. */
  readonly aliases: Readonly<Record<string, string>>
  /** What is known of models; entries of providers that are not there are passed over. */
  readonly catalogue: readonly CatalogueEntry[]
  /** Patterns of the models that may be used; all, where there are none. */
  readonly allowed: readonly string[]
  readonly clock: Clock
}

export const models = fp(
  async (app: FastifyInstance, { providers, aliases, catalogue: entries, allowed, clock }: ModelsOptions) => {
    const registry = new Registry(providers, aliases)
    const catalogue = new Catalogue(inOrderOf(providers, entries))
    const isAllowed = policyOf(allowed)
    /** Asked for several times a request. */
    const knownCapabilities = new Map<string, Capabilities>()
    const forbidden = Object.entries(aliases).find(([, target]) => !isAllowed(target))
    if (forbidden) {
      const [name, target] = forbidden
      throw new Error(`model_aliases: ${name}: allowed_models does not allow ${target}, which nobody could use by this name`)
    }

    app.decorate('models', {
      registry,
      isAllowed,
      capabilities,
      prices: ({ id, provider }) => ({
        asked: pricesToday(catalogue.find(id)),
        of(name) {
          const entry = catalogue.find(`${provider.id}/${name}`)
          return entry && { prices: pricesToday(entry) }
        },
      }),
      list: (page, caller) => pageOf(listed(caller), page),
      get(id, caller) {
        const resolved = registry.resolve(id)
        if ('problem' in resolved) {
          throw resolved.problem.code === 'unknown_provider' ? modelError(resolved.problem, 'model_id') : unknownModel(id)
        }
        const entry = catalogue.find(resolved.id)
        // A demo provider has the models it has; any other may have some that this version has not heard of.
        if (!maySee(caller, resolved.id) || (resolved.provider.demo && !entry)) throw unknownModel(id)
        return modelOf(describe(resolved, entry, caller))
      },
    })

    function maySee(caller: ModelUser, id: string): boolean {
      return isAllowed(id) && caller.mayUse(id)
    }

    function listed(caller: ModelUser): Model[] {
      return catalogue.entries.flatMap((entry) => {
        const resolved = maySee(caller, entry.id) ? registry.resolve(entry.id) : undefined
        return resolved && 'provider' in resolved ? [modelOf(describe(resolved, entry, caller))] : []
      })
    }

    function describe(model: ResolvedModel, entry: CatalogueEntry | undefined, caller: ModelUser): Described {
      const { id, provider } = model
      // What allows a model may name it by one of its names alone.
      const known = (entry?.aliases ?? []).filter((name) => maySee(caller, name))
      const own = Object.keys(aliases).filter((name) => aliases[name] === id)
      return { id, provider, entry, capabilities: capabilities(model), prices: pricesToday(entry), aliases: [...known, ...own] }
    }

    function capabilities(model: ResolvedModel): Capabilities {
      const known = knownCapabilities.get(model.id)
      if (known) return known
      // Callers may name what they like.
      if (knownCapabilities.size === mostKnown) knownCapabilities.clear()
      const found = findCapabilities(model)
      knownCapabilities.set(model.id, found)
      return found
    }

    function findCapabilities({ id, provider, name }: ResolvedModel): Capabilities {
      const family = provider.capabilities(name)
      const entry = catalogue.find(id)
      if (!entry) return family
      const contextWindow = entry.context_window ?? family.contextWindow
      const maxOutputTokens = entry.max_output_tokens ?? family.maxOutputTokens
      return {
        features: { ...family.features, ...entry.capabilities },
        defaultMaxTokens: entry.default_max_tokens ?? family.defaultMaxTokens,
        ...(contextWindow !== undefined && { contextWindow }),
        ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      }
    }

    function pricesToday(entry: CatalogueEntry | undefined): ModelPrices | undefined {
      return entry?.later_prices ? pricesOn(new Date(clock.wallclock()).toISOString().slice(0, 10), entry) : entry?.prices
    }
  },
  { name: 'models' },
)

/** Models whose capabilities are kept at hand. */
const mostKnown = 500

/** The entries of the providers there are, in the providers' order, with those that a provider itself brings along. */
function inOrderOf(providers: readonly LlmProvider[], entries: readonly CatalogueEntry[]): CatalogueEntry[] {
  return providers.flatMap(({ id, models: own = [] }) => {
    const known = entries.filter((entry) => entry.id.startsWith(`${id}/`))
    const more = own.map(
      ({ name, displayName, released }): CatalogueEntry => ({
        id: `${id}/${name}`,
        display_name: displayName,
        ...(released !== undefined && { released }),
      }),
    )
    return [...known, ...more.filter((each) => !known.some((entry) => entry.id === each.id))]
  })
}

function unknownModel(id: string): GatewayError {
  return new GatewayError('unknown_model', {
    param: 'model_id',
    message: `There is no model ${JSON.stringify(id.slice(0, 200))}; GET /v1/models lists what there is.`,
  })
}
