import { stringOf } from '../../api/json.ts'
import type { ContentBlockParam, MessageRequest, SystemBlockParam } from '../../api/schemas.gen.ts'
import { isMarked } from '../openai-cache.ts'
import { withPicturesMoved } from '../pictures.ts'
import { isServerBlock } from '../server-blocks.ts'
import { inputParts, plain, refuse, toolOutput } from './content.ts'
import { type Item, isOwnPicture, openKept } from './kept.ts'

/** The conversation as items of the API's input. What an earlier answer had of the API's own goes back as it came. */
export function encodeInput(
  { messages, system }: Pick<MessageRequest, 'messages' | 'system'>,
  owner: string,
  marks = false,
): readonly Item[] {
  const writer = new InputWriter(owner, marks)
  // Instructions have no parts that could be marked.
  if (marks && system && isMarkedSystem({ system })) writer.system(system, 'system')
  const conversation = withPicturesMoved(messages, (picture, before) => isOwnPicture(picture, before, owner))
  for (const [index, { role, content }] of conversation.entries()) {
    const path = `messages[${index}].content`
    if (role === 'system') writer.system(content, path)
    else if (typeof content === 'string') writer.items.push({ role, content })
    else if (role === 'user') writer.user(content, path)
    else writer.assistant(content, path)
  }
  return writer.items
}

/** Whether the system prompt bears marks of what is to be cached. */
export function isMarkedSystem({ system }: Pick<MessageRequest, 'system'>): boolean {
  return Array.isArray(system) && system.some(isMarked)
}

/** The system prompt as one text; several blocks are its paragraphs. */
export function instructionsOf(system: string | readonly SystemBlockParam[]): string {
  return typeof system === 'string' ? system : system.map(({ text }) => text).join('\n\n')
}

class InputWriter {
  readonly items: Item[] = []
  readonly #owner: string
  /** Whether marks of what is to be cached are passed on. */
  readonly #marks: boolean
  /** Ids of calls whose input is free text, which are answered in another way. */
  readonly #textCalls = new Set<string>()

  constructor(owner: string, marks: boolean) {
    this.#owner = owner
    this.#marks = marks
  }

  system(content: string | readonly ContentBlockParam[], path: string): void {
    const parts = (typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content).flatMap((block, at) =>
      block.type === 'text' ? inputParts(block, path, this.#marks) : refuse(block.type, `${path}[${at}]`),
    )
    this.items.push({ role: 'system', content: plain(parts) })
  }

  user(content: readonly ContentBlockParam[], path: string): void {
    let parts: ReturnType<typeof inputParts> = []
    const flush = (): void => {
      if (parts.length > 0) this.items.push({ role: 'user', content: plain(parts) })
      parts = []
    }
    for (const [at, block] of content.entries()) {
      if (block.type === 'tool_result') {
        flush()
        const type = this.#textCalls.has(block.tool_use_id) ? 'custom_tool_call_output' : 'function_call_output'
        this.items.push({ type, call_id: block.tool_use_id, output: toolOutput(block, `${path}[${at}]`, this.#marks) })
      } else {
        for (const part of inputParts(block, `${path}[${at}]`, this.#marks)) parts.push(part)
      }
    }
    flush()
    // A message without content stays one, so that the conversation keeps its turns.
    if (content.length === 0) this.items.push({ role: 'user', content: '' })
  }

  assistant(content: readonly ContentBlockParam[], path: string): void {
    const turn = new TurnWriter(this.#owner, this.#textCalls)
    for (const [at, block] of content.entries()) turn.add(block, `${path}[${at}]`)
    // What a signature keeps may be very many items.
    for (const item of turn.take()) this.items.push(item)
  }
}

/** What the assistant said and did in one turn. */
class TurnWriter {
  readonly #owner: string
  readonly #textCalls: Set<string>
  readonly #items: Item[] = []
  /** What was kept for the next block. */
  #next: Item | undefined
  /** The message that further text belongs to. */
  #text: { type: 'output_text'; text: string; annotations: [] }[] | undefined

  constructor(owner: string, textCalls: Set<string>) {
    this.#owner = owner
    this.#textCalls = textCalls
  }

  add(block: ContentBlockParam, path: string): void {
    switch (block.type) {
      case 'text':
        this.#say(block.text)
        return
      case 'tool_use':
        this.#call(block)
        return
      case 'thinking':
        this.#restore(block.signature)
        return
      case 'image':
        if (block.source.type !== 'base64' || this.#next?.type !== 'image_generation_call') refuse('image of the assistant', path)
        this.#push({ ...this.#takeNext('image_generation_call'), status: 'completed', result: block.source.data })
        return
      // What a signature keeps of the API's own tools goes back. The matrix says that all else is left out.
      case 'redacted_thinking':
        this.#text = undefined
        return
      default:
        if (isServerBlock(block)) this.#text = undefined
        else refuse(`${block.type} of the assistant`, path)
    }
  }

  /** The items of the turn. Reasoning that nothing follows is left out: the API takes it only with what it led to. */
  take(): readonly Item[] {
    while (this.#items.at(-1)?.type === 'reasoning') this.#items.pop()
    return this.#items
  }

  #restore(signature: string): void {
    const kept = openKept(this.#owner, signature)
    if (!kept) return
    for (const item of kept.items) this.#push(item)
    this.#next = kept.next
    this.#text = undefined
  }

  #say(text: string): void {
    if (text === '') return
    const part = { type: 'output_text' as const, text, annotations: [] as [] }
    if (this.#text) {
      this.#text.push(part)
      return
    }
    const content = [part]
    const next = this.#takeNext('message')
    this.#push(next ? { ...next, status: 'completed', content } : { role: 'assistant', content })
    this.#text = content
  }

  #call({ id, name, input }: Extract<ContentBlockParam, { type: 'tool_use' }>): void {
    const custom = this.#next?.type === 'custom_tool_call'
    if (custom) this.#textCalls.add(id)
    const type = custom ? 'custom_tool_call' : 'function_call'
    const next = this.#takeNext(type)
    const said = custom ? { input: stringOf(input.input) } : { arguments: JSON.stringify(input) }
    this.#push({ type, ...next, call_id: id, name, ...said, ...(next && { status: 'completed' }) })
  }

  #push(item: Item): void {
    this.#text = undefined
    this.#next = undefined
    this.#items.push(item)
  }

  /** What was kept for an item of this type, where the next block is one. */
  #takeNext(type: string): Item | undefined {
    const next = this.#next
    this.#next = undefined
    return next?.type === type ? next : undefined
  }
}
