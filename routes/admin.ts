import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../api/error.ts'
import { routesAreFor } from '../plugins/auth/routes.ts'

export interface AdminRouteOptions {
  /** Who may read the measurements; with `off` there is no such route. */
  readonly metrics: 'admin' | 'public' | 'off'
  /** The measurements of all processes together; by default those of this one. */
  readonly metricsText?: () => Promise<string>
}

/** What is for those who run the gateway. */
export async function adminRoutes(app: FastifyInstance, { metrics, metricsText }: AdminRouteOptions): Promise<void> {
  if (metrics === 'off') return
  routesAreFor(metrics, app)
  const { registry } = app.metrics
  const text = metricsText ?? (() => registry.metrics())

  app.get('/metrics', { config: { duringDrain: true, duringOverload: true, quiet: true } }, async (_request, reply) => {
    reply.type(registry.contentType).header('cache-control', 'no-store')
    try {
      return await text()
    } catch (cause) {
      // Not those of this process alone: Prometheus would take the smaller counts for a new start of the gateway.
      throw new GatewayError('measurements_unavailable', { cause, retryAfter })
    }
  })
}

/** Seconds. */
const retryAfter = 5
