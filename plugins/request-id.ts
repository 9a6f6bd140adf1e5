import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../api/clock.ts'
import { isRequestId, newId } from '../api/id.ts'

/** Every request has an id, which every answer to it names. */
export const requestId = fp(
  async (app: FastifyInstance) => {
    app.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id).header('request-id', request.id)
      done()
    })
  },
  { name: 'request-id' },
)

/** For the server's options: the caller's own id where it is sane, else a new one. */
export function requestIdGenerator(clock: Clock): (request: Pick<IncomingMessage, 'headers'>) => string {
  return ({ headers }) => {
    const own = headers['x-request-id']
    return typeof own === 'string' && isRequestId(own) ? own : newId('req', clock.wallclock())
  }
}
