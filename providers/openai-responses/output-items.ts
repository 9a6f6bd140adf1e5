import { stringOf } from '../../api/json.ts'
import type { ContentBlock } from '../../api/schemas.gen.ts'
import { seal } from '../sealed.ts'
import type { Item } from './kept.ts'
import { MessageItem } from './message-item.ts'
import { type AnswerContext, nextOf, type OutputItem } from './output-item.ts'
import { ReasoningItem } from './reasoning-item.ts'
import { isFileSearch, isSearch, type ServerTool, serverTools } from './server-tools.ts'
import { JsonInput, type StreamedInput, TextInput } from './streamed-input.ts'

/** The item that begins. */
export function outputItem(item: Item, answer: AnswerContext): OutputItem {
  const type = stringOf(item.type)
  switch (type) {
    case 'message':
      return new MessageItem(item, answer)
    case 'reasoning':
      return new ReasoningItem(item, answer)
    case 'function_call':
    case 'custom_tool_call':
      return new CallItem(item, answer)
    case 'image_generation_call':
      return new PictureItem(type, answer)
    default: {
      const tool = serverTools.get(type)
      return tool ? new ServerToolItem(item, tool, answer) : new OtherItem(type, answer)
    }
  }
}

/** A call of the caller's own tool. */
class CallItem implements OutputItem {
  readonly type: string
  readonly #answer: AnswerContext
  #input: StreamedInput | undefined
  #done = false

  constructor(item: Item, answer: AnswerContext) {
    this.type = stringOf(item.type)
    this.#answer = answer
    this.#begin(item)
  }

  event(type: string, event: Item): boolean {
    switch (type) {
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        this.#input?.piece(stringOf(event.delta))
        return true
      case 'response.function_call_arguments.done':
        this.#input?.whole(stringOf(event.arguments))
        return true
      case 'response.custom_tool_call_input.done':
        this.#input?.whole(stringOf(event.input))
        return true
      default:
        return false
    }
  }

  done(item: Item): void {
    if (this.#done) return
    this.#begin(item)
    if (!this.#input) return
    this.#done = true
    this.#input.whole(stringOf(this.#isText ? item.input : item.arguments))
    this.#input.end()
  }

  get #isText(): boolean {
    return this.type === 'custom_tool_call'
  }

  #begin(item: Item): void {
    const name = stringOf(item.name)
    if (this.#input || name === '') return
    const { writer, newId, tally } = this.#answer
    tally.hasToolCalls = true
    const id = stringOf(item.call_id) || stringOf(item.id) || newId('toolu')
    // Free text is another kind of call, which the block cannot tell.
    const next = nextOf(item, ['call_id', 'name', 'arguments', 'input'], this.#isText)
    const input = writer.tool({ type: 'tool_use', id, name, input: {} }, next)
    this.#input = this.#isText ? new TextInput(input, 'input') : new JsonInput(input)
  }
}

/** A call of a tool that the API runs itself, with its result. */
class ServerToolItem implements OutputItem {
  readonly type: string
  readonly #answer: AnswerContext
  readonly #tool: ServerTool
  readonly #input: StreamedInput
  readonly #id: string
  #done = false

  constructor(item: Item, tool: ServerTool, answer: AnswerContext) {
    this.type = stringOf(item.type)
    this.#answer = answer
    this.#tool = tool
    this.#id = seal(answer.owner, stringOf(item.id) || answer.newId('toolu'))
    const input = answer.writer.tool(tool.call(item, this.#id))
    this.#input = tool.textField === undefined ? new JsonInput(input) : new TextInput(input, tool.textField)
  }

  event(type: string, event: Item): boolean {
    switch (type) {
      case 'response.code_interpreter_call_code.delta':
      case 'response.mcp_call_arguments.delta':
        this.#input.piece(stringOf(event.delta))
        return true
      case 'response.code_interpreter_call_code.done':
        this.#input.whole(stringOf(event.code))
        return true
      case 'response.mcp_call_arguments.done':
        this.#input.whole(stringOf(event.arguments))
        return true
      default:
        return false
    }
  }

  done(item: Item): void {
    if (this.#done) return
    this.#done = true
    const input = this.#tool.input(item)
    if (input !== '') this.#input.whole(input)
    this.#input.end()
    if (isSearch(item)) this.#answer.tally.searches++
    else if (isFileSearch(item)) this.#answer.tally.fileSearches++
    this.#answer.writer.result(this.#tool.result(item, this.#id), item)
  }
}

/** A picture that the model had made. */
class PictureItem implements OutputItem {
  readonly type: string
  readonly #answer: AnswerContext
  #done = false

  constructor(type: string, answer: AnswerContext) {
    this.type = type
    this.#answer = answer
  }

  event(): boolean {
    return false
  }

  done(item: Item): void {
    if (this.#done) return
    this.#done = true
    const { carried, writer, tally } = this.#answer
    const { result, ...about } = item
    if (item.status !== 'failed') tally.pictures++
    carried.append('output_items', [about])
    const data = stringOf(result)
    if (data === '') return
    const source = { type: 'base64' as const, media_type: `image/${stringOf(item.output_format) || 'png'}`, data }
    const block: ContentBlock = { type: 'image', source }
    // How the picture was made is told, but not taken back.
    writer.block(block, { item: { type: this.type, id: item.id }, needed: true })
  }
}

/** An item that no block can show: it goes back as it came, and is told in the answer's metadata. */
class OtherItem implements OutputItem {
  readonly type: string
  readonly #answer: AnswerContext
  #done = false

  constructor(type: string, answer: AnswerContext) {
    this.type = type
    this.#answer = answer
  }

  event(): boolean {
    return false
  }

  done(item: Item): void {
    if (this.#done) return
    this.#done = true
    this.#answer.writer.keep(item)
    // The tools of a server are many, and its owner knows them.
    const { tools, ...rest } = item
    this.#answer.carried.append('output_items', [this.type === 'mcp_list_tools' ? rest : item])
    if (this.type === 'mcp_list_tools' && item.error) this.#warn(item)
  }

  #warn({ server_label: server, error }: Item): void {
    const message = `The tools of the MCP server ${stringOf(server)} could not be listed: ${JSON.stringify(error).slice(0, 1000)}`
    this.#answer.sequencer.warn({ param: 'mcp_servers', code: 'mcp_server_failed', message })
  }
}
