import type { FastifyReply, FastifyRequest } from 'fastify'
import { Cancelled, GatewayError } from '../../api/error.ts'
import type { Message, Usage } from '../../api/schemas.gen.ts'
import type { Secret } from '../../api/secret.ts'
import type { CallKind, Metrics } from '../metrics/index.ts'
import type { SseEnd } from '../sse/index.ts'
import type { CallTrace } from '../tracing/index.ts'
import type { Target } from './prepare.ts'

/**
 * Told of everything that happens to one request on its way to the providers and back; tells the access log, the metrics and the
 * trace. Nothing here is told of single events of a stream.
 */
export class Watch {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #metrics: Metrics
  #attempts = 0
  /** When the first call was made and the last one was answered, in milliseconds since the request came. */
  #firstCallAt = 0
  #lastEndAt = 0
  #call: WatchedCall | undefined

  constructor(request: FastifyRequest, reply: FastifyReply, metrics: Metrics) {
    this.#request = request
    this.#reply = reply
    this.#metrics = metrics
  }

  /** A call is about to be made. */
  call(target: Target, kind: CallKind, baseURL: URL | undefined, apiKey: Secret): WatchedCall {
    const { provider, id, name } = target.model
    const { facts, trace } = this.#request
    const at = this.#reply.elapsedTime
    const attempt = ++this.#attempts
    if (attempt === 1) {
      this.#firstCallAt = at
      this.#metrics.overhead('first_call', (at - this.#request.receivingMs) / 1000)
    }
    facts.model = id
    facts.provider = provider.id
    facts.attempts = attempt
    this.#reply.header('x-attempts', attempt)
    const traced = trace?.call({
      operation: kind === 'count' ? 'count_tokens' : 'chat',
      provider,
      model: name,
      baseURL,
      request: target.request,
      isStream: kind === 'stream',
      attempt,
      apiKey,
    })
    const answered = (): void => {
      this.#lastEndAt = this.#reply.elapsedTime
      this.#metrics.upstreamAnswered(provider.id, kind, (this.#lastEndAt - at) / 1000)
    }
    const call = new WatchedCall(provider.id, this.#metrics, traced, answered)
    this.#call = call
    return call
  }

  retry(target: Target, error: GatewayError, waitMs: number): void {
    this.#metrics.retry(target.model.provider.id, error)
    this.#request.trace?.retry(error, waitMs)
  }

  fallback(target: Target, error: GatewayError, next: Target): void {
    this.#metrics.fallback(target.model.provider.id, error)
    this.#request.trace?.fallback(error, next.model.id)
  }

  /** A whole answer is about to be sent. */
  answered(target: Target, message: Message, usage: Usage): void {
    this.#noteOverhead()
    this.#noteUsage(target, usage)
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
    const firstMs = this.#reply.elapsedTime
    this.#request.facts.first_event_ms = Math.round(firstMs)
    this.#metrics.firstEvent(target.model.provider.id, firstMs / 1000)
    this.#metrics.streamBegan()
  }

  /** A stream is over; `answer` is what is known of it, which may be less than the provider counts where it broke off. */
  streamEnded(target: Target, how: SseEnd, answer: StreamFacts): void {
    const { facts } = this.#request
    facts.ended = how instanceof GatewayError ? how.code : how
    this.#noteUsage(target, answer.usage)
    if (how !== 'complete' && answer.usage.cost_usd !== undefined) facts.cost_incomplete = true
    this.#metrics.streamOver(target.model.provider.id, how)
    this.#call?.trace?.answered(answer)
    this.#call?.end(how === 'complete' ? 'ok' : how)
  }

  #noteOverhead(): void {
    const waitedMs = this.#attempts === 0 ? 0 : this.#lastEndAt - this.#firstCallAt
    this.#metrics.overhead('answer', (this.#reply.elapsedTime - this.#request.receivingMs - waitedMs) / 1000)
  }

  #noteUsage({ model: { provider } }: Target, usage: Usage): void {
    const { facts } = this.#request
    for (const [fact, member] of usageFacts) {
      const count = usage[member]
      if (typeof count === 'number') facts[fact] = count
    }
    this.#metrics.usage(provider.id, usage)
  }
}

/** What is known of a stream when it is over. */
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
