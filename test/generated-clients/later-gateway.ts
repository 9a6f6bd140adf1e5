import type { FastifyInstance } from 'fastify'
import { isRecord } from '../../api/json.ts'

interface SomeMessage {
  readonly content: readonly unknown[]
}

/** What a message may have gained since a client was generated, by the path under which the gateway answers so. */
const gains: Readonly<Record<string, (message: SomeMessage) => object>> = {
  '/with-fields': (message) => ({ ...message, mood: { name: 'calm' }, usage: { input_tokens: 2, moods: 1 } }),
  '/with-blocks': (message) => ({ ...message, content: [...message.content, { type: 'hologram', shape: 'cube' }] }),
  '/with-reasons': (message) => ({ ...message, stop_reason: 'tired' }),
}

/** Beside the gateway's own routes, all of them again under other paths, where messages have gained something. */
export async function laterGateway(app: FastifyInstance): Promise<void> {
  for (const [path, gain] of Object.entries(gains)) {
    app.route({
      method: ['GET', 'POST'],
      url: `${path}/*`,
      config: { auth: 'public' },
      async handler({ url, method, body }, reply) {
        const given = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
        // Over a socket of its own, as answers that refuse wait for the rest of a request that is only made up.
        const answer = await fetch(new URL(url.slice(path.length), app.listeningOrigin), { method, ...given })
        const text = await answer.text()
        reply.code(answer.status).type(answer.headers.get('content-type') ?? '')
        const told: unknown = text.startsWith('{"') ? JSON.parse(text) : undefined
        return reply.send(isMessage(told) ? JSON.stringify(gain(told)) : text)
      },
    })
  }
}

function isMessage(told: unknown): told is SomeMessage {
  return isRecord(told) && told.type === 'message'
}
