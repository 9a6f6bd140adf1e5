import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../api/clock.ts'
import { Cancelled, GatewayError } from '../api/error.ts'
import type { Usage } from '../api/schemas.gen.ts'
import { toGatewayError } from '../plugins/errors.ts'
import { answerJson, StreamAnswer } from '../plugins/messages/answer.ts'
import type { Attempted } from '../plugins/messages/attempts.ts'
import type { Caller } from '../plugins/messages/index.ts'
import type { OpenedStream } from '../plugins/messages/open.ts'
import type { PreparedRequest, Target } from '../plugins/messages/prepare.ts'
import { writeStream } from '../plugins/messages/stream.ts'

export interface MessageRouteOptions {
  readonly clock: Clock
  readonly pingIntervalMs: number
  /** The longest that one answer may take, in milliseconds. */
  readonly answerMs: number
}

export async function messageRoutes(app: FastifyInstance, options: MessageRouteOptions): Promise<void> {
  app.post(
    '/messages',
    { schema: { body: { $ref: 'MessageRequest' }, querystring: { $ref: 'createMessage' } }, attachValidation: true },
    async (request, reply) => {
      const prepared = prepare(request)
      return whileWaited(request, reply, (caller) =>
        prepared.stream ? stream(prepared, caller, request, reply) : whole(prepared, caller, request, reply),
      )
    },
  )

  app.post(
    '/messages/count_tokens',
    {
      schema: { body: { $ref: 'CountTokensRequest' }, querystring: { $ref: 'countMessageTokens' } },
      attachValidation: true,
    },
    async (request, reply) => {
      const prepared = prepare(request)
      return whileWaited(request, reply, async (caller) => {
        const { count } = await app.messages.countTokens(prepared, caller)
        return count
      })
    },
  )

  function prepare(request: FastifyRequest): PreparedRequest {
    const { validationError } = request
    // What is wrong with the URL is not for the body's check to tell.
    if (validationError && validationError.validationContext !== 'body') throw validationError
    return app.messages.prepare({
      body: request.body,
      text: request.bodyText,
      roundedNumberAt: request.roundedNumberAt,
      schemaError: validationError,
      hasBeta: Boolean(request.headers['anthropic-beta']),
    })
  }

  async function whole(
    prepared: PreparedRequest,
    caller: Caller,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const attempted = await app.messages.complete(prepared, caller)
    const { message, json: providerJson } = attempted.result
    const { json, usage } = answerJson(message, providerJson, attempted.target.warnings)
    setHeaders(request, reply, attempted)
    for (const [name, tokens] of Object.entries(tokenHeaders(usage))) if (tokens !== undefined) reply.header(name, tokens)
    noteUsage(request, usage)
    return reply.type('application/json; charset=utf-8').send(json)
  }

  async function stream(
    prepared: PreparedRequest,
    caller: Caller,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const attempted: Attempted<Target, OpenedStream> = await app.messages.stream(prepared, caller)
    setHeaders(request, reply, attempted)
    reply.headers(sseHeaders)
    reply.hijack()
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value)
    reply.raw.writeHead(200)
    const answer = new StreamAnswer(attempted.target.warnings)
    const { clock, pingIntervalMs } = options
    const toError = (error: unknown): GatewayError => {
      const known = toGatewayError(error)
      request.log.warn({ code: known.code, ...(known.code === 'internal_error' && { err: error }) }, 'the stream failed')
      return known
    }
    const end = await writeStream(reply.raw, attempted.result, answer, {
      requestId: request.id,
      pingIntervalMs,
      clock,
      signal: caller.signal,
      toError,
    })
    request.facts.ended = end instanceof GatewayError ? end.code : end
    noteUsage(request, answer.usage)
    return reply
  }

  /** Runs as long as somebody waits: the caller, within the longest time for an answer, and no longer than the process lives. */
  async function whileWaited<T>(request: FastifyRequest, reply: FastifyReply, run: (caller: Caller) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    const untrack = app.drain.track(controller)
    const limit = options.clock.after(options.answerMs, () => controller.abort(new GatewayError('stream_duration')))
    const onClose = (): void => {
      if (!reply.raw.writableFinished) controller.abort(new Cancelled())
    }
    reply.raw.once('close', onClose)
    // The caller may have left while the request was read.
    if (reply.raw.destroyed) onClose()
    const { id: requestId, headers, bodyText: body, log } = request
    try {
      return await run({ requestId, headers, query: queryFor(request), body, signal: controller.signal, log })
    } finally {
      reply.raw.off('close', onClose)
      limit.cancel()
      untrack()
    }
  }

  function setHeaders(
    request: FastifyRequest,
    reply: FastifyReply,
    { target, attempts }: { target: Target; attempts: number },
  ): void {
    request.facts.model = target.model.id
    request.facts.attempts = attempts
    reply.header('x-model', target.model.id)
    reply.header('x-attempts', attempts)
    reply.header('x-duration-ms', Math.round(reply.elapsedTime))
  }
}

const sseHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

function tokenHeaders(usage: Usage): Record<string, number | undefined> {
  return { 'x-input-tokens': usage.input_tokens, 'x-output-tokens': usage.output_tokens, 'x-total-tokens': usage.total_tokens }
}

function noteUsage(request: FastifyRequest, usage: Usage): void {
  if (usage.input_tokens !== undefined) request.facts.input_tokens = usage.input_tokens
  if (usage.output_tokens !== undefined) request.facts.output_tokens = usage.output_tokens
}

function queryFor(request: FastifyRequest): string {
  const query = request.url.split('?')[1]
  return query ?? ''
}
