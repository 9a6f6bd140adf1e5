import { isObject, type Json, objects, stringOf } from './json.ts'

export interface Problem {
  readonly message: string
  readonly param?: string
  readonly code?: string
}

/**
 * What Chat Completions refuses in a request's body, in OpenAI's own words, one problem after the other; the API reports the first.
 * Only what it is known to refuse is here: silence is no promise that it would accept.
 */
export function* problemsOf(body: Json, alsoTaken: readonly string[] = []): Generator<Problem> {
  for (const name of Object.keys(body)) {
    if (!fields.includes(name) && !alsoTaken.includes(name)) yield { message: `Unrecognized request argument supplied: ${name}` }
  }
  if (body.model === undefined) yield { message: 'you must provide a model parameter' }
  yield* numberProblems(body)
  yield* stopProblems(body.stop)
  yield* messageProblems(body.messages)
  yield* toolProblems(body)
  yield* formatProblems(body.response_format)
  if (body.stream_options !== undefined && body.stream !== true) {
    yield { message: "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param: 'stream_options' }
  }
}

const fields = [
  ...['messages', 'model', 'audio', 'frequency_penalty', 'function_call', 'functions', 'logit_bias', 'logprobs'],
  ...['max_completion_tokens', 'max_tokens', 'metadata', 'modalities', 'moderation', 'n', 'parallel_tool_calls', 'prediction'],
  ...['presence_penalty', 'prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention', 'reasoning_effort'],
  ...['response_format', 'safety_identifier', 'seed', 'service_tier', 'stop', 'store', 'stream', 'stream_options', 'temperature'],
  ...['tool_choice', 'tools', 'top_logprobs', 'top_p', 'user', 'verbosity', 'web_search_options'],
]

function* numberProblems(body: Json): Generator<Problem> {
  for (const param of ['max_completion_tokens', 'max_tokens']) {
    const value = body[param]
    if (value === undefined || value === null) continue
    if (!Number.isInteger(value)) yield invalidType(param, 'an integer', value)
    else if (Number(value) < 1) {
      const message = `Invalid '${param}': integer below minimum value. Expected a value >= 1, but got ${value} instead.`
      yield { message, param, code: 'integer_below_min_value' }
    }
  }
  if (body.max_tokens !== undefined && body.max_completion_tokens !== undefined) {
    yield { message: "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", param: 'max_tokens' }
  }
  yield* range(body, 'temperature', 0, 2)
  yield* range(body, 'top_p', 0, 1)
}

function* range(body: Json, param: string, least: number, most: number): Generator<Problem> {
  const value = body[param]
  if (value === undefined || value === null) return
  if (typeof value !== 'number') return yield invalidType(param, 'a decimal', value)
  const got = `but got ${value} instead.`
  if (value > most) {
    yield {
      message: `Invalid '${param}': decimal above maximum value. Expected a value <= ${most}, ${got}`,
      param,
      code: 'decimal_above_max_value',
    }
  }
  if (value < least) {
    yield {
      message: `Invalid '${param}': decimal below minimum value. Expected a value >= ${least}, ${got}`,
      param,
      code: 'decimal_below_min_value',
    }
  }
}

function* stopProblems(stop: unknown): Generator<Problem> {
  if (stop === undefined || stop === null || typeof stop === 'string') return
  if (!Array.isArray(stop)) return yield invalidType('stop', 'one of an array of strings or string', stop)
  if (stop.length > 4) {
    const message = `Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length ${stop.length} instead.`
    yield { message, param: 'stop', code: 'array_above_max_length' }
  }
}

const roles = ['system', 'assistant', 'user', 'function', 'tool', 'developer']
const partsOf: Record<string, readonly string[]> = {
  user: ['text', 'image_url', 'input_audio', 'file'],
  assistant: ['text', 'refusal'],
}

function* messageProblems(messages: unknown): Generator<Problem> {
  if (messages === undefined)
    return yield { message: "Missing required parameter: 'messages'.", param: 'messages', code: 'missing_required_parameter' }
  if (!Array.isArray(messages)) return yield invalidType('messages', 'an array of objects', messages)
  if (messages.length === 0) {
    const message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."
    return yield { message, param: 'messages', code: 'empty_array' }
  }
  const all = objects(messages)
  let open: string[] = []
  let openAt = 0
  for (const [index, message] of all.entries()) {
    const path = `messages[${index}]`
    const role = stringOf(message.role)
    if (!roles.includes(role)) yield unsupported(`${path}.role`, role, roles)
    yield* contentProblems(message, `${path}.content`)
    if (role === 'tool') {
      const id = stringOf(message.tool_call_id)
      if (id === '') yield missing(`${path}.tool_call_id`)
      if (!open.includes(id)) yield { message: strayToolMessage, param: `messages.[${index}].role` }
      open = open.filter((one) => one !== id)
      continue
    }
    if (open.length > 0) yield unanswered(open, openAt)
    yield* callProblems(message, path)
    open = objects(message.tool_calls).map((call) => stringOf(call.id))
    openAt = index
  }
  if (open.length > 0) yield unanswered(open, openAt)
}

/** Misspelt by the vendor. */
const strayToolMessage =
  "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."

function unanswered(ids: readonly string[], index: number): Problem {
  const message = `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${ids.join(', ')}`
  return { message, param: `messages.[${index + 1}].role` }
}

function* contentProblems({ content, role, tool_calls, refusal }: Json, path: string): Generator<Problem> {
  if (content === undefined || content === null) {
    const mayBeNull = role === 'assistant' && (tool_calls !== undefined || typeof refusal === 'string')
    if (!mayBeNull) yield { message: "Invalid value for 'content': expected a string, got null.", param: path.replace('[', '.[') }
    return
  }
  if (typeof content === 'string') return
  if (!Array.isArray(content)) return yield invalidType(path, 'one of a string or array of objects', content)
  const known = partsOf[stringOf(role)] ?? ['text']
  for (const [index, part] of objects(content).entries()) {
    const type = stringOf(part.type)
    if (!known.includes(type)) yield unsupported(`${path}[${index}].type`, type, known)
    if (type === 'text' && typeof part.text !== 'string') yield missing(`${path}[${index}].text`)
    if (type === 'image_url' && (!isObject(part.image_url) || typeof part.image_url.url !== 'string')) {
      yield missing(`${path}[${index}].image_url.url`)
    }
  }
}

function* callProblems(message: Json, path: string): Generator<Problem> {
  if (message.tool_calls === undefined) return
  if (Array.isArray(message.tool_calls) && message.tool_calls.length === 0) {
    const text = `Invalid '${path}.tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead.`
    yield { message: text, param: `${path}.tool_calls`, code: 'empty_array' }
  }
  for (const [index, call] of objects(message.tool_calls).entries()) {
    const at = `${path}.tool_calls[${index}]`
    if (stringOf(call.id) === '') yield missing(`${at}.id`)
    if (call.type !== 'function' && call.type !== 'custom')
      yield unsupported(`${at}.type`, stringOf(call.type), ['function', 'custom'])
    if (call.type !== 'function') continue
    const target = isObject(call.function) ? call.function : {}
    yield* nameProblems(target.name, `${at}.function.name`)
    if (typeof target.arguments !== 'string') yield invalidType(`${at}.function.arguments`, 'a string', target.arguments)
  }
}

function* toolProblems(body: Json): Generator<Problem> {
  const { tools, tool_choice: choice } = body
  if (Array.isArray(tools) && tools.length === 0) {
    const message = "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead."
    yield { message, param: 'tools', code: 'empty_array' }
  }
  const names = new Set<unknown>()
  for (const [index, tool] of objects(tools).entries()) {
    const path = `tools[${index}]`
    if (tool.type !== 'function' && tool.type !== 'custom')
      yield unsupported(`${path}.type`, stringOf(tool.type), ['function', 'custom'])
    if (tool.type !== 'function') continue
    const target = isObject(tool.function) ? tool.function : {}
    if (tool.function === undefined) yield missing(`${path}.function`)
    yield* nameProblems(target.name, `${path}.function.name`)
    names.add(target.name)
    const param = `${path}.function.parameters`
    if (target.strict === true)
      yield* strictProblems(target.parameters, `function '${target.name}'`, param, 'invalid_function_parameters')
  }
  if (choice !== undefined && tools === undefined) {
    yield {
      message: "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
      param: 'tool_choice',
    }
  }
  if (body.parallel_tool_calls !== undefined && tools === undefined) {
    const message = "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified."
    yield { message, param: 'parallel_tool_calls' }
  }
  if (typeof choice === 'string' && !['none', 'auto', 'required'].includes(choice)) {
    yield unsupported('tool_choice', choice, ['none', 'auto', 'required'])
  }
  const forced = isObject(choice) && isObject(choice.function) ? choice.function.name : undefined
  if (forced !== undefined && !names.has(forced)) {
    yield { message: `Tool choice '${forced}' not found in 'tools' parameter.`, param: 'tool_choice' }
  }
}

function* nameProblems(name: unknown, param: string): Generator<Problem> {
  if (name === undefined) return yield missing(param)
  if (typeof name !== 'string') return yield invalidType(param, 'a string', name)
  if (name.length > 64) {
    const message = `Invalid '${param}': string too long. Expected a string with maximum length 64, but got a string with length ${name.length} instead.`
    yield { message, param, code: 'string_above_max_length' }
  }
  if (!/^[a-zA-Z0-9_-]+$/.test(name)) {
    const message = `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`
    yield { message, param, code: 'invalid_value' }
  }
}

function* formatProblems(format: unknown): Generator<Problem> {
  if (format === undefined) return
  const type = isObject(format) ? stringOf(format.type) : ''
  const known = ['json_object', 'json_schema', 'text']
  if (!known.includes(type)) yield unsupported('response_format.type', type, known)
  if (type !== 'json_schema' || !isObject(format)) return
  const form = format.json_schema
  if (!isObject(form)) return yield missing('response_format.json_schema')
  if (form.name === undefined) yield missing('response_format.json_schema.name')
  yield* nameProblems(form.name, 'response_format.json_schema.name')
  if (form.schema === undefined) yield missing('response_format.json_schema.schema')
  if (form.strict === true) yield* strictProblems(form.schema, `response_format '${form.name}'`, 'response_format', undefined)
}

/** Strict schemas: every object is closed and requires all of its properties. */
function* strictProblems(
  schema: unknown,
  owner: string,
  param: string,
  code: string | undefined,
  context = '',
): Generator<Problem> {
  if (!isObject(schema)) return
  const invalid = (what: string): Problem => ({
    message: `Invalid schema for ${owner}: In context=(${context}), ${what}`,
    param,
    ...(code && { code }),
  })
  if (schema.type === 'object') {
    if (schema.additionalProperties !== false) yield invalid("'additionalProperties' is required to be supplied and to be false.")
    const properties = isObject(schema.properties) ? schema.properties : {}
    const required: unknown[] = Array.isArray(schema.required) ? schema.required : []
    const left = Object.keys(properties).find((name) => !required.includes(name))
    if (left !== undefined) {
      yield invalid(
        `'required' is required to be supplied and to be an array including every key in properties. Missing '${left}'.`,
      )
    }
    for (const [name, property] of Object.entries(properties)) {
      yield* strictProblems(property, owner, param, code, `${context && `${context}, `}'properties', '${name}'`)
    }
  }
  yield* strictProblems(schema.items, owner, param, code, `${context && `${context}, `}'items'`)
}

function missing(param: string): Problem {
  return { message: `Missing required parameter: '${param}'.`, param, code: 'missing_required_parameter' }
}

function unsupported(param: string, value: string, known: readonly string[]): Problem {
  const quoted = known.map((one) => `'${one}'`)
  const listed = quoted.length > 1 ? `${quoted.slice(0, -1).join(', ')}, and ${quoted.at(-1)}` : quoted.join('')
  return { message: `Invalid value: '${value}'. Supported values are: ${listed}.`, param, code: 'invalid_value' }
}

function invalidType(param: string, expected: string, value: unknown): Problem {
  const got =
    value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
  return { message: `Invalid type for '${param}': expected ${expected}, but got ${got} instead.`, param, code: 'invalid_type' }
}
