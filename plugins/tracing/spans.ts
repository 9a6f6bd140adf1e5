import { type Attributes, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { type GatewayError, isErrorCode, knownCode } from '../../api/error.ts'
import { mask, type Secret } from '../../api/secret.ts'
import type { TraceHeaders } from './context.ts'
import type {
  CallAnswer,
  CallDescription,
  CallsTrace,
  CallTrace,
  RequestTrace,
  RunEnd,
  SessionTurnTrace,
  SpeechAmount,
  SpeechCallTrace,
  SpeechDescription,
  StepTrace,
  ToolOutcome,
  ToolTrace,
  TurnTrace,
} from './index.ts'
import { eventNames, names, operations, outputTypes, toolType } from './names.ts'

/** A span below which stand calls upstream, one for each, so that retries and fallbacks are seen. */
class CallingSpan implements CallsTrace {
  protected readonly tracer: Tracer
  protected readonly span: Span

  constructor(tracer: Tracer, span: Span) {
    this.tracer = tracer
    this.span = span
  }

  call(call: CallDescription): CallTrace {
    return new CallSpan(this.below(`${call.operation} ${call.model}`, SpanKind.CLIENT, attributesOf(call)), call)
  }

  retry(error: GatewayError, waitMs: number): void {
    this.span.addEvent(eventNames.retry, { [names.code]: knownCode(error), [names.waitMs]: Math.round(waitMs) })
  }

  fallback(error: GatewayError, nextModel: string): void {
    this.span.addEvent(eventNames.fallback, { [names.code]: knownCode(error), [names.nextModel]: nextModel })
  }

  protected below(name: string, kind: SpanKind, attributes: Attributes): Span {
    return this.tracer.startSpan(name, { kind, attributes }, trace.setSpan(ROOT_CONTEXT, this.span))
  }
}

/** A span below which stand the steps of a run, and the calls to vendors who hear and speak. */
class TurnsSpan extends CallingSpan implements TurnTrace {
  #run: RunEnd | undefined

  speech(call: SpeechDescription): SpeechCallTrace {
    const { operation, provider, model, baseURL } = call
    const attributes: Attributes = {
      [names.operation]: operations[operation],
      [names.provider]: providerName(provider),
      [names.requestModel]: model,
      [names.outputType]: outputTypes[operation],
      // Those that are part of the gateway call nobody.
      ...(provider.upstream && placeOf(baseURL)),
    }
    return new SpeechSpan(this.below(`${operations[operation]} ${model}`, SpanKind.CLIENT, attributes))
  }

  step(index: number): StepTrace {
    return new StepSpan(this.tracer, this.below('step', SpanKind.INTERNAL, { [names.step]: index }))
  }

  run(end: RunEnd): void {
    this.#run = end
  }

  /** Writes down what came of the run, where there was one: how it ended, and the code of what went wrong, if anything did. */
  protected tellRun(): [how: string, problem?: string] | undefined {
    if (!this.#run) return undefined
    this.span.setAttribute(names.turns, this.#run.turns)
    this.span.setAttribute(names.toolCalls, this.#run.toolCalls)
    return endOfRun(this.#run)
  }
}

/**
 * The spans of one request: its own, and below it those of its calls upstream; of a run those of its steps, and below them the calls
 * and the tools. No span holds a prompt, an answer, what was said or is spoken, what a tool was given or gave back, a key, or words of a provider's that could
 * repeat one.
 */
export class RequestSpan extends TurnsSpan implements RequestTrace {
  readonly traceId: string

  constructor(tracer: Tracer, span: Span) {
    super(tracer, span)
    this.traceId = span.spanContext().traceId
  }

  turn(number: number): SessionTurnTrace {
    return new TurnSpan(this.tracer, this.below('turn', SpanKind.INTERNAL, { [names.turn]: number }))
  }

  /** To be called once the answer was delivered, or nobody waits for it any more. */
  end(status: number, isUnanswered: boolean, { error, ended }: Readonly<Record<string, unknown>>): void {
    const { span } = this
    if (span.isRecording()) {
      if (!isUnanswered) span.setAttribute(names.httpStatus, status)
      const [how, problem] = this.tellRun() ?? endOfAnswer(isUnanswered ? 'cancelled' : ended)
      if (how !== undefined) span.setAttribute(names.ended, how)
      // What a caller does wrong is no error of the server's; what broke after its 200 is.
      if (status >= 500 || (status < 400 && problem !== undefined)) {
        span.setAttribute(names.errorType, problem ?? codeIn(error, String(status)))
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
    }
    span.end()
  }
}

/** A turn of a session. */
class TurnSpan extends TurnsSpan implements SessionTurnTrace {
  end(): void {
    const [how, problem] = this.tellRun() ?? []
    if (how !== undefined) this.span.setAttribute(names.ended, how)
    if (problem !== undefined) {
      this.span.setAttribute(names.errorType, problem)
      this.span.setStatus({ code: SpanStatusCode.ERROR })
    }
    this.span.end()
  }
}
/** How a stream ended, or an answer that nobody waited for; and the code of what went wrong, if anything did. */
function endOfAnswer(how: unknown): [how?: string, problem?: string] {
  if (typeof how !== 'string') return []
  return how === 'complete' || how === 'cancelled' ? [how] : [codeIn(how), codeIn(how)]
}

function endOfRun({ stopReason, error }: RunEnd): [how: string, problem?: string] {
  return stopReason === 'error' ? [stopReason, codeIn(error)] : [stopReason]
}

/** A step of a run. */
class StepSpan extends CallingSpan implements StepTrace {
  #apiKeys: readonly Secret[] = []

  override call(call: CallDescription): CallTrace {
    this.#apiKeys = [...this.#apiKeys, call.apiKey]
    return super.call(call)
  }

  tool(name: string, callId: string): ToolTrace {
    const id = wordOf(callId, this.#apiKeys)
    const span = this.below(`${operations.executeTool} ${name}`, SpanKind.INTERNAL, {
      [names.operation]: operations.executeTool,
      [names.toolName]: name,
      [names.toolType]: toolType,
      ...(id && { [names.toolCallId]: id }),
    })
    return new ToolSpan(span)
  }

  end(): void {
    this.span.end()
  }
}

class ToolSpan implements ToolTrace {
  readonly headers: TraceHeaders
  readonly #span: Span

  constructor(span: Span) {
    this.headers = headersFrom(span)
    this.#span = span
  }

  end(outcome: ToolOutcome): void {
    const span = this.#span
    span.setAttribute(names.outcome, outcome)
    // As with a request, it is no error that nobody waits any more.
    if (outcome !== 'ok' && outcome !== 'cancelled') {
      span.setAttribute(names.errorType, outcome)
      span.setStatus({ code: SpanStatusCode.ERROR })
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
    this.headers = headersFrom(span)
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
    span.setAttribute(names.responseModel, wordOf(model, [this.#apiKey]) ?? this.#model)
    const ownId = wordOf(id, [this.#apiKey])
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
    endCall(this.#span, outcome)
  }
}

/** A call to a vendor who hears or speaks. */
class SpeechSpan implements SpeechCallTrace {
  readonly headers: TraceHeaders
  readonly #span: Span

  constructor(span: Span) {
    this.headers = headersFrom(span)
    this.#span = span
  }

  firstSound(afterMs: number): void {
    this.#span.setAttribute(names.timeToFirstChunk, afterMs / 1000)
  }

  end(outcome: 'ok' | 'cancelled' | GatewayError, { seconds, characters }: SpeechAmount): void {
    if (seconds !== undefined) this.#span.setAttribute(names.soundSeconds, Math.round(seconds * 1000) / 1000)
    if (characters !== undefined) this.#span.setAttribute(names.characters, characters)
    endCall(this.#span, outcome)
  }
}

function endCall(span: Span, outcome: 'ok' | 'cancelled' | GatewayError): void {
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
function wordOf(said: unknown, apiKeys: readonly Secret[]): string | undefined {
  if (typeof said !== 'string' || !/^[\w.:/@+-]{1,200}$/.test(said)) return undefined
  return mask(said, apiKeys)
}

/** For whoever is asked, to go on below the span. */
function headersFrom(span: Span): TraceHeaders {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  const state = traceState?.serialize()
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    ...(state && { tracestate: state }),
  }
}

function attributesOf({ operation, provider, model, baseURL, request, isStream, attempt }: CallDescription): Attributes {
  const attributes: Attributes = {
    [names.operation]: operation,
    [names.provider]: providerName(provider),
    [names.requestModel]: model,
    [names.attempt]: attempt,
    ...(baseURL && placeOf(baseURL)),
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

function providerName({ id, upstream }: SpeechDescription['provider']): string {
  return upstream?.conventionalName ?? id
}

/** Where a provider is reached. */
function placeOf({ hostname, port, protocol }: URL): Attributes {
  return { [names.serverAddress]: hostname, [names.serverPort]: Number(port) || (protocol === 'https:' ? 443 : 80) }
}
