import type { ServerResponse } from 'node:http'
import { Server } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../api/clock.ts'
import { Cancelled, GatewayError } from '../api/error.ts'

declare module 'fastify' {
  interface FastifyInstance {
    drain: Drain
  }
  interface FastifyRequest {
    lifetime: Lifetime
  }
  interface FastifyContextConfig {
    /** Whether the route still answers while the process shuts down. */
    duringDrain?: boolean
  }
}

/** How long an answer is worth making: as long as the caller waits, within its limit, and as long as the process lives. */
export interface Lifetime {
  /** Aborts with the reason as a `Cancelled` or a `GatewayError`. */
  readonly signal: AbortSignal
  /** Sets the longest time, counted from now until the caller has read the answer. */
  limit(ms: number): void
}

export interface Drain {
  readonly isDraining: boolean
  /**
   * From now on new requests are refused. Resolves once the answers to all others have been delivered; those that still run after
   * the limit are aborted with `shutting_down`.
   */
  start(): Promise<void>
  /**
   * Where another process answers on the same port: from now on it takes new connections. Those that are there are served on, and
   * told to end with their next answer; those that stay quiet for a while are ended. Resolves once none is left, or once all answers
   * have ended that were aborted with `shutting_down` after the limit.
   */
  handOver(): Promise<void>
  /** For what goes on without an answer being made. It is waited for as answers are, both times. */
  add(lasting: Lasting): void
}

/** What lives as long as the process, beyond any answer. */
export interface Lasting {
  /** The process is to end: resolves once nothing of this is left, within the given time or a moment more. Called at most once. */
  end(withinMs: number): Promise<void>
}

export interface LifetimeOptions {
  /** How long running answers may go on when the process is to end, in milliseconds. */
  readonly drainMs: number
  readonly clock: Clock
}

/** Knows every request from its first byte until its answer has been delivered, and ends what nobody waits for. */
export const lifetime = fp(
  async (app: FastifyInstance, { drainMs, clock }: LifetimeOptions) => {
    const running = new RunningAnswers(clock)
    let drained: Promise<void> | undefined
    let handedOver: Promise<void> | undefined
    const lasting: Lasting[] = []
    let lastingEnded: Promise<void> | undefined

    app.decorateRequest('lifetime')
    app.decorate('drain', {
      get isDraining() {
        return drained !== undefined
      },
      start() {
        drained ??= together(running.ended(drainMs), endLasting())
        return drained
      },
      handOver() {
        handedOver ??= together(handOver(), endLasting())
        return handedOver
      },
      add(each) {
        lasting.push(each)
      },
    })

    app.addHook('onRequest', (request, reply, done) => {
      // Whoever watches over the process still has to be told that it is alive and that it is not ready.
      if (drained && !request.routeOptions.config.duringDrain) {
        reply.header('connection', 'close')
        throw new GatewayError('shutting_down', { retryAfter: 1 })
      }
      if (handedOver) endConnectionAfter(reply.raw)
      request.lifetime = running.begin(reply.raw)
      done()
    })

    /** Never rejects, and lasts no longer than it may. */
    function endLasting(): Promise<void> {
      lastingEnded ??= new Promise((resolve) => {
        const limit = clock.after(drainMs + graceMs, resolve)
        const onError = (err: unknown): void => app.log.error({ err }, 'something could not be ended')
        void Promise.all(lasting.map((each) => each.end(drainMs).catch(onError))).then(() => {
          limit.cancel()
          resolve()
        })
      })
      return lastingEnded
    }

    function handOver(): Promise<void> {
      return new Promise((resolve) => {
        const limit = clock.after(drainMs, () => resolve(running.ended(0)))
        const ended = (): void => {
          limit.cancel()
          resolve()
        }
        // Not as HTTP servers close: that breaks connections on which a request may be on its way.
        Server.prototype.close.call(app.server, ended)
        app.server.keepAliveTimeout = Math.min(app.server.keepAliveTimeout, quietMs)
        clock.after(quietMs, () => app.server.closeIdleConnections())
        for (const response of running) endConnectionAfter(response)
      })
    }
  },
  { name: 'lifetime', dependencies: ['turns'] },
)

/** The answers that have not been delivered. */
class RunningAnswers {
  readonly #clock: Clock
  readonly #aborts = new Map<ServerResponse, (reason: GatewayError) => void>()
  readonly #whenNone = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  [Symbol.iterator](): IterableIterator<ServerResponse> {
    return this.#aborts.keys()
  }

  /** Of an answer whose turn on its connection has come; others never close. */
  begin(response: ServerResponse): Lifetime {
    const clock = this.#clock
    const controller = new AbortController()
    const { signal } = controller
    let limit = noTimer
    let grace = noTimer
    const abort = (reason: GatewayError | Cancelled): void => {
      if (signal.aborted) return
      // Time to be told why; a caller who does not read is not waited for.
      grace = clock.after(graceMs, () => response.destroy())
      controller.abort(reason)
    }
    // Each plugin that holds something for an answer hears of its end: with Node's own listeners more than the ten at which Node suspects a leak.
    response.setMaxListeners(mostListeners)
    this.#aborts.set(response, abort)
    response.once('close', () => {
      if (!response.writableFinished) abort(new Cancelled())
      limit.cancel()
      grace.cancel()
      this.#end(response)
    })
    return {
      signal,
      limit(ms) {
        limit.cancel()
        limit = clock.after(ms, () => abort(new GatewayError('stream_duration')))
      },
    }
  }

  /** Resolves once none runs any more. Those that run for longer are aborted. */
  ended(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#aborts.size === 0) return resolve()
      const limit = this.#clock.after(ms, () => {
        for (const abort of this.#aborts.values()) abort(new GatewayError('shutting_down'))
      })
      this.#whenNone.add(() => {
        limit.cancel()
        resolve()
      })
    })
  }

  #end(response: ServerResponse): void {
    this.#aborts.delete(response)
    if (this.#aborts.size > 0) return
    for (const resolve of this.#whenNone) resolve()
    this.#whenNone.clear()
  }
}

async function together(...ends: readonly Promise<void>[]): Promise<void> {
  await Promise.all(ends)
}

/** Node writes `Connection: close` then, and closes the connection. */
function endConnectionAfter(raw: ServerResponse): void {
  if (!raw.headersSent) raw.shouldKeepAlive = false
}

const noTimer: { cancel(): void } = { cancel: () => undefined }
const mostListeners = 20
const graceMs = 2000
/** Milliseconds in which a connection that is in use has had a request to answer. */
const quietMs = 5000
