import { createHash } from 'node:crypto'
import { Accumulator } from '../../api/accumulate.ts'
import { newId } from '../../api/id.ts'
import { parseJson, stringOf } from '../../api/json.ts'
import type { MessageRequest, StreamEvent, TokenCount } from '../../api/schemas.gen.ts'
import { createSseParser, SseError } from '../../api/sse.ts'
import { disconnected, type FailureSource, httpFailure, protocolFailure, streamFailure } from '../failure.ts'
import { maxEventBytes, post, readErrorBody, type UpstreamResponse } from '../http.ts'
import { readJsonAnswer } from '../json-answer.ts'
import { ping } from '../ping.ts'
import type { Call, LlmProvider, TokenCountRequest, WholeMessage } from '../provider.ts'
import { capabilitiesOf } from './capabilities.ts'
import { check, warningsOf } from './check.ts'
import { GeminiDecoder } from './decode.ts'
import { type GeminiDialect, geminiDialect, vertexDialect } from './dialect.ts'
import { encode, encodeTokenCount } from './encode.ts'
import { JsonArrayStream } from './json-array.ts'
import { modelPath } from './model-path.ts'
import { stopReasons } from './stop-reason.ts'
import { totalTokensOf } from './usage.ts'

export { type GeminiDialect, geminiDialect, vertexDialect } from './dialect.ts'

/** The Gemini API. */
export const geminiApi: LlmProvider = createGemini(geminiDialect)

/** Vertex AI in express mode. */
export const vertexAi: LlmProvider = createGemini(vertexDialect)

/** An adapter for a service that answers generateContent. What is its own is data. */
export function createGemini(dialect: GeminiDialect): LlmProvider {
  const { id, name, upstream, matrix } = dialect
  return {
    id,
    name,
    upstream,
    matrix,
    stopReasons,
    capabilities: capabilitiesOf,
    check: (request) => check(request, dialect),
    warnings: warningsOf,
    stream: (request, call) => stream(request, call, dialect),
    complete: (request, call) => complete(request, call, dialect),
    countTokens: (request, call) => countTokens(request, call, dialect),
  }
}

async function* stream(request: MessageRequest, call: Call, dialect: GeminiDialect): AsyncGenerator<StreamEvent> {
  const body = encode(withLabelledUser(request, dialect), call.model, dialect)
  const response = await send('streamGenerateContent?alt=sse', body, call, dialect)
  const source = sourceOf(dialect, call)
  const decoder = decoderOf(request, call, dialect)
  const isArray = contentType(response).startsWith('application/json')
  const parser = isArray ? arrayParser(source) : eventParser(source)
  let begun = false
  try {
    for await (const bytes of response.body) {
      for (const chunk of parser.feed(bytes)) {
        if (chunk === end) {
          response.body.release()
          for (const event of decoder.end(true)) yield event
          return
        }
        for (const event of decoder.feed(chunk)) {
          begun = true
          yield event
        }
      }
      if (!begun) yield ping
      begun = true
    }
    if (!parser.end()) throw disconnected(source)
  } catch (cause) {
    throw cause instanceof SseError ? protocolFailure(source, `${cause.message}.`, undefined, cause) : cause
  }
  for (const event of decoder.end(false)) yield event
}

async function complete(request: MessageRequest, call: Call, dialect: GeminiDialect): Promise<WholeMessage> {
  const response = await send('generateContent', encode(withLabelledUser(request, dialect), call.model, dialect), call, dialect)
  const decoder = decoderOf(request, call, dialect)
  const accumulator = new Accumulator()
  for (const event of decoder.feed(await readJsonAnswer(response, sourceOf(dialect, call)))) accumulator.add(event)
  for (const event of decoder.end(true)) accumulator.add(event)
  return { message: accumulator.message() }
}

async function countTokens(request: TokenCountRequest, call: Call, dialect: GeminiDialect): Promise<TokenCount> {
  const response = await send('countTokens', encodeTokenCount(request, call.model, dialect), call, dialect)
  const source = sourceOf(dialect, call)
  const answer = await readJsonAnswer(response, source)
  const tokens = totalTokensOf(answer)
  if (tokens === undefined) {
    throw protocolFailure(source, 'the answer is no count of tokens.', JSON.stringify(answer))
  }
  return { input_tokens: tokens }
}

async function send(
  method: string,
  body: Readonly<Record<string, unknown>>,
  call: Call,
  dialect: GeminiDialect,
): Promise<UpstreamResponse> {
  // The key stands in a header, and never in the URL, where logs would keep it.
  const headers = { 'x-goog-api-key': call.apiKey.reveal() }
  const path = `${modelPath(call.model, dialect)}:${method}`
  const response = await post(call, dialect.id, path, headers, Buffer.from(JSON.stringify(body)))
  const source = sourceOf(dialect, call)
  if (response.status < 200 || response.status > 299) {
    throw httpFailure(source, response, await readErrorBody(response, call), call.clock.wallclock())
  }
  if (contentType(response).startsWith('text/html')) {
    throw protocolFailure(source, 'it answered with an HTML page.', await readErrorBody(response, call))
  }
  return response
}

/** Takes bytes and gives the chunks of the answer, or `end`. */
interface ChunkParser {
  feed(bytes: Uint8Array): Iterable<unknown>
  /** The stream's end: false where it is seen that something is missing. */
  end(): boolean
}

function eventParser(source: FailureSource): ChunkParser {
  const parser = createSseParser(maxEventBytes)
  return {
    *feed(bytes) {
      for (const { event, data } of parser.feed(bytes)) {
        const chunk = data === end ? end : parseJson(data)
        if (event === 'error') throw streamFailure(source, chunk ?? data)
        if (chunk === undefined) throw protocolFailure(source, 'a chunk is no JSON.', data)
        yield chunk
      }
    },
    end: () => {
      parser.end()
      return true
    },
  }
}

/** For a stream that comes as one JSON array, as it does from proxies that drop the query. */
function arrayParser(source: FailureSource): ChunkParser {
  const parser = new JsonArrayStream(maxEventBytes)
  return {
    *feed(bytes) {
      for (const text of parser.feed(bytes)) {
        const chunk = parseJson(text)
        if (chunk === undefined) throw protocolFailure(source, 'a chunk is no JSON.', text)
        yield chunk
      }
    },
    end: () => parser.end(),
  }
}

/** The values of labels are few: another id is replaced by its hash, so that different users stay different. */
function withLabelledUser(request: MessageRequest, { userLabel }: GeminiDialect): MessageRequest {
  const user = request.metadata?.user_id
  if (!user || userLabel === undefined || /^[a-z0-9_-]{1,63}$/.test(user)) return request
  return { ...request, metadata: { user_id: createHash('sha256').update(user).digest('hex').slice(0, 63) } }
}

function decoderOf(request: MessageRequest, call: Call, dialect: GeminiDialect): GeminiDecoder {
  const extensions = request.extensions?.[dialect.id]
  const tier = stringOf(extensions?.serviceTier ?? extensions?.service_tier)
  return new GeminiDecoder({
    model: request.model,
    newId: (prefix) => newId(prefix, call.clock.wallclock()),
    source: sourceOf(dialect, call),
    ...(tier && { askedTier: tier }),
  })
}

function sourceOf(dialect: GeminiDialect, call: Call): FailureSource {
  return { id: dialect.id, name: dialect.name, apiKey: call.apiKey }
}

function contentType(response: UpstreamResponse): string {
  return String(response.headers['content-type'] ?? '')
}

/** Gemini does not mark the end of its stream; some proxies do. */
const end = '[DONE]'
