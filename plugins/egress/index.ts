import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Agent, type Dispatcher } from 'undici'
import type { Clock } from '../../api/clock.ts'
import { publicDialer } from './dialer.ts'
import { type Fetched, type FetchOptions, fetchPublic } from './fetch.ts'

declare module 'fastify' {
  interface FastifyInstance {
    egress: Egress
  }
}

/** Every connection that the gateway makes by HTTP. Which of the two dispatchers it is depends on who chose the address. */
export interface Egress {
  /** To what the operator configured, which may be private; kept open between calls. */
  readonly operator: Dispatcher
  /** To what a caller named: public addresses alone, or the error `address_not_allowed`. */
  readonly public: Dispatcher
  /** Fetches what a caller named; its errors are those of `fetchPublic` in fetch.ts. */
  fetchPublic(url: string, options: FetchOptions): Promise<Fetched>
}

export interface EgressOptions {
  /** How long connecting may take, in milliseconds. */
  readonly connectMs: number
  readonly clock: Clock
}

/** Owns what is outbound, and closes it with the server. */
export const egress = fp(
  async (app: FastifyInstance, { connectMs, clock }: EgressOptions) => {
    const operator = new Agent({ connect: { timeout: connectMs }, allowH2: false, pipelining: 1, keepAliveTimeout: 30_000 })
    const dialer = publicDialer({ connectMs })
    app.decorate('egress', {
      operator,
      public: dialer,
      fetchPublic: (url, options) => fetchPublic(dialer, clock, url, options),
    })
    app.addHook('onClose', async () => {
      await Promise.all([operator.destroy(), dialer.destroy()])
    })
  },
  { name: 'egress' },
)
