import type { Socket as NetSocket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../until.ts'
import type { SocketConnection } from '../../upstreams/sockets.ts'
import { caught, closeAll, type Dialled, dial, frame, idleMs, pings, rawVendor, tidy, vendor } from './dialled.ts'

afterEach(closeAll)

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
