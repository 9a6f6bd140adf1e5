import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    /** Calls `begin` once it is a request's turn, or never where its caller has left. For requests that no hook runs for. */
    inTurn(request: FastifyRequest, reply: FastifyReply, begin: () => void): void
    /** Calls `then` once a connection has the answers to all that came over it: at once where it waits for none. */
    onceAnswered(socket: Socket, then: () => void): void
  }
}

/**
 * Answers the requests of one connection one after the other. A caller may send the next request before he has the answer to the last
 * one (pipelining), and Node hands them all out at once. But a response that is still queued behind another on its connection never
 * closes when its caller leaves: whoever held something until then would hold it for ever. And whoever cannot be answered yet need
 * not cost anybody anything yet.
 */
export const turns = fp(
  async (app: FastifyInstance) => {
    /** Who waits on each connection on which something is being answered. */
    const queues = new WeakMap<Socket, Turn[]>()
    const onceAnswered = new WeakMap<Socket, () => void>()

    app.decorate('inTurn', ({ raw: { socket } }, { raw: response }, begin) => {
      const queue = queues.get(socket)
      if (!queue) {
        queues.set(socket, [])
        take(socket, { response, begin })
      } else if (queue.length < mostWaiting) queue.push({ response, begin })
      else if (!socket.destroyed) {
        app.metrics.shed('pipelining')
        socket.destroy()
      }
    })
    app.decorate('onceAnswered', (socket, then) => {
      if (queues.has(socket)) onceAnswered.set(socket, then)
      else then()
    })
    app.addHook('onRequest', (request, reply, done) => app.inTurn(request, reply, done))

    function take(socket: Socket, { response, begin }: Turn): void {
      response.once('close', () => {
        // The connection may have been closed, by the caller or with this answer.
        const next = socket.writable ? queues.get(socket)?.shift() : undefined
        if (next) {
          take(socket, next)
          return
        }
        queues.delete(socket)
        onceAnswered.get(socket)?.()
        onceAnswered.delete(socket)
      })
      begin()
    }
  },
  { name: 'turns', dependencies: ['metrics'] },
)

interface Turn {
  readonly response: ServerResponse
  readonly begin: () => void
}

/** Clients that do not wait for an answer send a few requests ahead. */
const mostWaiting = 100
