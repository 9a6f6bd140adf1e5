import type { Issue, MessageRequest, Warning } from '../../api/schemas.gen.ts'
import { markWarnings } from '../openai-cache.ts'
import { chatToolsOf, fittedEffort } from '../openai-models.ts'
import { samplingWarnings, thinkingWarnings } from '../openai-thinking.ts'
import { effortOf, type ReasoningEffort, type ThinkingWish, wishOf } from '../thinking-wish.ts'

/**
 * OpenAI's models think and call tools over the Responses API. Over Chat Completions the later ones do only one of them: what
 * asks for both is refused, and where only the tools are asked for the model is told not to think.
 */

/** The `reasoning_effort` of a request, or undefined for none. */
export function chatEffort(wish: ThinkingWish, model: string): ReasoningEffort | undefined {
  const rule = wish.hasTools ? chatToolsOf(model) : undefined
  if (rule === 'none') return 'none'
  // What is not said is none already.
  if (rule === 'unsaid' && wish.thinks === false) return undefined
  // How much adaptive thinking there is is the model's to say, and beside tools it is none.
  if (rule && wish.thinks && !effortOf(wish)) return undefined
  return fittedEffort(wish, model, 'chat')
}

export function openaiIssues(request: MessageRequest, model: string): Issue[] {
  const wish = wishOf(request)
  const rule = wish.hasTools ? chatToolsOf(model) : undefined
  if (!rule || rule === 'never' || !effortOf(wish)) return []
  const param = wish.effort ? 'output_config.effort' : 'thinking'
  const message = `${model} does not think beside tools over Chat Completions; use oai-resp/${model}, or disable thinking`
  return [{ param, code: 'unsupported_parameter', message }]
}

export function openaiWarnings(request: MessageRequest, model: string): Warning[] {
  const wish = wishOf(request)
  const effort = chatEffort(wish, model)
  const warnings = [
    ...thinkingWarnings(request, model, effort),
    ...samplingWarnings(request, model, effort),
    ...markWarnings(request, model),
  ]
  if (!wish.hasTools || wish.thinks === false) return warnings
  const rule = chatToolsOf(model)
  if (!rule || rule === 'never' || (rule !== 'none' && !wish.thinks)) return warnings
  const told = rule === 'none' ? '; it was told not to' : ''
  const message = `${model} does not think beside tools over Chat Completions${told}. oai-resp/${model} does both.`
  return [...warnings, { param: request.thinking ? 'thinking' : 'tools', code: 'dropped', message }]
}
