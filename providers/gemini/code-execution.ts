import { isRecord, stringOf } from '../../api/json.ts'
import type { ServerToolResultBlockParam, ServerToolUseBlockParam } from '../../api/schemas.gen.ts'
import type { BlockSequencer } from '../blocks.ts'
import { seal, unseal } from '../sealed.ts'
import type { Part } from './wire.ts'

/** Code that Gemini wrote and ran, told as a call of a server's tool and its result. Its parts can be written from the blocks again. */
export class CodeExecution {
  readonly #sequencer: BlockSequencer
  readonly #owner: string
  readonly #newId: () => string
  // The id of the last code: a result without an id is that one's.
  #last = ''

  constructor(sequencer: BlockSequencer, owner: string, newId: () => string) {
    this.#sequencer = sequencer
    this.#owner = owner
    this.#newId = newId
  }

  /** An `executableCode`. */
  call(code: Readonly<Record<string, unknown>>): void {
    const given = stringOf(code.id)
    this.#last = seal(this.#owner, given === '' ? `${ownMark}${this.#newId()}` : given)
    const block = { type: 'server_tool_use' as const, id: this.#last, name: 'code_execution', input: {} }
    const input = this.#sequencer.tool(block)
    const language = stringOf(code.language)
    input.write(JSON.stringify({ code: stringOf(code.code), ...(language !== python && { language }) }))
  }

  /** A `codeExecutionResult`. */
  result(result: Readonly<Record<string, unknown>>): void {
    const given = stringOf(result.id)
    const id = given === '' ? this.#last || seal(this.#owner, `${ownMark}${this.#newId()}`) : seal(this.#owner, given)
    const outcome = stringOf(result.outcome)
    const output = stringOf(result.output)
    const isGood = outcome === good
    const content = {
      type: 'code_execution_result',
      stdout: isGood ? output : '',
      stderr: isGood ? '' : output,
      return_code: isGood ? 0 : 1,
      content: [],
      outcome,
    }
    this.#sequencer.block({ type: 'code_execution_tool_result', tool_use_id: id, content })
  }
}

/** The part that a block of code execution was made of; undefined for the calls of other tools, which are no parts. */
export function codePartOf(block: ServerToolUseBlockParam | ServerToolResultBlockParam, owner: string): Part | undefined {
  if (block.type === 'server_tool_use') {
    const payload = unseal(owner, block.id)
    if (payload === undefined || block.name !== 'code_execution') return undefined
    const { code, language } = block.input
    return { executableCode: { ...idOf(payload), language: stringOf(language) || python, code: stringOf(code) } }
  }
  const payload = unseal(owner, block.tool_use_id)
  if (payload === undefined || block.type !== 'code_execution_tool_result' || !isRecord(block.content)) return undefined
  const { outcome, stdout, stderr, return_code: status } = block.content
  const output = stringOf(stdout) + stringOf(stderr)
  const told = stringOf(outcome) || (status === 0 ? good : 'OUTCOME_FAILED')
  return { codeExecutionResult: { ...idOf(payload), outcome: told, ...(output !== '' && { output }) } }
}

function idOf(payload: string): { id?: string } {
  return payload.startsWith(ownMark) ? {} : { id: payload }
}

const python = 'PYTHON'
const good = 'OUTCOME_OK'
/** Before ids that the gateway made, since Gemini gave none. */
const ownMark = '-'
