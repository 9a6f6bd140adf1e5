import { Cancelled } from '../../api/error.ts'
import type { ContentBlock, Message, MessageParam, RunStep, RunStopReason, RunToolResult, Usage } from '../../api/schemas.gen.ts'
import { historyOf, isToolUse, type Result, type ToolUse, textBytesOf } from './history.ts'

/**
 * The rules of a run. Nothing here waits, asks or knows the time: what has happened goes in, a new state and what is to be done come
 * out.
 *
 *   1. A turn is one answer of the model. Before each turn but the first the limits are asked (`limitsOfTurns`).
 *   2. After each answer (`afterAnswer`) its calls are divided: those that are run, those that are answered without being run
 *      because the run ends here, and those that are no work but what the model has to say (`Terminal`). Whatever happens, every call
 *      gets a result.
 *   3. A run ends when the model calls nothing more that is to be run, when a limit says so, or when it is interrupted: by its time, by the caller who
 *      leaves, or by an error. What was said until then stays; only before the first whole answer there is nothing to keep
 *      (`hasNothingToLose`).
 *   4. An answer that pauses is held back and becomes one with the answer that goes on from it: it may hold a call of the provider's own
 *      tools that only the next answer resolves.
 *   5. The history is whatever can be sent again to any provider (history.ts), and only grows.
 */
export interface RunState {
  readonly limits: Limits
  readonly terminals: Terminals
  /** The request's messages and what was said since. */
  readonly messages: readonly MessageParam[]
  /** How many of them are the request's. */
  readonly asked: number
  /** Of all text in them. */
  readonly textBytes: number
  readonly steps: readonly RunStep[]
  /** Of each answer that began. */
  readonly usages: readonly Usage[]
  /** How often the model was asked. */
  readonly turns: number
  /** Calls that were taken up, whatever came of them. */
  readonly toolCalls: number
  /** What was said in answers that paused and have not been gone on from. */
  readonly paused: readonly ContentBlock[]
  /** Whether an answer came whole. */
  readonly hasAnswer: boolean
  /** Why the run is over, once it is. */
  readonly stop: RunStopReason | undefined
}

export interface Limits {
  readonly maxTurns: number
  readonly maxToolCalls: number
  /** 0 for none. */
  readonly maxTokens: number
  /** All text of the conversation, in bytes, so that it can be sent again. */
  readonly maxTextBytes: number
}

/** Tools whose call is no work but the answer itself, by their names. The run ends with it, unless other calls stand beside it. */
export type Terminals = ReadonlyMap<string, Terminal>

export interface Terminal {
  /** What a call is answered with, in words for the model. */
  readonly answer: string
  /** Why there is nothing to be had of a call, in words for the model, which may then try again; undefined where it is fine. */
  problemWith(input: Readonly<Record<string, unknown>>): string | undefined
}

const noTerminals: Terminals = new Map()

/** What breaks a run off in the middle of something. */
export type Interruption = Extract<RunStopReason, 'timeout' | 'cancelled' | 'error'>

/** The run has taken as long as it may. To those whom it called that is as if their caller had left: it is no fault of theirs. */
export class RunTimeout extends Cancelled {}

export function beginRun(messages: readonly MessageParam[], limits: Limits, terminals: Terminals = noTerminals): RunState {
  return {
    limits,
    terminals,
    messages,
    asked: messages.length,
    textBytes: textBytesOf(messages),
    steps: [],
    usages: [],
    turns: 0,
    toolCalls: 0,
    paused: [],
    hasAnswer: false,
    stop: undefined,
  }
}

/** Whether what goes wrong now is better told as an error than as a result with nothing in it. */
export function hasNothingToLose({ hasAnswer }: RunState): boolean {
  return !hasAnswer
}

/** What was said since the request and is to stay as it is. */
export function saidIn({ messages, asked }: RunState): readonly MessageParam[] {
  return messages.slice(asked)
}

/** What is said besides in the next turn, and may yet change. */
export function pendingIn({ paused }: RunState): readonly MessageParam[] {
  return historyOf(paused, [], false)
}

// ── An answer ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What came of a turn. */
export interface Answered {
  /** The answer as far as it came; undefined where not even its beginning did. */
  readonly message: Message | undefined
  /** Whether the model was asked at all. */
  readonly wasAsked: boolean
  /** What broke it off; undefined where it is whole. */
  readonly interruption: Interruption | undefined
}

/** What is to be done after an answer. */
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
  /** What it is answered with though there is nothing to run; undefined where there is. */
  readonly taken?: string | undefined
  /** What the model wrote where it is not what was read of it. */
  readonly misread: Misread | undefined
}

/** `invalid_tool_input`: no JSON object. `inexact_tool_input`: a number that would be rounded. */
export type Misread = 'invalid_tool_input' | 'inexact_tool_input'

/** The state with an answer, whole or not; and what it asks for, where there is any of it. */
export function afterAnswer(state: RunState, answered: Answered): { readonly state: RunState; readonly plan: Plan | undefined } {
  const { message, wasAsked, interruption } = answered
  const turns = state.turns + (wasAsked ? 1 : 0)
  if (!message) return { state: { ...state, turns, stop: interruption ?? 'error' }, plan: undefined }
  const plan = planAfter(message, state, interruption)
  const hasAnswer = state.hasAnswer || interruption === undefined
  const toolCalls = state.toolCalls + takenUp(plan)
  return { state: { ...state, turns, toolCalls, hasAnswer, usages: [...state.usages, message.usage] }, plan }
}

/** The longest that each result may be, in bytes, so that all of them fit into the conversation with the answer that asked for them. */
export function roomForResults(
  { textBytes, limits, paused }: RunState,
  { content }: Pick<Message, 'content'>,
  calls: number,
): number {
  const said = textBytes + textBytesOf(historyOf([...paused, ...content], [], false))
  return Math.max(leastResultBytes, Math.floor((roomIn(limits.maxTextBytes) - said) / Math.max(1, calls)))
}

/** Enough to say that something was cut off. */
const leastResultBytes = 256

/** A little is left for whoever sends the conversation again with a question. */
function roomIn(maxTextBytes: number): number {
  return Math.floor(maxTextBytes * 0.95)
}

/** How many of the calls are run. */
export function takenUp({ calls }: Plan): number {
  return calls.filter(isRun).length
}

export function isRun({ refusal, taken }: Pick<PlannedCall, 'refusal' | 'taken'>): boolean {
  return refusal === undefined && taken === undefined
}

/** What becomes of an answer's calls, and of the run after them. */
export function planAfter(
  { content, stop_reason: stopReason, metadata }: Pick<Message, 'content' | 'stop_reason' | 'metadata'>,
  {
    toolCalls,
    limits,
    terminals = noTerminals,
  }: Pick<RunState, 'toolCalls'> & Partial<Pick<RunState, 'terminals'>> & { readonly limits: Pick<Limits, 'maxToolCalls'> },
  interruption?: Interruption,
): Plan {
  const misread = misreadInputs(metadata?.warnings ?? [])
  const uses = content.flatMap((use, index) => (isToolUse(use) ? [{ use, misread: misread.get(`content[${index}].input`) }] : []))
  const none = (refusal: string, stop: RunStopReason): Plan => ({ calls: uses.map((each) => ({ ...each, refusal })), stop })
  if (interruption) return none(refusals[interruption], interruption)
  if (isCutShort(stopReason)) return none(refusals.cut, 'max_tokens')
  if (stopReason === 'refusal') return none(refusals.refusal, 'end_turn')
  if (uses.length === 0) return { calls: [], stop: isPaused(stopReason) ? undefined : 'end_turn' }
  const left = limits.maxToolCalls - toolCalls
  let asked = 0
  const calls = uses.map((each): PlannedCall => {
    const terminal = terminals.get(each.use.name)
    if (terminal) return { ...each, ...answered(terminal, each) }
    return { ...each, refusal: asked++ < left ? undefined : refusals.max_tool_calls }
  })
  if (asked > left) return { calls, stop: 'max_tool_calls' }
  return { calls, stop: asked === 0 && calls.some(({ taken }) => taken !== undefined) ? 'end_turn' : undefined }
}

/** What is not JSON may have been taken up already while it was written: it is not asked for again. */
function answered(
  { answer, problemWith }: Terminal,
  { use: { input }, misread }: Pick<PlannedCall, 'use' | 'misread'>,
): Pick<PlannedCall, 'refusal' | 'taken'> {
  const problem = misread ? undefined : problemWith(input)
  return problem === undefined ? { refusal: undefined, taken: answer } : { refusal: problem }
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

function misreadInputs(warnings: readonly { readonly code: string; readonly param?: string }[]): ReadonlyMap<string, Misread> {
  const found = new Map<string, Misread>()
  for (const { code, param } of warnings) {
    if (param !== undefined && (code === 'invalid_tool_input' || code === 'inexact_tool_input')) found.set(param, code)
  }
  return found
}

/** The provider stopped in the middle of its own tools and goes on once it is sent what it has said. */
function isPaused(stopReason: string | null): boolean {
  return stopReason === 'pause_turn' || stopReason === 'compaction'
}

function isCutShort(stopReason: string | null): boolean {
  return stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded'
}

// ── A step ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What came of a call, for the run's result and for the model. */
export type CallResult = RunToolResult & Pick<Result, 'blocks'>

/** The result without what is for the model alone. */
export function told({ blocks: _, ...result }: CallResult): RunToolResult {
  return result
}

/** What came of a step's tools. */
export interface Ran {
  readonly response: Message
  readonly plan: Plan
  /** In the order of the calls. */
  readonly results: readonly CallResult[]
  /** What broke the tools off; undefined where nothing did. */
  readonly interruption: Interruption | undefined
  /** Milliseconds for all of the step. */
  readonly durationMs: number
}

/** The state after a step, with the step, and what it adds to the history. */
export function afterTools(
  state: RunState,
  { response, plan, results, interruption, durationMs }: Ran,
): { readonly state: RunState; readonly step: RunStep; readonly append: MessageParam[] } {
  const step: RunStep = {
    index: state.steps.length,
    response,
    tool_calls: plan.calls.map(({ use: { id, name, input } }) => ({ id, name, input })),
    tool_results: results.map(told),
    duration_ms: durationMs,
  }
  const content = [...state.paused, ...response.content]
  const textBytes = state.textBytes + textBytesOf(historyOf(content, results, false))
  const stop = plan.stop ?? interruption ?? stopBefore({ ...state, textBytes }, state.limits)
  const isHeldBack = stop === undefined && plan.calls.length === 0
  const append = isHeldBack ? [] : historyOf(content, results, stop !== undefined)
  const next = { ...state, steps: [...state.steps, step], paused: isHeldBack ? content : [], stop }
  return { state: withMessages(next, append), step, append }
}

/** Why no further turn is made; undefined where one is. A conversation that has become too long ends it with an error. */
export function stopBefore(progress: Progress, limits: Limits): RunStopReason | undefined {
  return limitsOfTurns.find(([, isReached]) => isReached(progress, limits))?.[0]
}

type Progress = Pick<RunState, 'turns' | 'usages' | 'textBytes'>
type IsReached = (progress: Progress, limits: Limits) => boolean

const limitsOfTurns: readonly (readonly [RunStopReason, IsReached])[] = [
  ['max_turns', ({ turns }, { maxTurns }) => turns >= maxTurns],
  ['max_tokens', ({ usages }, { maxTokens }) => maxTokens > 0 && tokensOf(usages) >= maxTokens],
  ['error', ({ textBytes }, { maxTextBytes }) => textBytes >= roomIn(maxTextBytes)],
]

function tokensOf(usages: readonly Usage[]): number {
  return usages.reduce((sum, { total_tokens: total, input_tokens: input = 0, output_tokens: output = 0 }) => {
    return sum + (total ?? input + output)
  }, 0)
}

// ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The state with what was held back and is not gone on from, as far as it can stand by itself. */
export function afterAll(state: RunState): { readonly state: RunState; readonly append: MessageParam[] } {
  const append = historyOf(state.paused, [], true)
  return { state: withMessages({ ...state, paused: [] }, append), append }
}

function withMessages(state: RunState, append: readonly MessageParam[]): RunState {
  if (append.length === 0) return state
  return { ...state, messages: [...state.messages, ...append], textBytes: state.textBytes + textBytesOf(append) }
}
