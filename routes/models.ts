import type { FastifyInstance } from 'fastify'
import type { Page } from '../plugins/models/index.ts'

export async function modelRoutes(app: FastifyInstance): Promise<void> {
  app.get<{ Querystring: Page }>('/models', { schema: { querystring: { $ref: 'listModels' } } }, async (request) =>
    app.models.list(request.query, request.principal),
  )

  // A model's id has slashes, which a client may or may not escape.
  app.get<{ Params: { '*': string } }>('/models/*', async (request) => app.models.get(request.params['*'], request.principal))
}
