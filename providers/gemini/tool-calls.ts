import { arrayOf, isRecord, stringOf } from '../../api/json.ts'
import { mayBeInexact } from '../../api/tool-input.ts'
import type { BlockSequencer, ToolInput } from '../blocks.ts'
import { PartialArgs, type Skips } from './partial-args.ts'

/**
 * Function calls, whole or in pieces.
 *
 * Most come in one piece and without an id, so that two which are alike are still two calls. Vertex AI may stream one: its first
 * piece has the name, those that follow have none, and the last, which has no `willContinue`, may be missing.
 */
export class ToolCalls {
  readonly #sequencer: BlockSequencer
  readonly #newId: () => string
  readonly #ids = new Set<string>()
  readonly #skips: Skips = { left: 1000 }
  // The call of which more is to come.
  #open: { readonly input: ToolInput; readonly args: PartialArgs } | undefined

  constructor(sequencer: BlockSequencer, newId: () => string) {
    this.#sequencer = sequencer
    this.#newId = newId
  }

  get any(): boolean {
    return this.#ids.size > 0
  }

  /** Whether the piece belongs to the call that is open, rather than beginning another. */
  continues(call: Readonly<Record<string, unknown>>): boolean {
    return this.#open !== undefined && stringOf(call.name) === ''
  }

  /** Begins the call that a piece with a name tells of. */
  begin(call: Readonly<Record<string, unknown>>): void {
    this.end()
    const id = this.#ownId(stringOf(call.id))
    const input = this.#sequencer.tool({ type: 'tool_use', id, name: stringOf(call.name), input: {} })
    let isWarned = false
    const late = (path: string): void => {
      if (isWarned) return
      isWarned = true
      const message = `A value for ${path.slice(0, 200)} came late for the input of ${id}, and was left out.`
      this.#sequencer.warn({ code: 'invalid_tool_input', message })
    }
    this.#open = { input, args: new PartialArgs((json) => input.write(json), late, this.#skips) }
    this.continue(call)
  }

  /** Adds a piece to the call that is open. */
  continue(call: Readonly<Record<string, unknown>>): void {
    if (!this.#open) return
    const { input, args } = this.#open
    // Every number of the service is a double, which it may have rounded itself.
    if (isRecord(call.args) && !input.complete) {
      if (mayBeInexact(call.args)) input.doubt()
      input.write(JSON.stringify(call.args))
    } else {
      for (const arg of arrayOf(call.partialArgs)) {
        if (!isRecord(arg)) continue
        if (mayBeInexact(arg.numberValue)) input.doubt()
        args.add(arg)
      }
    }
    if (call.willContinue !== true) this.end()
  }

  /** Completes the call that is open: nothing more comes of it. */
  end(): void {
    if (!this.#open) return
    const { input, args } = this.#open
    this.#open = undefined
    if (!input.complete) args.end()
    input.end()
  }

  #ownId(given: string): string {
    const id = given === '' || this.#ids.has(given) ? this.#newId() : given
    this.#ids.add(id)
    return id
  }
}
