import type { RunStopReason } from '../../api/schemas.gen.ts'
import type { Occasion } from '../messages/occasion.ts'
import type { Watch } from '../messages/watch.ts'
import type { StepTrace, ToolOutcome, ToolTrace } from '../tracing/index.ts'

/** Told of everything that happens to one run; tells the access log, the metrics and the trace. */
export class RunWatch {
  readonly #occasion: Occasion
  readonly #isStream: boolean
  readonly #tools: KnownTools
  /** That of the last step, or of none yet. */
  #watch: Watch
  #step: StepWatch | undefined
  #turns = 0
  #toolCalls = 0
  /** In milliseconds since its occasion began; undefined while it does not run. */
  #beganAt: number | undefined

  /** `watch` is one on which nothing was called yet; those of the steps follow it. */
  constructor(occasion: Occasion, watch: Watch, { isStream, ...tools }: RunWatchOptions) {
    this.#occasion = occasion
    this.#watch = watch
    this.#isStream = isStream
    this.#tools = tools
  }

  /** The run is let through; `end` is to follow. */
  begin(): void {
    this.#beganAt = this.#occasion.elapsedMs
    this.#occasion.metrics.runBegan(this.#isStream)
  }

  /** A step begins, the first with the index 0. The one before it is over. */
  turn(index: number): StepWatch {
    this.#closeStep()
    const trace = this.#occasion.trace?.step(index)
    this.#watch = this.#watch.next(trace)
    this.#step = new StepWatch(this.#watch, trace, this.#tools, this.#occasion)
    return this.#step
  }

  /**
   * The run is over, however it ended; `error` is the code of what went wrong, where that is why. What comes after the first time does
   * nothing.
   */
  end(stopReason: RunStopReason, error?: string): void {
    const { facts, trace, metrics, elapsedMs } = this.#occasion
    const beganAt = this.#beganAt
    if (beganAt === undefined) return
    this.#beganAt = undefined
    this.#closeStep()
    facts.turns = this.#turns
    facts.tool_calls = this.#toolCalls
    facts.ended = stopReason
    if (error !== undefined) facts.error = error
    trace?.run({ stopReason, error, turns: this.#turns, toolCalls: this.#toolCalls })
    metrics.runOver(stopReason, (elapsedMs - beganAt) / 1000, this.#turns, this.#isStream)
  }

  #closeStep(): void {
    this.#step?.end()
    if (this.#step?.watch.hasCalled) this.#turns++
    this.#toolCalls += this.#step?.toolCalls ?? 0
    this.#step = undefined
  }
}

export interface RunWatchOptions extends KnownTools {
  /** Whether the caller reads the run as a stream. */
  readonly isStream: boolean
}

/** What the model is offered. It can think up any name, and callers can too: only the gateway's own are told of. */
export interface KnownTools {
  readonly tools: ToolNames
  /** Those that the caller runs. */
  readonly callers?: ToolNames
}

export type ToolNames = Pick<ReadonlySet<string>, 'has'>

/** One turn with the model, and the tools that it calls. */
export class StepWatch {
  /** For the calls of this turn. */
  readonly watch: Watch
  readonly #trace: StepTrace | undefined
  readonly #tools: KnownTools
  readonly #occasion: Occasion
  #toolCalls = 0
  #isOver = false

  constructor(watch: Watch, trace: StepTrace | undefined, tools: KnownTools, occasion: Occasion) {
    this.watch = watch
    this.#trace = trace
    this.#tools = tools
    this.#occasion = occasion
  }

  /** How many calls of tools were taken up. */
  get toolCalls(): number {
    return this.#toolCalls
  }

  /** A call of a tool is taken up: the name and the id are the model's. */
  tool(name: string, callId: string): ToolWatch {
    this.#toolCalls++
    const { tools, callers } = this.#tools
    const known = tools.has(name) ? name : callers?.has(name) ? 'client' : 'unknown'
    return new ToolWatch(known, this.#trace?.tool(known, callId), this.#occasion)
  }

  /** To be called once its last tool is over. What comes after the first time does nothing. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#trace?.end()
  }
}

/** One call of a tool. */
export class ToolWatch {
  readonly #name: string
  readonly #trace: ToolTrace | undefined
  readonly #occasion: Occasion
  readonly #beganAt: number
  #isOver = false

  constructor(name: string, trace: ToolTrace | undefined, occasion: Occasion) {
    this.#name = name
    this.#trace = trace
    this.#occasion = occasion
    this.#beganAt = occasion.elapsedMs
  }

  /** For whom the tool asks, so that it goes on with the trace that the call belongs to. */
  get trace(): ToolTrace['headers'] | undefined {
    return this.#trace?.headers
  }

  /** How it ended, and how many bytes the model is given for it. What comes after the first time does nothing. */
  end(outcome: ToolOutcome, bytes: number): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#trace?.end(outcome)
    const { metrics, elapsedMs } = this.#occasion
    metrics.toolOver(this.#name, outcome, (elapsedMs - this.#beganAt) / 1000, bytes)
  }
}
