import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../api/error.ts'
import type { Page } from '../plugins/models/index.ts'
import { modelError } from '../providers/registry.ts'

export async function modelRoutes(app: FastifyInstance): Promise<void> {
  app.get<{ Querystring: Page }>('/models', { schema: { querystring: { $ref: 'listModels' } } }, async (request) =>
    app.models.list(request.query),
  )

  // A model's id has slashes, which a client may or may not escape.
  app.get<{ Params: { '*': string } }>('/models/*', async (request) => {
    const id = request.params['*']
    const model = app.models.get(id)
    if (model) return model
    const resolved = app.models.registry.resolve(id)
    if ('problem' in resolved && resolved.problem.code === 'unknown_provider') throw modelError(resolved.problem, 'model_id')
    throw new GatewayError('unknown_model', {
      param: 'model_id',
      message: `There is no model ${JSON.stringify(id.slice(0, 200))}; GET /v1/models lists what there is.`,
    })
  })
}
