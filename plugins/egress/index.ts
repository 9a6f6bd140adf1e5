import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Agent, type Dispatcher } from 'undici'

declare module 'fastify' {
  interface FastifyInstance {
    egress: Egress
  }
}

/** Every connection that the gateway makes by HTTP. */
export interface Egress {
  /** To what the operator configured, which may be private; kept open between calls. */
  readonly operator: Dispatcher
}

export interface EgressOptions {
  /** How long connecting may take, in milliseconds. */
  readonly connectMs: number
}

/** Owns what is outbound, and closes it with the server. */
export const egress = fp(
  async (app: FastifyInstance, { connectMs }: EgressOptions) => {
    const operator = new Agent({ connect: { timeout: connectMs }, allowH2: false, pipelining: 1, keepAliveTimeout: 30_000 })
    app.decorate('egress', { operator })
    app.addHook('onClose', () => operator.destroy())
  },
  { name: 'egress' },
)
