import { apiErrorOf, BrokenStreamError } from '../errors.ts'
import type { Message, RunEvent, RunResult } from '../generated/types.gen.ts'
import type { WithRequestId } from '../transport.ts'
import { EventStream, type OpenEvents, type StreamOptions } from './event-stream.ts'
import { RunFold } from './run-fold.ts'
import { textOf } from './text.ts'

/**
 * A run as it happens: its events (`for await`), the text of all its answers (`text()`), and what has come of it.
 *
 * ```ts
 * const stream = vai.runs.stream({ request: { model: 'demo/tools', messages }, builtins: ['vai_web_fetch'] })
 * for await (const event of stream) if (event.type === 'tool_call_start') console.log(event.name)
 * const { stop_reason, messages } = await stream.finalResult()
 * ```
 */
export class RunStream extends EventStream<RunEvent> {
  readonly #fold: RunFold
  #result: Promise<WithRequestId<RunResult>> | undefined
  #message: Promise<WithRequestId<Message>> | undefined
  #text: Promise<string> | undefined

  /** @internal `runs.stream()` makes them. */
  constructor(open: OpenEvents, options?: StreamOptions) {
    const fold = new RunFold()
    super(open, fold, options)
    this.#fold = fold
  }

  /** The gateway's name for the request; undefined before the head of the answer. */
  override get request_id(): string | undefined {
    return super.request_id ?? this.#fold.request_id
  }

  /**
   * What has come of the run, as soon as `run_complete` is there; the same each time. May be asked for before, beside and after reading, as
   * `MessageStream.finalMessage()` says.
   */
  finalResult(): Promise<WithRequestId<RunResult>> {
    this.#result ??= this.whenComplete(() => ({ ...this.#fold.result(), request_id: this.request_id ?? '' }))
    return this.#result
  }

  /** The model's last answer. Rejects where there is none: with the error that ended the run, or with a `BrokenStreamError`. */
  finalMessage(): Promise<WithRequestId<Message>> {
    this.#message ??= this.whenComplete(() => ({ ...this.#answer(), request_id: this.request_id ?? '' }))
    return this.#message
  }

  /** The text of the model's last answer. */
  finalText(): Promise<string> {
    this.#text ??= this.whenComplete(() => textOf(this.#answer()))
    return this.#text
  }

  #answer(): Message {
    const { response, error, stop_reason } = this.#fold.result()
    if (response) return response
    const { request_id } = this
    if (error) throw apiErrorOf(error, { request_id })
    throw new BrokenStreamError(`The run ended without an answer (${stop_reason}).`, { request_id })
  }
}
