import type { Asked } from './asked.ts'
import { hearingOf, speakingOf } from './check.ts'
import { type AdmissionRules, Obstacles, type PlanAsker } from './obstacles.ts'
import type { HearingModel, HearingPlan, SpeakingPlan, SpeakingVoice } from './plan.ts'
import type { VoicePlan } from './turn.ts'
import { isProblem, type Vendors } from './vendors.ts'

/** What has to be known to plan. */
export interface PlanRules extends AdmissionRules {
  readonly vendors: Vendors
  /** Who hears where nobody is named; undefined where that depends on whose key is there. */
  readonly usualModel: HearingModel | undefined
  /** Voices that go on where another fails. */
  readonly fallbacks: readonly SpeakingVoice[]
  readonly mostBlocks: number
}

/** Who hears and who speaks, and everything that stands in the way of it. */
export function planOf(asked: Asked, asker: PlanAsker, rules: PlanRules): VoicePlan {
  const obstacles = new Obstacles(asker, rules)
  const hearing = planHearing(asked, rules, obstacles)
  const speaking = planSpeaking(asked, rules, obstacles)
  return { issues: obstacles.issues, hearing, speaking, refusal: obstacles.refusal }
}

function planHearing(asked: Asked, rules: PlanRules, obstacles: Obstacles): HearingPlan | undefined {
  const { vendors, usualModel, mostBlocks } = rules
  const { sttModel, blocks } = asked
  const named = sttModel === undefined ? undefined : vendors.hearing(sttModel)
  if (named && isProblem(named)) {
    obstacles.issues.push({ param: 'stt_model', code: named.code, message: named.message })
    return undefined
  }
  if (blocks.length === 0) return undefined
  const model = named ?? usualModel ?? obstacles.firstWithKey(vendors.usualHearing, 'stt_model')
  if (!model) {
    const message = 'no provider that hears is there but the demo; name one, such as demo/meter'
    obstacles.issues.push({ param: 'stt_model', code: 'required', message })
    return undefined
  }
  obstacles.admit(model, 'stt_model')
  const { plan, issues } = hearingOf(asked, model, mostBlocks)
  obstacles.issues.push(...issues)
  return plan
}

function planSpeaking({ output, ttsModel }: Asked, rules: PlanRules, obstacles: Obstacles): SpeakingPlan | undefined {
  if (!output) {
    if (ttsModel !== undefined) {
      const message = 'nothing is spoken without voice.output; leave it out, or name a voice there'
      obstacles.issues.push({ param: 'tts_model', code: 'conflict', message })
    }
    return undefined
  }
  const found = rules.vendors.speaking(output.voice, ttsModel)
  if (isProblem(found)) {
    const param = found.field === 'voice' ? 'voice.output.voice' : found.field
    obstacles.issues.push({ param, code: found.code, message: found.message })
    return undefined
  }
  obstacles.admit(found, ttsModel === undefined ? 'voice.output.voice' : 'tts_model')
  const usable = rules.fallbacks.filter(({ id }) => obstacles.mayUse(id))
  const { plan, issues } = speakingOf(output, found, usable)
  obstacles.issues.push(...issues)
  return plan
}
