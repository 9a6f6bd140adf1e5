import type { FastifyInstance } from 'fastify'
import { boundBody } from './body.ts'

/**
 * Every request to the routes of this scope is held to the limits of whoever sends it. `auth` and `limits` come before. A route whose caller may
 * say later who he is counts for itself.
 */
export function requestsAreLimited(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.auth === 'client-later') return done()
    const counted = app.limits.enter(request, reply)
    if (counted) counted.then(() => done(), done)
    else done()
  })
  app.addHook('preParsing', (request, _reply, payload, done) => {
    if (request.routeOptions.config.auth === 'client-later') return done()
    const { bodyBytes } = request.allotment
    if (request.headers['transfer-encoding'] !== undefined && bodyBytes < request.routeOptions.bodyLimit)
      boundBody(payload, bodyBytes)
    done()
  })
}
