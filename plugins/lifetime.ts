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
}

export interface LifetimeOptions {
  /** How long running answers may go on when the process is to end, in milliseconds. */
  readonly drainMs: number
  readonly clock: Clock
}

/** Knows every request from its first byte until its answer has been delivered, and ends what nobody waits for. */
export const lifetime = fp(
  async (app: FastifyInstance, { drainMs, clock }: LifetimeOptions) => {
    const running = new Map<ServerResponse, (reason: GatewayError) => void>()
    let drained: Promise<void> | undefined
    let handedOver: Promise<void> | undefined
    const whenEmpty = new Set<() => void>()

    app.decorateRequest('lifetime')
    app.decorate('drain', {
      get isDraining() {
        return drained !== undefined
      },
      start() {
        drained ??= answered(drainMs)
        return drained
      },
      handOver() {
        handedOver ??= new Promise((resolve) => {
          const limit = clock.after(drainMs, () => resolve(answered(0)))
          const ended = (): void => {
            limit.cancel()
            resolve()
          }
          // Not as HTTP servers close: that breaks connections on which a request may be on its way.
          Server.prototype.close.call(app.server, ended)
          app.server.keepAliveTimeout = Math.min(app.server.keepAliveTimeout, quietMs)
          clock.after(quietMs, () => app.server.closeIdleConnections())
          for (const raw of running.keys()) endConnectionAfter(raw)
        })
        return handedOver
      },
    })

    /** Resolves once no answer runs any more. Those that run for longer are aborted. */
    function answered(ms: number): Promise<void> {
      return new Promise((resolve) => {
        if (running.size === 0) return resolve()
        const abortAll = (): void => {
          for (const abort of running.values()) abort(new GatewayError('shutting_down'))
        }
        const limit = clock.after(ms, abortAll)
        whenEmpty.add(() => {
          limit.cancel()
          resolve()
        })
      })
    }

    app.addHook('onRequest', (request, reply, done) => {
      const { raw } = reply
      // Whoever watches over the process still has to be told that it is alive and that it is not ready.
      if (drained && !request.routeOptions.config.duringDrain) {
        reply.header('connection', 'close')
        throw new GatewayError('shutting_down', { retryAfter: 1 })
      }
      if (handedOver) endConnectionAfter(raw)
      const controller = new AbortController()
      const { signal } = controller
      let limit = noTimer
      let grace = noTimer
      const abort = (reason: GatewayError | Cancelled): void => {
        if (signal.aborted) return
        // Time to be told why; a caller who does not read is not waited for.
        grace = clock.after(graceMs, () => raw.destroy())
        controller.abort(reason)
      }
      request.lifetime = {
        signal,
        limit(ms) {
          limit.cancel()
          limit = clock.after(ms, () => abort(new GatewayError('stream_duration')))
        },
      }
      running.set(raw, abort)
      raw.once('close', () => {
        if (!raw.writableFinished) abort(new Cancelled())
        limit.cancel()
        grace.cancel()
        running.delete(raw)
        if (running.size > 0) return
        for (const resolve of whenEmpty) resolve()
        whenEmpty.clear()
      })
      done()
    })
  },
  { name: 'lifetime' },
)

/** Node writes `Connection: close` then, and closes the connection. */
function endConnectionAfter(raw: ServerResponse): void {
  if (!raw.headersSent) raw.shouldKeepAlive = false
}

const noTimer: { cancel(): void } = { cancel: () => undefined }
const graceMs = 2000
/** Milliseconds in which a connection that is in use has had a request to answer. */
const quietMs = 5000
