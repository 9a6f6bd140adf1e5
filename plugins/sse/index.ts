import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import { Cancelled, type GatewayError } from '../../api/error.ts'
import type { WireFrames } from '../../api/events.ts'
import type { SseEvent, WrittenEvent } from '../../api/sse.ts'
import { SseWriter } from './writer.ts'

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Answers with a stream of events, pulled as fast as the caller reads, and resolves when it is over. A failure becomes a
     * terminal `error` event. The source and the response are closed, however it ends.
     */
    sse<Event extends SseEvent>(source: SseSource<Event>, map?: (event: Event) => SseEvent | WrittenEvent): Promise<SseEnd>
  }
}

/** Where the events come from. */
export interface SseSource<Event extends SseEvent> {
  /** What has come already. */
  readonly head: readonly (Event | WireFrames)[]
  /** The item after the head; another is asked for only once this one was taken. */
  next(): Promise<IteratorResult<Event | WireFrames>>
  close(): Promise<void>
}

/** How a stream ended: well, because the caller left, or with an error that the caller was told. */
export type SseEnd = 'complete' | 'cancelled' | GatewayError

export interface SseOptions {
  readonly clock: Clock
  readonly pingIntervalMs: number
}

/** Streams of server-sent events out: headers, pings, backpressure and the error at the end. */
export const sse = fp(
  async (app: FastifyInstance, { clock, pingIntervalMs }: SseOptions) => {
    app.decorateReply('sse', async function (this: FastifyReply, source, map) {
      const { request, raw } = this
      const { signal } = request.lifetime
      let writer: SseWriter | undefined
      try {
        writer = begin(this)
        for (const item of source.head) write(writer, item, map)
        for (let next = await source.next(); !next.done; next = await source.next()) {
          write(writer, next.value, map)
          if (writer.isBlocked) await writer.drained(signal)
        }
        return 'complete'
      } catch (error) {
        if (error instanceof Cancelled) return 'cancelled'
        const known = app.toGatewayError(error)
        request.log.warn({ code: known.code, ...(known.code === 'internal_error' && { err: error }) }, 'the stream failed')
        writer?.event(known.toBody(request.id))
        return known
      } finally {
        if (writer) writer.end()
        else raw.destroy()
        await source.close()
      }
    })

    function begin(reply: FastifyReply): SseWriter {
      reply.headers(headers).hijack()
      for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value)
      reply.raw.writeHead(200)
      return new SseWriter(reply.raw, clock, pingIntervalMs)
    }
  },
  { name: 'sse', dependencies: ['lifetime', 'errors'] },
)

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

function write<Event extends SseEvent>(
  writer: SseWriter,
  item: Event | WireFrames,
  map: ((event: Event) => SseEvent | WrittenEvent) | undefined,
): void {
  if (isWire(item)) writer.frames(item.bytes)
  else writer.event(map ? map(item) : item)
}

function isWire(item: SseEvent | WireFrames): item is WireFrames {
  return item.type === 'wire'
}
