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
}

export interface LifetimeOptions {
  /** How long running answers may go on when the process is to end, in milliseconds. */
  readonly drainMs: number
  readonly clock: Clock
}

/** Knows every request from its first byte until its answer has been delivered, and ends what nobody waits for. */
export const lifetime = fp(
  async (app: FastifyInstance, { drainMs, clock }: LifetimeOptions) => {
    const running = new Set<(reason: GatewayError) => void>()
    let drained: Promise<void> | undefined
    let whenEmpty = (): void => undefined

    app.decorateRequest('lifetime')
    app.decorate('drain', {
      get isDraining() {
        return drained !== undefined
      },
      start() {
        drained ??= new Promise((resolve) => {
          const limit = clock.after(drainMs, () => {
            for (const abort of running) abort(new GatewayError('shutting_down'))
          })
          whenEmpty = () => {
            if (running.size > 0) return
            limit.cancel()
            resolve()
          }
          whenEmpty()
        })
        return drained
      },
    })

    app.addHook('onRequest', (request, reply, done) => {
      const { raw } = reply
      // Whoever watches over the process still has to be told that it is alive and that it is not ready.
      if (drained && !request.routeOptions.config.duringDrain) {
        reply.header('connection', 'close')
        throw new GatewayError('shutting_down', { retryAfter: 1 })
      }
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
      running.add(abort)
      raw.once('close', () => {
        if (!raw.writableFinished) abort(new Cancelled())
        limit.cancel()
        grace.cancel()
        running.delete(abort)
        whenEmpty()
      })
      done()
    })
  },
  { name: 'lifetime' },
)

const noTimer: { cancel(): void } = { cancel: () => undefined }
const graceMs = 2000
