import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { LoggerOptions } from 'pino'
import { mask, type Secret } from '../api/secret.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the access log is to say about this request besides its route and status. Never content, never keys. */
    facts: Record<string, string | number | boolean>
  }
}

/** One line for each request once it is answered. */
export const logging = fp(
  async (app: FastifyInstance) => {
    app.decorateRequest('facts')
    app.addHook('onRequest', async (request, reply) => {
      request.facts = {}
      // Not `onResponse`: an answer that nobody waited for never finishes, but every one closes.
      reply.raw.once('close', () => {
        const isCancelled = !reply.raw.writableFinished
        // What was going on has one turn to note how far it came.
        setImmediate(() => logRequest(request, reply, isCancelled))
      })
    })
  },
  { name: 'logging' },
)

function logRequest(request: FastifyRequest, reply: FastifyReply, isCancelled: boolean): void {
  const fields = {
    method: request.method,
    // The route's own pattern: a URL may carry what a caller did not mean to have logged.
    route: request.routeOptions.url ?? 'unknown',
    // 499 as other servers have it: the caller left before there was an answer.
    status: isCancelled && !reply.raw.headersSent ? 499 : reply.raw.statusCode,
    duration_ms: Math.round(reply.elapsedTime),
    ...(isCancelled && { ended: 'cancelled' }),
    ...request.facts,
  }
  if (quietRoutes.has(fields.route)) request.log.debug(fields, 'request')
  else request.log.info(fields, 'request')
}

/** Asked every few seconds by whoever watches over the process. */
const quietRoutes: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

export interface LogSecrets {
  readonly operatorKeys: readonly Secret[]
  /** The headers by which callers bring keys. */
  readonly keyHeaders: readonly string[]
}

/**
 * How log lines are written: keys are left out where they are known to stand, and masked by value wherever else they turn up.
 */
export function loggerOptions(level: string, { operatorKeys, keyHeaders }: LogSecrets): LoggerOptions {
  const secretHeaders = new Set(['authorization', 'x-api-key', 'cookie', ...keyHeaders.map((name) => name.toLowerCase())])
  return {
    level,
    base: null,
    redact: {
      paths: [
        ...[...secretHeaders].flatMap((name) => [`req.headers["${name}"]`, `headers["${name}"]`]),
        ...secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      ],
      censor: '[redacted]',
    },
    formatters: { level: (label) => ({ level: label }) },
    serializers: {
      req: (request: { method: string; id: string }) => ({ id: request.id, method: request.method }),
      res: (reply: { statusCode: number }) => ({ status: reply.statusCode }),
    },
    hooks: { streamWrite: (line) => mask(line, operatorKeys) },
  }
}

const secretFields = ['apiKey', 'api_key', 'authorization', 'authorization_token', 'secret', 'token', 'password', 'key']
