import { isObject, type Json, objects, stringOf } from './json.ts'

/**
 * What Anthropic's API refuses in a request's body, in its own words, one problem after the other; the API reports the first.
 * Only what it is known to refuse is here: silence is no promise that it would accept.
 */
export function* problemsOf(body: Json, context: { counting: boolean; beta: boolean }): Generator<string> {
  yield* fieldProblems(body, context)
  yield* samplingProblems(body)
  yield* thinkingProblems(body)
  yield* toolProblems(body)
  yield* messageProblems(body.messages, context.beta)
  yield* pairingProblems(objects(body.messages))
  yield* containerProblems(body)
  const marks = cacheMarks([body.tools, body.system, body.messages])
  if (marks > 4) yield `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`
}

const countFields = ['model', 'messages', 'cache_control', 'output_config', 'speed', 'system', 'thinking', 'tool_choice', 'tools']
const messageFields = [
  ...countFields,
  ...['max_tokens', 'container', 'inference_geo', 'metadata', 'service_tier', 'stop_sequences', 'stream'],
  ...['temperature', 'top_k', 'top_p'],
]

function* fieldProblems(body: Json, { counting, beta }: { counting: boolean; beta: boolean }): Generator<string> {
  if (!('model' in body)) yield 'model: Field required'
  if (typeof body.model !== 'string') yield 'model: Input should be a valid string'
  if (!counting && !('max_tokens' in body)) yield 'max_tokens: Field required'
  if ('max_tokens' in body) yield* atLeast(body.max_tokens, 1, 'max_tokens')
  if (!('messages' in body)) yield 'messages: Field required'
  if (beta) return
  const known = counting ? countFields : messageFields
  for (const name of Object.keys(body)) if (!known.includes(name)) yield `${name}: Extra inputs are not permitted`
}

function* samplingProblems(body: Json): Generator<string> {
  for (const name of ['temperature', 'top_p']) {
    const value = body[name]
    if (value === undefined) continue
    if (typeof value !== 'number') yield `${name}: Input should be a valid number`
    else if (value < 0 || value > 1) yield `${name}: range: 0..1`
  }
  if ('top_k' in body) yield* atLeast(body.top_k, 0, 'top_k')
  if ('stream' in body && typeof body.stream !== 'boolean') yield 'stream: Input should be a valid boolean'
  for (const [index, sequence] of entries(body.stop_sequences)) {
    if (typeof sequence !== 'string') yield `stop_sequences.${index}: Input should be a valid string`
    else if (sequence.trim() === '') yield 'stop_sequences: each stop sequence must contain non-whitespace'
  }
}

function* thinkingProblems(body: Json): Generator<string> {
  const thinking = body.thinking
  if (thinking === undefined) return
  const type = isObject(thinking) ? thinking.type : undefined
  const known = ['disabled', 'enabled', 'adaptive', 'between_tools']
  if (!isObject(thinking) || !known.includes(stringOf(type))) {
    return yield `thinking: Input tag '${stringOf(type)}' found using 'type' does not match any of the expected tags: ${quoted(known)}`
  }
  if (type === 'disabled') return
  if (type === 'enabled') {
    if (!('budget_tokens' in thinking)) yield 'thinking.enabled.budget_tokens: Field required'
    yield* atLeast(thinking.budget_tokens, 1024, 'thinking.enabled.budget_tokens')
    if (Number(body.max_tokens) <= Number(thinking.budget_tokens)) {
      yield '`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size'
    }
  }
  if (body.temperature !== undefined && body.temperature !== 1) {
    yield '`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#important-considerations-when-using-extended-thinking'
  }
  const choice = isObject(body.tool_choice) ? body.tool_choice.type : undefined
  if (choice === 'any' || choice === 'tool') yield 'Thinking may not be enabled when tool_choice forces tool use.'
}

function* toolProblems(body: Json): Generator<string> {
  const tools = objects(body.tools)
  const names = new Set<unknown>()
  for (const [index, tool] of tools.entries()) {
    if (names.has(tool.name)) yield 'tools: Tool names must be unique.'
    names.add(tool.name)
    if (tool.type !== undefined && tool.type !== 'custom') continue
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(stringOf(tool.name))) {
      yield `tools.${index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`
    }
    const schema = tool.input_schema
    if (schema === undefined) yield `tools.${index}.custom.input_schema: Field required`
    if (!isObject(schema) || schema.type !== 'object') yield `tools.${index}.custom.input_schema.type: Input should be 'object'`
  }
  const choice = body.tool_choice
  if (!isObject(choice)) return
  const kind = stringOf(choice.type)
  const kinds = ['auto', 'any', 'tool', 'none']
  if (!kinds.includes(kind)) {
    yield `tool_choice: Input tag '${kind}' found using 'type' does not match any of the expected tags: ${quoted(kinds)}`
  }
  if (tools.length === 0 && kind !== 'none') yield 'tool_choice may only be specified while providing `tools`.'
  if (kind === 'tool' && !names.has(choice.name)) yield `Tool '${stringOf(choice.name)}' not found in provided tools`
}

const userBlocks = ['text', 'image', 'document', 'search_result', 'tool_result', 'container_upload']
const assistantBlocks = ['text', 'thinking', 'redacted_thinking', 'tool_use', 'server_tool_use']

function* messageProblems(messages: unknown, beta: boolean): Generator<string> {
  if (!Array.isArray(messages)) return yield 'messages: Input should be a valid list'
  if (messages.length === 0) return yield 'messages: at least one message is required'
  for (const [index, message] of objects(messages).entries()) {
    const role = message.role
    if (role !== 'user' && role !== 'assistant' && role !== 'system') {
      yield `messages.${index}.role: Input should be 'user' or 'assistant'`
    }
    if (index === 0 && role !== 'user') yield 'messages: first message must use the "user" role'
    const { content } = message
    if (content === undefined) yield `messages.${index}.content: Field required`
    const last = index === messages.length - 1
    if ((content === '' || isEmptyList(content)) && !(last && role === 'assistant')) {
      yield `messages.${index}: all messages must have non-empty content except for the optional final assistant message`
    }
    if (isBlank(content)) yield 'messages: text content blocks must contain non-whitespace text'
    for (const [at, block] of objects(content).entries())
      yield* blockProblems(block, role, `messages.${index}.content.${at}`, beta)
    if (last && role === 'assistant' && /\s$/.test(lastText(content))) {
      yield 'messages: final assistant content cannot end with trailing whitespace'
    }
  }
}

function* blockProblems(block: Json, role: unknown, path: string, beta: boolean): Generator<string> {
  const type = stringOf(block.type)
  const known = [...userBlocks, ...assistantBlocks]
  // Results of server tools are many and grow with the API; betas bring blocks of their own.
  if (!known.includes(type) && !type.endsWith('_tool_result') && !beta) {
    yield `${path}: Input tag '${type}' found using 'type' does not match any of the expected tags: ${quoted(known)}`
  }
  if (role === 'user' && ['thinking', 'redacted_thinking', 'tool_use'].includes(type)) {
    yield `${path}: \`${type}\` blocks can only be in \`assistant\` messages`
  }
  if (role === 'assistant' && type === 'image') yield `${path}: \`image\` blocks can only be in \`user\` messages`
  if (role === 'assistant' && type === 'tool_result') yield `${path}: \`tool_result\` blocks can only be in \`user\` messages`
  switch (type) {
    case 'text':
      if (typeof block.text !== 'string') yield `${path}.text.text: Field required`
      if (block.text === '') yield 'messages: text content blocks must be non-empty'
      return
    case 'thinking':
      if (typeof block.thinking !== 'string') yield `${path}.thinking.thinking: Field required`
      if (!('signature' in block)) yield `${path}.thinking.signature: Field required`
      if (stringOf(block.signature) === '') yield `${path}: Invalid \`signature\` in \`thinking\` block`
      return
    case 'redacted_thinking':
      if (stringOf(block.data) === '') yield `${path}: Invalid \`data\` in \`redacted_thinking\` block`
      return
    case 'tool_use':
      if (!/^[a-zA-Z0-9_-]+$/.test(stringOf(block.id))) {
        yield `${path}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`
      }
      if (!/^[a-zA-Z0-9_-]{1,200}$/.test(stringOf(block.name)))
        yield `${path}.tool_use.name: String should have at least 1 character`
      if (!isObject(block.input)) yield `${path}.tool_use.input: Input should be a valid dictionary`
  }
}

/** Every tool_use is answered by the next message, and nothing else is. */
function* pairingProblems(messages: readonly Json[]): Generator<string> {
  for (const [index, message] of messages.entries()) {
    const asked = index > 0 ? idsOf(messages[index - 1], 'tool_use', 'id') : []
    const answered = idsOf(message, 'tool_result', 'tool_use_id')
    for (const [at, block] of objects(message.content).entries()) {
      const id = stringOf(block.tool_use_id)
      if (block.type === 'tool_result' && !asked.includes(id)) {
        yield `messages.${index}.content.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`
      }
    }
    const doubled = answered.find((id, at) => answered.indexOf(id) !== at)
    if (doubled) {
      yield `messages.${index}.content: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${doubled}`
    }
    const open = asked.filter((id) => !answered.includes(id))
    if (open.length > 0) yield unanswered(index - 1, open)
  }
  const last = idsOf(messages.at(-1), 'tool_use', 'id')
  if (last.length > 0) yield unanswered(messages.length - 1, last)
}

/** What code has called and still waits for can only be handed to the container in which it runs. */
function* containerProblems({ container, messages }: Json): Generator<string> {
  const id = isObject(container) ? container.id : container
  if (stringOf(id) !== '') return
  const blocks = objects(messages).flatMap((message) => objects(message.content))
  const answered = new Set(blocks.map((block) => block.tool_use_id))
  const waits = blocks.some(({ caller }) => {
    return isObject(caller) && stringOf(caller.type).startsWith('code_execution') && !answered.has(caller.tool_id)
  })
  if (waits) yield 'container_id is required when there are pending tool uses generated by code execution with tools.'
}

function unanswered(index: number, ids: readonly string[]): string {
  return `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`
}

function idsOf(message: Json | undefined, type: string, field: string): string[] {
  return objects(message?.content).flatMap((block) => (block.type === type ? [stringOf(block[field])] : []))
}

function* atLeast(value: unknown, least: number, path: string): Generator<string> {
  if (!Number.isInteger(value)) yield `${path}: Input should be a valid integer`
  else if (Number(value) < least) yield `${path}: Input should be greater than or equal to ${least}`
}

function cacheMarks(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + cacheMarks(item), 0)
  if (!isObject(value)) return 0
  const own = isObject(value.cache_control) ? 1 : 0
  return own + cacheMarks(value.content)
}

function lastText(content: unknown): string {
  return typeof content === 'string' ? content : stringOf(objects(content).at(-1)?.text)
}

/** White space is all that is said; beside other text it is taken. Nothing at all is another problem. */
function isBlank(content: unknown): boolean {
  const texts = typeof content === 'string' ? [content] : objects(content).map(({ text }) => stringOf(text))
  return texts.some((text) => text !== '') && texts.every((text) => text.trim() === '')
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function entries(value: unknown): [number, unknown][] {
  return Array.isArray(value) ? [...value.entries()] : []
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
