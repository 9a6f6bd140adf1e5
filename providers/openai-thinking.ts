import type { MessageRequest, Warning } from '../api/schemas.gen.ts'
import { takesSampling } from './openai-models.ts'
import type { ReasoningEffort } from './thinking-wish.ts'

/** How OpenAI's models think, and what they do not take for it, over whichever of its APIs. `effort` is what is sent to the model. */

/** `temperature` and `top_p` as they are sent: not at all to a model that refuses them beside this effort. */
export function samplingFields(
  { temperature, top_p: topP }: MessageRequest,
  model: string,
  effort: ReasoningEffort | undefined,
): Record<string, number> {
  if (!takesSampling(model, effort)) return {}
  return { ...(temperature !== undefined && { temperature }), ...(topP !== undefined && { top_p: topP }) }
}

/** The sampling that is left out so. Of those that are 1 nothing is lost, for that is the model's own. */
export function samplingWarnings(request: MessageRequest, model: string, effort: ReasoningEffort | undefined): Warning[] {
  if (takesSampling(model, effort)) return []
  const left = (['temperature', 'top_p'] as const).filter((field) => (request[field] ?? 1) !== 1)
  const way = takesSampling(model, 'none') ? ' while it thinks' : ''
  return left.map((param) => ({ param, code: 'dropped', message: `${model} takes no ${param}${way}; it was left out.` }))
}

/** What is not done as the caller asks, though the matrix says that it is passed on. */
export function thinkingWarnings(request: MessageRequest, model: string, effort: ReasoningEffort | undefined): Warning[] {
  if (request.thinking?.type !== 'disabled' || !effort || effort === 'none') return []
  const message = `${model} cannot but think; it was asked for its lowest effort, ${effort}.`
  return [{ param: 'thinking', code: 'raised', message }]
}
