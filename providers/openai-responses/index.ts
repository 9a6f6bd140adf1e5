import { createHash } from 'node:crypto'
import { Accumulator } from '../../api/accumulate.ts'
import { newId } from '../../api/id.ts'
import { isRecord, parseJson } from '../../api/json.ts'
import type { MessageRequest, StreamEvent, TokenCount } from '../../api/schemas.gen.ts'
import { createSseParser, SseError, type SseMessage } from '../../api/sse.ts'
import { jsonBytes } from '../../text/json-bytes.ts'
import { type FailureSource, httpFailure, protocolFailure, streamFailure } from '../failure.ts'
import { maxEventBytes, post, readErrorBody, type UpstreamResponse } from '../http.ts'
import { readJsonAnswer } from '../json-answer.ts'
import { ping } from '../ping.ts'
import type { Call, LlmProvider, TokenCountRequest, WholeMessage } from '../provider.ts'
import { type ToolIdRule, withToolIds } from '../tool-ids.ts'
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

async function* stream(request: MessageRequest, call: Call, dialect: ResponsesDialect): AsyncGenerator<StreamEvent> {
  const response = await ask(request, call, true, dialect)
  if (contentType(response).startsWith('application/json')) {
    yield* await wholeAnswer(response, request, call, dialect)
    return
  }
  const source = sourceOf(dialect, call)
  const decoder = decoderOf(request, call, dialect)
  const parser = createSseParser(maxEventBytes)
  let begun = false
  try {
    for await (const bytes of response.body) {
      for (const message of parser.feed(bytes)) {
        if (message.data === end) decoder.end()
        const events = decoder.feed(eventOf(message, source), message.event)
        if (decoder.ended) response.body.release()
        for (const event of events) {
          begun = true
          yield event
        }
        if (decoder.ended) return
      }
      if (!begun) yield ping
      begun = true
    }
    parser.end()
  } catch (cause) {
    throw cause instanceof SseError ? protocolFailure(source, `${cause.message}.`, undefined, cause) : cause
  }
  decoder.end()
}

async function complete(request: MessageRequest, call: Call, dialect: ResponsesDialect): Promise<WholeMessage> {
  const response = await ask(request, call, false, dialect)
  const accumulator = new Accumulator()
  for (const event of await wholeAnswer(response, request, call, dialect)) accumulator.add(event)
  return { message: accumulator.message() }
}

async function countTokens(request: TokenCountRequest, call: Call, dialect: ResponsesDialect): Promise<TokenCount> {
  const body = encodeCount(withToolIds(request, toolIdRule), call.model, dialect)
  const response = await send('/responses/input_tokens', body, call, 'application/json', dialect)
  const source = sourceOf(dialect, call)
  const answer = await readJsonAnswer(response, source)
  if (!isRecord(answer) || typeof answer.input_tokens !== 'number' || !(answer.input_tokens >= 0)) {
    throw protocolFailure(source, 'the answer is no count of tokens.', JSON.stringify(answer))
  }
  return { input_tokens: answer.input_tokens }
}

/** The events of an answer that came as one JSON body. */
async function wholeAnswer(
  response: UpstreamResponse,
  request: MessageRequest,
  call: Call,
  dialect: ResponsesDialect,
): Promise<readonly StreamEvent[]> {
  const answer = await readJsonAnswer(response, sourceOf(dialect, call))
  return decoderOf(request, call, dialect).whole(answer)
}

function ask(request: MessageRequest, call: Call, streamed: boolean, dialect: ResponsesDialect): Promise<UpstreamResponse> {
  const sent = withShortUserId(withToolIds(request, toolIdRule), dialect)
  const body = encode(sent, call.model, streamed, dialect)
  return send('/responses', body, call, streamed ? 'text/event-stream' : 'application/json', dialect)
}

/** An id that is too long for the API is replaced by its hash, so that different users stay different. */
function withShortUserId(request: MessageRequest, { userId }: ResponsesDialect): MessageRequest {
  const user = request.metadata?.user_id
  if (!user || userId?.maxLength === undefined || user.length <= userId.maxLength) return request
  return { ...request, metadata: { user_id: createHash('sha256').update(user).digest('hex').slice(0, userId.maxLength) } }
}

async function send(
  path: string,
  body: object,
  call: Call,
  accept: string,
  dialect: ResponsesDialect,
): Promise<UpstreamResponse> {
  const key = call.apiKey.reveal()
  const headers = {
    accept,
    // A local server may need no key.
    ...(key && { authorization: `Bearer ${key}` }),
    'x-client-request-id': call.requestId,
    ...dialect.headers,
  }
  const response = await post(call, dialect.id, path, headers, jsonBytes(body))
  const source = sourceOf(dialect, call)
  if (response.status < 200 || response.status > 299) {
    throw httpFailure(source, response, await readErrorBody(response, call), call.clock.wallclock())
  }
  if (contentType(response).startsWith('text/html')) {
    throw protocolFailure(source, 'it answered with an HTML page.', await readErrorBody(response, call))
  }
  return response
}

function eventOf(message: SseMessage, source: FailureSource): unknown {
  const event = parseJson(message.data)
  if (message.event === 'error') throw streamFailure(source, event ?? message.data)
  if (event === undefined) throw protocolFailure(source, 'an event is no JSON.', message.data)
  return event
}

function decoderOf(request: MessageRequest, call: Call, dialect: ResponsesDialect): ResponsesDecoder {
  return new ResponsesDecoder({
    model: request.model,
    newId: (prefix) => newId(prefix, call.clock.wallclock()),
    source: sourceOf(dialect, call),
  })
}

function sourceOf(dialect: ResponsesDialect, call: Call): FailureSource {
  return { id: dialect.id, name: dialect.name, apiKey: call.apiKey }
}

function contentType(response: UpstreamResponse): string {
  return String(response.headers['content-type'] ?? '')
}

const end = '[DONE]'
const toolIdRule: ToolIdRule = { accepts: /^[\x21-\x7e]{1,64}$/, length: 26 }
