import type { ChatCompletionCreateParamsNonStreaming, ChatCompletionTool } from 'openai/resources/chat/completions'
import { GatewayError } from '../../api/error.ts'
import type { MessageRequest, Tool, ToolChoice } from '../../api/schemas.gen.ts'
import { type OutputSchema, outputSchemaOf, type StrictMode, strictnessOf } from '../output-schema.ts'
import type { ChatDialect } from './dialect.ts'
import { encodeMessages } from './messages.ts'
import { markOf } from './parts.ts'
import { heededWish } from './reasoning-request.ts'
import { isServerTool } from './server-tools.ts'

/**
 * The body of a Chat Completions request.
 *
 * `model` is the provider's name for it. The request has passed the compatibility check and the provider's own; what the matrix
 * drops is left out here.
 */
export function encode(request: MessageRequest, model: string, stream: boolean, dialect: ChatDialect): Record<string, unknown> {
  return {
    model,
    messages: encodeMessages(request, model, dialect),
    ...sampling(request, model, dialect),
    ...toolFields(request, model, dialect),
    ...dialect.reasoningRequest(heededWish(request, dialect), model),
    ...outputFields(request, model, dialect),
    ...callerFields(request, dialect),
    ...(stream && { stream: true, ...(dialect.asksForUsage && { stream_options: { include_usage: true } }) }),
    ...dialect.fields,
    ...request.extensions?.[dialect.id],
  }
}

type Body = Partial<ChatCompletionCreateParamsNonStreaming>

function sampling(request: MessageRequest, model: string, dialect: ChatDialect): Body & { top_k?: number } {
  const { max_tokens: maxTokens, temperature, top_p: topP, top_k: topK, stop_sequences: stop } = request
  return {
    ...(maxTokens !== undefined && { [dialect.maxTokensField]: maxTokens }),
    ...(dialect.sampling?.(request, model) ?? {
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { top_p: topP }),
    }),
    ...(topK !== undefined && dialect.topK && { top_k: topK }),
    ...(stop && stop.length > 0 && { stop }),
  }
}

function toolFields(request: MessageRequest, model: string, dialect: ChatDialect): Record<string, unknown> {
  const own = request.tools ?? []
  const servers = dialect.serverTools?.(own.filter(isServerTool), model)
  const functions = own.flatMap((tool, at) => (servers && isServerTool(tool) ? [] : [functionOf(tool, at, dialect)]))
  const tools = [...functions, ...(servers?.tools ?? [])]
  const choice = request.tool_choice
  const once = choice && 'disable_parallel_tool_use' in choice && choice.disable_parallel_tool_use
  // Without tools the API refuses a choice, though `auto` and `none` then say nothing.
  const chosen = choice && (tools.length > 0 || choice.type === 'any' || choice.type === 'tool') ? choice : undefined
  return {
    ...(tools.length > 0 && { tools }),
    ...(chosen && { tool_choice: choiceOf(chosen) }),
    ...(tools.length > 0 && once && dialect.parallelSwitch && { parallel_tool_calls: false }),
    ...servers?.fields,
  }
}

function functionOf(tool: Tool, at: number, dialect: ChatDialect): ChatCompletionTool {
  if (tool.type !== undefined && tool.type !== null && tool.type !== 'custom' && tool.type !== 'function') {
    const param = `tools[${at}].type`
    throw new GatewayError('unsupported_parameter', { message: `${param}: Chat Completions has no ${tool.type}.`, param })
  }
  const mark = markOf(tool, { marks: dialect.cacheControl ? 'cache_control' : undefined })
  return {
    type: 'function',
    function: {
      name: tool.name,
      ...(tool.description !== undefined && { description: tool.description }),
      parameters: { ...tool.input_schema },
      ...(tool.strict !== undefined && { strict: tool.strict }),
    },
    ...mark,
  }
}

function choiceOf(choice: ToolChoice): NonNullable<Body['tool_choice']> {
  switch (choice.type) {
    case 'auto':
    case 'none':
      return choice.type
    case 'any':
      return 'required'
    case 'tool':
      return { type: 'function', function: { name: choice.name } }
  }
}

function outputFields(request: MessageRequest, model: string, dialect: ChatDialect): Record<string, unknown> {
  const modalities = dialect.modalities ? request.output?.modalities : undefined
  const output = outputSchemaOf(request)
  return {
    ...(modalities && { modalities }),
    ...(output && { response_format: { type: 'json_schema', json_schema: schemaOf(output, dialect.strictMode(model)) } }),
  }
}

function schemaOf(output: OutputSchema, mode: StrictMode): object {
  const strict = strictnessOf(output, mode)
  return { name: output.name ?? 'response', schema: output.schema, ...(strict !== undefined && { strict }) }
}

function callerFields(request: MessageRequest, { userId, serviceTiers, cacheControl }: ChatDialect): Record<string, unknown> {
  const user = request.metadata?.user_id
  return {
    ...(user && userId && { [userId.field]: user }),
    ...(request.service_tier && serviceTiers && { service_tier: serviceTiers[request.service_tier] }),
    ...(request.cache_control && cacheControl && { cache_control: request.cache_control }),
  }
}
