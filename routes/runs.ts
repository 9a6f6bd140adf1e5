import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Cancelled, GatewayError } from '../api/error.ts'
import type { RunResponse, RunResult } from '../api/schemas.gen.ts'
import type { SseEvent, WrittenEvent } from '../api/sse.ts'
import { usageHeaders } from '../plugins/messages/headers.ts'
import { occasionOf } from '../plugins/messages/occasion.ts'
import { callerOf, readRequest } from '../plugins/messages/request.ts'
import type { Run, RunAsker } from '../plugins/runs/index.ts'
import type { RunItem } from '../plugins/runs/turn.ts'

export async function runRoutes(app: FastifyInstance): Promise<void> {
  const body = { $ref: 'RunRequest' }

  app.post('/runs', { schema: { body, querystring: { $ref: 'createRun' } }, attachValidation: true }, async (request, reply) => {
    const run = await begin(request, reply, false)
    const result = await resultOf(run)
    // To a caller who is still there even a run that was ended for them is a result.
    const { reason } = request.lifetime.signal
    if (reason instanceof Cancelled) throw reason
    reply.header('x-model', run.answeredBy)
    reply.header('x-duration-ms', Math.round(reply.elapsedTime))
    reply.headers(usageHeaders(result.usage))
    const response: RunResponse = { result }
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(response))
  })

  // The colon is written twice where it begins no parameter.
  const stream = { schema: { body, querystring: { $ref: 'streamRun' } }, attachValidation: true }
  app.post('/runs::stream', stream, async (request, reply) => {
    const run = await begin(request, reply, true)
    const head = await headOf(run)
    reply.header('x-model', run.answeredBy)
    await reply.sse({ head, next: () => run.items.next(), close: async () => void (await run.items.return()) }, written)
    return reply
  })

  async function begin(request: FastifyRequest, reply: FastifyReply, isStream: boolean): Promise<Run> {
    const { principal, headers, allotment, lifetime } = request
    const asker: RunAsker = { principal, headers, times: allotment.times, sizes: allotment.sizes }
    const prepared = await app.runs.prepare(readRequest(request), asker)
    // The run ends by its own time, which is less; this is for a caller who does not read what it is told.
    lifetime.limit(prepared.limits.timeoutMs + readingMs)
    const occasion = occasionOf(request, reply)
    const { watch: _, ...caller } = callerOf(request, occasion)
    const jsonBytes = request.bodyJson.byteLength
    // What was asked is with the run: nothing here needs to keep it.
    request.body = undefined
    request.bodyJson = nothing
    return app.runs.start(prepared, { ...caller, occasion, isStream, jsonBytes })
  }
}

/** Milliseconds in which a caller can still read what a run came to. */
const readingMs = 5000
const nothing = Buffer.alloc(0)

async function resultOf({ items }: Run): Promise<RunResult> {
  for await (const item of items) if (item.type === 'run_complete') return item.result
  throw new GatewayError('internal_error')
}

/** What is told as its provider wrote it is sent on so. */
function written(item: RunItem): SseEvent | WrittenEvent {
  if (item.type !== 'stream_event' || item.json === undefined) return item
  return { type: 'written', name: item.type, json: `{"type":"stream_event","index":${item.index},"event":${item.json}}` }
}

/** Everything up to the first word of the model, so that what goes wrong before it keeps its status. */
async function headOf({ items }: Run): Promise<RunItem[]> {
  const head: RunItem[] = []
  for (let next = await items.next(); !next.done; next = await items.next()) {
    head.push(next.value)
    if (next.value.type !== 'run_start' && next.value.type !== 'step_start') break
  }
  return head
}
