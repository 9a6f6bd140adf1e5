import {
  type Attributes,
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base'
import type { FastifyRequest } from 'fastify'
import { type TraceContext, traceContextOf } from './context.ts'
import { names } from './names.ts'
import { RequestSpan } from './spans.ts'

/** Loaded only where traces are sent: the SDK takes its time to load. */

export interface TracerOptions {
  readonly endpoint: URL | undefined
  readonly samplePercent: number
  readonly version: string
  readonly onSent: (count: number) => void
  readonly onLost: (count: number, error: unknown) => void
}

export interface RequestTracer {
  /** The span of a request that has just arrived. */
  start(request: FastifyRequest): RequestSpan
  /** Sends what has not been sent yet. */
  close(): Promise<void>
}

/**
 * Makes spans and sends them in batches, of which a bounded number waits. Whatever the SDK reads from `OTEL_*` variables counts
 * unless an option says it; `OTEL_TRACES_SAMPLER` counts before `samplePercent`.
 */
export function startTracer(options: TracerOptions): RequestTracer {
  const { endpoint, samplePercent, version } = options
  const exporter = new OTLPTraceExporter(endpoint ? { url: tracesURL(endpoint) } : {})
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'vai-gateway', 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    ...(!process.env.OTEL_TRACES_SAMPLER && {
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(samplePercent / 100) }),
    }),
    spanProcessors: [new BatchSpanProcessor(counted(exporter, options))],
  })
  const tracer = provider.getTracer('vai-gateway', version)
  return { start: (request) => start(request, tracer), close: () => provider.shutdown() }
}

/** As with `OTEL_EXPORTER_OTLP_ENDPOINT`, the path of the signal comes after that of the endpoint. */
function tracesURL({ href }: URL): string {
  return `${href.replace(/\/+$/, '')}/v1/traces`
}

function start(request: FastifyRequest, tracer: Tracer): RequestSpan {
  const { url: pattern } = request.routeOptions
  // A colon that stands for itself is doubled in it.
  const route = pattern?.replaceAll('::', ':')
  const attributes: Attributes = {
    [names.httpMethod]: request.method,
    [names.urlScheme]: request.protocol,
    [names.requestId]: request.id,
  }
  if (route !== undefined) {
    attributes[names.httpRoute] = route
    // A path that is not the route's own may carry what a caller did not mean to be kept.
    if (!/[:*]/.test(pattern?.replaceAll('::', '') ?? '')) attributes[names.urlPath] = route
  }
  const parent = traceContextOf(request.headers)
  const context = parent ? trace.setSpanContext(ROOT_CONTEXT, remote(parent)) : ROOT_CONTEXT
  const name = route === undefined ? request.method : `${request.method} ${route}`
  return new RequestSpan(tracer, tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, context))
}

function remote({ traceId, spanId, isSampled, headers }: TraceContext): SpanContext {
  return {
    traceId,
    spanId,
    isRemote: true,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    ...(headers.tracestate && { traceState: createTraceState(headers.tracestate) }),
  }
}

/** The exporter, with a word of how each batch went. */
function counted(exporter: SpanExporter, { onSent, onLost }: TracerOptions): SpanExporter {
  return {
    export(spans: ReadableSpan[], done) {
      exporter.export(spans, (result) => {
        if (result.code === 0) onSent(spans.length)
        else onLost(spans.length, result.error)
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush && { forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve() }),
  }
}
