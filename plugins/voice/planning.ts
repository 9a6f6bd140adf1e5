import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../../api/error.ts'
import type { Issue } from '../../api/schemas.gen.ts'
import type { Principal } from '../auth/principal.ts'
import type { Credentials } from '../credentials.ts'
import type { Asked } from './asked.ts'
import { hearingOf, speakingOf } from './check.ts'
import type { HearingModel, HearingPlan, SpeakingPlan, SpeakingVoice } from './plan.ts'
import type { VoicePlan } from './turn.ts'
import { isProblem, type Vendors } from './vendors.ts'

/** Who asks. */
export interface PlanAsker {
  readonly principal: Pick<Principal, 'mayUse' | 'providerKey'>
  readonly headers: IncomingHttpHeaders
}

/** What has to be known to plan. */
export interface PlanRules {
  readonly vendors: Vendors
  /** Who hears where nobody is named; undefined where that depends on whose key is there. */
  readonly usualModel: HearingModel | undefined
  /** Voices that go on where another fails. */
  readonly fallbacks: readonly SpeakingVoice[]
  readonly mostBlocks: number
  /** Whether the operator allows a model, by its full id. */
  isAllowed(model: string): boolean
  readonly credentials: Pick<Credentials, 'keyFor' | 'chooseKey'>
}

/** Who hears and who speaks, and everything that stands in the way of it. */
export function planOf(asked: Asked, asker: PlanAsker, rules: PlanRules): VoicePlan {
  const planner = new Planner(asker, rules)
  const hearing = planner.hearing(asked)
  const speaking = planner.speaking(asked)
  return { issues: planner.issues, hearing, speaking, refusal: planner.refusal }
}

class Planner {
  readonly issues: Issue[] = []
  /** The first reason why it may not be done though nothing is wrong with it. */
  refusal: GatewayError | undefined
  readonly #asker: PlanAsker
  readonly #rules: PlanRules

  constructor(asker: PlanAsker, rules: PlanRules) {
    this.#asker = asker
    this.#rules = rules
  }

  hearing({ sttModel, blocks, ...asked }: Asked): HearingPlan | undefined {
    const { vendors, usualModel, mostBlocks } = this.#rules
    const named = sttModel === undefined ? undefined : vendors.hearing(sttModel)
    if (named && isProblem(named)) {
      this.issues.push({ param: 'stt_model', code: named.code, message: named.message })
      return undefined
    }
    if (blocks.length === 0) return undefined
    const model = named ?? usualModel ?? this.#whoHears()
    if (!model) {
      const message = 'no provider that hears is there but the demo; name one, such as demo/meter'
      this.issues.push({ param: 'stt_model', code: 'required', message })
      return undefined
    }
    this.#admit(model, 'stt_model')
    const { plan, issues } = hearingOf({ sttModel, blocks, ...asked }, model, mostBlocks)
    this.issues.push(...issues)
    return plan
  }

  speaking({ output, ttsModel }: Asked): SpeakingPlan | undefined {
    if (!output) {
      if (ttsModel !== undefined) {
        const message = 'nothing is spoken without voice.output; leave it out, or name a voice there'
        this.issues.push({ param: 'tts_model', code: 'conflict', message })
      }
      return undefined
    }
    const found = this.#rules.vendors.speaking(output.voice, ttsModel)
    if (isProblem(found)) {
      const param = found.field === 'voice' ? 'voice.output.voice' : found.field
      this.issues.push({ param, code: found.code, message: found.message })
      return undefined
    }
    this.#admit(found, ttsModel === undefined ? 'voice.output.voice' : 'tts_model')
    const usable = this.#rules.fallbacks.filter(({ id }) => this.#mayUse(id))
    const { plan, issues } = speakingOf(output, found, usable)
    this.issues.push(...issues)
    return plan
  }

  /** The first whose key is there; the first of all where there is none, which is then the refusal. */
  #whoHears(): HearingModel | undefined {
    const { vendors, credentials } = this.#rules
    const [first, ...others] = vendors.usualHearing
    if (!first) return undefined
    const { headers, principal } = this.#asker
    try {
      const { service } = credentials.chooseKey([first.provider, ...others.map(({ provider }) => provider)], headers, principal)
      return [first, ...others].find(({ provider }) => provider === service)
    } catch (error) {
      this.#refuse(error)
      return first
    }
  }

  /** Finds out whether a model is for who asks, and whether there is a key for it. */
  #admit({ id, provider }: HearingModel | SpeakingVoice, param: string): void {
    const { credentials, isAllowed } = this.#rules
    if (!this.#mayUse(id)) {
      const who = isAllowed(id) ? 'this key may not use' : 'the operator of this gateway does not allow'
      this.#refuse(new GatewayError('model_not_allowed', { param, message: `${param}: ${who} ${id.slice(0, 200)}.` }))
      return
    }
    try {
      credentials.keyFor(provider, this.#asker.headers, this.#asker.principal)
    } catch (error) {
      this.#refuse(error)
    }
  }

  #refuse(error: unknown): void {
    if (!(error instanceof GatewayError)) throw error
    this.refusal ??= error
  }

  #mayUse(id: string): boolean {
    return this.#rules.isAllowed(id) && this.#asker.principal.mayUse(id)
  }
}
