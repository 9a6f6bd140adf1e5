import type { MessageRequest } from '../../api/schemas.gen.ts'
import type { Matrix } from '../capabilities.ts'
import {
  budgetNote,
  effortOf,
  nearestEffort,
  type ReasoningEffort,
  switchingEffort,
  type ThinkingWish,
  wishOf,
} from '../thinking-wish.ts'

/** The members of a request that say how a model is to think; none where the caller asks for nothing. */
export type ReasoningRequest = (wish: ThinkingWish, model: string) => Readonly<Record<string, unknown>>

/** What is asked of a model's thinking, where a tool that has to be called leaves it a choice. */
export function heededWish(request: MessageRequest, { choiceStopsThinking }: { choiceStopsThinking?: boolean }): ThinkingWish {
  const wish = wishOf(request)
  return choiceStopsThinking && isForced(request) ? { ...wish, thinks: false } : wish
}

/** Whether the model has to call a tool. */
export function isForced({ tool_choice: choice }: MessageRequest): boolean {
  return choice?.type === 'any' || choice?.type === 'tool'
}

/** A way in which servers want to be told about thinking, and what becomes of a request's fields by it. */
export interface ReasoningStyle {
  /** `known` are the efforts that the server knows; `ofModel` those of the model itself, where they are known. */
  request(known: readonly ReasoningEffort[], ofModel?: readonly ReasoningEffort[]): ReasoningRequest
  readonly cells: Partial<Matrix>
}

const nothing = { treatment: 'drop', note: 'The server has no field for it; the model thinks as it does.' } as const
const byBudget = `budget_tokens becomes an effort: ${budgetNote}; output_config.effort goes before it.`
const nearest = 'the next higher effort that the server knows stands for one that it does not'

export const reasoningStyles = {
  none: {
    request: () => () => ({}),
    cells: {
      'thinking.enabled': nothing,
      'thinking.disabled': nothing,
      'thinking.adaptive': nothing,
      'output_config.effort': nothing,
    },
  },
  /** `reasoning_effort`, where `none` turns thinking off if the server knows it. */
  reasoning_effort: {
    request: (known, ofModel) => (wish) => {
      if (wish.thinks === false) return known.includes('none') ? { reasoning_effort: 'none' } : {}
      const effort = fitted(wish, known) ?? switchingEffort(wish, ofModel)
      return effort ? { reasoning_effort: effort } : {}
    },
    cells: {
      'thinking.enabled': { treatment: 'map', note: `Sent as reasoning_effort. ${byBudget}` },
      'thinking.disabled': { treatment: 'map', note: 'Sent as reasoning_effort none, where the server knows it.' },
      'thinking.adaptive': {
        treatment: 'map',
        note: 'Sent as reasoning_effort medium for models that are known not to think by themselves; others decide. output_config.effort goes before it.',
      },
      'output_config.effort': { treatment: 'map', note: `Sent as reasoning_effort; ${nearest}.` },
    },
  },
  /** OpenRouter's object, with an effort or with a budget. */
  reasoning: {
    request: (known) => (wish) => {
      if (wish.thinks === false) return { reasoning: { effort: 'none' } }
      if (wish.effort) return { reasoning: { enabled: true, effort: nearestEffort(wish.effort, known) } }
      if (wish.budget !== undefined) return { reasoning: { enabled: true, max_tokens: wish.budget } }
      return wish.thinks ? { reasoning: { enabled: true } } : {}
    },
    cells: {
      'thinking.enabled': { treatment: 'map', note: 'Sent as reasoning.max_tokens; output_config.effort goes before it.' },
      'thinking.disabled': { treatment: 'map', note: 'Sent as reasoning.effort none.' },
      'thinking.adaptive': { treatment: 'map', note: 'Sent as reasoning.enabled; the model decides how much.' },
      'output_config.effort': { treatment: 'map', note: `Sent as reasoning.effort; ${nearest}.` },
    },
  },
  /** Together's: a switch, and an effort for the models that know degrees. */
  reasoning_enabled: {
    request: (known) => (wish) => {
      const effort = wish.thinks === false ? undefined : fitted(wish, known)
      return {
        ...(wish.thinks !== undefined && { reasoning: { enabled: wish.thinks } }),
        ...(effort && { reasoning_effort: effort }),
      }
    },
    cells: {
      'thinking.enabled': { treatment: 'map', note: `Sent as reasoning.enabled and reasoning_effort. ${byBudget}` },
      'thinking.disabled': { treatment: 'map', note: 'Sent as reasoning.enabled: false.' },
      'thinking.adaptive': { treatment: 'map', note: 'Sent as reasoning.enabled; the model decides how much.' },
      'output_config.effort': { treatment: 'map', note: `Sent as reasoning_effort; ${nearest}.` },
    },
  },
  /** DeepSeek's and Z.AI's: a switch, and an effort for the models that know degrees. */
  thinking: {
    request: (known) => (wish) => {
      const effort = wish.thinks === false ? undefined : fitted(wish, known)
      return {
        ...(wish.thinks !== undefined && { thinking: { type: wish.thinks ? 'enabled' : 'disabled' } }),
        ...(effort && { reasoning_effort: effort }),
      }
    },
    cells: {
      'thinking.enabled': { treatment: 'map', note: `Sent as thinking.type and reasoning_effort. ${byBudget}` },
      'thinking.disabled': { treatment: 'map', note: 'Sent as thinking.type disabled.' },
      'thinking.adaptive': { treatment: 'map', note: 'Sent as thinking.type enabled; the model decides how much.' },
      'output_config.effort': { treatment: 'map', note: `Sent as reasoning_effort; ${nearest}.` },
    },
  },
  /** vLLM: the switch is the chat template's, under the two names that templates have for it. */
  chat_template: {
    request: (known) => (wish) => {
      const effort = wish.thinks === false ? undefined : fitted(wish, known)
      return {
        ...(wish.thinks !== undefined && { chat_template_kwargs: { enable_thinking: wish.thinks, thinking: wish.thinks } }),
        ...(effort && { reasoning_effort: effort }),
      }
    },
    cells: {
      'thinking.enabled': { treatment: 'map', note: `Sent as chat_template_kwargs and reasoning_effort. ${byBudget}` },
      'thinking.disabled': { treatment: 'map', note: 'Sent as chat_template_kwargs, where the chat template has such a switch.' },
      'thinking.adaptive': { treatment: 'map', note: 'Sent as chat_template_kwargs; the model decides how much.' },
      'output_config.effort': { treatment: 'map', note: `Sent as reasoning_effort; ${nearest}.` },
    },
  },
} as const satisfies Record<string, ReasoningStyle>

export type ReasoningStyleName = keyof typeof reasoningStyles

export const reasoningStyleNames = [
  'none',
  'reasoning_effort',
  'reasoning',
  'reasoning_enabled',
  'thinking',
  'chat_template',
] as const satisfies readonly ReasoningStyleName[]

function fitted(wish: ThinkingWish, known: readonly ReasoningEffort[]): ReasoningEffort | undefined {
  const effort = effortOf(wish)
  return effort && nearestEffort(effort, known)
}
