import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { accumulate } from '../../api/accumulate.ts'
import type { Clock } from '../../api/clock.ts'
import { causeOf } from '../../api/error.ts'
import type { StreamItem } from '../../api/events.ts'
import type { TokenCount } from '../../api/schemas.gen.ts'
import type { Secret } from '../../api/secret.ts'
import type { Call, LlmProvider, WholeMessage } from '../../providers/provider.ts'
import { type Attempted, firstSuccess, type RetryPolicy } from './attempts.ts'
import { estimateTokens } from './estimate.ts'
import { type OpenedStream, openStream } from './open.ts'
import { type PreparedRequest, prepareRequest, type RawRequest, type Target } from './prepare.ts'
import type { RequestLimits } from './validate.ts'

declare module 'fastify' {
  interface FastifyInstance {
    messages: Messages
  }
}

/** One turn of a conversation with a model. */
export interface Messages {
  /** Checks a request. Throws one error with every issue. */
  prepare(raw: RawRequest): PreparedRequest
  /** Asks the models in turn for a whole answer. */
  complete(request: PreparedRequest, caller: Caller): Promise<Attempted<Target, WholeMessage>>
  /** Asks the models in turn for a stream, and returns once its first content is there. */
  stream(request: PreparedRequest, caller: Caller): Promise<Attempted<Target, OpenedStream>>
  /** Asks the model itself how many tokens a request has, or estimates it. Fallbacks have no part in it. */
  countTokens(request: PreparedRequest, caller: Caller): Promise<TokenCount>
}

/** Who asks, and until when. */
export interface Caller {
  readonly requestId: string
  readonly headers: IncomingHttpHeaders
  /** The caller's query string that is meant for the provider. */
  readonly query: string
  readonly signal: AbortSignal
  readonly log: FastifyBaseLogger
}

export interface MessagesOptions {
  readonly limits: RequestLimits
  readonly retry: RetryPolicy
  readonly timeouts: { readonly firstByteMs: number; readonly idleMs: number; readonly answerMs: number }
  readonly pingIntervalMs: number
  readonly baseURLs: ReadonlyMap<string, URL>
  readonly clock: Clock
  readonly random: () => number
}

export const messages = fp(
  async (app: FastifyInstance, options: MessagesOptions) => {
    app.decorate('messages', {
      prepare: (raw) => prepareRequest(raw, app.models.registry, options.limits),
      complete: (prepared, caller) =>
        attempt(prepared.targets, caller, (target) => {
          const { provider } = target.model
          // An answer in one piece begins when it is complete, so that its first byte may take as long as a whole stream.
          const call = callFor(target, caller, options.timeouts.answerMs)
          return provider.complete ? provider.complete(target.request, call) : whole(provider.stream(target.request, call))
        }),
      stream: (prepared, caller) =>
        attempt(prepared.targets, caller, (target) => {
          const call = callFor(target, caller, options.timeouts.firstByteMs)
          return openStream(target.model.provider.stream(target.request, call), options.pingIntervalMs, options.clock)
        }),
      async countTokens({ targets: [target] }, caller) {
        const { provider } = target.model
        const { result } = await attempt([target], caller, async () =>
          provider.countTokens
            ? provider.countTokens(target.request, callFor(target, caller, options.timeouts.firstByteMs))
            : estimateTokens(target.request),
        )
        return target.warnings.length > 0 ? { ...result, metadata: { warnings: [...target.warnings] } } : result
      },
    })

    function attempt<Result>(
      targets: readonly Target[],
      caller: Caller,
      run: (target: Target) => Promise<Result>,
    ): Promise<Attempted<Target, Result>> {
      // A key that is missing for the last resort is better known before the first try than after it.
      for (const target of targets) keyFor(target.model.provider, caller)
      return firstSuccess(targets, run, {
        policy: options.retry,
        clock: options.clock,
        random: options.random,
        signal: caller.signal,
        onRetry: (error, attempts) => caller.log.info({ code: error.code, cause: causeOf(error), attempts }, 'trying again'),
      })
    }

    function callFor(target: Target, caller: Caller, firstByteMs: number): Call {
      const { provider, name } = target.model
      const { requestId, signal, query } = caller
      return {
        model: name,
        apiKey: keyFor(provider, caller),
        baseURL: options.baseURLs.get(provider.id) ?? noURL,
        signal,
        dispatcher: app.upstream,
        requestId,
        headers: forwarded(caller.headers),
        query,
        ...(target.json && { body: target.json }),
        timeouts: { firstByteMs, idleMs: options.timeouts.idleMs },
        clock: options.clock,
        log: caller.log,
      }
    }

    function keyFor(provider: LlmProvider, caller: Caller): Secret {
      return app.credentials.keyFor(provider, caller.headers)
    }
  },
  { name: 'messages', dependencies: ['models', 'credentials', 'upstream'] },
)

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
