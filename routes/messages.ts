import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../api/error.ts'
import type { Usage } from '../api/schemas.gen.ts'
import { answerJson, StreamAnswer } from '../plugins/messages/answer.ts'
import type { Caller } from '../plugins/messages/index.ts'
import type { PreparedRequest, Target } from '../plugins/messages/prepare.ts'

export interface MessageRouteOptions {
  /** The longest that one answer may take, in milliseconds. */
  readonly answerMs: number
}

export async function messageRoutes(app: FastifyInstance, { answerMs }: MessageRouteOptions): Promise<void> {
  app.post(
    '/messages',
    { schema: { body: { $ref: 'MessageRequest' }, querystring: { $ref: 'createMessage' } }, attachValidation: true },
    async (request, reply) => {
      const prepared = prepare(request)
      request.lifetime.limit(answerMs)
      return prepared.stream ? stream(prepared, request, reply) : whole(prepared, request, reply)
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
      request.lifetime.limit(answerMs)
      return app.messages.countTokens(prepared, callerOf(request, reply))
    },
  )

  function prepare(request: FastifyRequest): PreparedRequest {
    const { validationError } = request
    // What is wrong with the URL is not for the body's check to tell.
    if (validationError && validationError.validationContext !== 'body') throw validationError
    const raw = {
      body: request.body,
      json: request.bodyJson,
      roundedNumberAt: request.roundedNumberAt,
      schemaError: validationError,
      hasBeta: Boolean(request.headers['anthropic-beta']),
    }
    return app.messages.prepare(raw, request.principal)
  }

  async function whole(prepared: PreparedRequest, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const attempted = await app.messages.complete(prepared, callerOf(request, reply))
    const { message, json: providerJson } = attempted.result
    const { model, warnings } = attempted.target
    const { json, usage } = answerJson(message, providerJson, warnings, app.models.prices(model))
    tellAnswerer(reply, attempted.target)
    for (const [name, value] of Object.entries(usageHeaders(usage))) if (value !== undefined) reply.header(name, value)
    noteUsage(request, usage)
    return reply.type('application/json; charset=utf-8').send(json)
  }

  async function stream(prepared: PreparedRequest, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { result: source, target } = await app.messages.stream(prepared, callerOf(request, reply))
    tellAnswerer(reply, target)
    // A stream lasts for minutes, and what was asked is with the provider: nothing here needs to keep it.
    request.body = undefined
    request.bodyJson = nothing
    const answer = new StreamAnswer(target.warnings, app.models.prices(target.model))
    const end = await reply.sse(source, (event) => answer.add(event))
    request.facts.ended = end instanceof GatewayError ? end.code : end
    if (end === 'complete') noteUsage(request, answer.usage)
    else noteUsageSoFar(request, answer)
    return reply
  }
}

function callerOf(request: FastifyRequest, reply: FastifyReply): Caller {
  const { id: requestId, principal, headers, log, lifetime } = request
  let attempts = 0
  // Noted as they are made, so that a failure tells them too.
  const onCall = (model: string): void => {
    request.facts.model = model
    request.facts.attempts = ++attempts
    reply.header('x-attempts', attempts)
  }
  return { principal, requestId, headers, query: request.url.split('?')[1] ?? '', signal: lifetime.signal, log, onCall }
}

function tellAnswerer(reply: FastifyReply, { model }: Target): void {
  reply.header('x-model', model.id)
  reply.header('x-duration-ms', Math.round(reply.elapsedTime))
}

function usageHeaders(usage: Usage): Record<string, number | string | undefined> {
  return {
    'x-input-tokens': usage.input_tokens,
    'x-output-tokens': usage.output_tokens,
    'x-total-tokens': usage.total_tokens,
    'x-cost-usd': usage.cost_usd === undefined ? undefined : plainDecimal(usage.cost_usd),
  }
}

/** Without an exponent, which not everybody reads. */
function plainDecimal(dollars: number): string {
  return dollars.toFixed(10).replace(/\.?0+$/, '')
}

function noteUsage(request: FastifyRequest, usage: Usage): void {
  if (usage.input_tokens !== undefined) request.facts.input_tokens = usage.input_tokens
  if (usage.output_tokens !== undefined) request.facts.output_tokens = usage.output_tokens
  if (usage.cost_usd !== undefined) request.facts.cost_usd = usage.cost_usd
}

/** Of an answer that broke off, what was known by then: the provider may count more. */
function noteUsageSoFar(request: FastifyRequest, { usage }: StreamAnswer): void {
  noteUsage(request, usage)
  if (usage.cost_usd !== undefined) request.facts.cost_incomplete = true
}

const nothing = Buffer.alloc(0)
