import type { IssueCode } from '../../api/issue-codes.ts'
import { issueAt } from '../../api/issues.ts'
import { arrayOf, isRecord } from '../../api/json.ts'
import type { ContentBlockParam, Issue } from '../../api/schemas.gen.ts'
import { type ServerBlockType, serverBlockTypes } from '../../providers/server-blocks.ts'

/** The limits on a request, in bytes and pieces. */
export interface RequestLimits {
  readonly imageBytes: number
  readonly blockBytes: number
  readonly base64Bytes: number
  readonly messages: number
  readonly textBytes: number
}

/**
 * What a schema cannot say: that results answer calls, that blocks stand where they may, that names are unique, that base64
 * decodes, that the whole is within its limits.
 *
 * Of a conversation that the provider keeps (`isContinued`), only what is new is here, and what it refers to may not be.
 *
 * The value need not fit the schema, so that every problem of a request can be reported at once: what has the wrong type is
 * passed over here, because the schema's own issues name it.
 */
export function validateRequest(body: unknown, limits: RequestLimits, isContinued = false): Issue[] {
  if (!isRecord(body)) return []
  const review = new Review(limits, isContinued)
  review.messages(body.messages)
  review.system(body.system)
  review.tools(body.tools, body.tool_choice)
  review.outputFormat(body.output_format, body.output_config)
  review.totals()
  return review.issues
}

type Path = readonly (string | number)[]

class Review {
  readonly issues: Issue[] = []
  readonly #limits: RequestLimits
  readonly #isContinued: boolean
  readonly #calls = new Set<string>()
  readonly #texts: string[] = []
  #base64Bytes = 0

  constructor(limits: RequestLimits, isContinued: boolean) {
    this.#limits = limits
    this.#isContinued = isContinued
  }

  messages(messages: unknown): void {
    if (!Array.isArray(messages)) return
    if (messages.length > this.#limits.messages) {
      this.#add(['messages'], 'too_large', `must have at most ${this.#limits.messages} items`)
    }
    for (const [index, message] of messages.slice(0, this.#limits.messages).entries()) {
      if (!isRecord(message)) continue
      const path = ['messages', index]
      if (index === 0 && !this.#isContinued && (message.role === 'assistant' || message.role === 'system')) {
        this.#add(
          [...path, 'role'],
          'first_message_role',
          `the first message is the user's${message.role === 'system' ? '; send a system prompt in `system`' : ''}`,
        )
      }
      this.#content(message.content, [...path, 'content'], message.role)
    }
  }

  system(system: unknown): void {
    this.#content(system, ['system'], undefined)
  }

  tools(tools: unknown, choice: unknown): void {
    const names = new Set<string>()
    for (const [index, tool] of arrayOf(tools).entries()) {
      if (!isRecord(tool)) continue
      if (tool.type === 'function' && 'config' in tool) {
        this.#add(
          ['tools', index, 'config'],
          'function_config_not_allowed',
          'a function tool takes no config; its arguments are in input_schema',
        )
      }
      const name = typeof tool.name === 'string' ? tool.name : portableNames.get(tool.type)
      if (name === undefined || name === '') continue
      if (names.has(name))
        this.#add(
          ['tools', index, typeof tool.name === 'string' ? 'name' : 'type'],
          'duplicate',
          `a tool with the name ${JSON.stringify(name)} stands before; names are unique`,
        )
      names.add(name)
    }
    if (!isRecord(choice) || this.#isContinued) return
    if (choice.type === 'tool' && typeof choice.name === 'string' && choice.name !== '' && !names.has(choice.name)) {
      this.#add(['tool_choice', 'name'], 'tool_not_found', `no tool in tools has the name ${JSON.stringify(choice.name)}`)
    }
    if (choice.type === 'any' && arrayOf(tools).length === 0) {
      this.#add(['tool_choice'], 'tool_not_found', 'a tool has to be called, but there are no tools')
    }
  }

  outputFormat(format: unknown, config: unknown): void {
    if (!isRecord(format) || format.type !== 'json_schema') return
    if (isRecord(config) && isRecord(config.format)) {
      this.#add(['output_config', 'format'], 'conflict', 'the format is given in output_format already; give one of the two')
    }
    const given = ['json_schema', 'schema'].filter((key) => isRecord(format[key]))
    if (given.length !== 1) {
      this.#add(
        ['output_format', 'json_schema'],
        given.length === 0 ? 'required' : 'conflict',
        'exactly one of json_schema and schema is to be given',
      )
    }
  }

  totals(): void {
    const { textBytes, base64Bytes } = this.#limits
    const bytes = this.#bytesOfTexts(textBytes)
    if (bytes > textBytes) {
      this.#add(['messages'], 'too_large', `all text together is ${bytes} bytes; at most ${textBytes} are allowed`)
    }
    if (this.#base64Bytes > base64Bytes) {
      this.#add(
        ['messages'],
        'too_large',
        `all base64 blocks together decode to ${this.#base64Bytes} bytes; at most ${base64Bytes} are allowed`,
      )
    }
  }

  #content(content: unknown, path: Path, role: unknown): void {
    if (typeof content === 'string') {
      this.#text(content)
      return
    }
    for (const [index, block] of arrayOf(content).entries()) {
      if (isRecord(block)) this.#block(block, [...path, index], role)
    }
  }

  #block(block: Readonly<Record<string, unknown>>, path: Path, role: unknown): void {
    const allowed = typeof block.type === 'string' ? rolesOf.get(block.type) : undefined
    if (allowed && typeof role === 'string' && Object.hasOwn(roleNames, role) && !allowed.includes(role)) {
      this.#add(
        [...path, 'type'],
        'block_not_allowed_for_role',
        `${block.type} blocks belong to the ${allowed.map((name) => roleNames[name]).join(' or ')}`,
      )
    }
    if (block.type === 'audio' && role !== 'assistant') {
      for (const field of spokenFields.filter((name) => Object.hasOwn(block, name)))
        this.#add([...path, field], 'unknown_field', "the field belongs to the assistant's own voice")
    }
    if (typeof block.text === 'string') this.#text(block.text)
    if (typeof block.thinking === 'string') this.#text(block.thinking)
    if (isRecord(block.source)) this.#source(block.source, [...path, 'source'], block.type)
    if (block.type === 'tool_use' && typeof block.id === 'string') this.#calls.add(block.id)
    if (block.type === 'tool_result') {
      this.#result(block.tool_use_id, [...path, 'tool_use_id'])
      this.#content(block.content, [...path, 'content'], undefined)
    }
  }

  #result(id: unknown, path: Path): void {
    if (typeof id === 'string' && id !== '' && !this.#isContinued && !this.#calls.has(id)) {
      this.#add(path, 'tool_use_not_found', `no earlier tool_use has the id ${JSON.stringify(id.slice(0, 200))}`)
    }
  }

  #source(source: Readonly<Record<string, unknown>>, path: Path, blockType: unknown): void {
    if (source.type === 'base64' && typeof source.data === 'string') this.#base64(source.data, [...path, 'data'], blockType)
    else if (source.type === 'text' && typeof source.data === 'string') this.#text(source.data)
    else if (source.type === 'content') this.#content(source.content, [...path, 'content'], undefined)
    else if (source.type === 'url' && typeof source.url === 'string' && source.url !== '' && !isWebUrl(source.url)) {
      this.#add([...path, 'url'], 'invalid_url', 'a URL that begins with http:// or https:// is expected')
    }
  }

  #base64(data: string, path: Path, blockType: unknown): void {
    if (data === '') return
    if (!isBase64(data)) {
      const hint = data.startsWith('data:') ? '; send what follows the comma of the data URL' : ''
      this.#add(path, 'invalid_base64', `is not base64${hint}`)
      return
    }
    const bytes = decodedLength(data)
    const limit = blockType === 'image' ? this.#limits.imageBytes : this.#limits.blockBytes
    this.#base64Bytes += bytes
    if (bytes > limit) this.#add(path, 'too_large', `decodes to ${bytes} bytes; at most ${limit} are allowed`)
  }

  #text(text: string): void {
    this.#texts.push(text)
  }

  /** How large all texts are in UTF-8; that they are within a limit is seen without counting, where they are far below it. */
  #bytesOfTexts(limit: number): number {
    const most = this.#texts.reduce((sum, text) => sum + text.length * 3, 0)
    return most <= limit ? most : this.#texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  }

  #add(path: Path, code: IssueCode, message: string): void {
    this.issues.push(issueAt(path, code, message))
  }
}

/** What only the gateway says of sound, and takes back. */
const spokenFields = ['sample_rate_hz', 'alignment'] as const

const roleNames: Readonly<Record<string, string>> = { user: 'user', assistant: 'assistant', system: 'system' }

/** What the portable tools, which have no name of their own, are called where the model calls them. */
const portableNames: ReadonlyMap<unknown, string> = new Map([
  ['web_search', 'web_search'],
  ['web_fetch', 'web_fetch'],
  ['code_execution', 'code_execution'],
  ['computer_use', 'computer'],
  ['file_search', 'file_search'],
  ['text_editor', 'str_replace_based_edit_tool'],
])

/** Whose message each block may stand in. One that the contract does not know may stand in any. */
const rolesOf: ReadonlyMap<string, readonly string[]> = new Map([
  ...serverBlockTypes.map((type) => [type, ['assistant']] as const),
  ...Object.entries<readonly string[]>({
    text: ['user', 'assistant', 'system'],
    image: ['user', 'assistant'],
    audio: ['user', 'assistant'],
    document: ['user'],
    search_result: ['user'],
    audio_stt: ['user'],
    video: ['user'],
    tool_result: ['user'],
    container_upload: ['user', 'assistant'],
    thinking: ['assistant'],
    redacted_thinking: ['assistant'],
    tool_use: ['assistant'],
  } satisfies Record<Exclude<ContentBlockParam['type'], ServerBlockType>, readonly string[]>),
])

function isBase64(data: string): boolean {
  return data.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(data)
}

function decodedLength(data: string): number {
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0
  return (data.length / 4) * 3 - padding
}

function isWebUrl(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url)
}
