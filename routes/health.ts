import type { FastifyInstance } from 'fastify'
import type { Health, Index, Readiness } from '../api/schemas.gen.ts'
import { routesAreFor } from '../plugins/auth/routes.ts'

export interface HealthRouteOptions {
  readonly version: string
}

/** Public: asked by load balancers, and by clients that want to know whether anybody is there. */
export async function healthRoutes(app: FastifyInstance, { version }: HealthRouteOptions): Promise<void> {
  routesAreFor('public', app)
  const config = { duringDrain: true, duringOverload: true }

  app.get('/', { config }, async (): Promise<Index> => ({ name: 'VAI Gateway', version, docs: '/docs' }))

  const watched = { ...config, quiet: true }
  app.get('/healthz', { config: watched }, async (): Promise<Health> => ({ status: 'ok' }))

  const readyz = { config: watched, schema: { querystring: { $ref: 'getReadiness' } } }
  app.get<{ Querystring: { deep?: '1' } }>('/readyz', readyz, async (request, reply): Promise<Readiness> => {
    const isDeep = request.query.deep !== undefined
    if (isDeep) await app.auth.principalOf(request, reply, 'admin')
    const [checks, providers] = await Promise.all([app.readiness.run(), isDeep ? app.reachability.check() : undefined])
    const isReady = Object.values(checks).every((said) => said === 'ok' || said.startsWith('ok, but '))
    reply.code(isReady ? 200 : 503)
    return { status: isReady ? 'ready' : 'not_ready', checks, ...(providers && { providers }) }
  })
}
