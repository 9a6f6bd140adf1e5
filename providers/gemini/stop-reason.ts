import type { StopReason } from '../../api/schemas.gen.ts'
import type { StopReasons } from '../provider.ts'

/**
 * The canonical reason for Gemini's `finishReason`, or for the reason why it refused a prompt.
 *
 * STOP is also what it says after a function call, so what the answer holds counts as well. A call that was not expected is still
 * one that the caller can answer.
 */
export function stopReasonOf(native: string, answer: { readonly hasToolCalls: boolean; readonly blocked: boolean }): StopReason {
  if (answer.blocked) return 'refusal'
  const reason = reasons.get(native)
  if (reason === undefined || reason === 'error' || reason === 'end_turn') return answer.hasToolCalls ? 'tool_use' : 'end_turn'
  return reason
}

/** Reasons that say the answer came to nothing by the model's own mistake: the end of such an answer is a failure. */
export function isFailure(native: string, hasToolCalls: boolean): boolean {
  return reasons.get(native) === 'error' && !(native === 'UNEXPECTED_TOOL_CALL' && hasToolCalls)
}

export const stopReasons: StopReasons = {
  STOP: 'end_turn',
  MAX_TOKENS: 'max_tokens',
  SAFETY: 'refusal',
  RECITATION: 'refusal',
  LANGUAGE: 'refusal',
  BLOCKLIST: 'refusal',
  PROHIBITED_CONTENT: 'refusal',
  SPII: 'refusal',
  MODEL_ARMOR: 'refusal',
  JAILBREAK: 'refusal',
  IMAGE_SAFETY: 'refusal',
  IMAGE_PROHIBITED_CONTENT: 'refusal',
  IMAGE_RECITATION: 'refusal',
  IMAGE_OTHER: 'refusal',
  // Nothing more is said; it stands where a filter stopped the answer for a reason that is not one of the others.
  OTHER: 'refusal',
  NO_IMAGE: 'end_turn',
  FINISH_REASON_UNSPECIFIED: 'end_turn',
  MALFORMED_FUNCTION_CALL: 'error',
  MALFORMED_RESPONSE: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
  TOO_MANY_TOOL_CALLS: 'error',
  MISSING_THOUGHT_SIGNATURE: 'error',
}

const reasons: ReadonlyMap<string, StopReason | 'error'> = new Map(Object.entries(stopReasons))
