import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../../api/error.ts'
import type { Issue } from '../../api/schemas.gen.ts'
import type { Principal } from '../auth/principal.ts'
import type { Credentials } from '../credentials.ts'
import type { HearingModel, SpeakingVoice } from './plan.ts'

/** Who asks. */
export interface PlanAsker {
  readonly principal: Pick<Principal, 'mayUse' | 'providerKey'>
  readonly headers: IncomingHttpHeaders
}

/** Who may be asked. */
export interface AdmissionRules {
  /** Whether the operator allows a model, by its full id. */
  isAllowed(model: string): boolean
  readonly credentials: Pick<Credentials, 'keyFor' | 'chooseKey'>
}

/** Everything that stands in the way of a plan: what is wrong with it, and why it may not be done though nothing is. */
export class Obstacles {
  readonly issues: Issue[] = []
  /** The first reason why it may not be done though nothing is wrong with it. */
  refusal: GatewayError | undefined
  /** Which field names the model or the voice that may not be asked. */
  refusedAt: string | undefined
  readonly #asker: PlanAsker
  readonly #rules: AdmissionRules

  constructor(asker: PlanAsker, rules: AdmissionRules) {
    this.#asker = asker
    this.#rules = rules
  }

  /** Finds out whether a model is for who asks, and whether there is a key for it. */
  admit({ id, provider }: HearingModel | SpeakingVoice, param: string): void {
    if (!this.mayUse(id)) {
      const who = this.#rules.isAllowed(id) ? 'this key may not use' : 'the operator of this gateway does not allow'
      this.#refuse(new GatewayError('model_not_allowed', { param, message: `${param}: ${who} ${id.slice(0, 200)}.` }), param)
      return
    }
    try {
      this.#keyOf(provider)
    } catch (error) {
      this.#refuse(error, param)
    }
  }

  /** The first whose provider there is a key for; the first of all where there is none, which is then the refusal. */
  firstWithKey(models: readonly HearingModel[], param: string): HearingModel | undefined {
    const [first, ...others] = models
    if (!first) return undefined
    const { headers, principal } = this.#asker
    try {
      const all = [first.provider, ...others.map(({ provider }) => provider)] as const
      const { service } = this.#rules.credentials.chooseKey(all, headers, principal)
      return models.find(({ provider }) => provider === service)
    } catch (error) {
      this.#refuse(error, param)
      return first
    }
  }

  mayUse(id: string): boolean {
    return this.#rules.isAllowed(id) && this.#asker.principal.mayUse(id)
  }

  hasKey({ provider }: HearingModel | SpeakingVoice): boolean {
    try {
      this.#keyOf(provider)
      return true
    } catch (error) {
      if (error instanceof GatewayError) return false
      throw error
    }
  }

  #keyOf(provider: HearingModel['provider']): void {
    this.#rules.credentials.keyFor(provider, this.#asker.headers, this.#asker.principal)
  }

  #refuse(error: unknown, param: string): void {
    if (!(error instanceof GatewayError)) throw error
    if (this.refusal) return
    this.refusal = error
    this.refusedAt = param
  }
}
