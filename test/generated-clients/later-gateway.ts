import type { FastifyInstance } from 'fastify'

/** What a message may have gained since a client was generated, by the path under which the gateway answers so. */
const gains: Readonly<Record<string, (message: { content: unknown[] }) => object>> = {
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
        const payload = body === undefined ? {} : { payload: Object(body) }
        const answer = await app.inject({ method: method === 'GET' ? 'GET' : 'POST', url: url.slice(path.length), ...payload })
        reply.code(answer.statusCode).type(String(answer.headers['content-type']))
        if (!answer.payload.startsWith('{"')) return reply.send(answer.payload)
        const told = answer.json()
        return reply.send(JSON.stringify(told.type === 'message' ? gain(told) : told))
      },
    })
  }
}
