import type { StreamItem } from '../../api/events.ts'
import { newId } from '../../api/id.ts'
import { isRecord } from '../../api/json.ts'
import type { MessageRequest, TokenCount } from '../../api/schemas.gen.ts'
import { jsonBytes } from '../../text/json-bytes.ts'
import { readJsonAnswer, send, sourceOf, streamAnswer, wholeAnswer } from '../exchange.ts'
import { protocolFailure } from '../failure.ts'
import type { UpstreamResponse } from '../http.ts'
import type { Call, LlmProvider, TokenCountRequest, WholeMessage } from '../provider.ts'
import { type ToolIdRule, withToolIds } from '../tool-ids.ts'
import { withUserId } from '../user-id.ts'
import { check, warnings } from './check.ts'
import { ResponsesDecoder } from './decode.ts'
import { openaiResponsesDialect, type ResponsesDialect } from './dialect.ts'
import { encode, encodeCount } from './encode.ts'
import { stopReasons } from './stop-reason.ts'

export { openaiResponsesDialect, type ResponsesDialect } from './dialect.ts'

/** OpenAI's Responses API. */
export const openaiResponses: LlmProvider = createOpenAiResponses(openaiResponsesDialect)

/** An adapter for a server that speaks the Responses API. What is its own is data. */
export function createOpenAiResponses(dialect: ResponsesDialect): LlmProvider {
  const { id, name, upstream, matrix, capabilities, countsTokens } = dialect
  return {
    id,
    name,
    upstream,
    matrix,
    stopReasons,
    capabilities,
    check: (request) => check(request, dialect),
    warnings: (request, model) => warnings(request, model, dialect),
    stream: (request, call) => stream(request, call, dialect),
    complete: (request, call) => complete(request, call, dialect),
    ...(countsTokens && { countTokens: (request, call) => countTokens(request, call, dialect) }),
  }
}

function stream(request: MessageRequest, call: Call, dialect: ResponsesDialect): AsyncIterable<StreamItem> {
  return streamAnswer(() => ask(request, call, true, dialect), decoderOf(request, call, dialect), sourceOf(dialect, call))
}

async function complete(request: MessageRequest, call: Call, dialect: ResponsesDialect): Promise<WholeMessage> {
  const response = await ask(request, call, false, dialect)
  return wholeAnswer(response, decoderOf(request, call, dialect), sourceOf(dialect, call))
}

async function countTokens(request: TokenCountRequest, call: Call, dialect: ResponsesDialect): Promise<TokenCount> {
  const body = encodeCount(withToolIds(request, toolIdRule), call.model, dialect)
  const response = await post('/responses/input_tokens', body, call, 'application/json', dialect)
  const source = sourceOf(dialect, call)
  const answer = await readJsonAnswer(response, source)
  if (!isRecord(answer) || typeof answer.input_tokens !== 'number' || !(answer.input_tokens >= 0)) {
    throw protocolFailure(source, 'the answer is no count of tokens.', JSON.stringify(answer))
  }
  return { input_tokens: answer.input_tokens }
}

function ask(request: MessageRequest, call: Call, streamed: boolean, dialect: ResponsesDialect): Promise<UpstreamResponse> {
  const most = dialect.userId?.maxLength
  const short = most === undefined ? request : withUserId(request, (id) => id.length <= most, most)
  const body = encode(withToolIds(short, toolIdRule), call.model, streamed, dialect)
  return post('/responses', body, call, streamed ? 'text/event-stream' : 'application/json', dialect)
}

function post(path: string, body: object, call: Call, accept: string, dialect: ResponsesDialect): Promise<UpstreamResponse> {
  const key = call.apiKey.reveal()
  const headers = {
    accept,
    // A local server may need no key.
    ...(key && { authorization: `Bearer ${key}` }),
    'x-client-request-id': call.requestId,
    ...dialect.headers,
  }
  return send(call, sourceOf(dialect, call), path, headers, jsonBytes(body))
}

function decoderOf(request: MessageRequest, call: Call, dialect: ResponsesDialect): ResponsesDecoder {
  return new ResponsesDecoder({
    model: request.model,
    newId: (prefix) => newId(prefix, call.clock.wallclock()),
    source: sourceOf(dialect, call),
  })
}

const toolIdRule: ToolIdRule = { accepts: /^[\x21-\x7e]{1,64}$/, length: 26 }
