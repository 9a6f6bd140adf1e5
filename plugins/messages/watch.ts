import { Cancelled, GatewayError } from '../../api/error.ts'
import type { Message, Usage } from '../../api/schemas.gen.ts'
import type { Secret } from '../../api/secret.ts'
import type { CallKind, Metrics } from '../metrics/index.ts'
import type { SseEnd } from '../sse/index.ts'
import type { CallsTrace, CallTrace } from '../tracing/index.ts'
import type { Occasion } from './occasion.ts'
import type { Target } from './prepare.ts'

/**
 * Told of everything that happens to one turn on its way to the providers and back; tells the access log, the metrics and the trace.
 * Nothing here is told of single events of a stream.
 *
 * Most requests are one turn. One of several has a watch for each, every one made from the last by `next`; a turn of those ends with
 * `turnEnded`, and the access log has the sums of all.
 */
export class Watch {
  readonly #occasion: Occasion
  readonly #metrics: Metrics
  /** Where the calls stand in the trace. */
  readonly #trace: CallsTrace | undefined
  /** How many calls the turns before have made. */
  readonly #attemptsBefore: number
  #attempts: number
  /** When the first call was made and the last one was answered, in milliseconds since its occasion began. */
  #firstCallAt = 0
  #lastEndAt = 0
  #call: WatchedCall | undefined

  constructor(occasion: Occasion, trace: CallsTrace | undefined = occasion.trace, attemptsBefore = 0) {
    this.#occasion = occasion
    this.#metrics = occasion.metrics
    this.#trace = trace
    this.#attemptsBefore = attemptsBefore
    this.#attempts = attemptsBefore
  }

  /** Whether a provider was called in this turn, whatever came of it. */
  get hasCalled(): boolean {
    return this.#call !== undefined
  }

  /** The watch of the request's next turn, whose calls stand elsewhere in the trace. */
  next(trace: CallsTrace | undefined): Watch {
    return new Watch(this.#occasion, trace, this.#attempts)
  }

  /** A call is about to be made. */
  call(target: Target, kind: CallKind, baseURL: URL | undefined, apiKey: Secret): WatchedCall {
    const { provider, id, name } = target.model
    const { facts, receivingMs, elapsedMs: at } = this.#occasion
    const attempt = ++this.#attempts
    if (attempt === 1) {
      this.#firstCallAt = at
      this.#metrics.overhead('first_call', (at - receivingMs) / 1000)
    }
    facts.model = id
    facts.provider = provider.id
    facts.attempts = attempt
    this.#occasion.header('x-attempts', attempt)
    const traced = this.#trace?.call({
      operation: kind === 'count' ? 'count_tokens' : 'chat',
      provider,
      model: name,
      baseURL,
      request: target.request,
      isStream: kind === 'stream',
      attempt: attempt - this.#attemptsBefore,
      apiKey,
    })
    const answered = (): void => {
      this.#lastEndAt = this.#occasion.elapsedMs
      this.#metrics.upstreamAnswered(provider.id, kind, (this.#lastEndAt - at) / 1000)
    }
    const call = new WatchedCall(provider.id, this.#metrics, traced, answered)
    this.#call = call
    return call
  }

  retry(target: Target, error: GatewayError, waitMs: number): void {
    this.#metrics.retry(target.model.provider.id, error)
    this.#trace?.retry(error, waitMs)
  }

  fallback(target: Target, error: GatewayError, next: Target): void {
    this.#metrics.fallback(target.model.provider.id, error)
    this.#trace?.fallback(error, next.model.id)
  }

  /** A whole answer is about to be sent. */
  answered(target: Target, message: Message, usage: Usage): void {
    this.#noteOverhead()
    this.#addUsage(target, usage)
    const { id, stop_reason: stopReason, metadata } = message
    this.#call?.trace?.answered({ usage, id, model: metadata?.provider?.model, stopReason })
    this.#call?.end('ok')
  }

  /** Tokens were counted, by the provider or by estimate. */
  counted(): void {
    if (this.#call) this.#noteOverhead()
    this.#call?.end('ok')
  }

  /** The first content of a stream is there and about to be sent. */
  streamBegins(target: Target): void {
    this.#noteOverhead()
    const firstMs = this.#occasion.elapsedMs
    this.#occasion.facts.first_event_ms = Math.round(firstMs)
    this.#metrics.firstEvent(target.model.provider.id, firstMs / 1000)
    this.#metrics.streamBegan()
  }

  /** A stream is over; `answer` is what is known of it, which may be less than the provider counts where it broke off. */
  streamEnded(target: Target, how: SseEnd, answer: StreamFacts): void {
    this.#occasion.facts.ended = how instanceof GatewayError ? how.code : how
    this.#metrics.streamOver(target.model.provider.id, how)
    this.turnEnded(target, how, answer)
  }

  /** A turn that is not the whole of its request has its answer, whole or streamed, or what came of it before it broke off. */
  turnEnded(target: Target, how: SseEnd, answer: StreamFacts): void {
    if (how !== 'complete' && answer.usage.cost_usd !== undefined) this.#occasion.facts.cost_incomplete = true
    this.#addUsage(target, answer.usage)
    this.#call?.trace?.answered(answer)
    this.#call?.end(how === 'complete' ? 'ok' : how)
  }

  #noteOverhead(): void {
    const waitedMs = this.#attempts === 0 ? 0 : this.#lastEndAt - this.#firstCallAt
    this.#metrics.overhead('answer', (this.#occasion.elapsedMs - this.#occasion.receivingMs - waitedMs) / 1000)
  }

  /** Turns before this one may have told of theirs. */
  #addUsage({ model: { provider } }: Target, usage: Usage): void {
    const { facts } = this.#occasion
    for (const [fact, member] of usageFacts) {
      const count = usage[member]
      if (typeof count === 'number') facts[fact] = (Number(facts[fact]) || 0) + count
    }
    this.#metrics.usage(provider.id, usage)
  }
}

/** What is known of an answer when it is over. */
export interface StreamFacts {
  readonly usage: Usage
  readonly id?: string | undefined
  readonly model?: unknown
  readonly stopReason?: string | null | undefined
}

const usageFacts = [
  ['input_tokens', 'input_tokens'],
  ['output_tokens', 'output_tokens'],
  ['cache_read_tokens', 'cache_read_input_tokens'],
  ['cache_write_tokens', 'cache_creation_input_tokens'],
  ['cost_usd', 'cost_usd'],
] as const

/** One call to a provider. A stream's call is answered when its first content is there, and over when the stream is. */
export class WatchedCall {
  readonly trace: CallTrace | undefined
  readonly #provider: string
  readonly #metrics: Metrics
  readonly #onAnswer: () => void
  #isOver = false

  constructor(provider: string, metrics: Metrics, trace: CallTrace | undefined, onAnswer: () => void) {
    this.#provider = provider
    this.#metrics = metrics
    this.trace = trace
    this.#onAnswer = onAnswer
  }

  answered(): void {
    this.#onAnswer()
  }

  failed(error: unknown): void {
    this.#onAnswer()
    if (error instanceof Cancelled) this.end('cancelled')
    else this.end(error instanceof GatewayError ? error : new GatewayError('internal_error'))
  }

  end(outcome: 'ok' | 'cancelled' | GatewayError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#metrics.upstreamOver(this.#provider, outcome)
    this.trace?.end(outcome)
  }
}
