import type { Clock } from '../../api/clock.ts'
import { Deadline } from '../../api/deadline.ts'
import { GatewayError } from '../../api/error.ts'
import type { Issue, ToolCallStartEvent, ToolResultEvent } from '../../api/schemas.gen.ts'
import { ToolError, type ToolOutput } from '../../tools/tool.ts'
import type { ToolOutcome, ToolTrace } from '../tracing/index.ts'
import type { Result, ToolUse } from './history.ts'
import { type CallResult, isRun, type Misread, type PlannedCall, RunTimeout, refusals, told } from './loop.ts'
import { type OpenCalls, StoppedCall } from './open-calls.ts'

/** A tool that is ready to be called in one run. */
export interface RunnableTool {
  /** What is wrong with arguments; they fit where nothing is. */
  check(input: unknown): Promise<readonly Issue[]>
  run(use: ToolUse, call: RunningCall): Promise<CallOutput>
}

/** `blocks` are what the model is told, where that is more than text; no more than a result may have. */
export interface CallOutput extends ToolOutput, Pick<Result, 'blocks'> {}

/** One call that runs. */
export interface RunningCall {
  readonly signal: AbortSignal
  /** Milliseconds. */
  readonly timeoutMs: number
  /** The longest result that the model is given, in bytes of UTF-8. */
  readonly maxResultBytes: number
  readonly watch: CallWatch
}

/** How the calls of a run are made. */
export interface CallSettings {
  readonly tools: ReadonlyMap<string, RunnableTool>
  /** How many run at the same time. */
  readonly parallel: number
  readonly timeoutMs: number
  /** The longest result, in bytes of UTF-8. */
  readonly maxResultBytes: number
  readonly clock: Clock
  /** Told of what is the gateway's own fault. */
  readonly onError: (error: unknown) => void
  /** Waited for before the first tool of an answer runs. */
  readonly mayRun?: (() => Promise<void>) | undefined
  /** Told of each call whose arguments fit, just before its tool runs. */
  readonly onRun?: ((use: ToolUse) => void) | undefined
  /** Knows the calls that run, so that one of them can be stopped. */
  readonly open?: OpenCalls | undefined
}

/** Told of one call of a tool. */
export interface CallWatch {
  /** For whom the tool asks; undefined where the call belongs to no trace. */
  readonly trace: ToolTrace['headers'] | undefined
  /** How it ended, and how long its result is in bytes. */
  end(outcome: ToolOutcome, bytes: number): void
}

export interface CallWatcher {
  tool(name: string, id: string): CallWatch
}

/**
 * Runs the calls of one answer, and returns their results in the order of the calls. Events come as things happen. Whatever a tool
 * does, its call has a result by the end of its time, or as soon as the run is interrupted: nothing here throws.
 */
export async function* callTools(
  calls: readonly PlannedCall[],
  index: number,
  settings: CallSettings,
  watcher: CallWatcher,
  signal: AbortSignal,
): AsyncGenerator<ToolCallStartEvent | ToolResultEvent, CallResult[]> {
  const results: CallResult[] = []
  const finished = new Mailbox<readonly [number, CallResult]>()
  let running = 0
  if (settings.mayRun && calls.some(isRun)) await noLaterThan(signal, settings.mayRun()).catch(leftToCalls)
  for (let next = 0; next < calls.length || running > 0; ) {
    const call = calls[next]
    if (call && running < settings.parallel) {
      const place = next++
      running++
      void resultOf(call, settings, watcher, signal).then((result) => finished.put([place, result]))
      const { id, name, input } = call.use
      if (isRun(call)) yield { type: 'tool_call_start', index, id, name, input }
      continue
    }
    const [place, result] = await finished.take()
    running--
    results[place] = result
    yield { type: 'tool_result', index, ...told(result) }
  }
  return results
}

/** Why they cannot run after all is said of each of them. */
const leftToCalls = (): void => undefined

/** Never rejects. */
async function resultOf(
  call: PlannedCall,
  settings: CallSettings,
  watcher: CallWatcher,
  signal: AbortSignal,
): Promise<CallResult> {
  const startedAt = settings.clock.now()
  const { use } = call
  const said = withoutRunning(call) ?? (await takenUp(call, settings, watcher, signal))
  return { tool_use_id: use.id, name: use.name, ...said, duration_ms: Math.round(settings.clock.now() - startedAt) }
}

type Said = Pick<CallResult, 'content' | 'is_error' | 'blocks'>

function withoutRunning({ refusal, taken }: PlannedCall): Said | undefined {
  if (refusal !== undefined) return failed(refusal)
  return taken === undefined ? undefined : { content: taken, is_error: false }
}

/** Runs a call and tells how it ended; whoever is told does not stand in the way of the result. */
async function takenUp(call: PlannedCall, settings: CallSettings, watcher: CallWatcher, signal: AbortSignal): Promise<Said> {
  try {
    const watch = watcher.tool(call.use.name, call.use.id)
    const { outcome, content, ...rest } = await attempt(call, settings, watch, signal)
    const text = bounded(content, settings.maxResultBytes)
    watch.end(outcome, Buffer.byteLength(text))
    return { content: text, ...rest }
  } catch (error) {
    settings.onError(error)
    return failed(unforeseen)
  }
}

async function attempt(
  { use, misread }: PlannedCall,
  settings: CallSettings,
  watch: CallWatch,
  signal: AbortSignal,
): Promise<Said & { readonly outcome: ToolOutcome }> {
  const tool = settings.tools.get(use.name)
  if (!tool) return { outcome: 'invalid', ...failed(unknownTool(use.name, settings.tools)) }
  if (misread) return { outcome: 'invalid', ...failed(misreadArguments[misread]) }
  const { clock, timeoutMs, maxResultBytes, open, onRun } = settings
  const deadline = new Deadline(clock, timeoutMs, signal, () => new GatewayError('fetch_timeout'))
  open?.add(use.id, deadline)
  try {
    const issues = await tool.check(use.input)
    if (issues.length > 0) return { outcome: 'invalid', ...failed(wrongArguments(issues)) }
    deadline.signal.throwIfAborted()
    onRun?.(use)
    // Whoever is told may not want it.
    deadline.signal.throwIfAborted()
    const call = { signal: deadline.signal, timeoutMs, maxResultBytes, watch }
    const { content, isError = false, blocks } = await noLaterThan(deadline.signal, tool.run(use, call))
    // A tool of somebody's who builds the server may be no TypeScript.
    if (typeof content !== 'string') throw new TypeError(`the tool ${use.name} returned a content that is no text`)
    return { outcome: isError ? 'error' : 'ok', content, is_error: isError, ...(blocks && { blocks }) }
  } catch (error) {
    const { outcome, message } = failureOf(error, deadline, signal, settings)
    return { outcome, ...failed(message) }
  } finally {
    open?.delete(use.id)
    deadline.close()
  }
}

function failed(content: string): Said {
  return { content, is_error: true }
}

function unknownTool(name: string, tools: CallSettings['tools']): string {
  const known = [...tools.keys()].join(', ')
  return `There is no tool ${JSON.stringify(name.slice(0, 100))}${known === '' ? '.' : `; there are: ${known}.`}`
}

const misreadArguments: Readonly<Record<Misread, string>> = {
  invalid_tool_input:
    'The arguments are not a valid JSON object, and the tool was not run. Write them as one JSON object, in which each name stands once.',
  inexact_tool_input:
    'The arguments hold a number with more digits than can be kept exactly, and the tool was not run. Write it as a string, or with fewer digits.',
}
const unforeseen = 'The tool failed.'
const stopped = 'The tool took too long and was stopped.'

function wrongArguments(issues: readonly Issue[]): string {
  const list = issues.map(({ param, message }) => (param === undefined ? message : `${param}: ${message}`)).join('; ')
  return `The arguments do not fit the tool's schema, and it was not run. ${list}.`
}

function failureOf(
  error: unknown,
  deadline: Deadline,
  signal: AbortSignal,
  { timeoutMs, onError }: CallSettings,
): { readonly outcome: ToolOutcome; readonly message: string } {
  if (signal.aborted) {
    const message = signal.reason instanceof RunTimeout ? refusals.timeout : refusals.cancelled
    return { outcome: 'cancelled', message }
  }
  if (deadline.signal.reason instanceof StoppedCall) return { outcome: 'timeout', message: stopped }
  if (deadline.signal.aborted)
    return { outcome: 'timeout', message: `The tool took longer than ${timeoutMs} ms and was stopped.` }
  if (error instanceof ToolError || error instanceof GatewayError) return { outcome: 'error', message: error.message }
  onError(error)
  return { outcome: 'error', message: unforeseen }
}

/** What a tool says, but no later than the signal aborts: a tool need not heed it. */
function noLaterThan<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
    if (signal.aborted) onAbort()
  })
}

/** What is put in comes out, in order, one for each `take`. There is one taker, and what is in it is bounded by who puts. */
class Mailbox<Item> {
  readonly #items: Item[] = []
  #wake: ((item: Item) => void) | undefined

  put(item: Item): void {
    const wake = this.#wake
    this.#wake = undefined
    if (wake) wake(item)
    else this.#items.push(item)
  }

  take(): Promise<Item> {
    const item = this.#items.shift()
    return item !== undefined ? Promise.resolve(item) : new Promise((resolve) => (this.#wake = resolve))
  }
}

/** A result that every provider takes: never empty, not too long, without halves of characters. */
function bounded(content: string, maxBytes: number): string {
  if (content === '') return 'The tool returned nothing.'
  const whole = /\p{Surrogate}/u.test(content) ? Buffer.from(content).toString() : content
  if (whole.length * 3 <= maxBytes) return whole
  const bytes = Buffer.from(whole)
  if (bytes.length <= maxBytes) return whole
  // What is left of a character at the cut becomes one that says so, and is taken away.
  const kept = bytes.toString('utf8', 0, maxBytes).replace(/\uFFFD+$/, '')
  return `${kept}\n[Cut off after ${maxBytes} of ${bytes.length} bytes.]`
}
