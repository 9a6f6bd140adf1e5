import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Agent, type Dispatcher } from 'undici'
import type { Clock } from '../../api/clock.ts'
import type { SocketDialer } from '../../providers/socket.ts'
import { publicDialer } from './dialer.ts'
import { type Fetched, type FetchOptions, fetchPublic } from './fetch.ts'
import { ownDispatcher, ownPageURLs } from './own-pages.ts'
import { socketDialer } from './socket.ts'

declare module 'fastify' {
  interface FastifyInstance {
    egress: Egress
  }
}

/** Every connection that the gateway makes. Which of the two dispatchers it is depends on who chose the address. */
export interface Egress {
  /** To what the operator configured, which may be private; kept open between calls. */
  readonly operator: Dispatcher
  /** WebSockets to what the operator configured. They live no longer than the signal that they are opened with. */
  readonly sockets: SocketDialer
  /** To what a caller named: public addresses alone, or the error `address_not_allowed`. */
  readonly public: Dispatcher
  /** Fetches what a caller named; its errors are those of `fetchPublic` in fetch.ts. Of the server's own only its `ownPages`. */
  fetchPublic(url: string, options: FetchOptions): Promise<Fetched>
}

export interface EgressOptions {
  /** How long connecting may take, in milliseconds. */
  readonly connectMs: number
  /** The paths of the pages that may be fetched from this server itself though its address is private; see own-pages.ts. */
  readonly ownPages: readonly string[]
  readonly clock: Clock
}

/** Owns what is outbound, and closes it with the server. */
export const egress = fp(
  async (app: FastifyInstance, { connectMs, ownPages, clock }: EgressOptions) => {
    const operator = new Agent({ connect: { timeout: connectMs }, allowH2: false, pipelining: 1, keepAliveTimeout: 30_000 })
    const dialer = publicDialer({ connectMs })
    app.decorate('egress', {
      operator,
      sockets: socketDialer(clock),
      public: dialer,
      fetchPublic(url, options) {
        const own = ownPageURLs(listeningOn(app), ownPages).get(url)
        return own ? fetchOwn(ownDispatcher(own, connectMs), url, options) : fetchPublic(dialer, clock, url, options)
      },
    })
    app.addHook('onClose', async () => {
      await Promise.all([operator.destroy(), dialer.destroy()])
    })

    async function fetchOwn(dispatcher: Dispatcher, url: string, options: FetchOptions): Promise<Fetched> {
      try {
        return await fetchPublic(dispatcher, clock, url, { ...options, redirects: 0 })
      } finally {
        await dispatcher.destroy()
      }
    }
  },
  { name: 'egress' },
)

/** Nothing while it does not listen. */
function listeningOn(app: FastifyInstance): readonly AddressInfo[] {
  return app.addresses().filter((address) => typeof address === 'object' && address !== null)
}
