import type { MessageRequest } from '../api/schemas.gen.ts'

/** How hard a model is to think, as OpenAI and those who follow it say it; not every model takes each. */
export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

/** In their order. */
export const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const satisfies readonly ReasoningEffort[]

/** What a caller asks of a model's thinking. */
export interface ThinkingWish {
  /** Undefined where the caller says nothing of it; adaptive thinking is on, with neither an effort nor a budget. */
  readonly thinks: boolean | undefined
  readonly effort: ReasoningEffort | undefined
  /** Tokens. */
  readonly budget: number | undefined
  /** Whether there are tools to call, beside which some models think in another way. */
  readonly hasTools: boolean
}

export function wishOf({
  thinking,
  output_config: output,
  tools,
}: Pick<MessageRequest, 'thinking' | 'output_config' | 'tools'>): ThinkingWish {
  return {
    thinks: thinking?.type === 'disabled' ? false : asksToThink(thinking) ? true : undefined,
    effort: output?.effort ?? undefined,
    budget: thinking?.type === 'enabled' ? thinking.budget_tokens : undefined,
    hasTools: (tools?.length ?? 0) > 0,
  }
}

function asksToThink(thinking: MessageRequest['thinking']): boolean {
  return thinking?.type === 'enabled' || thinking?.type === 'adaptive'
}

/**
 * The effort that turns thinking on where a model has it off by itself, which are those with an effort that is none: medium, or the
 * next that they have.
 */
export function switchingEffort(
  { thinks, effort, budget }: ThinkingWish,
  known: readonly ReasoningEffort[] | undefined,
): ReasoningEffort | undefined {
  const leavesAmount = thinks === true && effort === undefined && budget === undefined
  return leavesAmount && known?.includes('none') ? nearestEffort('medium', known) : undefined
}

/** The effort that was asked for, or that a budget comes to; undefined where there is neither, or no thinking at all. */
export function effortOf({ thinks, effort, budget }: ThinkingWish): ReasoningEffort | undefined {
  if (thinks === false) return undefined
  if (effort || budget === undefined) return effort
  return effortOfBudget(budget)
}

/** The effort that a budget in tokens comes to, for models that know no budgets. */
export function effortOfBudget(budget: number): 'low' | 'medium' | 'high' {
  if (budget <= most.low) return 'low'
  return budget <= most.medium ? 'medium' : 'high'
}

const most = { low: 2048, medium: 8192 }

/** How the matrices tell it. */
export const budgetNote = `up to ${most.low} low, up to ${most.medium} medium, above high`

/** The next higher of the efforts that are known, or the highest; `none` is no effort. */
export function nearestEffort(effort: ReasoningEffort, known: readonly ReasoningEffort[]): ReasoningEffort | undefined {
  const degrees = known.filter((each) => each !== 'none')
  return degrees.find((each) => efforts.indexOf(each) >= efforts.indexOf(effort)) ?? degrees.at(-1)
}
