import { Cancelled } from '../../api/error.ts'
import type { ContentBlock, ContentBlockParam, Message, MessageParam, RunStopReason } from '../../api/schemas.gen.ts'

/**
 * The rules of a run. Nothing here waits, asks or knows the time: what has happened goes in, what is to be done comes out.
 *
 *   1. A turn is one answer of the model. Before each turn the limits are asked (`stopBefore`); the first turn is always made.
 *   2. After each turn the calls in its answer are divided (`planAfter`): those that are run, and those that are answered without being
 *      run because the run ends here. Whatever happens, every call gets a result.
 *   3. A run ends when the model calls nothing more, when a limit says so, or when it is interrupted: by its time, by the caller who
 *      leaves, or by an error. What was said until then stays.
 *   4. The history is whatever can be sent again to any provider (`historyOf`): no call without its result, no empty text, no message
 *      without content, and at the end no call that only its own provider could go on with.
 */

export interface Limits {
  readonly maxTurns: number
  readonly maxToolCalls: number
  /** 0 for none. */
  readonly maxTokens: number
}

/** What has been done so far. */
export interface Progress {
  /** Answers that the model was asked for. */
  readonly turns: number
  /** Calls that were taken up, whatever came of them. */
  readonly toolCalls: number
  /** Of all turns together. */
  readonly tokens: number
}

/** What breaks a run off in the middle of something. */
export type Interruption = Extract<RunStopReason, 'timeout' | 'cancelled' | 'error'>

/** The run has taken as long as it may. To those whom it called that is as if their caller had left: it is no fault of theirs. */
export class RunTimeout extends Cancelled {}

export type ToolUse = Extract<ContentBlock, { type: 'tool_use' }>

export interface Plan {
  /** In the order of the calls. */
  readonly calls: readonly PlannedCall[]
  /** Why the run ends after these; undefined where it goes on, if the limits let it. */
  readonly stop: RunStopReason | undefined
}

export interface PlannedCall {
  readonly use: ToolUse
  /** Why it is not run, in words for the model; undefined where it is. */
  readonly refusal: string | undefined
  /** Whether the model wrote something else than a JSON object, so that the input is no more than what could be read of it. */
  readonly isMisread: boolean
}

// ── When it ends ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Why no further turn is made; undefined where one is. */
export function stopBefore(progress: Progress, limits: Limits): RunStopReason | undefined {
  return limitsOfTurns.find(([, isReached]) => isReached(progress, limits))?.[0]
}

const limitsOfTurns: readonly (readonly [RunStopReason, (progress: Progress, limits: Limits) => boolean])[] = [
  ['max_turns', ({ turns }, { maxTurns }) => turns >= maxTurns],
  ['max_tokens', ({ tokens }, { maxTokens }) => maxTokens > 0 && tokens >= maxTokens],
]

// ── What an answer asks for ─────────────────────────────────────────────────────────────────────────────────────────────

/** What becomes of an answer's calls, and of the run after them. */
export function planAfter(
  { content, stop_reason: stopReason, metadata }: Pick<Message, 'content' | 'stop_reason' | 'metadata'>,
  { toolCalls }: Pick<Progress, 'toolCalls'>,
  { maxToolCalls }: Pick<Limits, 'maxToolCalls'>,
  interruption?: Interruption,
): Plan {
  const misread = new Set(metadata?.warnings?.map(({ code, param }) => (code === 'invalid_tool_input' ? param : undefined)))
  const uses = content.flatMap((use, index) =>
    isToolUse(use) ? [{ use, isMisread: misread.has(`content[${index}].input`) }] : [],
  )
  const none = (refusal: string, stop: RunStopReason): Plan => ({ calls: uses.map((each) => ({ ...each, refusal })), stop })
  if (interruption) return none(refusals[interruption], interruption)
  if (isCutShort(stopReason)) return none(refusals.cut, 'max_tokens')
  if (stopReason === 'refusal') return none(refusals.refusal, 'end_turn')
  if (uses.length === 0) return { calls: [], stop: isPaused(stopReason) ? undefined : 'end_turn' }
  const left = maxToolCalls - toolCalls
  const calls = uses.map((each, index) => ({ ...each, refusal: index < left ? undefined : refusals.max_tool_calls }))
  return { calls, stop: uses.length > left ? 'max_tool_calls' : undefined }
}

/** Why a call was not run, in words for the model, which may read them when the conversation goes on. */
export const refusals = {
  timeout: 'The tool was not run to its end: the run reached its time limit.',
  cancelled: 'The tool was not run to its end: the run was cancelled.',
  error: 'The tool was not run: the answer that called it broke off.',
  cut: 'The tool was not run: the answer that called it was cut off at its token limit.',
  refusal: 'The tool was not run: the answer that called it ended in a refusal.',
  max_tool_calls: 'The tool was not run: the run reached its limit of tool calls.',
} as const

export function isToolUse(block: ContentBlock): block is ToolUse {
  return block.type === 'tool_use'
}

/** The provider stopped in the middle of its own tools and goes on once it is sent what it has said. */
export function isPaused(stopReason: string | null): boolean {
  return stopReason === 'pause_turn' || stopReason === 'compaction'
}

function isCutShort(stopReason: string | null): boolean {
  return stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded'
}

// ── What stays of it ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A result of a call, in the order of the calls. */
export interface Result {
  readonly tool_use_id: string
  readonly content: string
  readonly is_error: boolean
}

/** The messages that an answer and the results of its calls add to the history; `isLast` where no turn follows. */
export function historyOf(content: readonly ContentBlock[], results: readonly Result[], isLast: boolean): MessageParam[] {
  const said = withoutLoose(content, isLast).map(asParam)
  const answers = results.map(
    ({ tool_use_id, content: text, is_error }): ContentBlockParam => ({
      type: 'tool_result',
      tool_use_id,
      content: text,
      ...(is_error && { is_error }),
    }),
  )
  return [
    ...(said.length > 0 ? [{ role: 'assistant' as const, content: said }] : []),
    ...(answers.length > 0 ? [{ role: 'user' as const, content: answers }] : []),
  ]
}

/** Without empty text, which some providers write and others refuse; and in the last answer without what leads nowhere. */
function withoutLoose(content: readonly ContentBlock[], isLast: boolean): readonly ContentBlock[] {
  const filled = content.filter((block) => block.type !== 'text' || block.text !== '')
  if (!isLast) return filled
  const answered = filled.filter((block) => !isUnanswered(block, content))
  // A thought before nothing is refused by the provider that had it.
  return answered.slice(0, answered.findLastIndex((block) => !isThought(block)) + 1)
}

function isThought({ type }: ContentBlock): boolean {
  return type === 'thinking' || type === 'redacted_thinking'
}

/** A call of the provider's own tools that it has not answered itself. */
function isUnanswered(block: ContentBlock, content: readonly ContentBlock[]): boolean {
  if (block.type !== 'server_tool_use' && block.type !== 'mcp_tool_use') return false
  return !content.some((other) => 'tool_use_id' in other && other.tool_use_id === block.id)
}

/**
 * Blocks go back as they came: what a provider says is what it takes. Those few that the contract lists in answers alone are the
 * betas of a provider that reads its own blocks itself.
 */
function asParam(block: ContentBlock): ContentBlockParam {
  return block as ContentBlockParam
}

/**
 * The content with an id of its own for every call: some servers count theirs anew in each answer, and a history in which two calls
 * have one id is refused by others. `taken` holds the ids of the conversation so far, and learns those of the content.
 */
export function withOwnIds(content: readonly ContentBlock[], taken: Set<string>, newId: () => string): readonly ContentBlock[] {
  return content.map((block) => {
    if (!isToolUse(block)) return block
    const id = block.id === '' || taken.has(block.id) ? newId() : block.id
    taken.add(id)
    return id === block.id ? block : { ...block, id }
  })
}
