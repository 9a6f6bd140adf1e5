import type { Clock } from '../../api/clock.ts'
import { Deadline } from '../../api/deadline.ts'
import { Cancelled, GatewayError } from '../../api/error.ts'
import { newId } from '../../api/id.ts'
import type { Message, MessageParam, RunResult, StreamEvent, Usage } from '../../api/schemas.gen.ts'
import { sumOf, withoutTotals } from '../../api/usage.ts'
import type { SseEnd, SseSource } from '../sse/index.ts'
import { idsIn, withOwnId } from './history.ts'
import {
  afterAll,
  afterAnswer,
  afterTools,
  beginRun,
  type CallResult,
  hasNothingToLose,
  type Interruption,
  type Limits,
  type Plan,
  pendingIn,
  type Ran,
  type RunState,
  RunTimeout,
  roomForResults,
  saidIn,
  type Terminals,
  takenUp,
} from './loop.ts'
import { type CallSettings, type CallWatcher, callTools } from './tool-calls.ts'
import { type Answer, type RunItem, tellAnswer } from './turn.ts'

/** A run, ready to begin. */
export interface RunPlan {
  readonly requestId: string
  /** The full id of the model that is asked first. */
  readonly model: string
  readonly messages: readonly MessageParam[]
  readonly limits: Limits & { readonly timeoutMs: number }
  readonly calls: CallSettings
  readonly terminals?: Terminals | undefined
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
  ask(since: SinceRequest, signal: AbortSignal): Promise<OpenAnswer>
  /** Whether the model was asked, whatever came of it. */
  readonly wasAsked: boolean
  /** To be called once, when the step is over. */
  end(): void
}

/** What was said since the request. */
export interface SinceRequest {
  /** What stays; it only grows from turn to turn. */
  readonly said: readonly MessageParam[]
  /** What comes after it in this turn alone. */
  readonly pending: readonly MessageParam[]
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
    while (!run.isOver) yield* run.step()
    yield* run.tellPaused()
    yield { type: 'run_complete', result: run.result() }
  } finally {
    run.close()
  }
}

/** Carries out what the rules in loop.ts say, and tells them what has come of it. */
class Run {
  readonly #plan: RunPlan
  readonly #deadline: Deadline
  /** Every id of a call in the conversation. */
  readonly #ids: Set<string>
  #state: RunState
  #error: GatewayError | undefined

  constructor(plan: RunPlan) {
    this.#plan = plan
    this.#deadline = new Deadline(plan.clock, plan.limits.timeoutMs, plan.signal, () => new RunTimeout())
    this.#ids = idsIn(plan.messages)
    this.#state = beginRun(plan.messages, plan.limits, plan.terminals)
  }

  get isOver(): boolean {
    return this.#state.stop !== undefined
  }

  /** One answer, and the tools that it calls. */
  async *step(): AsyncGenerator<RunItem, void> {
    const { conversation, clock } = this.#plan
    const index = this.#state.steps.length
    yield { type: 'step_start', index }
    const startedAt = clock.now()
    const turn = conversation.begin(index)
    try {
      const { message, failure } = yield* this.#answer(turn, index)
      const interruption = failure === undefined ? undefined : this.#interruptedBy(failure)
      const { state, plan } = afterAnswer(this.#state, { message, wasAsked: turn.wasAsked, interruption })
      this.#state = state
      if (!message || !plan) return
      const results = yield* this.#callTools(turn, index, message, plan)
      yield* this.#conclude({ response: message, plan, results, durationMs: Math.round(clock.now() - startedAt) })
    } finally {
      turn.end()
    }
  }

  /** What was to go on and does not. */
  *tellPaused(): Generator<RunItem> {
    const { state, append } = afterAll(this.#state)
    if (append.length > 0) yield historyDelta(this.#state, append)
    this.#state = state
  }

  result(): RunResult {
    const { steps, toolCalls, turns, usages, stop = 'error', messages } = this.#state
    const error = this.#error?.toBody(this.#plan.requestId).error
    return {
      response: steps.at(-1)?.response ?? null,
      steps: [...steps],
      tool_call_count: toolCalls,
      turn_count: turns,
      usage: sumOf(usages),
      stop_reason: stop,
      ...(error && { error }),
      messages: [...messages],
    }
  }

  close(): void {
    // Tools that are left behind end with it.
    this.#deadline.close(new Cancelled())
  }

  async *#answer(turn: TurnCall, index: number): AsyncGenerator<RunItem, Answer> {
    let open: OpenAnswer
    try {
      open = await turn.ask({ said: saidIn(this.#state), pending: pendingIn(this.#state) }, this.#deadline.signal)
    } catch (failure) {
      return { message: undefined, failure }
    }
    let how: SseEnd = 'cancelled'
    try {
      const { clock } = this.#plan
      const newCallId = (): string => newId('toolu', clock.wallclock())
      const answer = yield* tellAnswer(open.source, index, (event) => withOwnId(open.add(event), this.#ids, newCallId))
      how = answer.failure === undefined ? 'complete' : this.#endOf(answer.failure)
      const usage = how === 'complete' ? open.usage : withoutTotals(open.usage)
      return answer.message ? { ...answer, message: { ...answer.message, usage } } : answer
    } finally {
      open.end(how)
      await open.source.close()
    }
  }

  #callTools(turn: TurnCall, index: number, response: Message, plan: Plan): AsyncGenerator<RunItem, CallResult[]> {
    const { calls } = this.#plan
    const room = roomForResults(this.#state, response, plan.calls.length)
    const settings = room < calls.maxResultBytes ? { ...calls, maxResultBytes: room } : calls
    return callTools(plan.calls, index, settings, turn, this.#deadline.signal)
  }

  *#conclude(ran: Omit<Ran, 'interruption'>): Generator<RunItem> {
    const { signal } = this.#deadline
    const interruption = signal.aborted && ran.plan.stop === undefined ? this.#interruptedBy(signal.reason) : undefined
    const { state, step, append } = afterTools(this.#state, { ...ran, interruption })
    const { index, response, duration_ms } = step
    const { stop_reason, usage } = response
    yield { type: 'step_complete', index, stop_reason, usage, tool_call_count: takenUp(ran.plan), duration_ms }
    yield historyDelta(this.#state, append)
    this.#state = state
    if (state.stop === 'error') this.#error ??= tooLong(state)
  }

  /** What a failure means for the run. Throws it where there is nothing yet that could be lost. */
  #interruptedBy(failure: unknown): Interruption {
    if (failure instanceof RunTimeout) return 'timeout'
    if (failure instanceof Cancelled) return 'cancelled'
    if (hasNothingToLose(this.#state)) throw failure
    this.#error = this.#plan.toGatewayError(failure)
    return 'error'
  }

  #endOf(failure: unknown): SseEnd {
    return failure instanceof Cancelled ? 'cancelled' : this.#plan.toGatewayError(failure)
  }
}

function tooLong({ textBytes }: RunState): GatewayError {
  const message = `The conversation has grown to ${textBytes} bytes of text, and cannot go on.`
  return new GatewayError('request_too_large', { message })
}

function historyDelta({ messages }: RunState, append: MessageParam[]): RunItem {
  return { type: 'history_delta', expected_len: messages.length, append }
}
