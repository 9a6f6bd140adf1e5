import type { FastifyRequest } from 'fastify'
import type { Caller } from './index.ts'
import type { Occasion } from './occasion.ts'
import type { RawRequest } from './prepare.ts'
import { Watch } from './watch.ts'

/** The body of a request as it came, and what its schema has to say of it. Throws what is wrong with the URL. Logs the prompt where that is on. */
export function readRequest(request: FastifyRequest): RawRequest {
  request.server.logPrompt(request)
  return rawRequestOf(request)
}

/** The same once more, of a request that was read. */
export function rawRequestOf(request: FastifyRequest): RawRequest {
  const { validationError } = request
  // What is wrong with the URL is not for the body's check to tell.
  if (validationError && validationError.validationContext !== 'body') throw validationError
  return {
    body: request.body,
    json: request.bodyJson,
    roundedNumberAt: request.roundedNumberAt,
    schemaError: validationError,
    hasBeta: Boolean(request.headers['anthropic-beta']),
  }
}

/** Who asks, and until when. */
export function callerOf(request: FastifyRequest, occasion: Occasion): Caller {
  const { id: requestId, principal, headers, log, lifetime } = request
  const query = request.url.split('?')[1] ?? ''
  return {
    principal,
    times: request.allotment.times,
    requestId,
    headers,
    query,
    signal: lifetime.signal,
    log,
    watch: new Watch(occasion),
  }
}
