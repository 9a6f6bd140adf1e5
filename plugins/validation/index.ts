import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import { parseBody } from './body.ts'
import { createValidatorCompiler } from './schema.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The JSON body as the caller wrote it. */
    bodyJson: Buffer
    /** Where in its text an integer stands that `JSON.parse` rounded; undefined where none does. */
    roundedNumberAt: number | undefined
    /** How long the caller took to send the body, in milliseconds; 0 where there is none. */
    receivingMs: number
  }
}

export interface ValidationOptions {
  readonly clock: Clock
}

/**
 * Requests are strict: nothing is coerced, removed or defaulted behind the caller's back. Bodies are JSON in UTF-8 and nothing
 * else, and every part of a request is checked against the contract's schemas.
 */
export const validation = fp(
  async (app: FastifyInstance, { clock }: ValidationOptions) => {
    app.decorateRequest('bodyJson')
    app.decorateRequest('roundedNumberAt', undefined)
    app.decorateRequest('receivingMs', 0)
    app.addHook('preParsing', (request, _reply, payload, done) => {
      request.receivingMs = -clock.now()
      done(null, payload)
    })
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request: FastifyRequest, body: Buffer, done) => {
      request.receivingMs += clock.now()
      try {
        const { value, roundedNumberAt } = parseBody(body, request.headers)
        request.bodyJson = body
        request.roundedNumberAt = roundedNumberAt
        done(null, value)
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
      }
    })
    app.setValidatorCompiler(createValidatorCompiler())
  },
  { name: 'validation' },
)
