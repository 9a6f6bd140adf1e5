import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../api/error.ts'

export async function liveRoutes(app: FastifyInstance): Promise<void> {
  app.route({
    method: 'GET',
    url: '/live',
    // Browsers can send no key with an upgrade.
    config: { auth: 'client-later' },
    onRequest: (request, reply) => app.liveDoor.check(request, reply),
    handler: async (_request, reply) => {
      reply.headers({ upgrade: 'websocket', connection: 'upgrade' })
      throw new GatewayError('websocket_expected')
    },
    wsHandler: (socket, request) => app.liveDoor.enter(socket, request),
  })
}
