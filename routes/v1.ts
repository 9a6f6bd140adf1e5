import type { FastifyInstance } from 'fastify'
import { routesAreFor } from '../plugins/auth/routes.ts'
import { requestsAreLimited } from '../plugins/limits/scope.ts'
import { liveRoutes } from './live.ts'
import { messageRoutes } from './messages.ts'
import { modelRoutes } from './models.ts'
import { runRoutes } from './runs.ts'

/** Everything that asks who calls, and counts it; what is public stands outside this scope. */
export async function v1(app: FastifyInstance): Promise<void> {
  routesAreFor('client', app)
  requestsAreLimited(app)
  await app.register(messageRoutes)
  await app.register(runRoutes)
  await app.register(modelRoutes)
  if (app.hasDecorator('liveDoor')) await app.register(liveRoutes)
}
