import { readFileSync } from 'node:fs'
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import type { DestinationStream } from 'pino'
import { type Clock, systemClock } from './api/clock.ts'
import { Secret, secretsIn } from './api/secret.ts'
import { authMode, type Config, ConfigError, credentialsMode, isLoopback, ownReached, type Reached } from './config.ts'
import { auth } from './plugins/auth/index.ts'
import { KeyStore } from './plugins/auth/store.ts'
import type { CircuitRule } from './plugins/breaker/circuit.ts'
import { breaker } from './plugins/breaker/index.ts'
import { cors } from './plugins/cors.ts'
import { credentials } from './plugins/credentials.ts'
import { egress } from './plugins/egress/index.ts'
import { clientErrorHandler, errors, frameworkErrorHandler, refuseOtherProtocols } from './plugins/errors.ts'
import { expectation } from './plugins/expectation.ts'
import { lifetime } from './plugins/lifetime.ts'
import type { Defaults } from './plugins/limits/allotment.ts'
import { limits } from './plugins/limits/index.ts'
import type { LimitStore } from './plugins/limits/store.ts'
import { lingering } from './plugins/lingering.ts'
import { liveDoor } from './plugins/live/door/index.ts'
import { type LiveOptions, live } from './plugins/live/index.ts'
import { folderProblem } from './plugins/live/recording/folder.ts'
import type { SessionOwners } from './plugins/live/sessions/owners.ts'
import { CallerKeys, loggerOptions, logging } from './plugins/logging.ts'
import { messages } from './plugins/messages/index.ts'
import { metrics } from './plugins/metrics/index.ts'
import { models } from './plugins/models/index.ts'
import { pages } from './plugins/pages/index.ts'
import { reachability } from './plugins/reachability.ts'
import { readiness } from './plugins/readiness.ts'
import { requestId, requestIdGenerator } from './plugins/request-id.ts'
import { runs } from './plugins/runs/index.ts'
import { shedding } from './plugins/shedding/index.ts'
import { sse } from './plugins/sse/index.ts'
import { tracing } from './plugins/tracing/index.ts'
import { turns } from './plugins/turns.ts'
import { validation } from './plugins/validation/index.ts'
import { type VoiceOptions, voice } from './plugins/voice/index.ts'
import { providers as ownProviders } from './providers/index.ts'
import type { LlmProvider, UpstreamSettings } from './providers/provider.ts'
import type { SpeechProvider } from './providers/speech.ts'
import { adminRoutes } from './routes/admin.ts'
import { demoPagePath, demoRoutes } from './routes/demo.ts'
import { docsRoutes } from './routes/docs.ts'
import { healthRoutes } from './routes/health.ts'
import { v1 } from './routes/v1.ts'
import { toolPolicyOf } from './tools/allowed.ts'
import { httpTools } from './tools/http-tools.ts'
import { servicesOf } from './tools/services.ts'
import type { Tool } from './tools/tool.ts'

export type { Config } from './config.ts'
export { ConfigError, loadConfig } from './config.ts'

/** What the gateway takes from its surroundings. */
export interface Parts {
  /** The operator's keys for providers and for services that tools ask, by their id. */
  readonly operatorKeys: ReadonlyMap<string, Secret>
  /** What a variable of the environment holds, for the keys of tenants and of the operator's tools. By default there is none. */
  readonly variable?: (name: string) => Secret | undefined
  /** What else must not be read in the log, such as what a collector of traces takes for a key. */
  readonly secrets?: readonly Secret[]
  /** The providers to serve; by default those of the configuration, the demo where it is on. */
  readonly providers?: readonly LlmProvider[]
  /** Who hears and speaks; by default those of the configuration, the demo where it is on. */
  readonly speech?: readonly SpeechProvider[]
  /** The tools to serve beside those that the operator defines; by default those of the configuration. */
  readonly tools?: readonly Tool[]
  readonly version: string
  /** Where `openapi.yaml` lies. */
  readonly contract: URL
  readonly clock?: Clock
  readonly random?: () => number
  /** The measurements of all processes that answer on the port, for Prometheus; by default those of this one. */
  readonly metricsText?: () => Promise<string>
  /** Where limits are counted, where neither this process nor Redis does. */
  readonly limitStore?: LimitStore
  /** Where it is known which process holds which live session, where neither this one nor Redis knows it. */
  readonly sessionOwners?: SessionOwners
  /** The id of this process, for log lines, where it is one of several. */
  readonly worker?: number
  /** Where log lines go; standard output by default. */
  readonly logDestination?: DestinationStream
}

/** The server, ready to listen: every plugin and route, in order. */
export async function buildApp(config: Config, parts: Parts): Promise<FastifyInstance> {
  const clock = parts.clock ?? systemClock
  const providers = parts.providers ?? config.providers.filter((provider) => config.demo || !provider.demo)
  const speech = parts.speech ?? config.speech.filter((vendor) => config.demo || !vendor.demo)
  const ownTools = httpTools(config.tools, parts.variable ?? (() => undefined))
  const tools = [...(parts.tools ?? config.builtins), ...ownTools.tools]
  const keyStore = await readKeys(config, [...providers, ...speech], tools, parts, ownTools.problems)
  const callerKeys = new CallerKeys()
  const secrets = {
    operatorKeys: [
      ...parts.operatorKeys.values(),
      ...(parts.secrets ?? []),
      ...ownTools.secrets,
      ...[config.redis_url, config.tts_cache_redis_url].flatMap((url) => (url ? secretsIn(url) : [])),
    ],
    tenantKeys: keyStore.providerKeys,
    keyHeaders: keyHeadersOf([...providers, ...speech, ...servicesOf(tools)]),
    callerKeys,
  }
  const log = loggerOptions(config.log_level, secrets)
  const app = Fastify({
    logger: {
      ...log,
      ...(parts.worker !== undefined && { base: { worker: parts.worker } }),
      ...(parts.logDestination && { stream: parts.logDestination }),
    },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestIdGenerator(clock),
    trustProxy: config.trust_proxy.length > 0 ? [...config.trust_proxy] : false,
    bodyLimit: config.limit_body_bytes,
    requestTimeout: config.request_timeout_ms,
    keepAliveTimeout: config.keep_alive_ms,
    http: {
      connectionsCheckingInterval: Math.max(10, Math.min(1000, config.request_timeout_ms / 4)),
      // Where the headers may take longer than the whole request, Node gives a body the headers' time.
      headersTimeout: Math.min(60_000, config.request_timeout_ms),
      // Asked for by the error layer, which says so in the contract's words.
      requireHostHeader: false,
    },
    // Draining is the lifetime plugin's: it knows which answers still run.
    return503OnClosing: false,
    forceCloseConnections: true,
    clientErrorHandler: clientErrorHandler(clock),
    frameworkErrors: frameworkErrorHandler,
    routerOptions: { maxParamLength: 1024 },
    // The checks are compiled when the project is generated. Otherwise Fastify loads two compilers, which take memory and are never asked.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: () => () => JSON.stringify } },
  })
  // The size of all headers is limited; beyond a number of them Node would leave some out without a word.
  app.server.maxHeadersCount = 0
  refuseOtherProtocols(app.server, clock)

  await app.register(metrics, { version: parts.version })
  await app.register(turns)
  await app.register(logging, { callerKeys, ...(config.log_prompts && { prompts: secrets }) })
  await app.register(requestId)
  await app.register(tracing, {
    endpoint: config.otlp_endpoint,
    samplePercent: config.trace_sample_percent,
    version: parts.version,
    clock,
  })
  await app.register(errors)
  await app.register(lingering, { clock })
  await app.register(cors, { origins: config.cors_origins })
  await app.register(lifetime, { drainMs: config.drain_ms, clock })
  await app.register(readiness, { clock })
  await app.register(shedding, {
    eventLoopDelayMs: config.shed_event_loop_delay_ms,
    memoryPercent: config.shed_memory_percent,
    bodiesBytes: config.limit_bodies_bytes,
    connections: config.limit_connections,
    processes: config.workers,
  })
  await app.register(auth, {
    mode: authMode(config),
    anonymousRole: isLoopback(config.host) ? 'admin' : 'client',
    store: keyStore,
    clock,
  })
  await app.register(limits, {
    defaults: usualAllowances(config),
    given: parts.limitStore,
    redis: config.redis_url && { url: config.redis_url, prefix: config.redis_prefix },
    whenLost: config.limit_store_lost,
    clock,
  })
  await app.register(sse, { clock, pingIntervalMs: config.ping_interval_ms })
  await app.register(validation, { clock })
  await app.register(expectation)
  await app.register(egress, { connectMs: config.upstream_connect_ms, ownPages: config.demo ? [demoPagePath] : [], clock })
  await app.register(pages, { clock })
  await app.register(breaker, { rule: circuitRule(config), clock })
  await app.register(credentials, { mode: credentialsMode(config), operatorKeys: parts.operatorKeys })
  await app.register(reachability, {
    providers: providers.filter(({ upstream }) => upstream),
    own: providers.filter((provider) => !ownProviders.includes(provider)),
    baseURLs: config.baseURLs,
    clock,
  })
  await app.register(models, {
    providers,
    aliases: config.model_aliases,
    catalogue: config.models,
    allowed: config.allowed_models,
    clock,
  })
  await app.register(messages, {
    retry: { retries: config.retry_attempts, budgetMs: config.retry_budget_ms },
    pingIntervalMs: config.ping_interval_ms,
    baseURLs: config.baseURLs,
    clock,
    random: parts.random ?? Math.random,
  })

  await app.register(voice, voiceOptions(config, speech, clock))
  await app.register(runs, {
    tools,
    baseURLs: config.baseURLs,
    most: {
      turns: config.limit_run_turns,
      toolCalls: config.limit_run_tool_calls,
      parallel: config.limit_parallel_tools,
      toolMs: config.limit_tool_ms,
      resultBytes: config.limit_tool_result_bytes,
    },
    isAllowed: toolPolicyOf(config.allowed_tools),
    clock,
  })

  if (config.live) {
    await app.register(live, liveOptions(config, parts, clock))
    await app.register(liveDoor, {
      paths: ['/v1/live'],
      origins: config.cors_origins,
      keyed: [...providers, ...speech, ...servicesOf(tools)],
      helloMs: config.live_hello_ms,
      messageBytes: config.live_message_bytes,
      messagesPerSecond: config.live_messages_per_second,
      clock,
    })
  }

  await app.register(healthRoutes, { version: parts.version })
  await app.register(adminRoutes, { metrics: config.metrics, ...(parts.metricsText && { metricsText: parts.metricsText }) })
  await app.register(docsRoutes, { contract: parts.contract })
  if (config.demo) await app.register(demoRoutes)
  await app.register(v1, { prefix: '/v1' })
  return app
}

/**
 * The gateway keys as they are now. Throws a `ConfigError` with everything that is wrong with them, after the problems that are known
 * already, or where a key is needed.
 */
async function readKeys(
  config: Config,
  providers: readonly Pick<Reached, 'id'>[],
  tools: readonly Tool[],
  { variable }: Parts,
  problems: readonly string[],
): Promise<KeyStore> {
  const store = new KeyStore({
    document: config.gateway_keys,
    file: config.gateway_keys_file,
    providers: [...config.providers, ...config.speech, ...providers].map(({ id }) => id),
    services: servicesOf(tools).map(({ id }) => id),
    tools: tools.map(({ name }) => name),
    variable: variable ?? (() => undefined),
  })
  await store.refresh()
  const all = [...problems, ...store.problems]
  if (all.length > 0) throw new ConfigError(all)
  if (authMode(config) === 'required' && store.keys.count === 0) throw new ConfigError([noKeys])
  return store
}

function noCompiler(): never {
  throw new TypeError('schemas of requests before the validation plugin are not compiled')
}

const noKeys =
  'auth_mode is required, but there is no gateway key. Make one with `vai keys create --file keys.yaml` and start with VAI_GATEWAY_KEYS_FILE=keys.yaml; or listen on this machine alone with VAI_HOST=127.0.0.1.'

/** What somebody may do where nothing else is said of them. Whoever needs no key is not counted unless the operator wants it. */
function usualAllowances(config: Config): Defaults {
  const isCounted = authMode(config) !== 'disabled'
  return {
    requests_per_minute: config.limit_requests_per_minute ?? (isCounted ? 600 : 0),
    requests_burst: config.limit_requests_burst,
    tokens_per_minute: config.limit_tokens_per_minute,
    cost_per_day_usd: config.limit_cost_per_day_usd,
    concurrent_requests: config.limit_concurrent_requests ?? (isCounted ? 64 : 0),
    concurrent_streams: config.limit_concurrent_streams ?? (isCounted ? 32 : 0),
    concurrent_sessions: config.limit_concurrent_sessions ?? (isCounted ? 32 : 0),
    body_bytes: config.limit_body_bytes,
    image_bytes: config.limit_image_bytes,
    block_bytes: config.limit_block_bytes,
    base64_bytes: config.limit_base64_bytes,
    messages: config.limit_messages,
    text_bytes: config.limit_text_bytes,
    stream_ms: config.limit_stream_ms,
    upstream_first_byte_ms: config.upstream_first_byte_ms,
    upstream_idle_ms: config.upstream_idle_ms,
  }
}

/** How the gateway hears and speaks, as the operator wants it. */
function voiceOptions(config: Config, providers: readonly SpeechProvider[], clock: Clock): VoiceOptions {
  const prices = new Map(config.speechModels.map(({ id, speech }) => [id, speech]))
  const seconds = config.limit_audio_seconds
  return {
    providers,
    baseURLs: config.baseURLs,
    prices: (model) => prices.get(model),
    sttModel: config.stt_model || undefined,
    fallbacks: config.voice_fallbacks,
    greetings: config.greetings,
    mostBlocks: config.limit_audio_blocks,
    hearing: {
      parallel: config.stt_parallel,
      blockBytes: config.limit_block_bytes,
      blockSeconds: seconds,
      totalSeconds: seconds,
      ms: config.stt_ms,
    },
    speaking: {
      ahead: 2,
      firstAudioMs: config.tts_first_audio_ms,
      idleMs: config.tts_idle_ms,
      maxCharacters: config.limit_speech_characters,
      maxBytes: config.limit_speech_bytes,
    },
    cache: {
      memoryBytes: config.tts_cache_bytes,
      redis: config.tts_cache_redis_url && {
        url: config.tts_cache_redis_url,
        prefix: config.redis_prefix,
        ttlMs: config.tts_cache_ttl_ms,
        maxEntryBytes: largestKept,
      },
      isShared: config.tts_cache_shared,
    },
    clock,
  }
}

/** How people talk with models, as the operator wants it. Throws a `ConfigError` where recordings cannot be kept. */
function liveOptions(config: Config, parts: Parts, clock: Clock): LiveOptions {
  const folder = config.live_trace_dir
  const problem = folder === '' ? undefined : folderProblem(folder)
  if (problem !== undefined) throw new ConfigError([`live_trace_dir: ${problem}`])
  return {
    version: parts.version,
    settings: {
      resumeMs: config.live_resume_ms,
      idleMs: config.live_idle_ms,
      totalMs: config.live_total_ms,
      drainMs: Math.min(config.live_drain_ms, config.drain_ms),
      speechGate: config.live_speech_gate,
      mostToolMs: config.limit_tool_ms,
      mostToolCalls: config.limit_run_tool_calls,
    },
    messageBytes: config.live_message_bytes,
    messagesPerSecond: config.live_messages_per_second,
    owners: {
      given: parts.sessionOwners,
      redis: config.redis_url && { url: config.redis_url, prefix: config.redis_prefix },
    },
    records: folder === '' ? undefined : { folder, withSound: config.live_trace_audio },
    logsTranscripts: config.live_log_transcripts,
    clock,
  }
}

/** In bytes: a sentence of half a minute in the best quality there is. */
const largestKept = 4 * 1024 ** 2

/** When a provider that fails is left alone; undefined where the operator wants it to be called regardless. */
function circuitRule(config: Config): CircuitRule | undefined {
  if (config.breaker_failure_percent === 0) return undefined
  return {
    windowMs: config.breaker_window_ms,
    leastCalls: config.breaker_least_calls,
    failureShare: config.breaker_failure_percent / 100,
    openMs: config.breaker_open_ms,
  }
}

function keyHeadersOf(reached: readonly Reached[]): readonly string[] {
  return reached.flatMap(({ upstream }) => (upstream ? [upstream.keyHeader] : []))
}

/** The operator's keys from the environment: for each provider and service the first of its variables that is set. */
export function operatorKeysFrom(
  env: Readonly<Record<string, string | undefined>>,
  reached: readonly Reached[] = ownReached,
): ReadonlyMap<string, Secret> {
  const keys = new Map<string, Secret>()
  for (const { id, upstream } of reached) {
    const value =
      upstream?.keyVariables.map((name) => env[name]?.trim()).find((text) => text) ?? (upstream && keyInFile(upstream, env))
    if (value) keys.set(id, new Secret(value))
  }
  return keys
}

/** What stands in the file that a variable names; its path where it cannot be read, which is no key, as is told to whoever needs it. */
function keyInFile(
  { keyFileVariables }: UpstreamSettings,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const path = keyFileVariables?.map((name) => env[name]?.trim()).find((text) => text)
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8').trim() || path
  } catch {
    return path
  }
}

/** The keys of the operator's own tools from the environment. */
export function toolKeysFrom(env: Readonly<Record<string, string | undefined>>, { tools }: Config): readonly Secret[] {
  return httpTools(tools, variablesOf(env)).secrets
}

/** What the variables of the environment hold, for the keys of tenants and of the operator's tools. */
export function variablesOf(env: Readonly<Record<string, string | undefined>>): (name: string) => Secret | undefined {
  return (name) => {
    const value = env[name]?.trim()
    return value ? new Secret(value) : undefined
  }
}
