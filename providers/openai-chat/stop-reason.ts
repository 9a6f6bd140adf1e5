import type { StopReason } from '../../api/schemas.gen.ts'
import type { StopReasons } from '../provider.ts'

/**
 * The canonical reason for the provider's `finish_reason`.
 *
 * Servers differ in what they say after a tool call (`stop`, or nothing at all) and after a refusal, so what the answer holds
 * counts as well.
 */
export function stopReasonOf(
  finishReason: string | undefined,
  answer: { hasToolCalls: boolean; refused: boolean },
  known: StopReasons = stopReasons,
): StopReason {
  const reason = meaningOf(finishReason, known)
  if (answer.refused) return 'refusal'
  if (reason === undefined || reason === 'error' || reason === 'end_turn') return answer.hasToolCalls ? 'tool_use' : 'end_turn'
  return reason
}

/** Reasons that say the answer was cut off by the provider's own trouble: the end of such a stream is a failure. */
export function isFailure(finishReason: string | undefined, known: StopReasons = stopReasons): boolean {
  return meaningOf(finishReason, known) === 'error'
}

/** Those of OpenAI and of the servers that speak its language. A dialect that has more spreads them. */
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

function meaningOf(finishReason: string | undefined, known: StopReasons): StopReason | 'error' | undefined {
  return finishReason !== undefined && Object.hasOwn(known, finishReason) ? known[finishReason] : undefined
}
