import { type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Writable } from 'node:stream'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Endless, HangUp, Reply, Silence } from './behaviour.ts'
import { cut, offsetIn } from './chunks.ts'

/** What carrying out a behaviour needs of the exchange, and reports to it. */
export interface Wire {
  readonly response: ServerResponse
  /** Aborts when the client has left or the upstream is closed. */
  readonly gone: AbortSignal
  /** So many more bytes of the body have been taken by the kernel. */
  readonly sent: (bytes: number) => void
  /** The upstream itself ends the connection now: what follows is not the client's doing. */
  readonly ending: () => void
}

/** Carries out a behaviour. Resolves when nothing is left to do; rejects with the signal's AbortError where the client left. */
export async function deliver(behaviour: Reply | Endless | Silence | HangUp, wire: Wire): Promise<void> {
  switch (behaviour.kind) {
    case 'silence':
      return
    case 'hang-up':
      return destroy(wire)
    case 'endless':
      return pour(behaviour, wire)
    case 'reply':
      return send(behaviour, wire)
  }
}

async function send(reply: Reply, wire: Wire): Promise<void> {
  const { response } = wire
  const { headers, body } = encoded(reply)
  if (reply.delayMs) await pause(reply.delayMs, undefined, { signal: wire.gone })
  if (reply.headerPaceMs !== undefined) return sendSlowly(reply, headers, body, reply.headerPaceMs, wire)

  response.writeHead(reply.status ?? 200, headers)
  const end = endOf(reply, body)
  if (isPlain(reply)) {
    response.end(body, () => wire.sent(body.length))
    return
  }
  response.flushHeaders()
  // The first turn ends the one in which the request was read; in the second a client in the same process reads the head.
  await turn()
  await turn()
  if (reply.firstByteDelayMs) await pause(reply.firstByteDelayMs, undefined, { signal: wire.gone })
  await writePieces(response, cut(body.subarray(0, end.at), reply.chunks ?? 'whole'), reply.paceMs ?? 0, wire)
  if (end.how === 'complete') response.end()
  if (end.how === 'die') destroy(wire)
}

/** The head is written past node's server, which only knows whole heads. */
async function sendSlowly(
  reply: Reply,
  headers: OutgoingHttpHeaders,
  body: Uint8Array,
  paceMs: number,
  wire: Wire,
): Promise<void> {
  const { socket } = wire.response
  if (!socket) return
  const status = reply.status ?? 200
  const lines = Object.entries({ ...headers, 'content-length': body.length, connection: 'close' })
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines.map(([name, value]) => `${name}: ${value}`)]
  await writePieces(socket, cut(Buffer.from(`${head.join('\r\n')}\r\n\r\n`), 'bytes'), paceMs, { ...wire, sent: () => undefined })
  await writePieces(socket, cut(body, reply.chunks ?? 'whole'), reply.paceMs ?? 0, wire)
  wire.ending()
  socket.end()
}

async function pour(behaviour: Endless, wire: Wire): Promise<void> {
  const { response } = wire
  response.writeHead(200, behaviour.headers ?? { 'content-type': 'text/event-stream; charset=utf-8' })
  const chunk = Buffer.from(behaviour.repeat)
  if (behaviour.head) await write(response, Buffer.from(behaviour.head), wire)
  for (;;) await write(response, chunk, wire)
}

async function writePieces(to: Writable, pieces: Uint8Array[], paceMs: number, wire: Wire): Promise<void> {
  for (const [index, piece] of pieces.entries()) {
    if (index > 0 && paceMs > 0) await pause(paceMs, undefined, { signal: wire.gone })
    await write(to, piece, wire)
  }
}

/** Resolves when the kernel has taken the bytes, so that a client who does not read holds the writer back. */
function write(to: Writable, bytes: Uint8Array, wire: Wire): Promise<void> {
  return new Promise((resolve, reject) => {
    const left = () => reject(wire.gone.reason)
    if (wire.gone.aborted) return left()
    wire.gone.addEventListener('abort', left, { once: true })
    to.write(bytes, (error) => {
      // The connection broke: its `close` follows and aborts.
      if (error) return
      wire.gone.removeEventListener('abort', left)
      wire.sent(bytes.length)
      // One turn of the event loop, in which a client in the same process reads this piece before the next one follows.
      setImmediate(resolve)
    })
  })
}

function destroy(wire: Wire): void {
  wire.ending()
  wire.response.socket?.destroy()
}

function encoded(reply: Reply): { headers: OutgoingHttpHeaders; body: Uint8Array } {
  const body = Buffer.from(reply.body ?? '')
  if (!reply.gzip) return { headers: { ...reply.headers }, body }
  return { headers: { ...reply.headers, 'content-encoding': 'gzip' }, body: gzipSync(body) }
}

function endOf(reply: Reply, body: Uint8Array): { how: 'complete' | 'stall' | 'die'; at: number } {
  if (reply.dieAt !== undefined) return { how: 'die', at: offsetIn(body, reply.dieAt) }
  if (reply.stallAt !== undefined) return { how: 'stall', at: offsetIn(body, reply.stallAt) }
  return { how: 'complete', at: body.length }
}

function isPlain(reply: Reply): boolean {
  const { chunks = 'whole', firstByteDelayMs, stallAt, dieAt } = reply
  return chunks === 'whole' && firstByteDelayMs === undefined && stallAt === undefined && dieAt === undefined
}
