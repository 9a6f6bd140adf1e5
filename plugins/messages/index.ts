import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { accumulate } from '../../api/accumulate.ts'
import type { Clock } from '../../api/clock.ts'
import { causeOf, type GatewayError } from '../../api/error.ts'
import type { StreamItem } from '../../api/events.ts'
import type { TokenCount, Warning } from '../../api/schemas.gen.ts'
import type { Secret } from '../../api/secret.ts'
import type { Call, LlmProvider, WholeMessage } from '../../providers/provider.ts'
import type { Principal } from '../auth/principal.ts'
import type { Admission } from '../breaker/index.ts'
import type { CallKind } from '../metrics/index.ts'
import { StreamAnswer, type VoiceOfAnswer } from './answer.ts'
import { type Attempt, type Attempted, firstSuccess, type PassedOver, type RetryPolicy } from './attempts.ts'
import { type Budget, budgetFor, type Turn } from './budget.ts'
import { estimateTokens } from './estimate.ts'
import { type Continuation, extendRequest } from './extend.ts'
import type { Occasion } from './occasion.ts'
import { type OpenedStream, openStream } from './open.ts'
import { type PreparedRequest, prepareRequest, type RawRequest, type Target } from './prepare.ts'
import type { RequestLimits } from './validate.ts'
import { Watch, type WatchedCall } from './watch.ts'

declare module 'fastify' {
  interface FastifyInstance {
    messages: Messages
  }
}

/** One turn of a conversation with a model. */
export interface Messages {
  /** Checks a request of somebody, who may send so much. Throws one error with every issue. */
  prepare(raw: RawRequest, principal: Principal, sizes: RequestLimits): PreparedRequest
  /** A request with more said in it, for a further turn. Throws where none of its models can take that. */
  extend(request: PreparedRequest, continuation: Continuation): PreparedRequest
  /** Asks the models in turn for a whole answer. */
  complete(request: PreparedRequest, caller: Caller): Promise<Answered<WholeMessage>>
  /** Asks the models in turn for a stream, and returns once its first content is there. */
  stream(request: PreparedRequest, caller: Caller): Promise<Answered<OpenedStream>>
  /** What the gateway adds to the events of a stream that a target answers with, which is told of each of them. */
  follow(target: Target, voice?: VoiceOfAnswer): StreamAnswer
  /** Asks the model itself how many tokens a request has, or estimates it. Fallbacks have no part in it. */
  countTokens(request: PreparedRequest, caller: Caller): Promise<TokenCount>
  /** Takes what a turn may need of the limits that its occasion is held to. Throws where they do not let it pass. */
  budget(request: PreparedRequest, turn: Turn, occasion: Occasion): Promise<Budget>
  /** Tells the occasion's log, metrics and trace of its turns; that of the first one. */
  watch(occasion: Occasion): Watch
}

/** An answer, the target that gave it, with a warning for each that did not, and how many calls it took. */
export type Answered<Result> = Omit<Attempted<Target, Result>, 'passedOver'>

/** Who asks, and until when. */
export interface Caller {
  readonly principal: Principal
  /** How long the answer and a provider may take, in milliseconds. */
  readonly times: { readonly firstByteMs: number; readonly idleMs: number; readonly answerMs: number }
  readonly requestId: string
  readonly headers: IncomingHttpHeaders
  /** The caller's query string that is meant for the provider. */
  readonly query: string
  readonly signal: AbortSignal
  readonly log: FastifyBaseLogger
  readonly watch: Watch
}

export interface MessagesOptions {
  readonly retry: RetryPolicy
  readonly pingIntervalMs: number
  readonly baseURLs: ReadonlyMap<string, URL>
  readonly clock: Clock
  readonly random: () => number
}

export const messages = fp(
  async (app: FastifyInstance, options: MessagesOptions) => {
    app.decorate('messages', {
      prepare: (raw, principal, sizes) => prepareRequest(raw, principal, app.models, sizes),
      extend: (prepared, continuation) => extendRequest(prepared, continuation, app.models),
      complete: (prepared, caller) =>
        attempt(prepared.targets, caller, 'whole', (target, _admission, watched) => {
          const { provider } = target.model
          // An answer in one piece begins when it is complete, so that its first byte may take as long as a whole stream.
          const call = callFor(target, caller, caller.times.answerMs, watched)
          return provider.complete ? provider.complete(target.request, call) : whole(provider.stream(target.request, call))
        }),
      stream: (prepared, caller) =>
        attempt(prepared.targets, caller, 'stream', async (target, admission, watched) => {
          const call = callFor(target, caller, caller.times.firstByteMs, watched)
          const startedAt = options.clock.now()
          const items = target.model.provider.stream(target.request, call)
          const opened = await openStream(items, options.pingIntervalMs, options.clock)
          watched.trace?.firstChunk(opened.firstAt - startedAt)
          return admittedStream(opened, admission)
        }),
      budget: (prepared, turn, occasion) => budgetFor(prepared, turn, app, occasion),
      watch: (occasion) => new Watch(occasion),
      follow: ({ model, warnings }, voice) => new StreamAnswer(warnings, app.models.prices(model), voice),
      async countTokens({ targets: [target] }, caller) {
        const result = await counted(target, caller)
        return target.warnings.length > 0 ? { ...result, metadata: { warnings: [...target.warnings] } } : result
      },
    })

    async function counted(target: Target, caller: Caller): Promise<TokenCount> {
      const { provider } = target.model
      const count = provider.countTokens?.bind(provider)
      if (!count) return estimateTokens(target.request, provider)
      const call = (watched: WatchedCall): Call => callFor(target, caller, caller.times.firstByteMs, watched)
      const counting = attempt([target], caller, 'count', (_target, _admission, watched) => count(target.request, call(watched)))
      return (await counting).result
    }

    async function attempt<Result>(
      targets: readonly Target[],
      caller: Caller,
      kind: CallKind,
      run: WatchedAttempt<Result>,
    ): Promise<Answered<Result>> {
      // A key that is missing for the last resort is better known before the first try than after it.
      for (const target of targets) keyFor(target.model.provider, caller)
      const watchedRun: Attempt<Target, Result> = async (target, admission) => {
        const { provider } = target.model
        const call = caller.watch.call(target, kind, options.baseURLs.get(provider.id), keyFor(provider, caller))
        try {
          const result = await run(target, admission, call)
          call.answered()
          return result
        } catch (error) {
          call.failed(error)
          throw error
        }
      }
      const { passedOver, ...answered } = await firstSuccess(targets, watchedRun, {
        policy: options.retry,
        clock: options.clock,
        random: options.random,
        signal: caller.signal,
        enter: ({ model: { provider } }) => app.breaker.enter(provider, options.baseURLs.get(provider.id)),
        onRetry: ({ target, error, attempts, waitMs }) => {
          caller.watch.retry(target, error, waitMs)
          caller.log.info({ ...factsOf(target, error), attempts, wait_ms: Math.round(waitMs) }, 'trying again')
        },
        onFallback: ({ target, error }, next) => {
          caller.watch.fallback(target, error, next)
          caller.log.info({ ...factsOf(target, error), next: next.model.id }, 'going on to the next model')
        },
      })
      if (passedOver.length === 0) return answered
      const { target } = answered
      return { ...answered, target: { ...target, warnings: [...target.warnings, ...passedOver.map(fallbackWarning)] } }
    }

    function callFor(target: Target, caller: Caller, firstByteMs: number, { trace }: WatchedCall): Call {
      const { provider, name } = target.model
      const { requestId, signal, query } = caller
      return {
        model: name,
        apiKey: keyFor(provider, caller),
        baseURL: options.baseURLs.get(provider.id) ?? noURL,
        signal,
        dispatcher: app.egress.operator,
        requestId,
        headers: forwarded(caller.headers),
        ...(trace && { trace: trace.headers }),
        query,
        ...(target.json && { body: target.json }),
        defaultMaxTokens: app.models.capabilities(target.model).defaultMaxTokens,
        timeouts: { firstByteMs, idleMs: caller.times.idleMs },
        clock: options.clock,
        log: caller.log,
      }
    }

    function keyFor(provider: LlmProvider, caller: Caller): Secret {
      return app.credentials.keyFor(provider, caller.headers, caller.principal)
    }
  },
  { name: 'messages', dependencies: ['models', 'credentials', 'egress', 'breaker'] },
)

/** One call to a target, which whoever watches already knows of. */
type WatchedAttempt<Result> = (target: Target, admission: Admission, watched: WatchedCall) => Promise<Result>

/** What the log says of a failed call. Not its message: a provider's words may repeat the prompt. */
function factsOf({ model }: Target, error: GatewayError): object {
  return { model: model.id, code: error.code, cause: causeOf(error), upstream_status: error.providerError?.status }
}

function fallbackWarning({ target: { model, param }, error }: PassedOver<Target>): Warning {
  return { param, code: 'fallback', message: `${model.id} did not answer (${error.code}); another model did.` }
}

/** A stream whose end is told to the admission, where it breaks after it has begun. */
function admittedStream(stream: OpenedStream, admission: Admission): OpenedStream {
  let last: Promise<unknown> | undefined
  return {
    head: stream.head,
    firstAt: stream.firstAt,
    next() {
      const next = stream.next()
      last = next
      return next
    },
    close() {
      last?.catch((error: unknown) => admission.failed(error))
      return stream.close()
    },
  }
}

/** For providers that are part of the gateway and call nobody. */
const noURL = new URL('http://localhost')

const forwardedHeaders = ['anthropic-version', 'anthropic-beta'] as const

function forwarded(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of forwardedHeaders) {
    const value = headers[name]
    if (typeof value === 'string') kept[name] = value
  }
  return kept
}

async function whole(items: AsyncIterable<StreamItem>): Promise<WholeMessage> {
  return { message: await accumulate(items) }
}
