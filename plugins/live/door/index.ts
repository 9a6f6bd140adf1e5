import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import type { Clock } from '../../../api/clock.ts'
import { GatewayError } from '../../../api/error.ts'
import type { Keyed } from '../../credentials.ts'
import { Admission } from './admission.ts'
import { relayUpgrades } from './relay.ts'
import { chosenOf } from './subprotocol.ts'
import { Visit, type VisitLimits } from './visit.ts'

declare module 'fastify' {
  interface FastifyInstance {
    liveDoor: LiveDoor
  }
}

/** Where clients of live sessions come in. */
export interface LiveDoor {
  /** Before the upgrade: whether a socket may be opened. Rejects with what speaks against it. A request for none is let through. */
  check(request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** Takes a socket over that is open. */
  enter(socket: WebSocket, request: FastifyRequest): void
}

export interface LiveDoorOptions extends VisitLimits {
  /** The paths on which sockets are opened. */
  readonly paths: readonly string[]
  /** The origins whose pages may connect where no key is asked for. */
  readonly origins: readonly string[]
  /** Whoever takes a key that callers may bring. */
  readonly keyed: readonly Keyed[]
  readonly clock: Clock
}

export const liveDoor = fp(
  async (app: FastifyInstance, { paths, origins, keyed, clock, ...limits }: LiveDoorOptions) => {
    const visits = new Set<Visit>()
    const whenNone: (() => void)[] = []
    const admission = new Admission(app, { origins, keyed, clock })
    /** What the answer to an upgrade is made of. */
    const replies = new WeakMap<IncomingMessage, FastifyReply>()
    const relay = relayUpgrades(app.server, paths, app.onceAnswered)

    await app.register(websocket, {
      options: {
        server: relay.server,
        // What is a little too large is refused in the protocol's words; beyond this the library closes the socket without any.
        maxPayload: limits.messageBytes * 2,
        perMessageDeflate: false,
        clientTracking: false,
        // Pongs are sent here, as others could be made to lie here unsent without end.
        autoPong: false,
        handleProtocols: (offered) => chosenOf(offered) ?? false,
      },
      // A visit hears of its socket's errors itself.
      errorHandler: () => undefined,
      preClose(done) {
        relay.stop()
        for (const visit of visits) visit.close(new GatewayError('shutting_down'))
        if (visits.size === 0) done()
        else whenNone.push(done)
      },
    })
    app.websocketServer.on('headers', (lines: string[], raw: IncomingMessage) => {
      const reply = replies.get(raw)
      if (!reply) return
      reply.raw.statusCode = 101
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined && name !== 'connection') lines.push(`${name}: ${value}`)
      }
    })

    app.decorate('liveDoor', {
      async check(request, reply) {
        if (!request.ws) return
        replies.set(request.raw, reply)
        await admission.check(request, reply)
      },
      enter(socket, request) {
        const socketClosed = app.metrics.live.socketOpened()
        const visit = new Visit({
          socket,
          connection: connectionOf(request),
          isMsgpack: socket.protocol === 'vai.live.v1.msgpack',
          limits,
          clock,
          waiting: admission.placeOf(request),
          admit: (hello, transport) => admission.admit(request, hello, transport),
          toGatewayError: app.toGatewayError,
          onTrouble(code, cause) {
            request.facts.error = code
            if (cause !== undefined) request.log.error({ err: cause }, 'unexpected error')
          },
          onOver({ code, turns }) {
            request.facts.close_code = code
            if (turns > 0) request.facts.turns = turns
            socketClosed()
            visits.delete(visit)
            if (visits.size === 0) for (const done of whenNone.splice(0)) done()
          },
        })
        visits.add(visit)
        // A session ends by itself in time; what has not by now, is not waited for.
        const { signal } = request.lifetime
        signal.addEventListener('abort', () => signal.reason instanceof GatewayError && visit.close(signal.reason), {
          once: true,
        })
      },
    })

    // The connection of an upgrade that was refused is nobody's any more: neither Node reads from it nor is there a socket.
    app.addHook('onSend', (request, reply, payload, done) => {
      if (isUpgrade(request)) reply.header('connection', 'close')
      done(null, payload)
    })
    app.addHook('onResponse', (request, _reply, done) => {
      if (isUpgrade(request)) connectionOf(request).destroy()
      done()
    })

    app.drain.add({
      end() {
        admission.stop()
        for (const visit of visits) if (visit.isGreeting) visit.close(new GatewayError('shutting_down'))
        return Promise.resolve()
      },
    })

    function isUpgrade({ raw }: FastifyRequest): boolean {
      return relay.isUpgrade(raw)
    }
  },
  {
    name: 'live-door',
    dependencies: ['auth', 'credentials', 'errors', 'lifetime', 'limits', 'logging', 'metrics', 'turns'],
  },
)

function connectionOf({ raw }: FastifyRequest): Duplex {
  return raw.socket
}
