import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { GatewayError } from '../api/error.ts'

/**
 * Asks for the body of a caller who waits to be asked (`Expect: 100-continue`) once the request would be taken but for what its body
 * says. Node would ask at once, and for bodies that are refused by their length, too.
 */
export const expectation = fp(
  async (app: FastifyInstance) => {
    const waiting = new WeakSet<IncomingMessage>()

    app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      waiting.add(request)
      app.server.emit('request', request, response)
    })
    app.addHook('preParsing', (request, reply, payload, done) => {
      if (waiting.has(request.raw)) {
        // As Fastify does, but only when it begins to read.
        const length = Number(request.headers['content-length'] ?? 0)
        if (length > request.routeOptions.bodyLimit) throw new GatewayError('request_too_large')
        waiting.delete(request.raw)
        reply.raw.writeContinue()
      }
      done(null, payload)
    })
    app.addHook('onSend', ({ raw: request }, reply, payload, done) => {
      // Whoever is not asked may send the body or the next request, and only he knows which.
      if (waiting.has(request)) reply.header('connection', 'close')
      done(null, payload)
    })
  },
  // After all that refuse a request before its body is read.
  { name: 'expectation', dependencies: ['errors', 'shedding', 'auth', 'limits', 'validation'] },
)
