import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import type { GatewayError } from '../../api/error.ts'
import type { MessageRequest, RunStopReason, Usage } from '../../api/schemas.gen.ts'
import type { Secret } from '../../api/secret.ts'
import type { LlmProvider } from '../../providers/provider.ts'
import type { SpeechProvider } from '../../providers/speech.ts'
import { type TraceContext, type TraceHeaders, traceContextOf } from './context.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The trace that the request belongs to; undefined where it belongs to none. */
    trace: RequestTrace | undefined
  }
}

/** What is told of a request to whoever follows it through several services. */
export interface RequestTrace extends TurnTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** A turn begins of the session that the request has opened. The first has the number 1. */
  turn(number: number): SessionTurnTrace
}

/** What is told of a request, or of one turn of a session. */
export interface TurnTrace extends CallsTrace, SpeechTrace {
  /** A step of a run begins, which is one turn with a model and the tools that it calls. The first has the index 0. */
  step(index: number): StepTrace
  /** How the run ended that it was. */
  run(end: RunEnd): void
}

export interface SessionTurnTrace extends TurnTrace {
  /** To be called once. */
  end(): void
}

/** Told of the calls that are made for one answer of a model. */
export interface CallsTrace {
  /** A call to a provider is about to be made. */
  call(call: CallDescription): CallTrace
  retry(error: GatewayError, waitMs: number): void
  fallback(error: GatewayError, nextModel: string): void
}

/** Told of the calls to vendors who hear and speak. */
export interface SpeechTrace {
  /** A vendor is about to be called: for a block of sound, or for a sentence. */
  speech(call: SpeechDescription): SpeechCallTrace
}

export interface StepTrace extends CallsTrace {
  /** A tool is about to run. `name` is one that the operator or the gateway has given; the id is whatever the model said. */
  tool(name: string, callId: string): ToolTrace
  /** To be called once. */
  end(): void
}

export interface ToolTrace {
  /** For whom the tool asks, so that it can go on with the trace. */
  readonly headers: TraceHeaders
  /** To be called once. */
  end(outcome: ToolOutcome): void
}

/** `error`: it has no result, and has said why. `invalid`: it was not run, as there is no such tool, or none that takes such arguments. */
export type ToolOutcome = 'ok' | 'error' | 'timeout' | 'cancelled' | 'invalid'

export interface RunEnd {
  readonly stopReason: RunStopReason
  /** The code of what went wrong, where that is why it ended. */
  readonly error: string | undefined
  readonly turns: number
  readonly toolCalls: number
}

export interface CallDescription {
  readonly operation: 'chat' | 'count_tokens'
  readonly provider: LlmProvider
  /** As the provider knows it. */
  readonly model: string
  readonly baseURL: URL | undefined
  readonly request: MessageRequest
  readonly isStream: boolean
  /** 1 for the first call that is made for an answer. */
  readonly attempt: number
  readonly apiKey: Secret
}

export interface SpeechDescription {
  readonly operation: 'transcribe' | 'speak'
  readonly provider: Pick<SpeechProvider, 'id' | 'upstream'>
  /** As the provider knows it. */
  readonly model: string
  readonly baseURL: URL
}

export interface SpeechCallTrace {
  /** For the vendor, so that it can go on with the trace. */
  readonly headers: TraceHeaders
  /** The first sound, by so many milliseconds after the call. */
  firstSound(afterMs: number): void
  /** To be called once, however the call ended. */
  end(outcome: 'ok' | 'cancelled' | GatewayError, amount: SpeechAmount): void
}

/** How much was heard or spoken, as far as that is known. */
export interface SpeechAmount {
  readonly seconds?: number | undefined
  readonly characters?: number
}

export interface CallTrace {
  /** For the provider, so that it can go on with the trace. */
  readonly headers: TraceHeaders
  /** The first piece of a stream, by so many milliseconds after the call. */
  firstChunk(afterMs: number): void
  /** How it was answered, as far as that is known. */
  answered(answer: CallAnswer): void
  /** To be called once, however the call ended. */
  end(outcome: 'ok' | 'cancelled' | GatewayError): void
}

export interface CallAnswer {
  readonly usage: Usage
  /** The provider's own. */
  readonly id?: string | undefined
  /** The provider's own name for it. */
  readonly model?: unknown
  readonly stopReason?: string | null | undefined
}

export interface TracingOptions {
  /** Where traces go by OTLP over HTTP, without the path of the signal; undefined where the environment says it, if anything does. */
  readonly endpoint: URL | undefined
  readonly samplePercent: number
  readonly version: string
  readonly clock: Clock
}

/**
 * Follows requests through the gateway and on to the providers. Traces are made and sent only where somebody has said to whom;
 * otherwise nothing of it is even loaded, and a caller's own trace is carried upstream as it came.
 */
export const tracing = fp(
  async (app: FastifyInstance, { endpoint, samplePercent, version, clock }: TracingOptions) => {
    app.decorateRequest('trace', undefined)
    if (!isOn(endpoint, process.env)) {
      app.addHook('onRequest', (request, _reply, done) => {
        if (request.headers.traceparent !== undefined) carryOn(request)
        done()
      })
      return
    }
    const { startTracer } = await import('./tracer.ts')
    const tracer = startTracer({
      endpoint,
      samplePercent,
      version,
      onSent: (count) => app.metrics.spans('sent', count),
      onLost(count, err) {
        app.metrics.spans('lost', count)
        app.log.warn({ count, code: codeOf(err) }, 'traces could not be sent')
      },
    })
    app.addHook('onRequest', (request, reply, done) => {
      if (!request.routeOptions.config.quiet) {
        const span = tracer.start(request)
        request.trace = span
        request.facts.trace_id = span.traceId
        reply.raw.once('close', () => {
          // Where another protocol was spoken, that was the answer.
          const isCancelled = !reply.raw.writableFinished && reply.raw.statusCode !== 101
          // What was going on has one turn to say how it ended.
          setImmediate(() => span.end(reply.raw.statusCode, isCancelled && !reply.raw.headersSent, request.facts))
        })
      }
      done()
    })
    app.addHook('onClose', () => inTime(tracer.close(), clock))
  },
  { name: 'tracing', dependencies: ['logging', 'metrics'] },
)

function isOn(endpoint: URL | undefined, env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return false
  return Boolean(endpoint ?? (env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT))
}

function carryOn(request: FastifyRequest): void {
  const context = traceContextOf(request.headers)
  if (!context) return
  request.trace = carried(context)
  request.facts.trace_id = context.traceId
}

/** A trace of which nothing is told, but that goes on at the provider. */
function carried({ traceId, headers }: TraceContext): RequestTrace {
  const call: CallTrace = { headers, firstChunk: nothing, answered: nothing, end: nothing }
  const calls: CallsTrace = { call: () => call, retry: nothing, fallback: nothing }
  const step: StepTrace = { ...calls, tool: () => ({ headers, end: nothing }), end: nothing }
  const speech: SpeechCallTrace = { headers, firstSound: nothing, end: nothing }
  const turn: SessionTurnTrace = { ...calls, speech: () => speech, step: () => step, run: nothing, end: nothing }
  return { ...turn, traceId, turn: () => turn }
}

const nothing = (): void => undefined

/** Not its message, which may hold what a collector answered. */
function codeOf(error: unknown): string | number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' || typeof error.code === 'number' ? error.code : undefined
}

/**
 * Milliseconds for the last spans to leave; a collector that is down must not hold up the end of the process. With the time in which
 * callers who do not read are told of it, this is less than what a process has after draining.
 */
const closeMs = 2000

function inTime(closing: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(closeMs, resolve)
    const settle = (): void => {
      timer.cancel()
      resolve()
    }
    closing.then(settle, settle)
  })
}
