import type { FastifyInstance } from 'fastify'
import { type MessageRouteOptions, messageRoutes } from './messages.ts'
import { modelRoutes } from './models.ts'

/** Everything that calls for a principal once there are keys; what is public stands outside this scope. */
export async function v1(app: FastifyInstance, { answerMs }: MessageRouteOptions): Promise<void> {
  await app.register(messageRoutes, { answerMs })
  await app.register(modelRoutes)
}
