import { leastLine } from '../../../text/script.ts'
import type { SpeakingPlan } from '../plan.ts'
import { voicesOf } from './parts.ts'

/** The longest line that each of the plan's voices takes, and `most` at most. */
export function longestLine(plan: SpeakingPlan, most: number): number {
  const each = voicesOf(plan).map(({ tts, name }) => tts.capabilities(name).maxCharacters)
  return Math.max(leastLine, Math.min(most, ...each))
}
