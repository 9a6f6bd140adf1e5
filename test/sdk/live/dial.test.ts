import { type LiveDial, type LiveSocket, type StandardWebSocketClass, webSocketDial } from '@vai/sdk'
import { WebSocket as StandardWebSocket } from 'undici'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { dialWith } from '../../../cli/live/dial.ts'
import { ack, Mailbox, type ScriptedGateway, startScriptedGateway } from './scripted-gateway.ts'

/** Sockets of every kind that sessions are held over, each with what it can tell. */
let gateway: ScriptedGateway
beforeEach(async () => {
  gateway = await startScriptedGateway()
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await gateway.close()
})

const hello = JSON.stringify({ type: 'hello', protocol_version: '1' })

function open(dial: LiveDial, url = gateway.url): { socket: LiveSocket; told: Mailbox<string> } {
  const told = new Mailbox<string>()
  const socket = dial(url.href, ['vai.live.v1'], {
    opened: () => told.put('opened'),
    message: (data) => told.put(typeof data === 'string' ? `text ${data.length}` : `bytes ${[...data]}`),
    heard: () => told.put('heard'),
    refused: ({ status, body, why }) => told.put(`refused ${status} ${body} ${why}`),
    closed: (code, reason) => told.put(`closed ${code} ${reason}`),
  })
  return { socket, told }
}

const classes: readonly [string, StandardWebSocketClass][] = [
  ['the standard’s', StandardWebSocket],
  ['the package ws', WebSocket],
]

describe.each(classes)('a WebSocket of %s', (_, Class) => {
  it('carries text and bytes both ways, and tells when it is closed', async () => {
    const { socket, told } = open(webSocketDial(Class))
    expect(await told.take()).toBe('opened')
    expect(socket.showsPings).toBe(false)
    socket.send(hello)
    const line = await gateway.next()
    expect(line.headers['sec-websocket-protocol']).toBe('vai.live.v1')
    line.send(ack())
    line.socket.send(Uint8Array.of(1, 2, 3))
    line.socket.close(1012, 'restart')
    expect(await told.take()).toMatch(/^text /)
    expect(await told.take()).toBe('bytes 1,2,3')
    expect(await told.take()).toBe('closed 1012 restart')
  })

  it('sends what lies in memory that is shared', async () => {
    const { socket, told } = open(webSocketDial(Class))
    await told.take()
    socket.send(hello)
    const line = await gateway.next()
    const came = new Promise((resolve) => line.socket.once('message', (data) => resolve(data)))
    const shared = new Uint8Array(new SharedArrayBuffer(2))
    shared.set([7, 8])
    socket.send(shared)
    expect(await came).toEqual(Buffer.of(7, 8))
    socket.close(1000)
    expect(await told.take()).toMatch(/^closed 100[05] /)
  })

  it('that cannot be opened says so', async () => {
    gateway.refuse(401, 'no')
    const { told } = open(webSocketDial(Class))
    expect(await told.take()).toMatch(/^refused undefined undefined \S/)
    expect(await told.take()).toMatch(/^closed 100[26] /)
  })

  it('may be given up before it is open, and after', async () => {
    const { socket } = open(webSocketDial(Class))
    socket.terminate()
    const { socket: other, told } = open(webSocketDial(Class))
    await told.take()
    other.send(hello)
    const line = await gateway.next()
    const closed = new Promise((resolve) => line.socket.once('close', resolve))
    other.terminate()
    await closed
  })

  it('is closed as soon as the platform says that there is no network', async () => {
    const platform = new EventTarget()
    vi.stubGlobal('addEventListener', platform.addEventListener.bind(platform))
    vi.stubGlobal('removeEventListener', platform.removeEventListener.bind(platform))
    const { told } = open(webSocketDial(Class))
    expect(await told.take()).toBe('opened')
    platform.dispatchEvent(new Event('offline'))
    expect(await told.take()).toBe('closed 1006 there is no network')
    platform.dispatchEvent(new Event('offline'))
    const { socket, told: other } = open(webSocketDial(Class))
    expect(await other.take()).toBe('opened')
    socket.send(hello)
    const line = await gateway.next()
    line.socket.close(1000, 'over')
    expect(await other.take()).toBe('closed 1000 over')
    platform.dispatchEvent(new Event('offline'))
    // Nothing comes behind the end.
    other.put('nothing')
    told.put('nothing')
    expect([await other.take(), await told.take()]).toEqual(['nothing', 'nothing'])
  })
})

describe('the command line’s socket', () => {
  it('tells of pings, and of what an upgrade was answered with', async () => {
    const { socket, told } = open(dialWith('vai_sk_test'))
    expect(await told.take()).toBe('opened')
    expect(socket.showsPings).toBe(true)
    socket.send(hello)
    const line = await gateway.next()
    expect(line.headers.authorization).toBe('Bearer vai_sk_test')
    line.socket.ping()
    expect(await told.take()).toBe('heard')
    // The end of a turn may have pictures.
    line.socket.send('x'.repeat(20 * 1024 ** 2))
    expect(await told.take()).toBe(`text ${20 * 1024 ** 2}`)
    socket.close(1000)
    expect(await told.take()).toBe('closed 1000 ')
    gateway.refuse(503, 'busy')
    const { told: refused } = open(dialWith(undefined))
    expect(await refused.take()).toBe('refused 503 busy the gateway answered with status 503')
    expect(await refused.take()).toBe('closed 1006 ')
  })
})
