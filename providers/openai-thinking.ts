import type { Issue, MessageRequest, Warning } from '../api/schemas.gen.ts'
import { takesSampling } from './openai-models.ts'
import type { ReasoningEffort } from './thinking-wish.ts'

/** How OpenAI's models think, and what they refuse for it, over whichever of its APIs. `effort` is what is sent to the model. */

/** `temperature` and `top_p` that the model refuses beside this effort. Those of 1 are its own, and are left out instead. */
export function samplingIssues(request: MessageRequest, model: string, effort: ReasoningEffort | undefined): Issue[] {
  if (takesSampling(model, effort)) return []
  const refused = (['temperature', 'top_p'] as const).filter((field) => (request[field] ?? 1) !== 1)
  const way = takesSampling(model, 'none') ? 'while it thinks; leave it out, or disable thinking' : 'than 1; leave it out'
  return refused.map((param) => ({ param, code: 'unsupported_parameter', message: `${model} takes no other ${param} ${way}` }))
}

/** `temperature` and `top_p` as they are sent. */
export function samplingFields(
  { temperature, top_p: topP }: MessageRequest,
  model: string,
  effort: ReasoningEffort | undefined,
): Record<string, number> {
  const all = takesSampling(model, effort)
  return {
    ...(temperature !== undefined && (all || temperature !== 1) && { temperature }),
    ...(topP !== undefined && (all || topP !== 1) && { top_p: topP }),
  }
}

/** What is not done as the caller asks, though the matrix says that it is passed on. */
export function thinkingWarnings(request: MessageRequest, model: string, effort: ReasoningEffort | undefined): Warning[] {
  if (request.thinking?.type !== 'disabled' || !effort || effort === 'none') return []
  const message = `${model} cannot but think; it was asked for its lowest effort, ${effort}.`
  return [{ param: 'thinking', code: 'raised', message }]
}
