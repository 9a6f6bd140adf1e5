import type { ToolResultContentBlockParam } from '../../../api/schemas.gen.ts'
import type { ToolUse } from '../../runs/history.ts'
import type { CallOutput, RunnableTool } from '../../runs/tool-calls.ts'
import type { LiveResult } from '../history.ts'

type Blocks = readonly ToolResultContentBlockParam[]

/** The calls of one turn that the client answers. */
export class ClientCalls {
  readonly #waiting = new Map<string, (output: CallOutput) => void>()
  /** What the model was told in more than text, by the call. */
  readonly #blocks = new Map<string, Blocks>()
  /** Why the model cannot be shown an answer to a call, in words for it; undefined where it can. */
  readonly #problemWith: (use: ToolUse, blocks: Blocks) => string | undefined

  constructor(problemWith: (use: ToolUse, blocks: Blocks) => string | undefined) {
    this.#problemWith = problemWith
  }

  /**
   * A tool of the client's. Its arguments are for the client to check: a schema of a caller's is not let near a matcher that all others
   * wait for.
   */
  readonly tool: RunnableTool = {
    check: async () => [],
    run: async (use, { signal, maxResultBytes }) => this.#outputOf(use, await this.#answerTo(use, signal), maxResultBytes),
  }

  /** The client's answer; nothing where none is waited for, or not any more. */
  answer(id: string, content: LiveResult['content'], isError: boolean): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.(
      typeof content === 'string' ? { content, isError } : { content: textOf(content ?? []), isError, blocks: content ?? [] },
    )
  }

  /** What the model was told of a call, where that was more than text. */
  blocksOf(id: string): ToolResultContentBlockParam[] | undefined {
    const blocks = this.#blocks.get(id)
    return blocks && [...blocks]
  }

  #answerTo({ id }: ToolUse, signal: AbortSignal): Promise<CallOutput> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.delete(id)
        reject(signal.reason)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.set(id, (output) => {
        signal.removeEventListener('abort', giveUp)
        resolve(output)
      })
    })
  }

  #outputOf(use: ToolUse, { blocks = [], ...text }: CallOutput, maxBytes: number): CallOutput {
    if (blocks.every(({ type }) => type === 'text')) return text
    const bytes = Buffer.byteLength(text.content)
    const problem =
      bytes > maxBytes ? `it has ${bytes} bytes of text, and at most ${maxBytes} are allowed` : this.#problemWith(use, blocks)
    if (problem !== undefined)
      return { content: `The tool has answered, but with what cannot be shown: ${problem}`, isError: true }
    this.#blocks.set(use.id, blocks)
    return { ...text, blocks }
  }
}

function textOf(blocks: Blocks): string {
  return blocks.map((block) => (block.type === 'text' ? block.text : `[${block.type}]`)).join('\n')
}
