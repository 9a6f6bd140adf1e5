import type { StopReason } from '../../api/schemas.gen.ts'
import type { StopReasons } from '../provider.ts'

/**
 * The canonical reason for the provider's own: the reason of an incomplete answer, else the answer's status. The API does not say
 * that tools were called, so what the answer holds counts as well.
 */
export function stopReasonOf(own: string, answer: { hasToolCalls: boolean; refused: boolean }): StopReason {
  const reason = reasons.get(own)
  if (answer.refused) return 'refusal'
  if (reason === undefined || reason === 'error' || reason === 'end_turn') return answer.hasToolCalls ? 'tool_use' : 'end_turn'
  return reason
}

/** Whether an answer of this status is a failure. */
export function isFailure(status: string): boolean {
  return reasons.get(status) === 'error'
}

export const stopReasons: StopReasons = {
  completed: 'end_turn',
  max_output_tokens: 'max_tokens',
  content_filter: 'refusal',
  failed: 'error',
  cancelled: 'error',
}

const reasons: ReadonlyMap<string, StopReason | 'error'> = new Map(Object.entries(stopReasons))
