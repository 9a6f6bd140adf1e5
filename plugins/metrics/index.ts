import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type Gauge, Registry } from 'prom-client'
import { type GatewayError, knownCode } from '../../api/error.ts'
import type { RunStopReason, Usage } from '../../api/schemas.gen.ts'
import type { ToolOutcome } from '../tracing/index.ts'
import { definitions } from './definitions.ts'
import { instrumentsIn } from './instruments.ts'
import { type LiveMetrics, liveMetricsIn } from './live.ts'
import { addProcessMetrics } from './process.ts'
import { type VoiceMetrics, voiceMetricsIn } from './voice.ts'

declare module 'fastify' {
  interface FastifyInstance {
    metrics: Metrics
  }
}

/** What is measured. Times are in seconds. Labels take few values: never a caller's words, never a key. */
export interface Metrics {
  readonly registry: Registry
  readonly voice: VoiceMetrics
  readonly live: LiveMetrics
  requestBegan(): void
  requestOver(route: string, method: string, status: number, seconds: number): void
  /** What the gateway itself took of a request until then. */
  overhead(until: 'first_call' | 'answer', seconds: number): void
  firstEvent(provider: string, seconds: number): void
  /** A call to a provider that is answered, or has begun to be. */
  upstreamAnswered(provider: string, kind: CallKind, seconds: number): void
  /** A call to a provider that is over: `ok`, `cancelled`, or what went wrong. */
  upstreamOver(provider: string, outcome: Outcome): void
  retry(provider: string, error: GatewayError): void
  fallback(provider: string, error: GatewayError): void
  breakerState(provider: string, state: 'closed' | 'half-open' | 'open'): void
  streamBegan(): void
  streamOver(provider: string, how: 'complete' | 'cancelled' | GatewayError): void
  /** The tokens of an answer, and what it costs where that is known. */
  usage(provider: string, usage: Usage): void
  /** A run has begun; a streamed one counts among the open streams. */
  runBegan(isStream: boolean): void
  /** A run that is over, however it ended. */
  runOver(ended: RunStopReason, seconds: number, turns: number, isStream: boolean): void
  /** A call of a tool that is over. `tool` is the name of one that there is, or `unknown`; `bytes` is the length of its result. */
  toolOver(tool: string, outcome: ToolOutcome, seconds: number, bytes: number): void
  /** A request that a limit refused: which limit, and whose. */
  limitRefused(limit: string, scope: 'key' | 'tenant' | 'address' | 'everybody'): void
  /** Whether the store that counts limits can be reached. */
  limitStore(isUp: boolean): void
  /** A request that was refused because the process has too much to do. */
  shed(reason: (typeof shedReasons)[number]): void
  /** Whether the gateway keys could be read when they changed. */
  keysRead(isValid: boolean): void
  /** Spans that were sent, or lost. */
  spans(result: 'sent' | 'lost', count: number): void
}

export type CallKind = 'whole' | 'stream' | 'count'
export type Outcome = 'ok' | 'cancelled' | GatewayError

export interface MetricsOptions {
  readonly version: string
}

/** Measurements for Prometheus, each server's its own. */
export const metrics = fp(
  async (app: FastifyInstance, { version }: MetricsOptions) => {
    const registry = new Registry()
    addProcessMetrics(registry)
    app.decorate('metrics', metricsIn(registry, version))
  },
  { name: 'metrics' },
)

function metricsIn(registry: Registry, version: string): Metrics {
  const instruments = instrumentsIn(registry)
  const { counter, gauge, histogram } = instruments
  let inFlight = 0
  let streams = 0
  let storeUp: Gauge | undefined
  gauge(definitions.buildInfo).set({ version, node: process.version }, 1)
  gauge(definitions.requestsInFlight, () => inFlight)
  gauge(definitions.streamsOpen, () => streams)
  const requests = counter(definitions.requests)
  const requestSeconds = histogram(definitions.requestSeconds)
  const overheadSeconds = histogram(definitions.overheadSeconds)
  const firstEventSeconds = histogram(definitions.firstEventSeconds)
  const upstreamCalls = counter(definitions.upstreamCalls)
  const upstreamSeconds = histogram(definitions.upstreamSeconds)
  const retries = counter(definitions.retries)
  const fallbacks = counter(definitions.fallbacks)
  const breakerStates = gauge(definitions.breakerState)
  const streamsEnded = counter(definitions.streamsEnded)
  const tokens = counter(definitions.tokens)
  const cost = counter(definitions.cost)
  const runs = counter(definitions.runs)
  const runSeconds = histogram(definitions.runSeconds)
  const runTurns = histogram(definitions.runTurns)
  const toolCalls = counter(definitions.toolCalls)
  const toolSeconds = histogram(definitions.toolSeconds)
  const toolResultBytes = histogram(definitions.toolResultBytes)
  const limitRefusals = counter(definitions.limitRefusals)
  const sheds = counter(definitions.sheds)
  const keysReads = counter(definitions.keysReads)
  const spans = counter(definitions.spans)
  // Prometheus sees no increase in a series that comes to be with its first count.
  for (const result of ['ok', 'failed']) keysReads.inc({ result }, 0)
  for (const result of ['sent', 'lost']) spans.inc({ result }, 0)
  for (const reason of shedReasons) sheds.inc({ reason }, 0)
  limitRefusals.inc({ limit: 'authentication', scope: 'address' }, 0)

  return {
    registry,
    voice: voiceMetricsIn(instruments),
    live: liveMetricsIn(instruments),
    requestBegan() {
      inFlight++
    },
    requestOver(route, method, status, seconds) {
      inFlight--
      requests.inc({ route, method, status })
      requestSeconds.observe({ route, method }, seconds)
    },
    overhead: (until, seconds) => overheadSeconds.observe({ until }, Math.max(0, seconds)),
    firstEvent: (provider, seconds) => firstEventSeconds.observe({ provider }, seconds),
    upstreamAnswered: (provider, kind, seconds) => upstreamSeconds.observe({ provider, kind }, seconds),
    upstreamOver: (provider, outcome) => upstreamCalls.inc({ provider, outcome: wordFor(outcome) }),
    retry: (provider, error) => retries.inc({ provider, code: wordFor(error) }),
    fallback: (provider, error) => fallbacks.inc({ provider, code: wordFor(error) }),
    breakerState: (provider, state) => breakerStates.set({ provider }, numberOf[state]),
    streamBegan() {
      streams++
    },
    streamOver(provider, how) {
      streams--
      streamsEnded.inc({ provider, ended: wordFor(how) })
    },
    usage(provider, usage) {
      for (const [kind, member] of tokenKinds) {
        const count = usage[member]
        if (count) tokens.inc({ provider, kind }, count)
      }
      if (usage.cost_usd) cost.inc({ provider }, usage.cost_usd)
    },
    runBegan(isStream) {
      if (isStream) streams++
    },
    runOver(ended, seconds, turns, isStream) {
      if (isStream) streams--
      runs.inc({ ended })
      runSeconds.observe(seconds)
      runTurns.observe(turns)
    },
    toolOver(tool, outcome, seconds, bytes) {
      toolCalls.inc({ tool, outcome })
      toolSeconds.observe({ tool }, seconds)
      toolResultBytes.observe({ tool }, bytes)
    },
    limitRefused: (limit, scope) => limitRefusals.inc({ limit, scope }),
    limitStore(isUp) {
      // Not before there is something to tell: without labels it would say 0 from the start.
      storeUp ??= gauge(definitions.limitStoreUp)
      storeUp.set(isUp ? 1 : 0)
    },
    shed: (reason) => sheds.inc({ reason }),
    keysRead: (isValid) => keysReads.inc({ result: isValid ? 'ok' : 'failed' }),
    spans: (result, count) => spans.inc({ result }, count),
  }
}

const shedReasons = ['event_loop', 'memory', 'bodies', 'connections', 'pipelining'] as const

const numberOf = { closed: 0, 'half-open': 1, open: 2 } as const

const tokenKinds = [
  ['input', 'input_tokens'],
  ['output', 'output_tokens'],
  ['cache_read', 'cache_read_input_tokens'],
  ['cache_write', 'cache_creation_input_tokens'],
] as const

function wordFor(outcome: string | GatewayError): string {
  return typeof outcome === 'string' ? outcome : knownCode(outcome)
}
