import { createHash } from 'node:crypto'
import { Accumulator } from '../../api/accumulate.ts'
import { newId } from '../../api/id.ts'
import { parseJson } from '../../api/json.ts'
import type { MessageRequest, StreamEvent } from '../../api/schemas.gen.ts'
import { createSseParser, SseError, type SseMessage } from '../../api/sse.ts'
import { jsonBytes } from '../../text/json-bytes.ts'
import { type FailureSource, httpFailure, protocolFailure, streamFailure } from '../failure.ts'
import { maxEventBytes, post, readErrorBody, type UpstreamResponse } from '../http.ts'
import { readJsonAnswer } from '../json-answer.ts'
import { ping } from '../ping.ts'
import type { Call, LlmProvider, WholeMessage } from '../provider.ts'
import { withToolIds } from '../tool-ids.ts'
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

async function* stream(request: MessageRequest, call: Call, dialect: ChatDialect): AsyncGenerator<StreamEvent> {
  const response = await send(request, call, true, dialect)
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
        if (message.data === end) {
          response.body.release()
          for (const event of decoder.end(true)) yield event
          return
        }
        for (const event of decoder.feed(chunkOf(message, source))) {
          begun = true
          yield event
        }
      }
      if (!begun) yield ping
      begun = true
    }
    parser.end()
  } catch (cause) {
    throw cause instanceof SseError ? protocolFailure(source, `${cause.message}.`, undefined, cause) : cause
  }
  for (const event of decoder.end(false)) yield event
}

async function complete(request: MessageRequest, call: Call, dialect: ChatDialect): Promise<WholeMessage> {
  const response = await send(request, call, false, dialect)
  const accumulator = new Accumulator()
  for (const event of await wholeAnswer(response, request, call, dialect)) accumulator.add(event)
  return { message: accumulator.message() }
}

/** The events of an answer that came as one JSON body: it is decoded as a stream of one chunk, so that both give the same. */
async function wholeAnswer(
  response: UpstreamResponse,
  request: MessageRequest,
  call: Call,
  dialect: ChatDialect,
): Promise<StreamEvent[]> {
  const completion = await readJsonAnswer(response, sourceOf(dialect, call))
  const decoder = decoderOf(request, call, dialect)
  return [...decoder.feed(completion), ...decoder.end(true)]
}

/** The request as the server takes it: ids of tool calls and of users that it would refuse are replaced. */
function acceptable(request: MessageRequest, dialect: ChatDialect): MessageRequest {
  const short = withShortUserId(request, dialect)
  return dialect.toolIds ? withToolIds(short, dialect.toolIds) : short
}

/** An id that is too long for the API is replaced by its hash, so that different users stay different. */
function withShortUserId(request: MessageRequest, { userId }: ChatDialect): MessageRequest {
  const user = request.metadata?.user_id
  if (!user || userId?.maxLength === undefined || user.length <= userId.maxLength) return request
  return { ...request, metadata: { user_id: createHash('sha256').update(user).digest('hex').slice(0, userId.maxLength) } }
}

async function send(request: MessageRequest, call: Call, streamed: boolean, dialect: ChatDialect): Promise<UpstreamResponse> {
  const key = call.apiKey.reveal()
  const headers = {
    accept: streamed ? 'text/event-stream' : 'application/json',
    // A local server may need no key.
    ...(key && (dialect.keyHeader ? { [dialect.keyHeader]: key } : { authorization: `Bearer ${key}` })),
    'x-client-request-id': call.requestId,
    ...dialect.headers,
  }
  const body = jsonBytes(encode(acceptable(request, dialect), call.model, streamed, dialect))
  const response = await post(call, dialect.id, '/chat/completions', headers, body)
  const source = sourceOf(dialect, call)
  if (response.status < 200 || response.status > 299) {
    throw httpFailure(source, response, await readErrorBody(response, call), call.clock.wallclock())
  }
  if (contentType(response).startsWith('text/html')) {
    throw protocolFailure(source, 'it answered with an HTML page.', await readErrorBody(response, call))
  }
  return response
}

function chunkOf(message: SseMessage, source: FailureSource): unknown {
  const chunk = parseJson(message.data)
  if (message.event === 'error') throw streamFailure(source, chunk ?? message.data)
  if (chunk === undefined) throw protocolFailure(source, 'a chunk is no JSON.', message.data)
  return chunk
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

function sourceOf(dialect: ChatDialect, call: Call): FailureSource {
  return { id: dialect.id, name: dialect.name, apiKey: call.apiKey }
}

function contentType(response: UpstreamResponse): string {
  return String(response.headers['content-type'] ?? '')
}

const end = '[DONE]'
