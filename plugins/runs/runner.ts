import type { Clock } from '../../api/clock.ts'
import { Cancelled, type GatewayError } from '../../api/error.ts'
import { newId } from '../../api/id.ts'
import type {
  ContentBlock,
  Message,
  MessageParam,
  RunResult,
  RunStep,
  RunStopReason,
  StreamEvent,
  Usage,
} from '../../api/schemas.gen.ts'
import type { SseEnd, SseSource } from '../sse/index.ts'
import { historyOf, type Interruption, type Limits, type Plan, planAfter, RunTimeout, stopBefore, withOwnIds } from './loop.ts'
import { type CallSettings, type CallWatcher, callTools } from './tool-calls.ts'
import { type Answer, type RunItem, tellAnswer } from './turn.ts'
import { sumOf } from './usage.ts'

/** A run, ready to begin. */
export interface RunPlan {
  readonly requestId: string
  /** The full id of the model that is asked first. */
  readonly model: string
  readonly messages: readonly MessageParam[]
  readonly limits: Limits & { readonly timeoutMs: number }
  readonly calls: CallSettings
  readonly conversation: Conversation
  readonly clock: Clock
  /** Aborted when nobody waits for the run any more. */
  readonly signal: AbortSignal
  /** Any error as one of the contract's. */
  readonly toGatewayError: (error: unknown) => GatewayError
}

/** Whom the run talks with. */
export interface Conversation {
  /** Begins a turn, and with it a step. */
  begin(index: number): TurnCall
}

/** One turn with the model, from its question to the last of its tools. */
export interface TurnCall extends CallWatcher {
  /** Asks for an answer, with everything that was said since the request, and resolves once its first content is there. */
  ask(said: readonly MessageParam[], signal: AbortSignal): Promise<OpenAnswer>
  /** To be called once, when the step is over. */
  end(): void
}

export interface OpenAnswer {
  readonly source: SseSource<StreamEvent>
  /** Adds to an event what the gateway has to say. */
  add(event: StreamEvent): StreamEvent
  /** What the answer has come to so far. */
  readonly usage: Usage
  /** To be called once, when the answer is over, before the source is closed. */
  end(how: SseEnd): void
}

/**
 * Runs a conversation with tools to its end; the last event holds its result. Pulled: nothing more happens than whoever listens
 * takes.
 *
 * Throws a `GatewayError` where something goes wrong before the first answer is complete. Whatever happens later ends the run with a
 * result. Whoever leaves the iteration closes what is open upstream; the signal does so at once.
 */
export async function* runToEnd(plan: RunPlan): AsyncGenerator<RunItem, void> {
  const run = new Run(plan)
  try {
    yield { type: 'run_start', request_id: plan.requestId, model: plan.model }
    let stop: RunStopReason | undefined
    for (let index = 0; stop === undefined; index++) stop = yield* run.step(index)
    yield* run.tellPaused()
    yield { type: 'run_complete', result: run.result(stop) }
  } finally {
    run.close()
  }
}

class Run {
  readonly #plan: RunPlan
  readonly #deadline: Deadline
  readonly #steps: RunStep[] = []
  readonly #usages: Usage[] = []
  /** What was said since the request. */
  readonly #said: MessageParam[] = []
  /** What was said in answers that pause and go on with the next one, in which the provider's own tools may still be answered. */
  #paused: readonly ContentBlock[] = []
  /** Every id of a call in the conversation. */
  readonly #ids: Set<string>
  #turns = 0
  #toolCalls = 0
  /** Whether an answer is complete, so that there is something to lose. */
  #hasAnswer = false
  #error: GatewayError | undefined

  constructor(plan: RunPlan) {
    this.#plan = plan
    this.#deadline = new Deadline(plan.clock, plan.limits.timeoutMs, plan.signal)
    this.#ids = new Set(plan.messages.flatMap(({ content }) => idsIn(content)))
  }

  /** One answer and what it asks for. Returns why the run is over, if it is. */
  async *step(index: number): AsyncGenerator<RunItem, RunStopReason | undefined> {
    const { conversation, clock } = this.#plan
    yield { type: 'step_start', index }
    const startedAt = clock.now()
    const turn = conversation.begin(index)
    try {
      this.#turns++
      const answer = yield* this.#answer(turn, index)
      const interruption = answer.failure === undefined ? undefined : this.#interruptedBy(answer.failure)
      if (!answer.message) return interruption ?? 'error'
      const { stop, step } = yield* this.#callTools(turn, index, answer.message, interruption)
      const done: RunStep = { ...step, duration_ms: Math.round(clock.now() - startedAt) }
      this.#steps.push(done)
      const reason = stop ?? stopBefore(this.#progress, this.#plan.limits)
      yield* this.#tellStep(done, reason !== undefined)
      return reason
    } finally {
      turn.end()
    }
  }

  /** What was to go on and does not, as far as it can stand by itself. */
  *tellPaused(): Generator<RunItem> {
    if (this.#paused.length > 0) yield this.#append(historyOf(this.#paused, [], true))
    this.#paused = []
  }

  result(stop: RunStopReason): RunResult {
    const error = this.#error?.toBody(this.#plan.requestId).error
    return {
      response: this.#steps.at(-1)?.response ?? null,
      steps: this.#steps,
      tool_call_count: this.#toolCalls,
      turn_count: this.#turns,
      usage: sumOf(this.#usages),
      stop_reason: stop,
      ...(error && { error }),
      messages: [...this.#plan.messages, ...this.#said],
    }
  }

  close(): void {
    this.#deadline.clear()
  }

  get #progress() {
    const tokens = this.#usages.reduce((sum, usage) => sum + tokensOf(usage), 0)
    return { turns: this.#turns, toolCalls: this.#toolCalls, tokens }
  }

  async *#answer(turn: TurnCall, index: number): AsyncGenerator<RunItem, Answer> {
    let open: OpenAnswer
    try {
      open = await turn.ask([...this.#said, ...historyOf(this.#paused, [], false)], this.#deadline.signal)
    } catch (failure) {
      return { message: undefined, failure }
    }
    let how: SseEnd = 'cancelled'
    try {
      const answer = yield* tellAnswer(open.source, index, (event) => open.add(event))
      if (answer.failure === undefined) this.#hasAnswer = true
      how = answer.failure === undefined ? 'complete' : this.#endOf(answer.failure)
      if (!answer.message) return answer
      const { usage } = open
      this.#usages.push(usage)
      return {
        ...answer,
        message: {
          ...answer.message,
          usage,
          content: [...withOwnIds(answer.message.content, this.#ids, newCallId(this.#plan.clock))],
        },
      }
    } finally {
      open.end(how)
      await open.source.close()
    }
  }

  async *#callTools(
    turn: TurnCall,
    index: number,
    response: Message,
    interruption: Interruption | undefined,
  ): AsyncGenerator<RunItem, { readonly stop: RunStopReason | undefined; readonly step: Omit<RunStep, 'duration_ms'> }> {
    const { calls: settings, limits } = this.#plan
    const plan: Plan = planAfter(response, this.#progress, limits, interruption)
    const { signal } = this.#deadline
    const results = yield* callTools(plan.calls, index, settings, turn, signal)
    this.#toolCalls += plan.calls.filter(({ refusal }) => refusal === undefined).length
    const isInterrupted = signal.aborted && plan.stop === undefined
    const stop = isInterrupted ? this.#interruptedBy(signal.reason) : plan.stop
    const toolCalls = plan.calls.map(({ use: { id, name, input } }) => ({ id, name, input }))
    return { stop, step: { index, response, tool_calls: toolCalls, tool_results: results } }
  }

  *#tellStep(step: RunStep, isLast: boolean): Generator<RunItem> {
    const { index, response, tool_calls: calls, tool_results: results, duration_ms } = step
    const { stop_reason, usage } = response
    yield { type: 'step_complete', index, stop_reason, usage, tool_call_count: calls.length, duration_ms }
    const content = [...this.#paused, ...response.content]
    const isPause = !isLast && calls.length === 0
    this.#paused = isPause ? content : []
    yield this.#append(isPause ? [] : historyOf(content, results, isLast))
  }

  #append(append: MessageParam[]): RunItem {
    const length = this.#plan.messages.length + this.#said.length
    this.#said.push(...append)
    return { type: 'history_delta', expected_len: length, append }
  }

  /** What a failure means for the run. Throws it where there is nothing yet that could be lost. */
  #interruptedBy(failure: unknown): Interruption {
    if (failure instanceof RunTimeout) return 'timeout'
    if (failure instanceof Cancelled) return 'cancelled'
    if (!this.#hasAnswer) throw failure
    this.#error = this.#plan.toGatewayError(failure)
    return 'error'
  }

  #endOf(failure: unknown): SseEnd {
    return failure instanceof Cancelled ? 'cancelled' : this.#plan.toGatewayError(failure)
  }
}

/** When a run is over: after its time, when its caller has left, or when nobody listens any more. */
class Deadline {
  readonly #controller = new AbortController()
  readonly #clear: () => void

  constructor(clock: Clock, timeoutMs: number, caller: AbortSignal) {
    const timer = clock.after(timeoutMs, () => this.#controller.abort(new RunTimeout()))
    const onAbort = (): void => this.#controller.abort(caller.reason)
    caller.addEventListener('abort', onAbort, { once: true })
    if (caller.aborted) onAbort()
    this.#clear = () => {
      timer.cancel()
      caller.removeEventListener('abort', onAbort)
      // Tools that are left behind end with it.
      this.#controller.abort(new Cancelled())
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  clear(): void {
    this.#clear()
  }
}

function tokensOf({ total_tokens: total, input_tokens: input = 0, output_tokens: output = 0 }: Usage): number {
  return total ?? input + output
}

function idsIn(content: MessageParam['content']): string[] {
  return typeof content === 'string' ? [] : content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))
}

function newCallId(clock: Clock): () => string {
  return () => newId('toolu', clock.wallclock())
}
