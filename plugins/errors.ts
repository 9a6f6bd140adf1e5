import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../api/clock.ts'
import { Cancelled, causeOf, type ErrorCode, GatewayError } from '../api/error.ts'
import { newId } from '../api/id.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Any error as one of the contract's. */
    toGatewayError(error: unknown): GatewayError
  }
}

/** The one error layer: whatever is thrown becomes the contract's error object, and nothing else leaves the server. */
export const errors = fp(
  async (app: FastifyInstance) => {
    app.decorate('toGatewayError', toGatewayError)
    app.addHook('onRequest', (request, reply, done) => {
      answers.set(request.raw.socket, reply.raw)
      if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) {
        throw new GatewayError('malformed_http', { param: 'host', message: 'The header Host is missing.' })
      }
      done()
    })
    app.setErrorHandler((error: unknown, request, reply) => sendError(error, request, reply))
    app.setNotFoundHandler((request, reply) => {
      const message = `There is no route ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}; see /docs.`
      return sendError(new GatewayError('unknown_route', { message }), request, reply)
    })
  },
  { name: 'errors', dependencies: ['logging', 'request-id', 'turns'] },
)

/** Seconds, where a provider limits the rate and does not say for how long. */
const usualRetryAfter = 10

/** The answer that was last begun on each connection; the one before it is over. */
const answers = new WeakMap<Socket, ServerResponse>()

/** Answers a request with an error. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof Cancelled) {
    reply.hijack()
    reply.raw.destroy()
    return reply
  }
  const known = toGatewayError(error)
  if (known.code === 'internal_error') request.log.error({ err: error }, 'unexpected error')
  else if (known.status >= 500) {
    const { provider, status: upstreamStatus } = known.providerError ?? {}
    // Not its message: a provider's words may repeat the prompt.
    request.log.warn({ code: known.code, cause: causeOf(known), provider, upstream_status: upstreamStatus }, 'the request failed')
  }
  request.facts.error = known.code
  const retryAfter = known.retryAfter ?? (known.status === 429 ? usualRetryAfter : undefined)
  if (retryAfter !== undefined) reply.header('retry-after', Math.ceil(retryAfter))
  return reply
    .code(known.status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(known.toBody(request.id)))
}

/**
 * For URLs that cannot even be looked up. No hook has run for them and none will, so that what the hooks would have done is done
 * here.
 */
export function frameworkErrorHandler(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  request.server.inTurn(request, reply, () => {
    request.server.logOnceOver(request, reply)
    reply.header('x-request-id', request.id).header('request-id', request.id)
    sendError(error, request, reply)
  })
}

/** Any error as one of the contract's; what is not known is the gateway's own fault and tells the caller nothing of itself. */
function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const code = isFastifyError(error) ? frameworkErrors[error.code] : undefined
  if (code) return new GatewayError(code)
  if (isFastifyError(error) && error.statusCode === 400) return new GatewayError('malformed_http')
  return new GatewayError('internal_error', { cause: error })
}

const frameworkErrors: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_content_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_http',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'empty_body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_BAD_URL: 'malformed_http',
  FST_STATIC_FORBIDDEN_PATH: 'unknown_route',
  FST_ERR_MAX_PARAM_LENGTH: 'malformed_http',
  FST_ERR_ASYNC_CONSTRAINT: 'malformed_http',
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

/**
 * For requests that Node's parser gives up on before there is a request: too many headers, no HTTP, too slow. Writes the
 * contract's error straight to the socket and closes it.
 */
export function clientErrorHandler(clock: Clock): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET') socket.destroy()
    else endWithError(socket, new GatewayError(parserErrors[error.code ?? ''] ?? 'malformed_http'), clock)
  }
}

/** Node answers these by itself, with nothing in its hands but a socket or a bare response. */
export function refuseOtherProtocols(server: Server, clock: Clock): void {
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    const message = 'This server is no proxy: it does not take CONNECT.'
    endWithError(socket, new GatewayError('malformed_http', { message }), clock)
  })
  server.on('checkExpectation', (request: IncomingMessage) => {
    const message = 'The expectation of the header Expect cannot be met.'
    endWithError(request.socket, new GatewayError('malformed_http', { param: 'expect', message }), clock)
  })
}

/** Writes the contract's error straight to a socket and closes it; only that where an answer has begun, which must have no other in it. */
function endWithError(socket: Socket, error: GatewayError, clock: Clock): void {
  const running = answers.get(socket)
  if (!socket.writable || (running?.headersSent && !running.writableFinished)) {
    socket.destroy()
    return
  }
  const id = newId('req', clock.wallclock())
  const body = JSON.stringify(error.toBody(id))
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

const parserErrors: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}
