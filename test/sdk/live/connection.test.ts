import type { LiveHello } from '@vai/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LiveServerMessage } from '../../../api/schemas.gen.ts'
import { dialWith } from '../../../cli/live/dial.ts'
import { LiveConnection } from '../../../sdk/typescript/live/connection.ts'
import { ManualClock } from '../../manual-clock.ts'
import { until } from '../../until.ts'
import { clockOf } from './clock.ts'
import { ack, Mailbox, type ScriptedGateway, startScriptedGateway } from './scripted-gateway.ts'

let gateway: ScriptedGateway
let open: LiveConnection[] = []

beforeEach(async () => {
  gateway = await startScriptedGateway()
})
afterEach(async () => {
  for (const connection of open) connection.close()
  open = []
  await gateway.close()
})

const hello: LiveHello = { type: 'hello', protocol_version: '1', client: { name: 'test' }, model: 'demo/echo' }
const warning = (seq: number): LiveServerMessage => ({ type: 'warning', seq, code: 'x', message: `warning ${seq}` })
const refusal = (code: string, retryable: boolean): LiveServerMessage => ({
  type: 'error',
  seq: 1,
  scope: 'session',
  error_type: 'invalid_request_error',
  code,
  message: `it is ${code}`,
  retryable,
  close: true,
})

function connect({ key, url = gateway.url }: { key?: string; url?: URL } = {}) {
  const clock = new ManualClock()
  const told = new Mailbox<string>()
  const connection = new LiveConnection({
    url: url.href,
    dial: dialWith(key),
    hello,
    connectMs: 10_000,
    clock: clockOf(clock),
    listener: {
      opened: ({ is_resumed, seq }) => told.put(`opened ${is_resumed} ${seq}`),
      message: (message) => told.put(`${message.type} ${message.seq}`),
      sound: (header, bytes) => told.put(`sound ${header.seq} ${bytes.length}`),
      lost: (why, unconfirmed) => told.put(`lost: ${why}${unconfirmed.map(({ type }) => ` ${type}`).join('')}`),
      over: ({ type, why }) => told.put(`${type}: ${why}`),
      sent: () => undefined,
    },
  })
  open.push(connection)
  connection.open()
  return { clock, connection, told }
}

/** A line that is open, for the first time. */
async function opened() {
  const client = connect()
  const line = await gateway.next()
  line.send(ack())
  expect(await client.told.take()).toBe('opened false 1')
  return { ...client, line }
}

describe('the line of a session', () => {
  it('begins with hello, sends what it is given and takes apart what comes', async () => {
    const { connection, told } = connect({ key: 'vai_sk_test' })
    expect(connection.send({ type: 'control', op: 'mute' })).toBe(false)
    expect(connection.sendSound(new Uint8Array(2))).toBe(false)
    const line = await gateway.next()
    expect(line.hello).toEqual(hello)
    expect(line.headers.authorization).toBe('Bearer vai_sk_test')
    expect(line.headers['sec-websocket-protocol']).toBe('vai.live.v1')
    line.send(ack())
    line.send(warning(2))
    line.socket.send(JSON.stringify({ type: 'something_new', seq: 3, whatever: true }))
    line.send({ type: 'assistant_audio_chunk_header', seq: 4, assistant_audio_id: 'audio_1', bytes: 6 })
    line.socket.send(new Uint8Array(6))
    line.send(warning(5))
    expect(await told.take()).toBe('opened false 1')
    expect(await told.take()).toBe('warning 2')
    expect(await told.take()).toBe('something_new 3')
    expect(await told.take()).toBe('sound 4 6')
    expect(await told.take()).toBe('warning 5')
    expect(connection.send({ type: 'control', op: 'interrupt' })).toBe(true)
    expect(connection.sendSound(new Uint8Array(2))).toBe(true)
    expect(await line.receive()).toEqual({ type: 'control', op: 'interrupt' })
  })

  it('is over where the session has ended, without coming back', async () => {
    const { told, line, clock } = await opened()
    line.send({
      type: 'session_end',
      seq: 2,
      reason: 'restart',
      usage: { turns: 0, duration_ms: 1, seconds_heard: 0, characters_spoken: 0 },
    })
    line.socket.close(1012, 'restart')
    expect(await told.take()).toBe('session_end 2')
    expect(await told.take()).toBe('ended: restart (1012)')
    expect(clock.waiting).toBe(0)
  })

  it('comes back with what it has had, and goes on from there', async () => {
    const { told, line, clock, connection } = await opened()
    line.send(warning(2))
    line.send({ type: 'assistant_audio_chunk_header', seq: 3, assistant_audio_id: 'audio_1', bytes: 2 })
    line.socket.send(new Uint8Array(2))
    expect(await told.take()).toBe('warning 2')
    expect(await told.take()).toBe('sound 3 2')
    // The header arrives, its sound does not.
    line.send({ type: 'assistant_audio_chunk_header', seq: 4, assistant_audio_id: 'audio_1', bytes: 2 })
    line.socket.once('pong', () => line.socket.terminate())
    line.socket.ping()
    expect(await told.take()).toMatch(/^lost: /)
    expect(connection.isOpen).toBe(false)
    clock.advance(100)
    const again = await gateway.next()
    expect(again.hello).toEqual({
      type: 'hello',
      protocol_version: '1',
      client: { name: 'test' },
      resume: { session_id: 'live_1', token: 'token_1', last_server_seq: 3 },
    })
    again.send(ack({ is_resumed: true, resume_token: 'token_2', seq: 3 }))
    again.send(warning(3))
    again.send(warning(5))
    expect(await told.take()).toBe('opened true 3')
    expect(await told.take()).toBe('warning 5')
    again.socket.terminate()
    expect(await told.take()).toMatch(/^lost: /)
    clock.advance(100)
    expect((await gateway.next()).hello.resume).toEqual({ session_id: 'live_1', token: 'token_2', last_server_seq: 5 })
  })

  it('tries again and again, ever more slowly, and gives up when the gateway has', async () => {
    const { told, line, clock } = await opened()
    gateway.refuse(503, '')
    line.socket.terminate()
    expect(await told.take()).toMatch(/^lost: /)
    let tries = 0
    const over = told.take()
    let isOver = false
    void over.then(() => {
      isOver = true
    })
    while (!isOver) {
      // The wait before the next try, or the bound of one that is being made.
      await until(() => isOver || (clock.nextInMs ?? Number.POSITIVE_INFINITY) <= 2000)
      if (isOver) break
      tries++
      clock.advance(clock.nextInMs ?? 0)
    }
    expect(await over).toBe('lost: the gateway answered with status 503')
    expect(tries).toBeGreaterThan(10)
    expect(tries).toBeLessThan(30)
    expect(clock.now()).toBeLessThanOrEqual(30_000)
  })

  it.each([
    ['once more where another process has the session', 'session_elsewhere', true],
    ['no more where there is none any more', 'unknown_session', false],
  ])('tries %s', async (_, code, isRetryable) => {
    const { told, line, clock } = await opened()
    line.socket.terminate()
    await told.take()
    clock.advance(100)
    const again = await gateway.next()
    again.send(refusal(code, isRetryable))
    again.socket.close(1008, code)
    if (!isRetryable) {
      expect(await told.take()).toBe(`lost: it is ${code}`)
      return
    }
    await until(() => clock.nextInMs === 250)
    clock.advance(250)
    expect((await gateway.next()).hello.resume?.session_id).toBe('live_1')
  })

  it('does not take a session back that another line has taken', async () => {
    const { told, line } = await opened()
    line.socket.close(1008, 'taken_over')
    expect(await told.take()).toBe('lost: taken_over (1008)')
  })

  it('notices that nothing comes any more', async () => {
    const { told, clock, line } = await opened()
    clock.advance(45_000)
    expect(await told.take()).toBe('lost: nothing came for too long')
    await new Promise((resolve) => line.socket.once('close', resolve))
    await new Promise(setImmediate)
    // That the socket which was given up is closed now is no other loss.
    expect(clock.nextInMs).toBe(100)
  })

  it('says why there is no session', async () => {
    const { told } = connect()
    const line = await gateway.next()
    line.send(refusal('unknown_model', false))
    line.socket.close(1008, 'unknown_model')
    expect(await told.take()).toBe('refused: it is unknown_model')
  })

  it('says what an upgrade was answered with', async () => {
    gateway.refuse(401, JSON.stringify({ type: 'error', error: { type: 'authentication_error', message: 'A key is needed.' } }))
    expect(await connect().told.take()).toBe('refused: A key is needed.')
    gateway.refuse(404, '<html>')
    expect(await connect().told.take()).toBe('refused: the gateway answered with status 404')
  })

  it('says that nobody answers, or nothing', async () => {
    const { url } = gateway
    const { told, clock } = connect()
    await gateway.next()
    clock.advance(10_000)
    expect(await told.take()).toBe('refused: the gateway does not answer')
    await gateway.close()
    expect(await connect({ url }).told.take()).toBe('refused: nobody answers')
    gateway = await startScriptedGateway()
  })

  it.each<[string, (socket: { send(data: string | Uint8Array): void }) => void, string]>([
    ['text that is no JSON', (socket) => socket.send('hello'), 'what came is no message of this protocol'],
    ['sound that nobody announced', (socket) => socket.send(new Uint8Array(4)), 'sound came that was not announced'],
    [
      'other sound than was announced',
      (socket) => {
        socket.send(JSON.stringify({ type: 'assistant_audio_chunk_header', seq: 2, assistant_audio_id: 'audio_1', bytes: 8 }))
        socket.send(new Uint8Array(4))
      },
      'sound came that was not announced',
    ],
    [
      'a message where sound was announced',
      (socket) => {
        socket.send(JSON.stringify({ type: 'assistant_audio_chunk_header', seq: 2, assistant_audio_id: 'audio_1', bytes: 8 }))
        socket.send(JSON.stringify(warning(3)))
      },
      'what came is no message of this protocol',
    ],
  ])('is broken off by %s', async (_, misbehave, why) => {
    const { told, line, clock } = await opened()
    misbehave(line.socket)
    expect(await told.take()).toBe(`lost: ${why}`)
    await new Promise((resolve) => line.socket.once('close', resolve))
    clock.advance(60_000)
    expect(clock.waiting).toBe(0)
  })
})
