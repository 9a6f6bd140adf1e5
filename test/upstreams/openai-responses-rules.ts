import { isObject, type Json, objects, stringOf } from './json.ts'
import { isCipherOf, reasons } from './openai-responses-answer.ts'

export interface Problem {
  readonly message: string
  readonly param?: string
  readonly code?: string
  /** Default 400. */
  readonly status?: number
}

/**
 * What the Responses API refuses in a request's body, in OpenAI's own words, one problem after the other; the API reports the first.
 * Only what it is known to refuse is here: silence is no promise that it would accept.
 *
 * `ledTo` says for the ids of earlier items which reasoning they came from.
 */
export function* problemsOf(body: Json, ledTo: ReadonlyMap<string, string>, allowed = fields): Generator<Problem> {
  for (const name of Object.keys(body)) {
    if (!allowed.includes(name)) yield unknownParameter(name)
  }
  if (body.model === undefined) yield missing('model')
  yield* numberProblems(body)
  yield* reasoningProblems(body)
  yield* toolProblems(body)
  yield* formatProblems(body.text)
  if (typeof body.input !== 'string') yield* inputProblems(body, ledTo)
}

const fields = [
  ...['background', 'context_management', 'conversation', 'include', 'input', 'instructions', 'max_output_tokens'],
  ...['max_tool_calls', 'metadata', 'model', 'moderation', 'parallel_tool_calls', 'previous_response_id', 'prompt'],
  ...['prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention', 'reasoning', 'safety_identifier', 'service_tier'],
  ...['store', 'stream', 'stream_options', 'temperature', 'text', 'tool_choice', 'tools', 'top_logprobs', 'top_p', 'truncation'],
  'user',
]

/** What a request to count tokens may hold. */
export const countFields = [
  ...[
    'conversation',
    'input',
    'instructions',
    'model',
    'parallel_tool_calls',
    'personality',
    'previous_response_id',
    'reasoning',
  ],
  ...['text', 'tool_choice', 'tools', 'truncation'],
]

function* numberProblems(body: Json): Generator<Problem> {
  const most = body.max_output_tokens
  if (typeof most === 'number' && most < 16) {
    const message = `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${most} instead.`
    yield { message, param: 'max_output_tokens', code: 'integer_below_min_value' }
  }
  const user = body.safety_identifier
  if (typeof user === 'string' && user.length > 64) yield tooLong('safety_identifier', 64, user)
  if (!reasons(stringOf(body.model))) return
  for (const param of ['temperature', 'top_p']) {
    if (body[param] !== undefined) yield { message: `Unsupported parameter: '${param}' is not supported with this model.`, param }
  }
}

function* reasoningProblems({ model, reasoning, include }: Json): Generator<Problem> {
  if (reasons(stringOf(model))) return
  for (const name of isObject(reasoning) ? Object.keys(reasoning) : []) {
    const param = `reasoning.${name}`
    yield { message: `Unsupported parameter: '${param}' is not supported with this model.`, param, code: 'unsupported_parameter' }
  }
  if (Array.isArray(include) && include.includes('reasoning.encrypted_content')) {
    yield { message: 'Encrypted content is not supported with this model.', param: 'include' }
  }
}

const toolTypes = ['function', 'file_search', 'web_search', 'code_interpreter', 'image_generation', 'mcp', 'custom']

function* toolProblems({ tools, tool_choice: choice }: Json): Generator<Problem> {
  const names = new Set<unknown>()
  for (const [index, tool] of objects(tools).entries()) {
    const path = `tools[${index}]`
    const type = stringOf(tool.type)
    if (!toolTypes.includes(type)) yield unsupported(`${path}.type`, type, toolTypes)
    if (type === 'function') {
      if (typeof tool.name !== 'string') yield missing(`${path}.name`)
      else if (!/^[a-zA-Z0-9_-]+$/.test(tool.name)) yield badPattern(`${path}.name`)
      // Without a word about it the API takes a schema for a strict one.
      if (tool.strict !== false && tool.strict !== null) yield* strictProblems(tool.parameters, `function '${tool.name}'`, path)
    }
    if (type === 'function' && tool.function !== undefined) yield unknownParameter(`${path}.function`)
    if (type === 'code_interpreter' && tool.container === undefined) yield missing(`${path}.container`)
    if (type === 'file_search' && tool.vector_store_ids === undefined) yield missing(`${path}.vector_store_ids`)
    if (type === 'mcp' && tool.server_label === undefined) yield missing(`${path}.server_label`)
    names.add(type === 'function' ? tool.name : type)
  }
  const forced = isObject(choice) ? (choice.type === 'function' ? choice.name : choice.type) : undefined
  if (forced !== undefined && !names.has(forced)) {
    yield { message: `Tool choice '${forced}' not found in 'tools' parameter.`, param: 'tool_choice' }
  }
}

function* formatProblems(text: unknown): Generator<Problem> {
  const format = isObject(text) ? text.format : undefined
  if (!isObject(format) || format.type !== 'json_schema') return
  if (format.json_schema !== undefined) yield unknownParameter('text.format.json_schema')
  if (format.name === undefined) yield missing('text.format.name')
  if (format.schema === undefined) yield missing('text.format.schema')
  if (format.strict === true) yield* strictProblems(format.schema, `response_format '${format.name}'`, 'text.format.schema')
}

/** Strict schemas: an object is closed and requires all of its properties. Only the outermost is looked at. */
function* strictProblems(schema: unknown, owner: string, param: string): Generator<Problem> {
  if (!isObject(schema) || schema.type !== 'object') return
  const code = owner.startsWith('function') ? { code: 'invalid_function_parameters' } : {}
  if (schema.additionalProperties !== false) {
    const what = "'additionalProperties' is required to be supplied and to be false."
    yield { message: `Invalid schema for ${owner}: In context=(), ${what}`, param, ...code }
  }
}

const roles = ['assistant', 'system', 'developer', 'user']
const userParts = ['input_text', 'input_image', 'input_file']
const assistantParts = ['output_text', 'refusal']
/** The items that may be sent, with the beginning of their ids and what they may hold beside id, type and status. */
const itemTypes: Readonly<Record<string, { readonly prefix: string; readonly fields: readonly string[] }>> = {
  reasoning: { prefix: 'rs', fields: ['summary', 'content', 'encrypted_content'] },
  function_call: { prefix: 'fc', fields: ['call_id', 'name', 'arguments', 'namespace'] },
  function_call_output: { prefix: 'fc', fields: ['call_id', 'output'] },
  custom_tool_call: { prefix: 'ctc', fields: ['call_id', 'name', 'input'] },
  custom_tool_call_output: { prefix: 'ctc', fields: ['call_id', 'output'] },
  web_search_call: { prefix: 'ws', fields: ['action'] },
  code_interpreter_call: { prefix: 'ci', fields: ['code', 'container_id', 'outputs'] },
  file_search_call: { prefix: 'fs', fields: ['queries', 'results'] },
  image_generation_call: { prefix: 'ig', fields: ['result'] },
  mcp_list_tools: { prefix: 'mcpl', fields: ['server_label', 'tools', 'error'] },
  mcp_call: { prefix: 'mcp', fields: ['approval_request_id', 'arguments', 'error', 'name', 'output', 'server_label'] },
}

function* inputProblems(body: Json, ledTo: ReadonlyMap<string, string>): Generator<Problem> {
  const items = objects(body.input)
  if (items.length === 0) yield missing('input')
  const seen = new Set<string>()
  const calls = new Set<string>()
  const answered = new Set(items.filter(({ type }) => stringOf(type).endsWith('_output')).map(({ call_id: id }) => stringOf(id)))
  for (const [index, item] of items.entries()) {
    const path = `input[${index}]`
    const id = stringOf(item.id)
    if (item.type === undefined || item.type === 'message') yield* messageProblems(item, path)
    else yield* itemProblems(item, path)
    if (item.type === 'reasoning') yield* storedProblems(body, item, items[index + 1])
    const cause = ledTo.get(id)
    if (cause !== undefined && !seen.has(cause)) {
      const type = item.type ?? 'message'
      yield {
        message: `Item '${id}' of type '${type}' was provided without its required 'reasoning' item: '${cause}'.`,
        param: 'input',
      }
    }
    seen.add(id)
    const call = stringOf(item.call_id)
    if (item.type === 'function_call' || item.type === 'custom_tool_call') {
      calls.add(call)
      if (!answered.has(call)) yield { message: `No tool output found for function call ${call}.`, param: 'input' }
    } else if (call !== '' && !calls.has(call)) {
      yield { message: `No tool call found for function call output with call_id ${call}.`, param: 'input' }
    }
  }
}

/** Nothing is stored, so an item must bring all there is to it, unaltered, and what it led to. */
function* storedProblems(body: Json, item: Json, next: Json | undefined): Generator<Problem> {
  if (item.encrypted_content === undefined || item.encrypted_content === null) {
    if (body.store !== false) return
    const message = `Item with id '${item.id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`
    yield { message, param: 'input', status: 404 }
  } else if (!isCipherOf(item)) {
    const shown = `${stringOf(item.encrypted_content).slice(0, 4)}...${stringOf(item.encrypted_content).slice(-4)}`
    yield { message: `The encrypted content ${shown} could not be verified.`, code: 'invalid_encrypted_content' }
  }
  const follows = next !== undefined && next.role !== 'user' && next.role !== 'system' && !stringOf(next.type).endsWith('_output')
  if (!follows) {
    yield { message: `Item '${item.id}' of type 'reasoning' was provided without its required following item.`, param: 'input' }
  }
}

function* messageProblems({ role, content, id }: Json, path: string): Generator<Problem> {
  if (!roles.includes(stringOf(role))) yield unsupported(`${path}.role`, stringOf(role), roles)
  if (id !== undefined && !stringOf(id).startsWith('msg')) yield badId(`${path}.id`, stringOf(id), 'msg')
  if (content === undefined) yield missing(`${path}.content`)
  if (Array.isArray(content)) yield* partProblems(content, `${path}.content`, role === 'assistant' ? assistantParts : userParts)
}

function* itemProblems(item: Json, path: string): Generator<Problem> {
  const type = stringOf(item.type)
  const known = itemTypes[type]
  if (!known) return yield unsupported(`${path}.type`, type, Object.keys(itemTypes))
  for (const name of Object.keys(item)) {
    const mayStand = ['id', 'type', ...(type === 'reasoning' || type === 'mcp_list_tools' ? [] : ['status']), ...known.fields]
    if (!mayStand.includes(name)) yield unknownParameter(`${path}.${name}`)
  }
  const id = stringOf(item.id)
  if (item.id !== undefined && !id.startsWith(known.prefix)) yield badId(`${path}.id`, id, known.prefix)
  const call = stringOf(item.call_id)
  if (known.fields.includes('call_id') && call === '') yield missing(`${path}.call_id`)
  if (call.length > 64) yield tooLong(`${path}.call_id`, 64, call)
  if (type === 'function_call' && typeof item.arguments !== 'string') yield missing(`${path}.arguments`)
  if (type === 'reasoning' && !Array.isArray(item.summary)) yield missing(`${path}.summary`)
  if (type.endsWith('_output') && Array.isArray(item.output)) yield* partProblems(item.output, `${path}.output`, userParts)
}

function* partProblems(content: unknown, path: string, known: readonly string[]): Generator<Problem> {
  for (const [index, part] of objects(content).entries()) {
    const type = stringOf(part.type)
    if (!known.includes(type)) yield unsupported(`${path}[${index}].type`, type, known)
    if (type === 'input_image' && part.image_url === undefined && part.file_id === undefined)
      yield missing(`${path}[${index}].image_url`)
    if (part.image_url !== undefined && typeof part.image_url !== 'string') {
      const param = `${path}[${index}].image_url`
      yield {
        message: `Invalid type for '${param}': expected an image URL, but got an object instead.`,
        param,
        code: 'invalid_type',
      }
    }
  }
}

function unknownParameter(param: string): Problem {
  return { message: `Unknown parameter: '${param}'.`, param, code: 'unknown_parameter' }
}

function missing(param: string): Problem {
  return { message: `Missing required parameter: '${param}'.`, param, code: 'missing_required_parameter' }
}

function badId(param: string, id: string, prefix: string): Problem {
  return { message: `Invalid '${param}': '${id}'. Expected an ID that begins with '${prefix}'.`, param, code: 'invalid_value' }
}

function badPattern(param: string): Problem {
  const message = `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`
  return { message, param, code: 'invalid_value' }
}

function tooLong(param: string, most: number, value: string): Problem {
  const message = `Invalid '${param}': string too long. Expected a string with maximum length ${most}, but got a string with length ${value.length} instead.`
  return { message, param, code: 'string_above_max_length' }
}

function unsupported(param: string, value: string, known: readonly string[]): Problem {
  const quoted = known.map((one) => `'${one}'`)
  return {
    message: `Invalid value: '${value}'. Supported values are: ${quoted.slice(0, -1).join(', ')}, and ${quoted.at(-1)}.`,
    param,
    code: 'invalid_value',
  }
}
