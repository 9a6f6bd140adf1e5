import { createHash } from 'node:crypto'
import { getEventListeners } from 'node:events'
import type { Socket as NetSocket } from 'node:net'
import { expect } from 'vitest'
import { socketDialer } from '../../../plugins/egress/socket.ts'
import { type Socket, type SocketRequest, socketURL } from '../../../providers/socket.ts'
import { ManualClock } from '../../manual-clock.ts'
import { type RawUpstream, startRawUpstream } from '../../raw-upstream.ts'
import type { SocketScript } from '../../upstreams/sockets.ts'
import { startUpstream, type Upstream } from '../../upstreams/upstream.ts'

/** What is to be closed at the end of a test. */
const running: { close(): Promise<unknown> | unknown }[] = []

export function closedAfterwards<Closable extends { close(): Promise<unknown> | unknown }>(each: Closable): Closable {
  running.push(each)
  return each
}

export async function closeAll(): Promise<void> {
  for (const each of running.splice(0).reverse()) await each.close()
}

export const idleMs = 10_000

/** A vendor that opens sockets by a script. */
export async function vendor(script: Partial<SocketScript> = {}): Promise<Upstream> {
  const upstream = await startUpstream({ kind: 'reply', body: '' }, { connected: () => undefined, ...script })
  closedAfterwards(upstream)
  return upstream
}

/** A vendor that opens sockets by hand, and then says what no library would. */
export async function rawVendor(opened: (socket: NetSocket) => void): Promise<RawUpstream> {
  const upstream = await startRawUpstream((socket, request) => {
    if (/^GET /.test(request)) socket.write(accepting(request))
    opened(socket)
  })
  closedAfterwards(upstream)
  return upstream
}

export function accepting(request: string, more = ''): string {
  const key = /sec-websocket-key: (.+)\r\n/i.exec(request)?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n${more}\r\n`
}

/** A frame as a server sends it. `head` is the first byte: 0x81 is a whole text, 0x82 whole bytes, 0x88 a goodbye. */
export function frame(head: number, payload: Uint8Array | string): Buffer {
  const bytes = Buffer.from(payload)
  const length = Buffer.alloc(bytes.length < 126 ? 1 : bytes.length < 65_536 ? 3 : 9)
  if (length.length === 1) length[0] = bytes.length
  else if (length.length === 3) {
    length[0] = 126
    length.writeUInt16BE(bytes.length, 1)
  } else {
    length[0] = 127
    length.writeBigUInt64BE(BigInt(bytes.length), 1)
  }
  return Buffer.concat([Buffer.from([head]), length, bytes])
}

export interface Dialled {
  readonly socket: Socket
  readonly controller: AbortController
  readonly clock: ManualClock
}

/** Opens a socket whose time stands still. */
export async function dial({ url }: { readonly url: string }, changes: Partial<SocketRequest> = {}): Promise<Dialled> {
  const [controller, clock] = [new AbortController(), new ManualClock()]
  const socket = await socketDialer(clock).open(requestTo(url, { signal: controller.signal, ...changes }))
  closedAfterwards(socket)
  return { socket, controller, clock }
}

export function requestTo(url: string, changes: Partial<SocketRequest> = {}): SocketRequest {
  const wsURL = socketURL(new URL(url), '/v1/listen', [['model', 'nova 3+']])
  return { provider: 'vendor', url: wsURL, headers: {}, connectMs: 5000, signal: new AbortController().signal, ...changes }
}

export function tidy({ controller, clock }: Dialled): void {
  expect(clock.waiting).toBe(0)
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
}

export async function caught(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => {
      throw new Error('it did not fail')
    },
    (reason: unknown) => reason,
  )
}

/** Lets other connections to the same machine go to and fro for a while, during which nobody who could go on stands still. */
export async function pings(): Promise<void> {
  const echo = await vendor({ connected: (connection) => connection.onMessage((message) => connection.send(message)) })
  const { socket } = await dial(echo)
  for (let count = 0; count < 200; count++) {
    await socket.send(String(count))
    await socket.receive(idleMs)
  }
}
