import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answerJson, withFirstCounts } from '../plugins/messages/answer.ts'
import type { Budget } from '../plugins/messages/budget.ts'
import { usageHeaders } from '../plugins/messages/headers.ts'
import type { Caller } from '../plugins/messages/index.ts'
import type { Answered } from '../plugins/messages/need.ts'
import { occasionOf } from '../plugins/messages/occasion.ts'
import type { PreparedRequest, RawRequest, Target } from '../plugins/messages/prepare.ts'
import { callerOf, rawRequestOf, readRequest } from '../plugins/messages/request.ts'
import { bytesWithoutVoice } from '../plugins/messages/voiceless.ts'
import type { SseEnd } from '../plugins/sse/index.ts'
import { writtenChunk } from '../plugins/voice/speak/chunk.ts'
import type { VoiceTurn } from '../plugins/voice/turn.ts'

export async function messageRoutes(app: FastifyInstance): Promise<void> {
  app.post(
    '/messages',
    { schema: { body: { $ref: 'MessageRequest' }, querystring: { $ref: 'createMessage' } }, attachValidation: true },
    async (request, reply) => {
      const voice = app.voice.turn(request.body, request)
      let prepared = prepare(readRequest(request), request, voice)
      voice?.admit()
      request.lifetime.limit(request.allotment.times.answerMs)
      const occasion = occasionOf(request, reply)
      const caller = callerOf(request, occasion)
      const jsonBytes = bytesWithoutVoice({ body: request.body, json: request.bodyJson }, prepared.targets[0].request.messages)
      const turn = { jsonBytes, isStream: prepared.stream, caller, voice }
      const budget = await app.messages.budget(prepared, turn, occasion)
      try {
        if (voice?.isHeardFirst) prepared = await heard(voice, prepared, caller, request)
        return await (prepared.stream ? stream : whole)(prepared, caller, budget, reply, voice)
      } finally {
        if (voice) Object.assign(request.facts, voice.facts)
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
      const prepared = app.messages.prepare(readRequest(request), request.principal, request.allotment.sizes)
      request.lifetime.limit(request.allotment.times.answerMs)
      const caller = callerOf(request, occasionOf(request, reply))
      const count = await app.messages.countTokens(prepared, caller)
      caller.watch.counted()
      return count
    },
  )

  function prepare(raw: RawRequest, request: FastifyRequest, voice: VoiceTurn | undefined): PreparedRequest {
    const ofVoice = voice ? { issues: voice.issues, heard: voice.texts } : noVoice
    const prepared = app.messages.prepare({ ...raw, voice: ofVoice }, request.principal, request.allotment.sizes)
    // What the models are to read is enough: sound that was heard is not to be kept for as long as a stream lasts.
    return voice ? { ...prepared, messages: prepared.targets[0].request.messages } : prepared
  }

  /** The request with what was said in its sound. */
  async function heard(
    voice: VoiceTurn,
    prepared: PreparedRequest,
    caller: Caller,
    request: FastifyRequest,
  ): Promise<PreparedRequest> {
    // To hear costs money, which is wasted where the model then cannot be asked.
    for (const { model } of prepared.targets) app.credentials.keyFor(model.provider, caller.headers, caller.principal)
    await voice.hear(caller)
    return prepare(rawRequestOf(request), request, voice)
  }

  async function whole(
    prepared: PreparedRequest,
    caller: Caller,
    budget: Budget,
    reply: FastifyReply,
    voice: VoiceTurn | undefined,
  ): Promise<FastifyReply> {
    const attempted = await app.messages.complete(prepared, caller)
    const { message, json: providerJson } = attempted.result
    let answered: Answered = { usage: message.usage, bytes: 0, isStream: false, isComplete: false }
    budget.answers(attempted.target, () => answered)
    const { model, warnings } = attempted.target
    const block = await voice?.speak(message.content, caller, reply.elapsedTime)
    const ofVoice = voice && { ...voice.ofAnswer, block }
    const { json, usage } = answerJson(message, providerJson, warnings, app.models.prices(model), ofVoice)
    answered = { usage, bytes: json.length, isStream: false, isComplete: true }
    tellAnswerer(reply, attempted.target)
    reply.headers(usageHeaders(usage))
    caller.watch.answered(attempted.target, message, usage)
    return reply.type('application/json; charset=utf-8').send(json)
  }

  async function stream(
    prepared: PreparedRequest,
    caller: Caller,
    budget: Budget,
    reply: FastifyReply,
    voice: VoiceTurn | undefined,
  ): Promise<FastifyReply> {
    const { request } = reply
    const { result, target } = await app.messages.stream(prepared, caller)
    const source = voice?.voiced(result, caller, reply.elapsedTime) ?? result
    const answer = app.messages.follow(target, voice?.ofAnswer)
    const counted = withFirstCounts(target)
    const { socket } = request.raw
    const writtenBefore = socket.bytesWritten
    let end: SseEnd | undefined
    let soundBytes = 0
    budget.answers(target, () => {
      // Sound is long, and says nothing of tokens.
      const bytes = socket.bytesWritten - writtenBefore - soundBytes
      return { usage: answer.usage, bytes, isStream: true, isComplete: end === 'complete' }
    })
    tellAnswerer(reply, target)
    // A stream lasts for minutes, and what was asked is with the provider: nothing here needs to keep it.
    request.body = undefined
    request.bodyJson = nothing
    caller.watch.streamBegins(target)
    end = await reply.sse(source, (event) => {
      if (event.type !== 'audio_chunk') return counted(answer.add(event))
      soundBytes += event.audio.length
      return writtenChunk(event)
    })
    caller.watch.streamEnded(target, end, answer)
    return reply
  }
}

function tellAnswerer(reply: FastifyReply, { model }: Target): void {
  reply.header('x-model', model.id)
  reply.header('x-duration-ms', Math.round(reply.elapsedTime))
}

const nothing = Buffer.alloc(0)

/** Of a request that asks for none; what is wrong with how it says so, the schema tells. */
const noVoice: NonNullable<RawRequest['voice']> = { issues: [], heard: new Map() }
