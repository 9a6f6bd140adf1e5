import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'

/** Where upgrades to WebSockets are heard of. */
export interface Relay {
  /** Never listens; its `upgrade` events alone are of use. */
  readonly server: Server
  /** Whether a request was handed on: its connection then is no server's any more. */
  isUpgrade(request: IncomingMessage): boolean
  /** Refuses upgrades from now on. */
  stop(): void
}

/**
 * Hands on the upgrades that are for WebSockets on these paths, and answers all others as if they had asked for none.
 *
 * As soon as somebody listens for upgrades, Node hands out the bare connection of every request that offers one, whatever to and on whatever route,
 * and reads no body from it any more. Clients that would rather speak HTTP/2 offer that with every first request (Java's does so unasked), and
 * have to be answered in HTTP/1.1 as before. So such a connection is given back to the server, with the request once more without the offer.
 *
 * Later versions of Node ask whether an offer is to be taken. Where it is not, they read the body, but leave out whatever came with it behind the
 * request; where it is, some of them have read the body by the time of the event. So a request is given back unless it has a body.
 */
export function relayUpgrades(server: Server, paths: readonly string[], onceAnswered: FastifyInstance['onceAnswered']): Relay {
  const sockets = createServer()
  const handedOn = new WeakSet<IncomingMessage>()
  let isStopped = false
  if ('shouldUpgradeCallback' in server) {
    Object.assign(server, { shouldUpgradeCallback: (request: IncomingMessage) => isForSockets(request) || !hasBody(request) })
  }
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Nobody listens to the connection of a caller who has not waited for the answers to what he asked before, until he has them.
    const onError = (): void => void socket.destroy()
    socket.on('error', onError)
    onceAnswered(request.socket, () => {
      socket.off('error', onError)
      // The last answer has said how long the connection may be quiet.
      request.socket.setTimeout(0)
      relay(request, socket, head)
    })
  })

  function isForSockets(request: IncomingMessage): boolean {
    return asksForWebSocket(request) && paths.includes(pathOf(request))
  }

  function relay(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (isStopped || !socket.writable) socket.destroy()
    else if (isForSockets(request)) {
      handedOn.add(request)
      sockets.emit('upgrade', request, socket, head)
    } else {
      socket.unshift(Buffer.concat([headWithoutOffer(request), head]))
      server.emit('connection', socket)
    }
  }
  return {
    server: sockets,
    isUpgrade: (request) => handedOn.has(request),
    stop() {
      isStopped = true
    },
  }
}

function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && tokensOf(headers.upgrade).includes('websocket')
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function pathOf({ url = '' }: IncomingMessage): string {
  const path = url.split(/[?#]/, 1)[0] ?? ''
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** A request's head as it came, without what offers another protocol. */
function headWithoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
    const kept = ofOffer.has(name.toLowerCase()) ? '' : name.toLowerCase() === 'connection' ? withoutOffer(value) : value
    if (kept !== '' || value === '') lines.push(`${name}: ${kept}`)
  }
  // As Node has read them.
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

const ofOffer: ReadonlySet<string> = new Set(['upgrade', 'http2-settings'])

function withoutOffer(connection: string): string {
  return tokensOf(connection)
    .filter((token) => !ofOffer.has(token))
    .join(', ')
}

function tokensOf(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '')
}
