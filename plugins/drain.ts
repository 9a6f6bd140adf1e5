import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../api/clock.ts'
import { GatewayError } from '../api/error.ts'

declare module 'fastify' {
  interface FastifyInstance {
    drain: Drain
  }
}

export interface Drain {
  readonly isDraining: boolean
  /** Remembers an answer that is being made; the function that comes back is to be called when it is over. */
  track(controller: AbortController): () => void
  /**
   * From now on new requests are refused. Resolves once every answer is over; those that still run after the limit are aborted
   * with `shutting_down`.
   */
  start(): Promise<void>
}

export interface DrainOptions {
  readonly limitMs: number
  readonly clock: Clock
}

/** Lets running answers finish before the process ends. */
export const drain = fp(
  async (app: FastifyInstance, { limitMs, clock }: DrainOptions) => {
    const running = new Set<AbortController>()
    let isDraining = false
    let whenEmpty: (() => void) | undefined

    app.decorate('drain', {
      get isDraining() {
        return isDraining
      },
      track(controller) {
        running.add(controller)
        return () => {
          running.delete(controller)
          if (running.size === 0) whenEmpty?.()
        }
      },
      start() {
        isDraining = true
        return new Promise((resolve) => {
          const limit = clock.after(limitMs, () => {
            for (const controller of running) controller.abort(new GatewayError('shutting_down'))
          })
          whenEmpty = () => {
            limit.cancel()
            resolve()
          }
          if (running.size === 0) whenEmpty()
        })
      },
    })

    app.addHook('onRequest', async (request, reply) => {
      // Whoever watches over the process still has to be told that it is alive and that it is not ready.
      if (!isDraining || request.routeOptions.config.duringDrain) return
      reply.header('connection', 'close')
      throw new GatewayError('shutting_down', { retryAfter: 1 })
    })
  },
  { name: 'drain' },
)

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route still answers while the process shuts down. */
    duringDrain?: boolean
  }
}
