/**
 * Every name that traces use: those of OpenTelemetry's conventions for HTTP and for generative AI, and the gateway's own, which begin
 * with `vai.`. The conventions for generative AI are not stable yet; when they change, this is the place.
 */
export const names = {
  // HTTP
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  urlScheme: 'url.scheme',
  urlPath: 'url.path',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  errorType: 'error.type',

  // Generative AI
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  requestStream: 'gen_ai.request.stream',
  requestMaxTokens: 'gen_ai.request.max_tokens',
  requestTemperature: 'gen_ai.request.temperature',
  requestTopP: 'gen_ai.request.top_p',
  requestTopK: 'gen_ai.request.top_k',
  outputType: 'gen_ai.output.type',
  responseId: 'gen_ai.response.id',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  cacheWriteTokens: 'gen_ai.usage.cache_write.input_tokens',
  toolName: 'gen_ai.tool.name',
  toolType: 'gen_ai.tool.type',
  toolCallId: 'gen_ai.tool.call.id',

  // The gateway's own
  requestId: 'vai.request_id',
  attempt: 'vai.attempt',
  ended: 'vai.ended',
  cost: 'vai.cost_usd',
  code: 'vai.code',
  waitMs: 'vai.wait_ms',
  nextModel: 'vai.next_model',
  step: 'vai.step',
  outcome: 'vai.outcome',
  turn: 'vai.turn',
  turns: 'vai.turns',
  toolCalls: 'vai.tool_calls',
  soundSeconds: 'vai.sound_seconds',
  characters: 'vai.characters',
} as const

/** Events of a request's span. */
export const eventNames = { retry: 'vai.retry', fallback: 'vai.fallback' } as const

/** Values of `gen_ai.operation.name`; the conventions have none for counting, hearing and speaking. */
export const operations = {
  chat: 'chat',
  countTokens: 'count_tokens',
  executeTool: 'execute_tool',
  transcribe: 'transcribe',
  speak: 'speak',
} as const

/** Values of `gen_ai.output.type`. */
export const outputTypes = { transcribe: 'text', speak: 'speech' } as const

/** The value of `gen_ai.tool.type` for tools that run beside the model's caller and not at the provider. */
export const toolType = 'extension'
