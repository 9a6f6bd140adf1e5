import type { StreamItem } from '../../api/events.ts'
import { newId } from '../../api/id.ts'
import type { MessageRequest } from '../../api/schemas.gen.ts'
import { jsonBytes } from '../../text/json-bytes.ts'
import { send, sourceOf, streamAnswer, wholeAnswer } from '../exchange.ts'
import type { UpstreamResponse } from '../http.ts'
import type { Call, LlmProvider, WholeMessage } from '../provider.ts'
import { withToolIds } from '../tool-ids.ts'
import { withUserId } from '../user-id.ts'
import { check, warningsOf } from './check.ts'
import { ChatDecoder } from './decode.ts'
import { type ChatDialect, openaiDialect } from './dialect.ts'
import { encode } from './encode.ts'

export { type ChatDialect, openaiDialect } from './dialect.ts'

/** OpenAI's Chat Completions. */
export const openai: LlmProvider = createOpenAiChat(openaiDialect)

/** An adapter for a server that speaks Chat Completions. What is its own is data. */
export function createOpenAiChat(dialect: ChatDialect): LlmProvider {
  const { id, name, upstream, matrix, capabilities, stopReasons } = dialect
  return {
    id,
    name,
    upstream,
    matrix,
    stopReasons,
    capabilities,
    check: (request, model) => check(request, model, dialect),
    warnings: (request, model) => warningsOf(request, model, dialect),
    stream: (request, call) => stream(request, call, dialect),
    complete: (request, call) => complete(request, call, dialect),
  }
}

function stream(request: MessageRequest, call: Call, dialect: ChatDialect): AsyncIterable<StreamItem> {
  return streamAnswer(() => ask(request, call, true, dialect), decoderOf(request, call, dialect), sourceOf(dialect, call))
}

async function complete(request: MessageRequest, call: Call, dialect: ChatDialect): Promise<WholeMessage> {
  const response = await ask(request, call, false, dialect)
  return wholeAnswer(response, decoderOf(request, call, dialect), sourceOf(dialect, call))
}

/** The request as the server takes it: ids of tool calls and of users that it would refuse are replaced. */
function acceptable(request: MessageRequest, { userId, toolIds }: ChatDialect): MessageRequest {
  const most = userId?.maxLength
  const short = most === undefined ? request : withUserId(request, (id) => id.length <= most, most)
  return toolIds ? withToolIds(short, toolIds) : short
}

function ask(request: MessageRequest, call: Call, streamed: boolean, dialect: ChatDialect): Promise<UpstreamResponse> {
  const key = call.apiKey.reveal()
  const headers = {
    accept: streamed ? 'text/event-stream' : 'application/json',
    // A local server may need no key.
    ...(key && (dialect.keyHeader ? { [dialect.keyHeader]: key } : { authorization: `Bearer ${key}` })),
    'x-client-request-id': call.requestId,
    ...dialect.headers,
  }
  const body = jsonBytes(encode(acceptable(request, dialect), call.model, streamed, dialect))
  return send(call, sourceOf(dialect, call), '/chat/completions', headers, body)
}

function decoderOf(request: MessageRequest, call: Call, dialect: ChatDialect): ChatDecoder {
  return new ChatDecoder({
    model: request.model,
    nativeModel: call.model,
    newId: (prefix) => newId(prefix, call.clock.wallclock()),
    dialect,
    source: sourceOf(dialect, call),
  })
}
