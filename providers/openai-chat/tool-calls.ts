import { GatewayError } from '../../api/error.ts'
import { isRecord, stringOf } from '../../api/json.ts'
import { mayBeInexact } from '../../api/tool-input.ts'
import type { BlockSequencer, ToolInput } from '../blocks.ts'
import { maxEventBytes } from '../http.ts'

/**
 * Puts the pieces of tool calls together.
 *
 * Pieces are told apart by their index. Servers that give none, or one and the same to all, are understood by id and by place.
 * A blank id or name in a later piece says nothing.
 */
export class ToolCalls {
  readonly #sequencer: BlockSequencer
  readonly #newId: () => string
  readonly #calls: CallState[] = []
  readonly #byIndex = new Map<number, CallState>()
  // Of two with one id the later.
  readonly #byId = new Map<string, CallState>()
  // Characters of input that wait for a name.
  #early = 0

  constructor(sequencer: BlockSequencer, newId: () => string) {
    this.#sequencer = sequencer
    this.#newId = newId
  }

  get any(): boolean {
    return this.#calls.length > 0
  }

  /** One element of `tool_calls`; `place` and `count` say which of how many in its chunk. */
  add(piece: Record<string, unknown>, place: number, count: number): void {
    const said = read(piece)
    const call = this.#find(said, place, count) ?? this.#create(said)
    if (call.id === '') this.#identify(call, said.id)
    if (call.name === '') call.name = said.name
    if (said.mayBeInexact) call.mayBeInexact = true
    call.input ??= this.#begin(call)
    if (call.mayBeInexact) call.input?.doubt()
    if (call.input) call.input.write(said.input)
    else this.#hold(call, said.input)
  }

  /** The id of a call that began but never said which tool it is for; undefined where all did. */
  nameless(): string | undefined {
    const call = this.#calls.find(({ input, id, early }) => !input && (id !== '' || early.trim() !== ''))
    return call && (call.id || 'without an id')
  }

  #find(said: Piece, place: number, count: number): CallState | undefined {
    const known = said.index === undefined ? this.#withoutIndex(said, place, count) : this.#byIndex.get(said.index)
    if (!known || known.name === '' || said.name === '') return known
    if (said.id !== '' && known.id !== '') return said.id === known.id ? known : undefined
    // The name again and more input, though the call was complete: another call of the same index.
    return known.input?.complete && said.input !== '' ? undefined : known
  }

  #withoutIndex(said: Piece, place: number, count: number): CallState | undefined {
    if (said.id !== '') return this.#byId.get(said.id)
    return count > 1 ? this.#calls.at(place) : this.#calls.at(-1)
  }

  #create(said: Piece): CallState {
    const call: CallState = { id: '', name: said.name, early: '', mayBeInexact: false, input: undefined }
    this.#calls.push(call)
    if (said.index !== undefined) this.#byIndex.set(said.index, call)
    return call
  }

  #identify(call: CallState, id: string): void {
    if (id === '') return
    call.id = id
    this.#byId.set(id, call)
  }

  #hold(call: CallState, input: string): void {
    this.#early += input.length
    if (this.#early > maxEventBytes) {
      throw new GatewayError('provider_protocol', {
        message: 'The provider began tool calls and did not say which tools they are for.',
      })
    }
    call.early += input
  }

  #begin(call: CallState): ToolInput | undefined {
    if (call.name === '') return undefined
    const input = this.#sequencer.tool({ type: 'tool_use', id: call.id || this.#newId(), name: call.name, input: {} })
    input.write(call.early)
    this.#early -= call.early.length
    call.early = ''
    return input
  }
}

interface CallState {
  id: string
  name: string
  /** Input that came before the name. */
  early: string
  /** Whether it came in numbers, which may have been rounded by being read. */
  mayBeInexact: boolean
  /** Where input goes, once the name is known. */
  input: ToolInput | undefined
}

interface Piece {
  readonly index: number | undefined
  readonly id: string
  readonly name: string
  readonly input: string
  readonly mayBeInexact: boolean
}

function read(piece: Record<string, unknown>): Piece {
  const { index, id, function: called } = piece
  const { name, arguments: input } = isRecord(called) ? called : {}
  return {
    index: typeof index === 'number' ? index : undefined,
    id: stringOf(id),
    name: stringOf(name),
    // Some servers send the arguments as an object.
    input: isRecord(input) ? JSON.stringify(input) : stringOf(input),
    mayBeInexact: isRecord(input) && mayBeInexact(input),
  }
}
