import type { StreamItem } from '../../api/events.ts'
import { newId } from '../../api/id.ts'
import { stringOf } from '../../api/json.ts'
import type { MessageRequest, TokenCount } from '../../api/schemas.gen.ts'
import { type Frames, readJsonAnswer, send, sourceOf, streamAnswer, wholeAnswer } from '../exchange.ts'
import { disconnected, type FailureSource, protocolFailure } from '../failure.ts'
import { maxEventBytes, type UpstreamResponse } from '../http.ts'
import type { Call, LlmProvider, TokenCountRequest, WholeMessage } from '../provider.ts'
import { withUserId } from '../user-id.ts'
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

function stream(request: MessageRequest, call: Call, dialect: GeminiDialect): AsyncIterable<StreamItem> {
  const source = sourceOf(dialect, call)
  const open = (): Promise<UpstreamResponse> => ask('streamGenerateContent?alt=sse', request, call, dialect)
  return streamAnswer(open, decoderOf(request, call, dialect), source, arrayFrames(source))
}

async function complete(request: MessageRequest, call: Call, dialect: GeminiDialect): Promise<WholeMessage> {
  const response = await ask('generateContent', request, call, dialect)
  return wholeAnswer(response, decoderOf(request, call, dialect), sourceOf(dialect, call))
}

async function countTokens(request: TokenCountRequest, call: Call, dialect: GeminiDialect): Promise<TokenCount> {
  const response = await post('countTokens', encodeTokenCount(request, call.model, dialect), call, dialect)
  const source = sourceOf(dialect, call)
  const answer = await readJsonAnswer(response, source)
  const tokens = totalTokensOf(answer)
  if (tokens === undefined) {
    throw protocolFailure(source, 'the answer is no count of tokens.', JSON.stringify(answer))
  }
  return { input_tokens: tokens }
}

/** The values of labels are few, so that many an id is none. */
function ask(method: string, request: MessageRequest, call: Call, dialect: GeminiDialect): Promise<UpstreamResponse> {
  const labelled = dialect.userLabel === undefined ? request : withUserId(request, (id) => /^[a-z0-9_-]{1,63}$/.test(id), 63)
  return post(method, encode(labelled, call.model, dialect), call, dialect)
}

function post(
  method: string,
  body: Readonly<Record<string, unknown>>,
  call: Call,
  dialect: GeminiDialect,
): Promise<UpstreamResponse> {
  // The key stands in a header, and never in the URL, where logs would keep it.
  const headers = { 'x-goog-api-key': call.apiKey.reveal() }
  const path = `${modelPath(call.model, dialect)}:${method}`
  return send(call, sourceOf(dialect, call), path, headers, Buffer.from(JSON.stringify(body)))
}

/** For a stream that comes as one JSON array, as it does from proxies that drop the query. */
function arrayFrames(source: FailureSource): Frames {
  const array = new JsonArrayStream(maxEventBytes)
  return {
    feed: (bytes) => array.feed(bytes).map((data) => ({ data })),
    end: () => {
      if (!array.end()) throw disconnected(source)
    },
  }
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
