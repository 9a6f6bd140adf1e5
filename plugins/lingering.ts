import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../api/clock.ts'

export interface LingeringOptions {
  readonly clock: Clock
}

/**
 * Lets an error reach a caller who is still sending. A connection that is closed with something unread in it is reset, and the
 * answer is lost on the way, or a proxy makes a 502 of it. So the answer goes out whole, and is ended only once the body has come, of
 * which nothing is kept, or after a while.
 */
export const lingering = fp(
  async (app: FastifyInstance, { clock }: LingeringOptions) => {
    app.addHook('onSend', (request, reply, payload, done) => {
      const { raw } = request
      if (reply.statusCode < 400 || raw.complete || !hasBody(raw) || typeof payload !== 'string') return done(null, payload)
      reply.header('content-length', Buffer.byteLength(payload))
      done(null, Readable.from(untilReceived(payload, raw, clock)))
    })
  },
  { name: 'lingering' },
)

/** As long as other servers do. */
const lingerMs = 5000

async function* untilReceived(text: string, raw: IncomingMessage, clock: Clock): AsyncGenerator<string> {
  yield text
  if (raw.complete || raw.destroyed) return
  await new Promise<void>((resolve) => {
    const timer = clock.after(lingerMs, resolve)
    const received = (): void => {
      timer.cancel()
      resolve()
    }
    raw.once('end', received).once('close', received).resume()
  })
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
