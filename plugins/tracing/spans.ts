import { type Attributes, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { type GatewayError, isErrorCode, knownCode } from '../../api/error.ts'
import { mask, type Secret } from '../../api/secret.ts'
import type { TraceHeaders } from './context.ts'
import type { CallAnswer, CallDescription, CallTrace, RequestTrace } from './index.ts'
import { eventNames, names } from './names.ts'

/**
 * The spans of one request: its own, and below it one for each call upstream, so that retries and fallbacks are seen. No span holds
 * a prompt, an answer, a key, or words of a provider's that could repeat one.
 */
export class RequestSpan implements RequestTrace {
  readonly traceId: string
  readonly #tracer: Tracer
  readonly #span: Span

  constructor(tracer: Tracer, span: Span) {
    this.#tracer = tracer
    this.#span = span
    this.traceId = span.spanContext().traceId
  }

  call(call: CallDescription): CallTrace {
    const options = { kind: SpanKind.CLIENT, attributes: attributesOf(call) }
    const span = this.#tracer.startSpan(`${call.operation} ${call.model}`, options, trace.setSpan(ROOT_CONTEXT, this.#span))
    return new CallSpan(span, call)
  }

  retry(error: GatewayError, waitMs: number): void {
    this.#span.addEvent(eventNames.retry, { [names.code]: knownCode(error), [names.waitMs]: Math.round(waitMs) })
  }

  fallback(error: GatewayError, nextModel: string): void {
    this.#span.addEvent(eventNames.fallback, { [names.code]: knownCode(error), [names.nextModel]: nextModel })
  }

  /** To be called once the answer was delivered, or nobody waits for it any more. */
  end(status: number, isUnanswered: boolean, { error, ended }: Readonly<Record<string, unknown>>): void {
    const span = this.#span
    if (span.isRecording()) {
      if (!isUnanswered) span.setAttribute(names.httpStatus, status)
      const how = isUnanswered ? 'cancelled' : ended
      const isBroken = typeof how === 'string' && how !== 'complete' && how !== 'cancelled'
      if (typeof how === 'string') span.setAttribute(names.ended, isBroken ? codeIn(how) : how)
      // What a caller does wrong is no error of the server's; a stream that broke after its 200 is.
      if (status >= 500 || isBroken) {
        span.setAttribute(names.errorType, isBroken ? codeIn(how) : codeIn(error, String(status)))
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
    }
    span.end()
  }
}

/** A code of the contract's; one that a provider gave could say anything. */
function codeIn(fact: unknown, otherwise = 'provider_error'): string {
  return typeof fact === 'string' && isErrorCode(fact) ? fact : otherwise
}

class CallSpan implements CallTrace {
  readonly headers: TraceHeaders
  readonly #span: Span
  readonly #model: string
  readonly #apiKey: Secret

  constructor(span: Span, { model, apiKey }: CallDescription) {
    const { traceId, spanId, traceFlags, traceState } = span.spanContext()
    const state = traceState?.serialize()
    this.headers = {
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      ...(state && { tracestate: state }),
    }
    this.#span = span
    this.#model = model
    this.#apiKey = apiKey
  }

  firstChunk(afterMs: number): void {
    this.#span.setAttribute(names.timeToFirstChunk, afterMs / 1000)
  }

  answered({ usage, id, model, stopReason }: CallAnswer): void {
    const span = this.#span
    if (!span.isRecording()) return
    span.setAttribute(names.responseModel, this.#word(model) ?? this.#model)
    const ownId = this.#word(id)
    if (ownId) span.setAttribute(names.responseId, ownId)
    if (stopReason) span.setAttribute(names.finishReasons, [stopReason])
    const read = usage.cache_read_input_tokens ?? 0
    const written = usage.cache_creation_input_tokens ?? 0
    // The conventions count what came from a cache as input, too.
    if (typeof usage.input_tokens === 'number') span.setAttribute(names.inputTokens, usage.input_tokens + read + written)
    if (typeof usage.output_tokens === 'number') span.setAttribute(names.outputTokens, usage.output_tokens)
    if (read > 0) span.setAttribute(names.cacheReadTokens, read)
    if (written > 0) span.setAttribute(names.cacheWriteTokens, written)
    if (usage.cost_usd !== undefined) span.setAttribute(names.cost, usage.cost_usd)
  }

  end(outcome: 'ok' | 'cancelled' | GatewayError): void {
    const span = this.#span
    if (outcome === 'cancelled') span.setAttribute(names.ended, 'cancelled')
    else if (outcome !== 'ok') {
      span.setAttribute(names.errorType, knownCode(outcome))
      if (outcome.providerError?.status !== undefined) span.setAttribute(names.httpStatus, outcome.providerError.status)
      // Without its message: a provider's words may repeat the prompt.
      span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.end()
  }

  /** A name that a provider gives, if it is one: a careless provider could say anything there. */
  #word(said: unknown): string | undefined {
    if (typeof said !== 'string' || !/^[\w.:/@+-]{1,200}$/.test(said)) return undefined
    return mask(said, [this.#apiKey])
  }
}

function attributesOf({ operation, provider, model, baseURL, request, isStream, attempt }: CallDescription): Attributes {
  const attributes: Attributes = {
    [names.operation]: operation,
    [names.provider]: provider.upstream?.conventionalName ?? provider.id,
    [names.requestModel]: model,
    [names.attempt]: attempt,
  }
  if (baseURL) {
    attributes[names.serverAddress] = baseURL.hostname
    attributes[names.serverPort] = Number(baseURL.port) || (baseURL.protocol === 'https:' ? 443 : 80)
  }
  if (isStream) attributes[names.requestStream] = true
  for (const [name, value] of [
    [names.requestMaxTokens, request.max_tokens],
    [names.requestTemperature, request.temperature],
    [names.requestTopP, request.top_p],
    [names.requestTopK, request.top_k],
  ] as const) {
    if (typeof value === 'number') attributes[name] = value
  }
  return attributes
}
