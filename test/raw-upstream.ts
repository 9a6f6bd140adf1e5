import { createServer, type Socket } from 'node:net'

/** A provider that speaks HTTP by hand, for answers that no server would give. Answers as the test of the moment says. */
export interface RawUpstream {
  readonly url: string
  /** What is said to the next requests. */
  talk: Talk
  /** What is done to the next connections before they have said anything. */
  greet: (socket: Socket) => void
  /** Each request that came, whole, with the connection that brought it. */
  readonly exchanges: readonly RawExchange[]
  close(): Promise<void>
}

export type Talk = (socket: Socket, request: string) => void

export interface RawExchange {
  readonly request: string
  /** Resolves once the connection is gone, with the bytes that were written to it. */
  readonly closed: Promise<number>
}

export async function startRawUpstream(talk: Talk): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  const exchanges: RawExchange[] = []
  const server = createServer((socket) => {
    const closed = new Promise<number>((resolve) => {
      socket.once('close', () => {
        sockets.delete(socket)
        resolve(socket.bytesWritten)
      })
    })
    sockets.add(socket)
    // Whoever is hung up on sees it in `closed`.
    socket.on('error', () => undefined)
    upstream.greet(socket)
    let unread = ''
    socket.on('data', (bytes) => {
      unread += bytes.toString('latin1')
      for (let length = lengthOf(unread); length !== undefined; length = lengthOf(unread)) {
        const request = unread.slice(0, length)
        unread = unread.slice(length)
        exchanges.push({ request, closed })
        upstream.talk(socket, request)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const upstream: RawUpstream = {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    talk,
    greet: () => undefined,
    exchanges,
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return upstream
}

/** An answer as it goes over the wire; its length is told unless the headers frame it otherwise. */
export function answer(status: string, headers: readonly string[], body: string | Uint8Array = ''): Buffer {
  const bytes = Buffer.from(body)
  const isFramed = headers.some((header) => /^(?:content-length|transfer-encoding|connection: close)/i.test(header))
  const lines = [`HTTP/1.1 ${status}`, ...headers, ...(isFramed ? [] : [`content-length: ${bytes.length}`])]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes])
}

/** Writes the same bytes for as long as somebody reads them. */
export function pour(socket: Socket, bytes: Uint8Array): void {
  const again = (): void => {
    if (socket.destroyed) return
    // In a turn of its own, lest nobody else has one.
    if (socket.write(bytes)) setImmediate(again)
    else socket.once('drain', again)
  }
  again()
}

/** Writes one byte after the other, with a pause in between. */
export function drip(socket: Socket, bytes: Uint8Array, pauseMs: number): void {
  let at = 0
  const timer = setInterval(() => {
    if (socket.destroyed || at >= bytes.length) clearInterval(timer)
    else socket.write(bytes.subarray(at, ++at))
  }, pauseMs)
}

/** How long the first request is, or undefined while it is not there as a whole. */
function lengthOf(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const length = headEnd + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? 0)
  return text.length >= length ? length : undefined
}
