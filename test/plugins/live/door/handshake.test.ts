import { afterEach, describe, expect, it } from 'vitest'
import { problemsWith } from '../../../contract-schemas.ts'
import { errorOf } from '../../../gateway.ts'
import { ManualClock } from '../../../manual-clock.ts'
import { until } from '../../../until.ts'
import { connectionsOf, type DoorStage, hello, startDoor } from './stage.ts'

/** How a socket is opened, and what comes of the first message. */

const running: DoorStage[] = []
afterEach(async () => {
  for (const { gateway } of running.splice(0)) await gateway.close()
})

async function start(...options: Parameters<typeof startDoor>): Promise<DoorStage> {
  const stage = await startDoor(...options)
  running.push(stage)
  return stage
}

describe('the upgrade', () => {
  it('is asked for by whoever sends a request without one', async () => {
    const { gateway } = await start()
    const response = await fetch(`${gateway.url}/v1/live`)
    expect(response.status).toBe(426)
    expect(response.headers.get('upgrade')).toBe('websocket')
    expect(await errorOf(response)).toMatchObject({ type: 'invalid_request_error', code: 'websocket_expected' })
    expect((await fetch(`${gateway.url}/v1/live`, { method: 'HEAD' })).status).toBe(426)
  })

  it('takes JSON where no subprotocol is asked for, and the first that is known of those that are', async () => {
    const { connect } = await start()
    const plain = connect()
    await plain.opened
    expect(plain.socket.protocol).toBe('')
    const json = connect({ protocols: ['other', 'vai.live.v1', 'vai.live.v1.msgpack'] })
    await json.opened
    expect(json.socket.protocol).toBe('vai.live.v1')
    const msgpack = connect({ protocols: ['vai.live.v1.msgpack'] })
    await msgpack.opened
    expect(msgpack.socket.protocol).toBe('vai.live.v1.msgpack')
    expect(msgpack.socket.extensions).toBe('')
  })

  it('is refused where no subprotocol is known, or it is none', async () => {
    const { connect, gateway } = await start()
    const client = connect({ protocols: ['vai.live.v2'] })
    const { status, headers, body } = await client.refused
    expect(status).toBe(400)
    expect(headers.connection).toBe('close')
    const error = JSON.parse(body)
    expect(problemsWith('ErrorResponse', error)).toEqual([])
    expect(error.error).toMatchObject({ code: 'invalid_upgrade', param: 'sec-websocket-protocol' })
    expect(headers['x-request-id']).toBe(error.request_id)
    await gateway.logged('"status":400')
  })

  it('names the request, as every answer does', async () => {
    const { connect } = await start()
    const client = connect({ headers: { 'x-request-id': 'req_of_the_client' } })
    expect(await client.headers).toMatchObject({ 'x-request-id': 'req_of_the_client' })
  })

  it('is refused while the server goes down, and the connection is not kept', async () => {
    const { connect, gateway } = await start()
    void gateway.app.drain.start()
    const client = connect()
    expect(await client.refusal()).toBe('503 shutting_down')
    await until(async () => (await connectionsOf(gateway)) === 0)
  })
})

describe('hello', () => {
  it('opens a session, with nothing secret in it', async () => {
    const { connect, sessions } = await start()
    const client = connect()
    await client.sendOpened({ ...hello, byok: { keys: { openai: 'sk-test-brought' } } })
    const ack = await client.next()
    expect(problemsWith('LiveServerMessage', ack)).toEqual([])
    const [session] = sessions.opened
    expect(session?.hello).toEqual(hello)
    expect(ack).toMatchObject({ type: 'hello_ack', session_id: session?.caller.sessionId })
    expect(session?.caller.sessionId).toMatch(/^live_[0-9A-Z]{26}$/)
    expect(session?.caller.headers['x-provider-key-openai']).toBe('sk-test-brought')
    expect(session?.caller.principal.id).toBe('anonymous')
  })

  it('is the first message', async () => {
    const { connect, sessions } = await start()
    for (const first of [{ type: 'control', op: 'mute' }, Buffer.alloc(320)]) {
      const client = connect()
      await client.sendOpened(first)
      const told = await client.next()
      expect(problemsWith('LiveServerMessage', told)).toEqual([])
      expect(told).toMatchObject({ type: 'error', seq: 1, scope: 'session', code: 'hello_expected', close: true })
      expect(await client.closed).toEqual({ code: 1008, reason: 'hello_expected' })
    }
    expect(sessions.opened).toEqual([])
  })

  it('comes in time, or not at all', async () => {
    const clock = new ManualClock()
    const { connect } = await start({ parts: { clock } })
    const client = connect()
    await client.opened
    clock.advance(5000)
    expect(await client.next()).toMatchObject({ code: 'hello_timeout', close: true })
    expect(await client.closed).toEqual({ code: 1008, reason: 'hello_timeout' })
  })

  it('is of the contract, whatever else is wrong with it', async () => {
    const { connect } = await start()
    const wrong: [unknown, number, string][] = [
      ['{"type":"hello"', 1007, 'invalid_json'],
      ['[]', 1008, 'invalid_message'],
      [{ ...hello, extra: 1 }, 1008, 'invalid_message'],
      [{ type: 'greeting' }, 1008, 'invalid_message'],
    ]
    for (const [first, code, reason] of wrong) {
      const client = connect()
      await client.sendOpened(first)
      expect(await client.next()).toMatchObject({ type: 'error', code: reason, close: true })
      expect(await client.closed).toEqual({ code, reason })
    }
  })

  it('is no larger than a message may be, and what is far too large is not even received', async () => {
    const { connect } = await start({ env: { VAI_LIVE_MESSAGE_BYTES: '2048' } })
    const client = connect()
    await client.sendOpened({ ...hello, greeting: 'a'.repeat(2000) })
    expect(await client.next()).toMatchObject({ code: 'message_too_large', close: true })
    expect(await client.closed).toEqual({ code: 1009, reason: 'message_too_large' })
    const larger = connect()
    await larger.sendOpened('a'.repeat(10_000))
    expect(await larger.closed).toMatchObject({ code: 1009 })
  })

  it('that is refused is told why, with the code that says so', async () => {
    const { connect, sessions, gateway } = await start()
    sessions.before = async () => {
      throw new Error('something broke, and holds words of the caller')
    }
    const client = connect()
    await client.sendOpened(hello)
    expect(await client.next()).toMatchObject({
      code: 'internal_error',
      message: 'Something went wrong in the gateway.',
      retryable: true,
    })
    expect((await client.closed).code).toBe(1011)
    await gateway.logged('unexpected error')
  })

  it('is not taken any more while the server goes down, and who has said none is sent away', async () => {
    const { connect, gateway } = await start()
    const client = connect()
    await client.opened
    const drained = gateway.app.drain.start()
    expect(await client.next()).toMatchObject({ code: 'shutting_down', retryable: true })
    expect((await client.closed).code).toBe(1012)
    await drained
  })

  it('comes in MessagePack where that was agreed', async () => {
    const { connect, sessions } = await start()
    const { encode, decode } = await import('@msgpack/msgpack')
    const client = connect({ protocols: ['vai.live.v1.msgpack'] })
    await client.sendOpened(Buffer.from(encode(hello)))
    const frame = await client.nextFrame()
    expect(typeof frame === 'string' ? frame : decode(frame)).toMatchObject({ type: 'hello_ack' })
    expect(sessions.opened).toHaveLength(1)
  })
})

describe('the log', () => {
  it('has one line for each socket, once it is closed', async () => {
    const { connect, sessions, gateway } = await start()
    const client = connect()
    await client.sendOpened(hello)
    await client.next()
    const [session] = sessions.opened
    const turn = { stop_reason: 'end_turn', played_text: 'Hi', append: [] }
    session?.transport.send({ type: 'turn_complete', seq: 2, turn_id: 'turn_1', ...turn })
    await client.next()
    client.socket.close(1000)
    const line = JSON.parse(await gateway.logged('"route":"/v1/live"'))
    expect(line).toMatchObject({ status: 101, session_id: session?.caller.sessionId, turns: 1, close_code: 1000 })
    expect(line.ended).toBeUndefined()
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    expect(metrics).toMatch(/vai_live_sockets[a-z_]* 0/)
    expect(metrics).toMatch(/vai_requests_total\{[^}]*route="\/v1\/live"[^}]*status="101"[^}]*\} 1/)
  })
})
