import { brokenStream } from '../broken-stream.ts'
import { isRecord } from '../generated/json.gen.ts'
import type { Message, RunEvent, RunResult, RunStreamEvent, StreamEvent } from '../generated/types.gen.ts'
import { isTyped, lacking, misplaced } from './event.ts'
import type { Folding } from './event-stream.ts'
import { MessageFold } from './message-fold.ts'

/**
 * Folds the events of a run: its result, which `run_complete` brings, and until then the message of each step. A step that begins a
 * second time, an event of a step that has not begun, and whatever comes of the run after `run_complete` throw a `BrokenStreamError`. The
 * answer of a step may break off; the run goes on from there.
 */
export class RunFold implements Folding<RunEvent> {
  readonly lastEvent = 'run_complete'
  #step: { readonly index: number; readonly message: MessageFold } | undefined
  #request_id: string | undefined
  #result: RunResult | undefined

  get isComplete(): boolean {
    return this.#result !== undefined
  }

  /** As the run itself tells it; undefined before `run_start`. */
  get request_id(): string | undefined {
    return this.#request_id
  }

  add(event: RunEvent): void {
    if (this.#result && runEvents.has(event.type)) throw misplaced(event, 'after run_complete')
    switch (event.type) {
      case 'run_start':
        if (this.#request_id !== undefined) throw misplaced(event, 'a second time')
        if (typeof event.request_id !== 'string') throw lacking(event)
        this.#request_id = event.request_id
        return
      case 'step_start':
        this.#begin(event.index)
        return
      case 'stream_event':
        this.#follow(event)
        return
      case 'run_complete':
        if (!isResult(event.result)) throw lacking(event)
        this.#result = event.result
    }
  }

  messageEvent(event: RunEvent): StreamEvent | undefined {
    return event.type === 'stream_event' ? event.event : undefined
  }

  textIn(event: StreamEvent): string {
    return this.#step?.message.textIn(event) ?? ''
  }

  /** Throws a `BrokenStreamError` before `run_complete`. */
  result(): RunResult {
    if (!this.#result) throw brokenStream(`it ended before ${this.lastEvent}`)
    return this.#result
  }

  /** What has come so far of the answer that came last. */
  partial(): Message | undefined {
    return this.#step?.message.partial()
  }

  #begin(index: number): void {
    const last = this.#step?.index ?? -1
    if (!Number.isInteger(index) || index <= last) throw brokenStream(`step ${index} began after step ${last}`)
    this.#step = { index, message: new MessageFold() }
  }

  #follow({ index, event }: RunStreamEvent): void {
    if (!isTyped(event)) throw lacking({ type: 'stream_event' })
    if (this.#step?.index !== index) throw brokenStream(`an event of step ${index} came, which is not the one that began last`)
    this.#step.message.add(event)
  }
}

/** The events that a run is told in, but for its signs of life. */
const runEvents: ReadonlySet<string> = new Set<RunEvent['type']>([
  'run_start',
  'step_start',
  'stream_event',
  'tool_call_start',
  'tool_result',
  'step_complete',
  'history_delta',
  'run_complete',
])

function isResult(result: unknown): boolean {
  if (!isRecord(result) || !Array.isArray(result.steps) || !Array.isArray(result.messages)) return false
  return result.response === null || (isRecord(result.response) && Array.isArray(result.response.content))
}
