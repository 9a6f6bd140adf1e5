import type { FastifyInstance } from 'fastify'
import { routesAreFor } from '../plugins/auth/routes.ts'
import { type MessageRouteOptions, messageRoutes } from './messages.ts'
import { modelRoutes } from './models.ts'

/** Everything that asks who calls; what is public stands outside this scope. */
export async function v1(app: FastifyInstance, { answerMs }: MessageRouteOptions): Promise<void> {
  routesAreFor('client', app)
  await app.register(messageRoutes, { answerMs })
  await app.register(modelRoutes)
}
