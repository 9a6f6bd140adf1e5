import { GatewayError } from '../api/error.ts'
import type { Issue } from '../api/schemas.gen.ts'
import { nearest } from '../text/nearest.ts'
import type { LlmProvider } from './provider.ts'

/** Which adapter and which of its models a full id, `provider/name`, stands for. */
export interface ResolvedModel {
  readonly provider: LlmProvider
  /** As the provider knows it; may hold slashes of its own. */
  readonly name: string
  /** `provider/name`. */
  readonly id: string
}

export class Registry {
  readonly #providers: ReadonlyMap<string, LlmProvider>
  readonly #aliases: Readonly<Record<string, string>>

  /** Throws where an alias is the id of another model, or stands for one that cannot be resolved. */
  constructor(providers: readonly LlmProvider[], aliases: Readonly<Record<string, string>>) {
    this.#providers = new Map(providers.map((provider) => [provider.id, provider]))
    this.#aliases = aliases
    for (const [name, target] of Object.entries(aliases)) {
      const owner = this.#providers.get(name.slice(0, Math.max(0, name.indexOf('/'))))
      if (owner) {
        throw new Error(`model_aliases: ${name}: this is the id of a model of ${owner.name} already; take a name of its own`)
      }
      const resolved = this.resolve(target)
      if ('problem' in resolved) throw new Error(`model_aliases: ${name}: ${resolved.problem.message}`)
    }
  }

  get providers(): readonly LlmProvider[] {
    return [...this.#providers.values()]
  }

  /** The model that an id or an alias names, or what is wrong with the id. */
  resolve(model: string): ResolvedModel | { readonly problem: ModelProblem } {
    const id = Object.hasOwn(this.#aliases, model) ? (this.#aliases[model] ?? model) : model
    if (!/^[\x21-\x7e]*$/.test(id)) {
      return { problem: { code: 'invalid_model', message: 'the name of a model has only visible ASCII characters' } }
    }
    const slash = id.indexOf('/')
    if (slash < 1 || slash === id.length - 1) {
      return {
        problem: {
          code: 'invalid_model',
          message: `a model is written provider/name, not ${JSON.stringify(model.slice(0, 200))}; ${this.#known()}`,
        },
      }
    }
    const provider = this.#providers.get(id.slice(0, slash))
    if (!provider) {
      const name = id.slice(0, Math.min(slash, 200))
      const near = nearest(name, [...this.#providers.keys()])
      const hint = near ? `; did you mean ${near}?` : ';'
      return {
        problem: {
          code: 'unknown_provider',
          message: `there is no provider ${JSON.stringify(name)}${hint} ${this.#known()}`,
        },
      }
    }
    return { provider, name: id.slice(slash + 1), id }
  }

  #known(): string {
    return `known providers: ${[...this.#providers.keys()].join(', ')}`
  }
}

export interface ModelProblem {
  readonly code: 'invalid_model' | 'unknown_provider'
  readonly message: string
}

/** The error for a model that cannot be resolved: 400 where the id is malformed, 404 where the provider is unknown. */
export function modelError(problem: ModelProblem, param: string): GatewayError {
  const issue: Issue = { param, ...problem }
  const details = { message: `${param}: ${problem.message}.`, param, code: problem.code, issues: [issue] }
  return new GatewayError(problem.code === 'unknown_provider' ? 'unknown_provider' : 'invalid_request', details)
}
