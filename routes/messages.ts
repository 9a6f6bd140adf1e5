import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answerJson } from '../plugins/messages/answer.ts'
import { type Budget, budgetFor } from '../plugins/messages/budget.ts'
import { usageHeaders } from '../plugins/messages/headers.ts'
import type { Caller } from '../plugins/messages/index.ts'
import type { Answered } from '../plugins/messages/need.ts'
import type { PreparedRequest, Target } from '../plugins/messages/prepare.ts'
import { callerOf, rawRequestOf } from '../plugins/messages/request.ts'
import type { SseEnd } from '../plugins/sse/index.ts'

export async function messageRoutes(app: FastifyInstance): Promise<void> {
  app.post(
    '/messages',
    { schema: { body: { $ref: 'MessageRequest' }, querystring: { $ref: 'createMessage' } }, attachValidation: true },
    async (request, reply) => {
      const prepared = prepare(request)
      request.lifetime.limit(request.allotment.times.answerMs)
      const caller = callerOf(request, reply)
      const turn = { jsonBytes: request.bodyJson.byteLength, isStream: prepared.stream, caller }
      const budget = await budgetFor(prepared, turn, app, request, reply)
      try {
        return await (prepared.stream ? stream : whole)(prepared, caller, budget, reply)
      } finally {
        budget.settle()
      }
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
      request.lifetime.limit(request.allotment.times.answerMs)
      const caller = callerOf(request, reply)
      const count = await app.messages.countTokens(prepared, caller)
      caller.watch.counted()
      return count
    },
  )

  function prepare(request: FastifyRequest): PreparedRequest {
    return app.messages.prepare(rawRequestOf(request), request.principal, request.allotment.sizes)
  }

  async function whole(prepared: PreparedRequest, caller: Caller, budget: Budget, reply: FastifyReply): Promise<FastifyReply> {
    const attempted = await app.messages.complete(prepared, caller)
    const { message, json: providerJson } = attempted.result
    let answered: Answered = { usage: message.usage, bytes: 0, isStream: false, isComplete: false }
    budget.answers(attempted.target, () => answered)
    const { model, warnings } = attempted.target
    const { json, usage } = answerJson(message, providerJson, warnings, app.models.prices(model))
    answered = { usage, bytes: json.length, isStream: false, isComplete: true }
    tellAnswerer(reply, attempted.target)
    reply.headers(usageHeaders(usage))
    caller.watch.answered(attempted.target, message, usage)
    return reply.type('application/json; charset=utf-8').send(json)
  }

  async function stream(prepared: PreparedRequest, caller: Caller, budget: Budget, reply: FastifyReply): Promise<FastifyReply> {
    const { request } = reply
    const { result: source, target } = await app.messages.stream(prepared, caller)
    const answer = app.messages.follow(target)
    const { socket } = request.raw
    const writtenBefore = socket.bytesWritten
    let end: SseEnd | undefined
    budget.answers(target, () => {
      const bytes = socket.bytesWritten - writtenBefore
      return { usage: answer.usage, bytes, isStream: true, isComplete: end === 'complete' }
    })
    tellAnswerer(reply, target)
    // A stream lasts for minutes, and what was asked is with the provider: nothing here needs to keep it.
    request.body = undefined
    request.bodyJson = nothing
    caller.watch.streamBegins(target)
    end = await reply.sse(source, (event) => answer.add(event))
    caller.watch.streamEnded(target, end, answer)
    return reply
  }
}

function tellAnswerer(reply: FastifyReply, { model }: Target): void {
  reply.header('x-model', model.id)
  reply.header('x-duration-ms', Math.round(reply.elapsedTime))
}

const nothing = Buffer.alloc(0)
