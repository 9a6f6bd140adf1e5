import type { ChatCompletionCreateParamsNonStreaming, ChatCompletionTool } from 'openai/resources/chat/completions'
import { GatewayError } from '../../api/error.ts'
import type { MessageRequest, Tool, ToolChoice } from '../../api/schemas.gen.ts'
import type { ReasoningEffort } from './capabilities.ts'
import type { ChatDialect } from './dialect.ts'
import { encodeMessages } from './messages.ts'

/**
 * The body of a Chat Completions request.
 *
 * `model` is the provider's name for it. The request has passed the compatibility check and the provider's own; what the matrix
 * drops is left out here.
 */
export function encode(request: MessageRequest, model: string, stream: boolean, dialect: ChatDialect): Record<string, unknown> {
  return {
    model,
    messages: encodeMessages(request, dialect.systemRole),
    ...sampling(request, dialect),
    ...toolFields(request),
    ...reasoningFields(request, model, dialect),
    ...outputFields(request),
    ...callerFields(request, dialect),
    ...(stream && { stream: true, ...(dialect.asksForUsage && { stream_options: { include_usage: true } }) }),
    ...request.extensions?.[dialect.id],
  }
}

type Body = Partial<ChatCompletionCreateParamsNonStreaming>

function sampling(request: MessageRequest, dialect: ChatDialect): Body & { top_k?: number } {
  const { max_tokens: maxTokens, temperature, top_p: topP, top_k: topK, stop_sequences: stop } = request
  return {
    ...(maxTokens !== undefined && { [dialect.maxTokensField]: maxTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(topK !== undefined && dialect.topK && { top_k: topK }),
    ...(stop && stop.length > 0 && { stop }),
  }
}

function toolFields(request: MessageRequest): Body {
  const tools = (request.tools ?? []).map(functionOf)
  const choice = request.tool_choice
  const once = choice && 'disable_parallel_tool_use' in choice && choice.disable_parallel_tool_use
  // Without tools the API refuses a choice, though `auto` and `none` then say nothing.
  const chosen = choice && (tools.length > 0 || choice.type === 'any' || choice.type === 'tool') ? choice : undefined
  return {
    ...(tools.length > 0 && { tools }),
    ...(chosen && { tool_choice: choiceOf(chosen) }),
    ...(tools.length > 0 && once && { parallel_tool_calls: false }),
  }
}

function functionOf(tool: Tool, at: number): ChatCompletionTool {
  if (tool.type !== undefined && tool.type !== null && tool.type !== 'custom' && tool.type !== 'function') {
    const param = `tools[${at}].type`
    throw new GatewayError('unsupported_parameter', { message: `${param}: Chat Completions has no ${tool.type}.`, param })
  }
  return {
    type: 'function',
    function: {
      name: tool.name,
      ...(tool.description !== undefined && { description: tool.description }),
      parameters: { ...tool.input_schema },
      ...(tool.strict !== undefined && { strict: tool.strict }),
    },
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

function reasoningFields(request: MessageRequest, model: string, dialect: ChatDialect): Body {
  const effort = request.output_config?.effort ?? effortOfThinking(request, model, dialect)
  return effort ? { reasoning_effort: effort } : {}
}

function effortOfThinking(request: MessageRequest, model: string, dialect: ChatDialect): ReasoningEffort | undefined {
  switch (request.thinking?.type) {
    case 'enabled': {
      const budget = request.thinking.budget_tokens
      if (budget <= 2048) return 'low'
      return budget <= 8192 ? 'medium' : 'high'
    }
    case 'disabled':
      return dialect.effortOfNoThinking(model)
    default:
      return undefined
  }
}

function outputFields(request: MessageRequest): Body {
  const format = request.output_format ?? request.output_config?.format
  if (!format) return {}
  const { name, strict } = 'name' in format || 'strict' in format ? format : { name: undefined, strict: undefined }
  const schema = ('json_schema' in format ? format.json_schema : undefined) ?? format.schema ?? {}
  const named = { name: name ?? 'response', schema, ...(strict !== undefined && { strict }) }
  return { response_format: { type: 'json_schema', json_schema: named } }
}

function callerFields(request: MessageRequest, { userId, serviceTiers }: ChatDialect): Record<string, string> {
  const user = request.metadata?.user_id
  return {
    ...(user && userId && { [userId.field]: user }),
    ...(request.service_tier && serviceTiers && { service_tier: serviceTiers[request.service_tier] }),
  }
}
