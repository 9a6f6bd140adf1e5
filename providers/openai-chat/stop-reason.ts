import type { StopReason } from '../../api/schemas.gen.ts'
import type { StopReasons } from '../provider.ts'

/**
 * The canonical reason for the provider's `finish_reason`.
 *
 * Servers differ in what they say after a tool call (`stop`, or nothing at all) and after a refusal, so what the answer holds
 * counts as well.
 */
export function stopReasonOf(finishReason: string | undefined, answer: { hasToolCalls: boolean; refused: boolean }): StopReason {
  const reason = reasons.get(finishReason ?? '')
  if (answer.refused) return 'refusal'
  if (reason === undefined || reason === 'error' || reason === 'end_turn') return answer.hasToolCalls ? 'tool_use' : 'end_turn'
  return reason
}

/** Reasons that say the answer was cut off by the provider's own trouble: the end of such a stream is a failure. */
export function isFailure(finishReason: string | undefined): boolean {
  return reasons.get(finishReason ?? '') === 'error'
}

/** Those of OpenAI and of the servers that speak its language. */
export const stopReasons: StopReasons = {
  stop: 'end_turn',
  length: 'max_tokens',
  // Mistral: the context window is full.
  model_length: 'model_context_window_exceeded',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
  error: 'error',
  // DeepSeek.
  insufficient_system_resource: 'error',
}

const reasons: ReadonlyMap<string, StopReason | 'error'> = new Map(Object.entries(stopReasons))
