import { getEventListeners } from 'node:events'
import type { Socket as NetSocket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import { socketDialer } from '../../../plugins/egress/socket.ts'
import { HandshakeRefused } from '../../../providers/socket.ts'
import { ManualClock } from '../../manual-clock.ts'
import { answer, startRawUpstream } from '../../raw-upstream.ts'
import { until } from '../../until.ts'
import { closedPort } from '../../upstreams/upstream.ts'
import {
  accepting,
  caught,
  closeAll,
  closedAfterwards,
  dial,
  frame,
  idleMs,
  pings,
  rawVendor,
  requestTo,
  vendor,
} from './dialled.ts'

afterEach(closeAll)

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
    closedAfterwards(upstream)
    const failure = await caught(socketDialer(systemClock).open(requestTo(upstream.url)))
    expect(failure).toMatchObject({ status: 400, body: 'x'.repeat(64 * 1024) })
    await upstream.exchanges[0]?.closed
  })

  it('that is refused without an end is refused all the same', async () => {
    const upstream = await startRawUpstream((socket) =>
      socket.write('HTTP/1.1 402 Payment Required\r\ncontent-length: 99\r\n\r\nno money'),
    )
    closedAfterwards(upstream)
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
    closedAfterwards(upstream)
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
    closedAfterwards(upstream)
    expect(await caught(socketDialer(systemClock).open(requestTo(upstream.url)))).toMatchObject({ code })
  })

  it('that is answered with a compression nobody asked for fails', async () => {
    const upstream = await startRawUpstream((socket, request) =>
      socket.write(accepting(request, 'sec-websocket-extensions: permessage-deflate\r\n')),
    )
    closedAfterwards(upstream)
    expect(await caught(socketDialer(systemClock).open(requestTo(upstream.url)))).toMatchObject({ code: 'provider_protocol' })
  })

  it('that is hung up on fails', async () => {
    const upstream = await startRawUpstream((socket) => socket.destroy())
    closedAfterwards(upstream)
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
    closedAfterwards(upstream)
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

// ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────────────

describe('messages', () => {
  it('that come with the handshake itself are not missed', async () => {
    const upstream = await startRawUpstream((socket, request) =>
      socket.write(Buffer.concat([Buffer.from(accepting(request)), frame(0x81, 'first'), frame(0x82, 'second')])),
    )
    closedAfterwards(upstream)
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
    await pings()
    // What does not lie in the kernel's buffers, which take some megabytes, still lies with the vendor.
    expect(vendorSide?.writableLength).toBeGreaterThan(20_000_000)
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
