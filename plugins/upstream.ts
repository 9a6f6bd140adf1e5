import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Agent, type Dispatcher } from 'undici'

declare module 'fastify' {
  interface FastifyInstance {
    /** The connections to providers, kept open between calls. */
    upstream: Dispatcher
  }
}

export interface UpstreamOptions {
  readonly connectMs: number
}

/** Owns the connections to providers, and closes them with the server. */
export const upstream = fp(
  async (app: FastifyInstance, { connectMs }: UpstreamOptions) => {
    const agent = new Agent({ connect: { timeout: connectMs }, allowH2: false, pipelining: 1, keepAliveTimeout: 30_000 })
    app.decorate('upstream', agent)
    app.addHook('onClose', () => agent.destroy())
  },
  { name: 'upstream' },
)
