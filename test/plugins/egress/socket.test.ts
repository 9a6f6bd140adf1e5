import { createHash } from 'node:crypto'
import { getEventListeners } from 'node:events'
import type { Socket as NetSocket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import { socketDialer } from '../../../plugins/egress/socket.ts'
import { HandshakeRefused, type Socket, type SocketRequest, socketURL } from '../../../providers/socket.ts'
import { ManualClock } from '../../manual-clock.ts'
import { answer, type RawUpstream, startRawUpstream } from '../../raw-upstream.ts'
import { until } from '../../until.ts'
import type { SocketConnection, SocketScript } from '../../upstreams/sockets.ts'
import { closedPort, startUpstream, type Upstream } from '../../upstreams/upstream.ts'

const running: { close(): Promise<unknown> | unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

const idleMs = 10_000

/** A vendor that opens sockets by a script. */
async function vendor(script: Partial<SocketScript> = {}): Promise<Upstream> {
  const upstream = await startUpstream({ kind: 'reply', body: '' }, { connected: () => undefined, ...script })
  running.push(upstream)
  return upstream
}

/** A vendor that opens sockets by hand, and then says what no library would. */
async function rawVendor(opened: (socket: NetSocket) => void): Promise<RawUpstream> {
  const upstream = await startRawUpstream((socket, request) => {
    if (/^GET /.test(request)) socket.write(accepting(request))
    opened(socket)
  })
  running.push(upstream)
  return upstream
}

function accepting(request: string, more = ''): string {
  const key = /sec-websocket-key: (.+)\r\n/i.exec(request)?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n${more}\r\n`
}

/** A frame as a server sends it. `head` is the first byte: 0x81 is a whole text, 0x82 whole bytes, 0x88 a goodbye. */
function frame(head: number, payload: Uint8Array | string): Buffer {
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

interface Dialled {
  readonly socket: Socket
  readonly controller: AbortController
  readonly clock: ManualClock
}

/** Opens a socket whose time stands still. */
async function dial({ url }: { readonly url: string }, changes: Partial<SocketRequest> = {}): Promise<Dialled> {
  const [controller, clock] = [new AbortController(), new ManualClock()]
  const socket = await socketDialer(clock).open(requestTo(url, { signal: controller.signal, ...changes }))
  running.push(socket)
  return { socket, controller, clock }
}

function requestTo(url: string, changes: Partial<SocketRequest> = {}): SocketRequest {
  const wsURL = socketURL(new URL(url), '/v1/listen', [['model', 'nova 3+']])
  return { provider: 'vendor', url: wsURL, headers: {}, connectMs: 5000, signal: new AbortController().signal, ...changes }
}

function tidy({ controller, clock }: Dialled): void {
  expect(clock.waiting).toBe(0)
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
}

// ── Opening ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

describe('opening', () => {
  it('sends the query and the headers, and gives those of the answer', async () => {
    const upstream = await rawVendor(() => undefined)
    upstream.talk = (socket, request) => socket.write(accepting(request, 'dg-request-id: 42\r\n'))
    const { socket } = await dial(upstream, { headers: { authorization: 'Token sk-test-1' } })
    expect(socket.headers['dg-request-id']).toBe('42')
    expect(upstream.exchanges[0]?.request).toMatch(/^GET \/v1\/listen\?model=nova%203%2B HTTP\/1.1\r\n/)
    expect(upstream.exchanges[0]?.request).toMatch(/\r\nauthorization: Token sk-test-1\r\n/i)
    expect(upstream.exchanges[0]?.request).not.toMatch(/permessage-deflate/)
  })

  it.each([
    [401, { 'dg-error': 'INVALID_AUTH' }, '{"err_code":"INVALID_AUTH"}'],
    [429, { 'retry-after': '3' }, '{"error":"slow down"}'],
    [503, {}, ''],
    [302, { location: 'ws://127.0.0.1:1/' }, 'elsewhere'],
    [200, {}, '<html>'],
  ])('that is answered with %d keeps all that was said', async (status, headers, body) => {
    const upstream = await vendor({ refuse: () => ({ status, headers, body }) })
    const clock = new ManualClock()
    const controller = new AbortController()
    const failure = await caught(socketDialer(clock).open(requestTo(upstream.url, { signal: controller.signal })))
    expect(failure).toBeInstanceOf(HandshakeRefused)
    expect(failure).toMatchObject({ status, headers, body })
    expect(clock.waiting).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    await upstream.waitForConnections(0)
  })

  it('that is refused at great length keeps the beginning', async () => {
    const upstream = await startRawUpstream((socket) => socket.write(answer('400 Bad Request', [], 'x'.repeat(10_000_000))))
    running.push(upstream)
    const failure = await caught(socketDialer(systemClock).open(requestTo(upstream.url)))
    expect(failure).toMatchObject({ status: 400, body: 'x'.repeat(64 * 1024) })
    await upstream.exchanges[0]?.closed
  })

  it('that is refused without an end is refused all the same', async () => {
    const upstream = await startRawUpstream((socket) =>
      socket.write('HTTP/1.1 402 Payment Required\r\ncontent-length: 99\r\n\r\nno money'),
    )
    running.push(upstream)
    const clock = new ManualClock()
    const failure = caught(socketDialer(clock).open(requestTo(upstream.url)))
    await until(() => upstream.exchanges.length === 1)
    // The beginning of the words comes with the status; nothing tells from outside that it has been read.
    await pings()
    clock.advance(5000)
    expect(await failure).toMatchObject({ name: 'HandshakeRefused', status: 402, body: 'no money' })
    expect(clock.waiting).toBe(0)
    await upstream.exchanges[0]?.closed
  })

  it('to a port that nobody listens on fails', async () => {
    expect(await caught(socketDialer(systemClock).open(requestTo(await closedPort())))).toMatchObject({
      code: 'provider_unreachable',
      providerError: { provider: 'vendor' },
    })
  })

  it('that is never answered ends in time', async () => {
    const upstream = await startRawUpstream(() => undefined)
    running.push(upstream)
    const clock = new ManualClock()
    const failure = caught(socketDialer(clock).open(requestTo(upstream.url, { connectMs: 300 })))
    await until(() => upstream.exchanges.length === 1)
    clock.advance(299)
    expect(clock.waiting).toBe(1)
    clock.advance(1)
    expect(await failure).toMatchObject({ code: 'provider_timeout', message: 'The provider could not be reached in time.' })
    await upstream.exchanges[0]?.closed
    expect(clock.waiting).toBe(0)
  })

  it.each<[string, string, string]>([
    ['what is no HTTP', 'hello\r\n\r\n', 'provider_protocol'],
    [
      'a wrong proof',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: x\r\n\r\n',
      'provider_protocol',
    ],
  ])('that is answered with %s fails', async (_, text, code) => {
    const upstream = await startRawUpstream((socket) => socket.write(text))
    running.push(upstream)
    expect(await caught(socketDialer(systemClock).open(requestTo(upstream.url)))).toMatchObject({ code })
  })

  it('that is answered with a compression nobody asked for fails', async () => {
    const upstream = await startRawUpstream((socket, request) =>
      socket.write(accepting(request, 'sec-websocket-extensions: permessage-deflate\r\n')),
    )
    running.push(upstream)
    expect(await caught(socketDialer(systemClock).open(requestTo(upstream.url)))).toMatchObject({ code: 'provider_protocol' })
  })

  it('that is hung up on fails', async () => {
    const upstream = await startRawUpstream((socket) => socket.destroy())
    running.push(upstream)
    expect(await caught(socketDialer(systemClock).open(requestTo(upstream.url)))).toMatchObject({ code: 'provider_disconnected' })
  })

  it('is not begun for a caller who has left', async () => {
    const upstream = await vendor()
    const signal = AbortSignal.abort(new Error('the caller left'))
    expect(await caught(socketDialer(systemClock).open(requestTo(upstream.url, { signal })))).toMatchObject({
      message: 'the caller left',
    })
    expect(upstream.connections).toBe(0)
  })

  it('ends when the caller leaves', async () => {
    const upstream = await startRawUpstream(() => undefined)
    running.push(upstream)
    const [controller, clock] = [new AbortController(), new ManualClock()]
    const failure = caught(socketDialer(clock).open(requestTo(upstream.url, { signal: controller.signal })))
    await until(() => upstream.exchanges.length === 1)
    controller.abort(new Error('the caller left'))
    expect(await failure).toMatchObject({ message: 'the caller left' })
    await upstream.exchanges[0]?.closed
    expect(clock.waiting).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })
})

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => {
      throw new Error('it did not fail')
    },
    (reason: unknown) => reason,
  )
}

/** Lets other connections to the same machine go to and fro for a while, during which nobody who could go on stands still. */
async function pings(): Promise<void> {
  const echo = await vendor({ connected: (connection) => connection.onMessage((message) => connection.send(message)) })
  const { socket } = await dial(echo)
  for (let count = 0; count < 200; count++) {
    await socket.send(String(count))
    await socket.receive(idleMs)
  }
}

// ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────────────

describe('messages', () => {
  it('that come with the handshake itself are not missed', async () => {
    const upstream = await startRawUpstream((socket, request) =>
      socket.write(Buffer.concat([Buffer.from(accepting(request)), frame(0x81, 'first'), frame(0x82, 'second')])),
    )
    running.push(upstream)
    const { socket } = await dial(upstream)
    expect(await socket.receive(idleMs)).toEqual({ type: 'text', text: 'first' })
    expect(await socket.receive(idleMs)).toEqual({ type: 'binary', bytes: Buffer.from('second') })
  })

  it('come in their order, texts and bytes, and go so', async () => {
    const upstream = await vendor({
      connected(connection) {
        connection.onMessage((message) => connection.send(message))
      },
    })
    const { socket } = await dial(upstream)
    for (let count = 0; count < 50; count++) {
      await socket.send(`text ${count} ✓`)
      await socket.send(Uint8Array.of(count, 255))
    }
    for (let count = 0; count < 50; count++) {
      expect(await socket.receive(idleMs)).toEqual({ type: 'text', text: `text ${count} ✓` })
      expect(await socket.receive(idleMs)).toEqual({ type: 'binary', bytes: Buffer.from([count, 255]) })
    }
  })

  it('leave the bytes of the sender as they are', async () => {
    const upstream = await vendor()
    const { socket } = await dial(upstream)
    const bytes = new Uint8Array(4000).fill(7)
    await socket.send(bytes)
    expect(bytes.every((byte) => byte === 7)).toBe(true)
    const connection = await upstream.waitForSocket()
    await until(() => connection.received.length === 1)
    expect(connection.received[0]).toEqual(Buffer.from(bytes))
  })

  it('in several frames are one', async () => {
    const upstream = await rawVendor((socket) =>
      socket.write(Buffer.concat([frame(0x01, 'one '), frame(0x89, ''), frame(0x80, 'two')])),
    )
    const { socket } = await dial(upstream)
    expect(await socket.receive(idleMs)).toEqual({ type: 'text', text: 'one two' })
  })

  it('are waited for as long as asked for', async () => {
    const dialled = await dial(await vendor())
    const failure = caught(dialled.socket.receive(700))
    dialled.clock.advance(699)
    expect(dialled.clock.waiting).toBe(1)
    dialled.clock.advance(1)
    expect(await failure).toMatchObject({
      code: 'provider_timeout',
      message: 'The provider stopped in the middle of its answer.',
    })
    expect(dialled.clock.waiting).toBe(0)
  })

  it('can be waited for again after a while of silence', async () => {
    const upstream = await vendor()
    const { socket, clock } = await dial(upstream)
    const failure = caught(socket.receive(700))
    clock.advance(700)
    await failure
    const message = socket.receive(700)
    const connection = await upstream.waitForSocket()
    connection.send('late')
    expect(await message).toEqual({ type: 'text', text: 'late' })
    expect(clock.waiting).toBe(0)
  })

  it('have one receiver at a time', async () => {
    const upstream = await vendor()
    const { socket } = await dial(upstream)
    const first = socket.receive(idleMs)
    expect(await caught(socket.receive(idleMs))).toBeInstanceOf(TypeError)
    const connection = await upstream.waitForSocket()
    connection.send('one')
    expect(await first).toEqual({ type: 'text', text: 'one' })
  })

  it('that nobody receives stay with the vendor, and are not lost', async () => {
    let vendorSide: NetSocket | undefined
    const padding = 'x'.repeat(4000)
    const upstream = await rawVendor((socket) => {
      if (vendorSide) return
      vendorSide = socket
      for (let count = 0; count < 10_000; count++) socket.write(frame(0x81, `${count} ${padding}`))
    })
    const { socket } = await dial(upstream)
    const before = process.memoryUsage().arrayBuffers
    await pings()
    // What does not lie in the kernel's buffers, which take some megabytes, still lies with the vendor.
    expect(vendorSide?.writableLength).toBeGreaterThan(20_000_000)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
    for (let count = 0; count < 10_000; count++) {
      const message = await socket.receive(idleMs)
      if (message.type !== 'text' || !message.text.startsWith(`${count} `)) expect(message).toBe(count)
    }
  })

  it('that are large stay with the vendor as well', async () => {
    let vendorSide: NetSocket | undefined
    const large = frame(0x82, Buffer.alloc(4_000_000))
    const upstream = await rawVendor((socket) => {
      if (vendorSide) return
      vendorSide = socket
      for (let count = 0; count < 12; count++) socket.write(large)
    })
    const { socket } = await dial(upstream)
    await pings()
    expect(vendorSide?.writableLength).toBeGreaterThan(20_000_000)
    for (let count = 0; count < 12; count++) {
      expect(await socket.receive(idleMs)).toMatchObject({ type: 'binary', bytes: { length: 4_000_000 } })
    }
  })

  it('go on while the receiver always lags a little behind', async () => {
    const upstream = await vendor({
      connected(connection) {
        connection.onMessage((message) => connection.send(message))
      },
    })
    const { socket } = await dial(upstream)
    for (let count = 0; count < 10; count++) await socket.send(String(count))
    for (let count = 0; count < 500; count++) {
      await socket.send(String(count + 10))
      expect(await socket.receive(idleMs)).toEqual({ type: 'text', text: String(count) })
    }
  })
})

// ── Sending to somebody slow ────────────────────────────────────────────────────────────────────────────────────────────

describe('a vendor who does not read', () => {
  /** Sends far more than the buffers of the kernel hold, and tells how far that has come. */
  async function sending(): Promise<Dialled & { vendorSide: NetSocket; sent(): number; over: Promise<unknown> }> {
    let accepted: NetSocket | undefined
    const upstream = await rawVendor((socket) => {
      accepted = socket
      socket.removeAllListeners('data')
      socket.pause()
    })
    const dialled = await dial(upstream)
    const megabyte = new Uint8Array(1024 * 1024)
    let sent = 0
    const all = async (): Promise<void> => {
      for (; sent < mostSent; sent++) await dialled.socket.send(megabyte)
    }
    const over = all().catch((reason: unknown) => reason)
    await pings()
    expect(sent).toBeLessThan(mostSent)
    expect(dialled.clock.waiting).toBe(1)
    if (!accepted) throw new Error('nobody dialled')
    return { ...dialled, vendorSide: accepted, sent: () => sent, over }
  }
  const mostSent = 40

  it('makes the sender wait until they do', async () => {
    const { vendorSide, sent, over, clock } = await sending()
    vendorSide.resume()
    expect(await over).toBeUndefined()
    expect(sent()).toBe(mostSent)
    expect(clock.waiting).toBe(0)
  })

  it('is not waited for without end', async () => {
    const { over, clock } = await sending()
    clock.advance(10_000)
    expect(await over).toMatchObject({ code: 'provider_timeout', message: 'The provider does not take what it is sent.' })
    expect(clock.waiting).toBe(0)
  })

  it('and hangs up lets the sender go, whom receiving tells', async () => {
    const { vendorSide, over, socket, clock } = await sending()
    vendorSide.destroy()
    expect(await over).toBeUndefined()
    expect(await caught(socket.receive(idleMs))).toMatchObject({ code: 'provider_disconnected' })
    expect(clock.waiting).toBe(0)
  })

  it('is left at once when the caller leaves', async () => {
    const dialled = await sending()
    dialled.controller.abort(new Error('the caller left'))
    expect(await dialled.over).toMatchObject({ message: 'the caller left' })
    tidy(dialled)
  })

  it('is not waited for at the goodbye either', async () => {
    const dialled = await sending()
    dialled.socket.close()
    dialled.clock.advance(2000)
    expect(await dialled.over).toBeUndefined()
    await until(() => dialled.clock.waiting === 0)
    tidy(dialled)
  })
})

// ── Ends ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

describe('the end', () => {
  it.each<[number | undefined, string, number]>([
    [1000, 'done', 1000],
    [1008, 'NET-0001', 1008],
    [1011, '', 1011],
    [4000, 'own', 4000],
    [undefined, '', 1005],
  ])('with code %j comes after all messages, and stays', async (code, reason, told) => {
    const dialled = await dial(
      await vendor({
        connected(connection: SocketConnection) {
          connection.send('last')
          connection.close(code, reason)
        },
      }),
    )
    expect(await dialled.socket.receive(idleMs)).toEqual({ type: 'text', text: 'last' })
    for (let count = 0; count < 3; count++) {
      expect(await dialled.socket.receive(idleMs)).toEqual({ type: 'closed', code: told, reason })
    }
    await dialled.socket.send('too late')
    dialled.socket.close()
    tidy(dialled)
  })

  it('without a word is a failure, and stays one', async () => {
    const dialled = await dial(await rawVendor((socket) => socket.end(frame(0x81, 'last'))))
    expect(await dialled.socket.receive(idleMs)).toEqual({ type: 'text', text: 'last' })
    for (let count = 0; count < 2; count++) {
      expect(await caught(dialled.socket.receive(idleMs))).toMatchObject({ code: 'provider_disconnected' })
    }
    tidy(dialled)
  })

  it('by a broken connection is a failure', async () => {
    const upstream = await vendor()
    const dialled = await dial(upstream)
    const failure = caught(dialled.socket.receive(idleMs))
    const connection = await upstream.waitForSocket()
    connection.drop()
    expect(await failure).toMatchObject({ code: 'provider_disconnected' })
    tidy(dialled)
  })

  it.each<[string, Buffer]>([
    ['a message beyond all measure', Buffer.from([0x82, 127, 0, 0, 0, 0, 1, 0x10, 0, 0, 1])],
    ['a compressed message that nobody asked for', frame(0xc1, 'packed')],
    ['what is no UTF-8', frame(0x81, Uint8Array.of(0xff, 0xfe))],
    ['a frame of a kind that there is not', frame(0x83, 'x')],
    ['a goodbye with a code that there is not', frame(0x88, Uint8Array.of(3, 0xee))],
  ])('by %s is a failure of the protocol', async (_, bytes) => {
    const dialled = await dial(
      await rawVendor((socket) => {
        if (socket.writable) socket.write(Buffer.concat([frame(0x81, 'good'), bytes]))
      }),
    )
    expect(await dialled.socket.receive(idleMs)).toEqual({ type: 'text', text: 'good' })
    expect(await caught(dialled.socket.receive(idleMs))).toMatchObject({
      code: 'provider_protocol',
      message: 'The provider sent what is not a WebSocket message.',
    })
    dialled.socket.close()
    dialled.clock.advance(2000)
    await until(() => dialled.clock.waiting === 0)
    tidy(dialled)
  })

  it('by the caller reaches who waits for a message, and the vendor', async () => {
    const upstream = await vendor()
    const dialled = await dial(upstream)
    const failure = caught(dialled.socket.receive(idleMs))
    dialled.controller.abort(new Error('the caller left'))
    expect(await failure).toMatchObject({ message: 'the caller left' })
    await upstream.waitForSocketClose()
    expect(await caught(dialled.socket.receive(idleMs))).toMatchObject({ message: 'the caller left' })
    expect(await caught(dialled.socket.send('more'))).toMatchObject({ message: 'the caller left' })
    tidy(dialled)
  })

  it('by the caller comes before what lies unread', async () => {
    const dialled = await dial(
      await vendor({
        connected(connection) {
          for (let count = 0; count < 3; count++) connection.send(String(count))
        },
      }),
    )
    expect(await dialled.socket.receive(idleMs)).toEqual({ type: 'text', text: '0' })
    dialled.controller.abort(new Error('the caller left'))
    expect(await caught(dialled.socket.receive(idleMs))).toMatchObject({ message: 'the caller left' })
    tidy(dialled)
  })
})

describe('a goodbye', () => {
  it('is heard, and leaves nothing behind', async () => {
    const closed: number[] = []
    const upstream = await vendor({
      connected: (connection) => connection.onClose((code) => closed.push(code)),
    })
    const dialled = await dial(upstream)
    dialled.socket.close()
    dialled.socket.close()
    await upstream.waitForSocketClose()
    await upstream.waitForConnections(0)
    await until(() => dialled.clock.waiting === 0)
    expect(closed).toEqual([1000])
    expect(await dialled.socket.receive(idleMs)).toMatchObject({ type: 'closed', code: 1000 })
    tidy(dialled)
  })

  it('is not waited for when nobody answers', async () => {
    const upstream = await rawVendor(() => undefined)
    const dialled = await dial(upstream)
    dialled.socket.close()
    expect(dialled.clock.waiting).toBe(1)
    dialled.clock.advance(2000)
    await upstream.exchanges[0]?.closed
    await until(() => dialled.clock.waiting === 0)
    tidy(dialled)
  })

  it('is heard although much lies unread', async () => {
    const upstream = await vendor({
      connected(connection) {
        for (let count = 0; count < 5000; count++) connection.send('x'.repeat(4000))
      },
    })
    const dialled = await dial(upstream)
    await dialled.socket.receive(idleMs)
    dialled.socket.close()
    await upstream.waitForSocketClose()
    await until(() => dialled.clock.waiting === 0)
    tidy(dialled)
  })
})
