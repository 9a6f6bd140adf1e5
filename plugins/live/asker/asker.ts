import type { MessageParam, StepCompleteEvent, ToolCallStartEvent, ToolResultEvent, Usage } from '../../../api/schemas.gen.ts'
import type { LiveResult, LiveStep } from '../history.ts'
import type { ModelEvent } from '../inputs.ts'
import type { LiveAsking } from '../plan.ts'

/** Who asks the model in a session, one run for each turn, and runs its tools. Turns are known by their numbers. */
export interface Asker {
  /** Begins a turn with these messages. Of a speculation no tool is run before it is confirmed. */
  start(turn: number, messages: readonly MessageParam[], isSpeculation: boolean): void
  confirm(turn: number): void
  cancel(turn: number): void
  /** The call has had its time: it is answered with that, and the model goes on. */
  cancelTool(turn: number, id: string): void
  /** The client's answer to a call. */
  answerTool(turn: number, id: string, content: LiveResult['content'], isError: boolean): void
  /** Something that the model did not say was said while its tools run, and belongs with its answer. */
  addFiller(turn: number, text: string): void
  /** The turn's answer so far, also after it was cancelled. */
  stepsOf(turn: number): readonly LiveStep[]
  /** Whether the model cannot be asked with the question, now or ever. */
  isRefused(turn: number): boolean
  /** What the turn came to so far. */
  usageOf(turn: number): Usage
  /** What all turns came to so far, also those that were cancelled or never wanted; undefined where no model was asked. */
  readonly usage: Usage | undefined
  /** Nobody asks for the turn's answer any more. */
  forget(turn: number): void
  /** What is asked from the next turn on. */
  change(asking: LiveAsking): void
  /** Cancels everything. Resolves once no run is left. */
  end(): Promise<void>
}

export interface AskerListener {
  model(turn: number, event: ModelEvent): void
  /** For clients that want to see what happens in runs. */
  run(turn: number, event: ToolCallStartEvent | ToolResultEvent | StepCompleteEvent): void
}
