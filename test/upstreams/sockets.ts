import { type IncomingHttpHeaders, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'

/** What a simulated vendor does with those who open sockets. */
export interface SocketScript {
  /** Refuses a handshake with a status; undefined lets it pass. By default all pass. */
  refuse?(opening: SocketOpening): SocketRefusal | undefined
  /** Called in the turn in which the socket opens, so that no message is missed. */
  connected(connection: SocketConnection): void
}

export interface SocketOpening {
  /** 0 for the first handshake, refused ones included. */
  readonly index: number
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

export interface SocketRefusal {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** One open socket. */
export interface SocketConnection {
  readonly opening: SocketOpening
  /** What has come so far. */
  readonly received: readonly (string | Buffer)[]
  /** Called with each message: a text, or bytes. One listener. */
  onMessage(listener: (message: string | Buffer) => void): void
  /** Called once, however it closed. `code` is 1005 where none was given, 1006 where it broke. One listener. */
  onClose(listener: (code: number, reason: string) => void): void
  send(message: string | Uint8Array): void
  json(value: unknown): void
  close(code?: number, reason?: string): void
  /** Destroys it without a word. */
  drop(): void
  readonly isOpen: boolean
}

/** Lets a server open sockets by a script. `seen` is told of each that opened and of its end. */
export function serveSockets(
  server: Server,
  script: SocketScript,
  seen: { opened(connection: SocketConnection): void; closed(): void },
): void {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  let count = 0
  server.on('upgrade', (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const opening = { index: count++, path: url.pathname, query: url.searchParams, headers: request.headers }
    const refusal = script.refuse?.(opening)
    if (refusal) return answer(duplex, refusal)
    sockets.handleUpgrade(request, duplex, head, (socket) => {
      const connection = connectionOf(socket, opening, seen.closed)
      seen.opened(connection)
      script.connected(connection)
    })
  })
}

function answer(duplex: Duplex, { status, headers = {}, body = '' }: SocketRefusal): void {
  const all = { connection: 'close', 'content-length': String(Buffer.byteLength(body)), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  // Whoever was refused may be gone before it is told.
  duplex.on('error', () => undefined)
  duplex.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
}

function connectionOf(socket: WebSocket, opening: SocketOpening, closed: () => void): SocketConnection {
  const received: (string | Buffer)[] = []
  let onMessage: (message: string | Buffer) => void = () => undefined
  let onClose: (code: number, reason: string) => void = () => undefined
  socket.on('message', (data, isBinary) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)
    const message = isBinary ? bytes : bytes.toString()
    received.push(message)
    onMessage(message)
  })
  socket.on('error', () => undefined)
  socket.on('close', (code, reason) => {
    onClose(code, reason.toString())
    closed()
  })
  const send = (message: string | Uint8Array): void => {
    if (socket.readyState === socket.OPEN) socket.send(message)
  }
  return {
    opening,
    received,
    onMessage: (listener) => {
      onMessage = listener
    },
    onClose: (listener) => {
      onClose = listener
    },
    send,
    json: (value) => send(JSON.stringify(value)),
    close: (code, reason) => socket.close(code, reason),
    drop: () => socket.terminate(),
    get isOpen() {
      return socket.readyState === socket.OPEN
    },
  }
}
